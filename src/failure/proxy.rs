//! What goes wrong with a proxy, told apart from what goes wrong with the server behind it.

use super::FailureKind;
use crate::text::Shown;

/// A proxy that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyTrouble {
    /// The proxy without user and password, as in `http://proxy.example:3128`.
    pub proxy: Shown,
    /// The environment variable that names it.
    pub variable: &'static str,
    /// The host that it was to lead to.
    pub host: Shown,
    /// What happened.
    pub fault: ProxyFault,
}

/// What happened between us and a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are documented; their fields say it with their names")]
pub enum ProxyFault {
    /// The variable's value is not a proxy's address.
    Unreadable { reason: Shown },
    /// The proxy itself could not be reached, or did not answer: a failure of the connection to it.
    NotReached(Box<FailureKind>),
    /// It wants a user name and a password, or other ones (HTTP 407, RFC 1929).
    WantsSignIn { scheme: Option<Shown> },
    /// It does not let us through to this host.
    Refused { answer: Shown },
    /// It tried, and did not reach the host (HTTP 502 to 504; RFC 1928 §6, replies 3 to 6).
    HostNotReached { answer: Shown },
    /// What answers there does not speak the protocol of such a proxy.
    NotUnderstood { answer: Shown },
    /// This kind of proxy cannot carry what is asked for.
    Unsupported { what: Shown },
}
