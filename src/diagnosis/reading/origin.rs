//! Where in the whole chain something is said.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, de};

use crate::profile::Protocol;

/// Where in the whole chain it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The sign-in page, or the redirect back from it.
    Authorize,
    /// The token endpoint.
    Token,
    /// The server of a protocol.
    Server(Protocol),
    /// The way there.
    Network,
    /// The TLS handshake.
    Tls,
    /// The operating system's keyring.
    Keyring,
    /// The machine itself: files, configuration, libraries.
    Local,
}

/// All of them, as the chain has them.
static ALL: LazyLock<Vec<Origin>> = LazyLock::new(|| {
    let before = [Origin::Authorize, Origin::Token].into_iter();
    let after = [Origin::Network, Origin::Tls, Origin::Keyring, Origin::Local];
    before.chain(Protocol::ALL.map(Origin::Server)).chain(after).collect()
});

impl Origin {
    /// All of them.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The one with this key.
    #[must_use]
    pub fn named(key: &str) -> Option<Self> {
        ALL.iter().copied().find(|origin| origin.key() == key)
    }

    /// The word in the catalogue and on the command line.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Server(protocol) => protocol.key(),
            Self::Network => "network",
            Self::Tls => "tls",
            Self::Keyring => "keyring",
            Self::Local => "local",
        }
    }

    /// What it is, in a line of help.
    #[must_use]
    pub fn about(self) -> String {
        match self {
            Self::Authorize => "The sign-in page, or the redirect back from it".to_owned(),
            Self::Token => "The token endpoint".to_owned(),
            Self::Server(protocol) if protocol.ports().is_some() => format!("The {protocol} server"),
            Self::Server(protocol) => protocol.to_string(),
            Self::Network => "The way there".to_owned(),
            Self::Tls => "The TLS handshake".to_owned(),
            Self::Keyring => "The operating system's keyring".to_owned(),
            Self::Local => "The machine itself: files, configuration, libraries".to_owned(),
        }
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Cow::<str>::deserialize(deserializer)?;
        Self::named(&word).ok_or_else(|| de::Error::custom(format_args!("{word:?} is not a place in the chain")))
    }
}

show_as_displayed!(Origin);

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authorize => "sign-in",
            Self::Token => "token endpoint",
            Self::Server(protocol) => protocol.title(),
            Self::Network => "network",
            Self::Tls => "TLS",
            Self::Keyring => "keyring",
            Self::Local => "this machine",
        })
    }
}

impl From<Protocol> for Origin {
    fn from(protocol: Protocol) -> Self {
        Self::Server(protocol)
    }
}
