//! How a provider wants its clients to prove themselves, and what it says to one that does not: providers differ in both.

use serde_json::{Value, json};

use crate::oauth_error::OAuthError;

/// The rules of one provider.
#[derive(Debug, Clone)]
pub struct ClientRules {
    /// `token_endpoint_auth_methods_supported`; `None` leaves it out of the metadata.
    pub announced: Option<Vec<&'static str>>,
    /// The one way that is accepted; any where there is none.
    pub accepts: Option<SecretIn>,
    /// What a client hears that is not accepted: status, `error` and text.
    pub refusal: (u16, &'static str, &'static str),
}

/// Where a client secret is in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretIn {
    /// In the body.
    Body,
    /// In the header, form-encoded (RFC 6749 §2.3.1).
    Header,
    /// In the header as it is.
    HeaderUndecoded,
}

impl Default for ClientRules {
    fn default() -> Self {
        let announced = Some(vec!["client_secret_basic", "client_secret_post", "none"]);
        Self { announced, accepts: None, refusal: (401, "invalid_client", "Client authentication failed.") }
    }
}

impl ClientRules {
    /// Says in the metadata what they announce.
    pub(crate) fn announce(&self, metadata: &mut Value) {
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.remove("token_endpoint_auth_methods_supported");
            if let Some(announced) = &self.announced {
                metadata.insert("token_endpoint_auth_methods_supported".to_owned(), json!(announced));
            }
        }
    }

    /// The refusal of a client.
    pub(crate) fn refuse(&self) -> OAuthError {
        let (status, error, text) = self.refusal;
        OAuthError { status, ..OAuthError::new(error, 7_000_215, text) }
    }
}
