//! The mail protocols, and the web services that mail is read and sent over as well.

use std::fmt;

use super::TlsMode;

/// A protocol that mail is read or sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// RFC 9051, RFC 3501.
    Imap,
    /// RFC 1939.
    Pop3,
    /// Message submission, RFC 6409.
    Smtp,
    /// Mail over Microsoft Graph, version 1.0.
    Graph,
    /// Mail over the Gmail API, version 1.
    Gmail,
}

/// What is known of one protocol.
struct Row {
    /// The word in the profile; findings of the catalogue name it too.
    key: &'static str,
    /// The name that people know it by.
    title: &'static str,
    /// What it can do for a mailbox.
    sides: &'static [Side],
    /// Where its servers listen; none where a server is a web address.
    ports: Option<Ports>,
}

/// The ports that IANA assigns to a protocol (RFC 8314 §3, RFC 6409), by how TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// Implicit TLS.
    pub implicit: u16,
    /// STARTTLS.
    pub starttls: u16,
}

/// A side of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Mail is read.
    Incoming,
    /// Mail is sent.
    Outgoing,
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Incoming => Self::Outgoing,
            Self::Outgoing => Self::Incoming,
        }
    }

    /// What is done with mail there, in a word.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Incoming => "read",
            Self::Outgoing => "send",
        }
    }

    /// The key in the profile.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }
}

impl Ports {
    /// The port for `tls`.
    #[must_use]
    pub fn of(self, tls: TlsMode) -> u16 {
        match tls {
            TlsMode::Implicit => self.implicit,
            TlsMode::StartTls => self.starttls,
        }
    }
}

impl Protocol {
    /// All protocols; the first of each side is the usual one.
    pub const ALL: [Self; 5] = [Self::Imap, Self::Pop3, Self::Smtp, Self::Graph, Self::Gmail];

    const fn row(self) -> Row {
        match self {
            Self::Imap => Row {
                key: "imap",
                title: "IMAP",
                sides: &[Side::Incoming],
                ports: Some(Ports { implicit: 993, starttls: 143 }),
            },
            Self::Pop3 => Row {
                key: "pop3",
                title: "POP3",
                sides: &[Side::Incoming],
                ports: Some(Ports { implicit: 995, starttls: 110 }),
            },
            Self::Smtp => Row {
                key: "smtp",
                title: "SMTP",
                sides: &[Side::Outgoing],
                ports: Some(Ports { implicit: 465, starttls: 587 }),
            },
            Self::Graph => {
                Row { key: "graph", title: "Microsoft Graph", sides: &[Side::Incoming, Side::Outgoing], ports: None }
            }
            Self::Gmail => {
                Row { key: "gmail", title: "Gmail API", sides: &[Side::Incoming, Side::Outgoing], ports: None }
            }
        }
    }

    /// The protocols of `side`.
    pub fn of(side: Side) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |protocol| protocol.serves(side))
    }

    /// Whether it can be used for `side`.
    #[must_use]
    pub fn serves(self, side: Side) -> bool {
        self.row().sides.contains(&side)
    }

    /// What it can do for a mailbox; the first side is the usual one.
    #[must_use]
    pub fn sides(self) -> &'static [Side] {
        self.row().sides
    }

    /// The word in the profile.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.row().key
    }

    /// The name that people know it by.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// Where its servers listen; none where a server is a web address.
    #[must_use]
    pub fn ports(self) -> Option<Ports> {
        self.row().ports
    }
}

show_as_displayed!(Protocol);

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The protocol after this one: the compiler asks for each.
    fn next(protocol: Protocol) -> Option<Protocol> {
        match protocol {
            Protocol::Imap => Some(Protocol::Pop3),
            Protocol::Pop3 => Some(Protocol::Smtp),
            Protocol::Smtp => Some(Protocol::Graph),
            Protocol::Graph => Some(Protocol::Gmail),
            Protocol::Gmail => None,
        }
    }

    #[test]
    fn no_protocol_is_left_out() {
        let all: Vec<Protocol> = std::iter::successors(Some(Protocol::ALL[0]), |protocol| next(*protocol)).collect();
        assert_eq!(all, Protocol::ALL);
    }

    #[test]
    fn each_side_has_its_protocols_and_the_usual_one_comes_first() {
        let keys = |side| Protocol::of(side).map(Protocol::key).collect::<Vec<_>>();
        assert_eq!(keys(Side::Incoming), ["imap", "pop3", "graph", "gmail"]);
        assert_eq!(keys(Side::Outgoing), ["smtp", "graph", "gmail"]);
    }
}
