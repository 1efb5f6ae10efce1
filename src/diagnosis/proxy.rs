//! What goes wrong with the proxy that the environment names. The server behind it was not asked, and is not to blame.

use super::about::FailureContext;
use super::network;
use super::told::Told;
use crate::failure::{FailureKind, ProxyFault, ProxyTrouble};
use crate::report::{Finding, FindingCode};
use crate::text::Shown;

/// Explains `trouble`.
pub(super) fn finding(trouble: &ProxyTrouble, about: FailureContext<'_>) -> Finding {
    let ProxyTrouble { proxy, variable, host, fault } = trouble;
    let told = match fault {
        ProxyFault::Unreadable { reason } => Finding::of(FindingCode::PROXY_UNREADABLE).with("reason", reason),
        ProxyFault::NotReached(kind) => not_reached(kind, about),
        ProxyFault::WantsSignIn { scheme } => {
            let told = Finding::of(FindingCode::PROXY_WANTS_SIGN_IN).with("proxy_with_password", with_password(proxy));
            match scheme {
                Some(scheme) => told.with("scheme", shown!(" ({})", scheme)),
                None => told,
            }
        }
        ProxyFault::Refused { answer } => Finding::of(FindingCode::PROXY_REFUSED).with("answer", answer),
        ProxyFault::HostNotReached { answer } => Finding::of(FindingCode::PROXY_CANNOT_REACH).with("answer", answer),
        ProxyFault::NotUnderstood { answer } => Finding::of(FindingCode::PROXY_NOT_UNDERSTOOD).with("answer", answer),
        ProxyFault::Unsupported { what } => Finding::of(FindingCode::PROXY_UNSUPPORTED).with("what", what),
    };
    told.with("proxy", proxy).with("variable", variable).with("host", host).finding()
}

/// What happened on the way to the proxy.
fn not_reached(kind: &FailureKind, about: FailureContext<'_>) -> Told<'static> {
    let told = Finding::of(FindingCode::PROXY_NOT_REACHED);
    match kind {
        FailureKind::NameNotFound { host } => told.case("no-such-name").with("proxy_host", host),
        FailureKind::NameLookupFailed { host, reason } => {
            told.case("no-lookup").with("proxy_host", host).with("reason", reason)
        }
        FailureKind::ConnectionRefused { port, .. } => told.case("refused").with("port", port),
        FailureKind::Unreachable { reason, .. } => told.case("no-way").with("reason", reason),
        FailureKind::TimedOut { after, .. } => {
            told.case("silent").with("seconds", shown!("{:.0}", after.as_secs_f64()))
        }
        FailureKind::ConnectionLost { .. } => told.case("closed"),
        FailureKind::Tls(fault) => {
            told.with("reason", network::tls(fault, about).cause.part(|cause| cause.trim_end_matches('.')))
        }
        other => {
            told.with("reason", network::finding(other, false, about).cause.part(|cause| cause.trim_end_matches('.')))
        }
    }
}

/// Where user and password belong in the proxy's address.
fn with_password(proxy: &Shown) -> Shown {
    let (scheme, rest) = (
        proxy.part(|proxy| proxy.split_once("://").map_or("http", |(scheme, _)| scheme)),
        proxy.part(|proxy| proxy.split_once("://").map_or(proxy, |(_, rest)| rest)),
    );
    shown!("{}://USER:PASSWORD@{}", scheme, rest)
}
