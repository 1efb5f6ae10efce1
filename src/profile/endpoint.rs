//! Mail servers: host, port, TLS.

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

show_as_displayed!(TlsMode, ServerEndpoint);

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
