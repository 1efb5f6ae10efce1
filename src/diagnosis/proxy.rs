//! What goes wrong with the proxy that the environment names. The server behind it was not asked, and is not to blame.

use super::about::FailureContext;
use super::network;
use crate::failure::{FailureKind, ProxyFault, ProxyTrouble};
use crate::report::{Finding, FindingCode};

/// Explains `trouble`.
pub(super) fn finding(trouble: &ProxyTrouble, about: FailureContext<'_>) -> Finding {
    let ProxyTrouble { proxy, variable, host, fault } = trouble;
    let told = match fault {
        ProxyFault::Unreadable { reason } => Finding::of(FindingCode::PROXY_UNREADABLE).with("reason", reason),
        ProxyFault::NotReached(kind) => {
            Finding::of(FindingCode::PROXY_NOT_REACHED).with("reason", reached(kind, about))
        }
        ProxyFault::WantsSignIn { scheme } => {
            let told = Finding::of(FindingCode::PROXY_WANTS_SIGN_IN)
                .with("proxy_with_password", proxy.replacen("://", "://USER:PASSWORD@", 1));
            match scheme {
                Some(scheme) => told.with("scheme", format_args!(" ({scheme})")),
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

/// What happened on the way to the proxy, as the end of a sentence.
fn reached(kind: &FailureKind, about: FailureContext<'_>) -> String {
    match kind {
        FailureKind::NameNotFound { host } => format!("there is no host {host}"),
        FailureKind::NameLookupFailed { host, reason } => format!("the name {host} could not be looked up: {reason}"),
        FailureKind::ConnectionRefused { port, .. } => format!("it refuses connections on port {port}"),
        FailureKind::Unreachable { reason, .. } => format!("it cannot be reached: {reason}"),
        FailureKind::TimedOut { during, after } => {
            format!("nothing came for {:.0} seconds while {during}", after.as_secs_f64())
        }
        FailureKind::ConnectionLost { .. } => "it closed the connection without an answer".to_owned(),
        FailureKind::Tls(fault) => network::tls(fault, about).cause.trim_end_matches('.').to_owned(),
        other => format!("{other:?}"),
    }
}
