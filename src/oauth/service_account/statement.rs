//! What a service account states, and who signs it (RFC 7523 §2.1, §3).

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::net::HttpClient;
use crate::profile::{Address, EndpointUrl, Scope};

/// Google takes no statement that is good for longer.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// A service account.
pub trait ServiceAccount: Send + Sync {
    /// A signed statement of `delegation`, for the [JWT bearer grant](crate::oauth::grant::JwtBearer).
    ///
    /// # Errors
    /// If it cannot be made, or a server that signs it says no.
    fn assertion(&self, delegation: &Delegation<'_>, http: &HttpClient) -> Result<SecretString, Failure>;
}

/// For whom an account asks for a token, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Delegation<'a> {
    /// The user whom it acts for (`sub`).
    pub user: &'a Address,
    /// The scopes to ask for (`scope`, which is Google's own).
    pub scopes: &'a [Scope],
    /// The token endpoint (`aud`).
    pub audience: &'a EndpointUrl,
    /// The time of day (`iat`).
    pub now: Timestamp,
}

impl Delegation<'_> {
    /// The claims, as the account with this address states them (`iss`).
    pub(super) fn claims(&self, account: &Address) -> Value {
        let scopes: Vec<&str> = self.scopes.iter().map(Scope::as_str).collect();
        json!({
            "iss": account.as_str(),
            "sub": self.user.as_str(),
            "scope": scopes.join(" "),
            "aud": self.audience.to_string(),
            "iat": self.now.as_second(),
            "exp": self.now.as_second() + LIFE.as_secs(),
        })
    }
}
