//! What a check has seen, as values for programs. Field names in JSON are public API.

use std::net::IpAddr;
use std::ops::Deref;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Shown;

/// What a check has seen, as values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The addresses that a name has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
    /// What the TLS handshake has shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsEvidence>,
    /// How many messages the folder has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// When the access token expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A TLS handshake that went well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsEvidence {
    /// The protocol version, as in `TLSv1.3`; absent where the TLS library does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Shown>,
    /// Whose certificate the server has shown.
    pub subject: Shown,
    /// Who has issued it.
    pub issuer: Shown,
    /// Until when it is valid.
    pub not_after: Timestamp,
}

/// What a step has shown: in words, and as values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// In words, as in "TLSv1.3, CN=outlook.com, until 2027-01-01".
    pub words: Shown,
    /// As values.
    pub evidence: Evidence,
}

impl Detail {
    /// The same in other words.
    #[must_use]
    pub fn told(self, tell: impl FnOnce(Shown) -> Shown) -> Self {
        Self { words: tell(self.words), ..self }
    }
}

/// Words alone.
impl<T: Into<Shown>> From<T> for Detail {
    fn from(words: T) -> Self {
        Self { words: words.into(), evidence: Evidence::default() }
    }
}

impl Deref for Detail {
    type Target = Shown;

    fn deref(&self) -> &Shown {
        &self.words
    }
}
