//! Mail servers: protocol, host, port, TLS.

use std::fmt;

use super::HostName;

/// How TLS begins (RFC 8314). There is no third way: no credential travels outside TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// From the first byte.
    Implicit,
    /// After the STARTTLS command (POP3: STLS), which must then succeed.
    #[value(name = "starttls")]
    StartTls,
}

/// How mail is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncomingProtocol {
    /// RFC 9051, RFC 3501.
    Imap,
    /// RFC 1939.
    Pop3,
}

/// How mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutgoingProtocol {
    /// Message submission, RFC 6409.
    Smtp,
}

/// Any of the mail protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailProtocol {
    /// IMAP.
    Imap,
    /// POP3.
    Pop3,
    /// SMTP submission.
    Smtp,
}

/// One server and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerEndpoint {
    /// Name or address; the certificate must be for it.
    pub host: HostName,
    /// TCP port.
    pub port: u16,
    /// How TLS begins.
    pub tls: TlsMode,
}

impl MailProtocol {
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

impl From<IncomingProtocol> for MailProtocol {
    fn from(protocol: IncomingProtocol) -> Self {
        match protocol {
            IncomingProtocol::Imap => Self::Imap,
            IncomingProtocol::Pop3 => Self::Pop3,
        }
    }
}

impl From<OutgoingProtocol> for MailProtocol {
    fn from(protocol: OutgoingProtocol) -> Self {
        match protocol {
            OutgoingProtocol::Smtp => Self::Smtp,
        }
    }
}

impl fmt::Display for MailProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Smtp => "SMTP",
        })
    }
}

impl fmt::Display for TlsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Implicit => "implicit TLS",
            Self::StartTls => "STARTTLS",
        })
    }
}

impl fmt::Display for ServerEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ({})", self.host, self.port, self.tls)
    }
}
