//! What goes wrong with the proxy that the environment names. The server behind it was not asked, and is not to blame.

use super::about::About;
use super::network;
use crate::failure::{FailureKind, ProxyFault, ProxyTrouble};
use crate::report::{Confidence, ExitCode, Finding, Retry};

/// Explains `trouble`.
pub(super) fn finding(trouble: &ProxyTrouble, about: About<'_>) -> Finding {
    let ProxyTrouble { proxy, variable, host, fault } = trouble;
    let unset = format!("Or unset it for mailgrant: env -u {variable} mailgrant …");
    let around = format!("If {host} can be reached without it, leave it out there: NO_PROXY={host}");
    let look = "Run: mailgrant doctor, which shows what goes through which proxy".to_owned();
    let (code, cause, exit, fix) = match fault {
        ProxyFault::Unreadable { reason } => (
            "proxy-unreadable",
            format!("{variable} = {proxy} is not a proxy's address: {reason}."),
            ExitCode::CheckFailed,
            vec![format!("Set it as in {variable}=http://proxy.example:3128, or unset it")],
        ),
        ProxyFault::NotReached(kind) => (
            "proxy-not-reached",
            format!("The proxy {proxy}, which {variable} names, cannot be used: {}.", reached(kind, about)),
            ExitCode::Network,
            vec![
                format!("Check the proxy's address in {variable}, and that the proxy runs"),
                unset,
                around,
                look,
            ],
        ),
        ProxyFault::WantsSignIn { scheme } => (
            "proxy-wants-sign-in",
            format!(
                "The proxy {proxy}, which {variable} names, wants a user name and a password, or other ones{}.",
                scheme.as_ref().map_or_else(String::new, |scheme| format!(" ({scheme})"))
            ),
            ExitCode::CheckFailed,
            vec![
                format!(
                    "Put them into the variable, percent-encoded: {variable}={}",
                    proxy.replacen("://", "://USER:PASSWORD@", 1)
                ),
                "If it wants Negotiate or NTLM, which mailgrant does not speak, run a local proxy that does (px, cntlm) and name that one"
                    .to_owned(),
                around,
            ],
        ),
        ProxyFault::Refused { answer } => (
            "proxy-refused",
            format!("The proxy {proxy}, which {variable} names, does not let us through to {host}: {answer}."),
            ExitCode::CheckFailed,
            vec![format!("Ask whoever runs the proxy to allow connections to {host}"), around, look],
        ),
        ProxyFault::HostNotReached { answer } => (
            "proxy-cannot-reach",
            format!("The proxy {proxy}, which {variable} names, does not reach {host}: {answer}."),
            ExitCode::Network,
            vec![
                format!("Check that {host} is the right name; if it is, run the command again later"),
                around,
                look,
            ],
        ),
        ProxyFault::NotUnderstood { answer } => (
            "proxy-not-understood",
            format!("What answers at {proxy}, which {variable} names, is not a proxy of this kind: '{answer}'."),
            ExitCode::CheckFailed,
            vec![
                format!("Check scheme, host and port in {variable}; its scheme is one of http, https, socks4, socks4a, socks5, socks5h"),
                unset,
            ],
        ),
        ProxyFault::Unsupported { what } => (
            "proxy-unsupported",
            format!("The proxy {proxy}, which {variable} names, cannot be used for {host}: {what}."),
            ExitCode::CheckFailed,
            vec![format!("Set {variable} to an http or socks5h proxy"), around],
        ),
    };
    let mut finding = Finding::new(code, cause, exit);
    finding.fix = fix;
    finding.confidence = Confidence::Certain;
    finding.retry = if exit == ExitCode::Network { Retry::Backoff } else { Retry::AfterFix };
    finding
}

/// What happened on the way to the proxy, as the end of a sentence.
fn reached(kind: &FailureKind, about: About<'_>) -> String {
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
