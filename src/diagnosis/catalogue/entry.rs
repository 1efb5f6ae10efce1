//! One entry of the catalogue.

use std::fmt;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{self, StrDeserializer};

use super::own::Words;
use super::pattern::Pattern;
use super::step::Step;
use crate::profile::{Family, Protocol};
use crate::report::{FindingCode, Retry};

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
}

/// How well the meaning of an answer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// An official document or an RFC says so.
    Documented,
    /// Users, public code or measurements say so.
    Reported,
    /// No source that could be named says so.
    Unverified,
}

/// What an answer means to the rules that judge several checks together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The client's credentials are refused, and nothing is said of why.
    ClientRefused,
    /// The account is known, and the mailbox does not open for it, for whatever reason.
    MailboxClosed,
    /// Sending by SMTP is switched off, for every account.
    SendingOff,
    /// Reading over the protocol is switched off, for the mailbox or for all.
    ReadingOff,
}

/// What a server says, what that means, and the way out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its stable name.
    pub id: FindingCode,
    /// Names that it had in earlier versions.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whose servers say it.
    pub provider: Family,
    /// Where it is said.
    pub stage: Origin,
    /// Where else it may be said.
    #[serde(default)]
    pub also_stages: Vec<Origin>,
    /// How to know it.
    #[serde(rename = "match")]
    pub pattern: Pattern,
    /// How a server said it.
    pub example: Option<String>,
    /// What it means; `{address}` and the like are filled in with the profile's values.
    pub cause: String,
    /// Sentences after it that apply to some readers only.
    #[serde(default)]
    pub cause_more: Vec<Step>,
    /// The way out, step by step.
    pub fix: Vec<Step>,
    /// The public documents that say so, between semicolons: addresses, and sections of standards. Where else the knowledge
    /// comes from is a remark in the file.
    pub source: Option<String>,
    /// Whether it is what several checks mean together, and not what one server said.
    #[serde(default)]
    pub judged: bool,
    /// How good it is.
    pub evidence: Evidence,
    /// What it means to the rules that judge several checks together, where they have to know.
    pub means: Option<Meaning>,
    /// What to do after it was read.
    pub next: Retry,
    /// A remark.
    pub note: Option<String>,
    /// What is said where mailgrant itself notices it, and knows more than a text shows.
    pub live: Option<Words>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFile {
    error: Vec<Entry>,
}

/// The entries of one file.
///
/// # Errors
/// What is wrong with it; a test reads them all.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, toml::de::Error> {
    Ok(toml::from_str::<EntryFile>(text)?.error)
}

impl Entry {
    /// Whether it may be said at `origin`.
    #[must_use]
    pub fn is_said_at(&self, origin: Origin) -> bool {
        self.stage == origin || self.also_stages.contains(&origin)
    }
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
