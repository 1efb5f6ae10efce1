//! The mail protocols.

use std::fmt;

use super::TlsMode;

/// A protocol that mail is read or sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// RFC 9051, RFC 3501.
    Imap,
    /// RFC 1939.
    Pop3,
    /// Message submission, RFC 6409.
    Smtp,
}

/// A side of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// The key in the profile.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }
}

impl Protocol {
    /// All protocols; the first of each side is the usual one.
    pub const ALL: [Self; 3] = [Self::Imap, Self::Pop3, Self::Smtp];

    /// The protocols of `side`.
    pub fn of(side: Side) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |protocol| protocol.side() == side)
    }

    /// The side that it serves.
    #[must_use]
    pub fn side(self) -> Side {
        match self {
            Self::Imap | Self::Pop3 => Side::Incoming,
            Self::Smtp => Side::Outgoing,
        }
    }

    /// The word in the profile.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Smtp => "smtp",
        }
    }

    /// The name that people know it by.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Smtp => "SMTP",
        }
    }

    /// The port that IANA assigns for this protocol and TLS mode (RFC 8314 §3, RFC 6409).
    #[must_use]
    pub fn default_port(self, tls: TlsMode) -> u16 {
        match (self, tls) {
            (Self::Imap, TlsMode::Implicit) => 993,
            (Self::Imap, TlsMode::StartTls) => 143,
            (Self::Pop3, TlsMode::Implicit) => 995,
            (Self::Pop3, TlsMode::StartTls) => 110,
            (Self::Smtp, TlsMode::Implicit) => 465,
            (Self::Smtp, TlsMode::StartTls) => 587,
        }
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

    #[test]
    fn each_protocol_serves_one_side_and_the_usual_one_comes_first() {
        let keys = |side| Protocol::of(side).map(Protocol::key).collect::<Vec<_>>();
        assert_eq!(keys(Side::Incoming), ["imap", "pop3"]);
        assert_eq!(keys(Side::Outgoing), ["smtp"]);
        assert_eq!(Protocol::ALL.map(|protocol| protocol.to_string().to_lowercase()), ["imap", "pop3", "smtp"]);
    }
}
