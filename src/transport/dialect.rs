//! How a conversation begins: what tells a server that is meant from another one.

use crate::failure::Service;
use crate::net::Traffic;

/// The beginning of a conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// What the transcript calls it.
    pub(super) label: &'static str,
    /// The service that the greeting tells; none where nothing is said inside TLS.
    pub(super) service: Option<Service>,
    /// The bytes that a greeting may begin with.
    pub(super) begins: &'static [u8],
    /// Which proxies it goes through.
    pub(super) traffic: Traffic,
}

impl Dialect {
    /// TLS alone, and nothing said inside.
    pub(super) const TLS: Self = Self { label: "TLS", service: None, begins: b"", traffic: Traffic::Mail };
    /// HTTP inside TLS, where the client speaks first.
    pub(super) const HTTPS: Self = Self { label: "HTTP", traffic: Traffic::Https, ..Self::TLS };
    /// HTTP on this machine.
    pub(super) const HTTP: Self = Self { label: "HTTP", traffic: Traffic::Http, ..Self::TLS };

    /// Whether a greeting can begin with this byte.
    pub(super) fn may_begin(self, first: u8) -> bool {
        self.begins.contains(&first)
    }
}
