//! What a federated token says of itself.

use crate::text::Shown;

/// What a token of another issuer says of itself, that was sent as the app's proof: a provider compares it, letter by
/// letter, with the federated credentials that are registered for the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedClaims {
    /// `iss`.
    pub issuer: Shown,
    /// `sub`.
    pub subject: Shown,
    /// `aud`, as it is registered.
    pub audience: Shown,
}

impl FederatedClaims {
    /// In one line.
    #[must_use]
    pub fn line(&self) -> Shown {
        shown!("iss {}, sub {}, aud {}", self.issuer, self.subject, self.audience)
    }
}
