//! Client assertions (RFC 7521 §4.2, RFC 7523 §2.2): a signed statement in place of a client secret.

pub mod certificate;
pub mod federated;

use jiff::Timestamp;
use secrecy::SecretString;

use crate::failure::{Failure, FederatedClaims};
use crate::profile::EndpointUrl;

/// `client_assertion_type` of a JWT (RFC 7523 §2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A source of client assertions: a key that signs them, or a file or service that hands out signed ones.
pub trait Assertion: Send + Sync {
    /// An assertion for the token endpoint `audience` (RFC 7523 §3), to be sent now. It is asked for with every request:
    /// a server may refuse one that it has seen before.
    ///
    /// # Errors
    /// If there is none to be had.
    fn sign(&self, audience: &EndpointUrl, now: Timestamp) -> Result<SecretString, Failure>;

    /// Which kind of assertion it is: what `client_assertion_type` says (RFC 7521 §4.2), as [`JWT_BEARER`].
    fn assertion_type(&self) -> &'static str;

    /// What the last assertion says of itself, where another issuer signed it; none where the app's own key does.
    fn federated(&self) -> Option<FederatedClaims> {
        None
    }
}
