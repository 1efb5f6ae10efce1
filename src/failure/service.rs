//! What answers on a port, where it is not what the profile names.

use crate::profile::TlsMode;

/// What answers on a port, against what the profile says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherService {
    /// What answers there.
    pub found: Service,
    /// Whether it speaks TLS from the first byte.
    pub is_tls: bool,
    /// How TLS begins by the profile.
    pub wanted: TlsMode,
    /// The port.
    pub port: u16,
}

/// What a server speaks, told from its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// IMAP (RFC 9051 §7.1).
    Imap,
    /// POP3 (RFC 1939 §3).
    Pop3,
    /// SMTP (RFC 5321 §4.2).
    Smtp,
    /// HTTP (RFC 9112 §4).
    Http,
    /// SSH (RFC 4253 §4.2).
    Ssh,
    /// TLS (RFC 8446 §5.1), and what is spoken inside is not known.
    Tls,
    /// Anything else.
    Unknown,
}
