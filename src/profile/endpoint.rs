//! Where a service is: a server with host, port and TLS, or a web address.

use std::fmt;

use super::{EndpointUrl, HostName};

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
    /// What this machine calls itself in EHLO (RFC 5321 §4.1.1.1), where the profile says it.
    pub ehlo_name: Option<HostName>,
}

show_as_displayed!(TlsMode, ServerEndpoint, Endpoint);

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A server that is spoken to directly.
    Server(ServerEndpoint),
    /// A web address.
    Web(EndpointUrl),
}

impl Endpoint {
    /// The server, where it is one.
    #[must_use]
    pub fn server(&self) -> Option<&ServerEndpoint> {
        match self {
            Self::Server(server) => Some(server),
            Self::Web(_) => None,
        }
    }

    /// The host's name or address.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::Server(server) => server.host.as_str(),
            Self::Web(url) => url.host(),
        }
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            Self::Server(server) => server.port,
            Self::Web(url) => url.port(),
        }
    }
}

impl From<ServerEndpoint> for Endpoint {
    fn from(server: ServerEndpoint) -> Self {
        Self::Server(server)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(server) => server.fmt(f),
            Self::Web(url) => url.fmt(f),
        }
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
