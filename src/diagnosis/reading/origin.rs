//! Where in the whole chain something is said.

use std::fmt;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{self, StrDeserializer};

use crate::profile::Protocol;

/// Where in the whole chain it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The sign-in page, or the redirect back from it.
    Authorize,
    /// The token endpoint.
    Token,
    /// The SMTP server.
    Smtp,
    /// The IMAP server.
    Imap,
    /// The POP3 server.
    Pop3,
    /// Microsoft Graph.
    Graph,
    /// The Gmail API.
    Gmail,
    /// The way there.
    Network,
    /// The TLS handshake.
    Tls,
    /// The operating system's keyring.
    Keyring,
    /// The machine itself: files, configuration, libraries.
    Local,
}

show_as_displayed!(Origin);

impl From<Protocol> for Origin {
    /// The one that has the protocol's key for its name; a test holds that each protocol has one.
    fn from(protocol: Protocol) -> Self {
        let name: StrDeserializer<'_, value::Error> = protocol.key().into_deserializer();
        Self::deserialize(name).unwrap_or(Self::Network)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authorize => "sign-in",
            Self::Token => "token endpoint",
            Self::Smtp => "SMTP",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Graph => "Microsoft Graph",
            Self::Gmail => "Gmail API",
            Self::Network => "network",
            Self::Tls => "TLS",
            Self::Keyring => "keyring",
            Self::Local => "this machine",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_is_an_origin() {
        for protocol in Protocol::ALL {
            assert_ne!(Origin::from(protocol), Origin::Network, "{protocol}");
        }
        assert_eq!(Origin::from(Protocol::Pop3), Origin::Pop3);
    }
}
