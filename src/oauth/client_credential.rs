//! What a client authenticates with (RFC 6749 §2.3), and how a request carries it.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use oauth2::http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::assertion::Assertion;
use super::form::Form;
use super::service_account::ServiceAccount;
use crate::failure::{Failure, FailureKind, FederatedClaims};
use crate::profile::{ClientAuthentication, ClientId, EndpointUrl};
use crate::text::Redactor;

/// What a client authenticates with.
#[derive(Clone)]
pub enum ClientCredential {
    /// Its ID alone (public client, RFC 6749 §2.1).
    None,
    /// A client secret (RFC 6749 §2.3.1).
    Secret(SecretString),
    /// Signed assertions (RFC 7521 §4.2).
    Assertion(Arc<dyn Assertion>),
    /// The statement of a service account, which is the grant too (RFC 7523 §2.1).
    ServiceAccount(Arc<dyn ServiceAccount>),
}

impl ClientCredential {
    /// Appends what goes into the body, and gives the value of the Authorization header where that is used. A secret is
    /// sent the `way` that is asked for; an assertion is made for `audience`, the token endpoint.
    ///
    /// # Errors
    /// What [`Assertion::sign`] says.
    pub(super) fn apply(
        &self,
        way: ClientAuthentication,
        form: &mut Form<'_>,
        client_id: &ClientId,
        redactor: &Redactor,
        audience: &EndpointUrl,
        now: Timestamp,
    ) -> Result<Option<HeaderValue>, Failure> {
        let encoded = |text: &str| Zeroizing::new(byte_serialize(text.as_bytes()).collect::<String>());
        match (self, way) {
            (Self::None, _) => form.append("client_id", client_id.as_str()),
            (Self::Secret(secret), ClientAuthentication::Body) => {
                form.append("client_id", client_id.as_str());
                form.append_secret("client_secret", secret);
            }
            (Self::Secret(secret), ClientAuthentication::Basic) => {
                redactor.learn(secret);
                return basic(&encoded(client_id.as_str()), &encoded(secret.expose_secret())).map(Some);
            }
            (Self::Secret(secret), ClientAuthentication::BasicRaw) => {
                redactor.learn(secret);
                return basic(client_id.as_str(), secret.expose_secret()).map(Some);
            }
            (Self::Assertion(assertion), _) => {
                // RFC 7521 §4.2: the client ID is optional here; Microsoft wants it.
                form.append("client_id", client_id.as_str());
                form.append("client_assertion_type", assertion.assertion_type());
                form.append_secret("client_assertion", &assertion.sign(audience, now)?);
            }
            // Who asks is in the grant.
            (Self::ServiceAccount(_), _) => {}
        }
        Ok(None)
    }

    /// What the federated token says that was sent last, where it is one.
    pub(super) fn federated(&self) -> Option<FederatedClaims> {
        match self {
            Self::Assertion(assertion) => assertion.federated(),
            Self::None | Self::Secret(_) | Self::ServiceAccount(_) => None,
        }
    }

    /// Whether the two ways make different requests of the secret; never, where there is none to be sent.
    pub(super) fn differs(
        &self,
        client_id: &ClientId,
        one: ClientAuthentication,
        another: ClientAuthentication,
    ) -> bool {
        let Self::Secret(secret) = self else { return false };
        // A part that is all of the text has nothing in it to be encoded.
        let is_plain = |text: &str| byte_serialize(text.as_bytes()).next().is_none_or(|part| part == text);
        match (one, another) {
            (ClientAuthentication::Basic, ClientAuthentication::BasicRaw)
            | (ClientAuthentication::BasicRaw, ClientAuthentication::Basic) => {
                !(is_plain(client_id.as_str()) && is_plain(secret.expose_secret()))
            }
            (one, another) => one != another,
        }
    }
}

/// The value of the Authorization header (RFC 7617 §2).
fn basic(user: &str, password: &str) -> Result<HeaderValue, Failure> {
    let pair = Zeroizing::new(format!("{user}:{password}"));
    let value = Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())));
    HeaderValue::from_str(&value).map_err(|error| {
        let (what, reason) = ("write the Authorization header".into(), Redactor::by_shape(&error.to_string()));
        FailureKind::Local { what, reason }.into()
    })
}
