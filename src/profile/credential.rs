//! How an app authenticates at the token endpoint.

/// How an app authenticates (RFC 6749 §2.1, §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Credential {
    /// A client secret (confidential client).
    Secret,
    /// Nothing but its ID and PKCE (public client).
    None,
}
