//! How a client secret is sent to the token endpoint.

/// How a client secret is sent (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuthentication {
    /// In the request body: `client_secret_post`.
    #[default]
    Body,
    /// In the Authorization header, both halves form-encoded first: `client_secret_basic`.
    Basic,
    /// In the Authorization header as it is. Some providers do not decode what RFC 6749 has clients encode.
    BasicRaw,
}

impl ClientAuthentication {
    /// The value in the profile.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Basic => "basic",
            Self::BasicRaw => "basic-raw",
        }
    }
}
