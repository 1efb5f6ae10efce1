//! What happens on the way to a server.

use super::about::FailureContext;
use super::{local, service};
use crate::failure::{FailureKind, TlsFault};
use crate::report::{Finding, FindingCode};
use crate::text::Shown;

/// Names, connections, deadlines, broken protocols. `has_begun`: something of an answer had come.
pub(super) fn finding(kind: &FailureKind, has_begun: bool, about: FailureContext<'_>) -> Finding {
    let is_sign_in = about.protocol.is_none();
    let is_web = about.protocol.is_some_and(|protocol| protocol.ports().is_none());
    let told = match kind {
        FailureKind::NameNotFound { host } => Finding::of(FindingCode::NAME_NOT_FOUND).with("host", host),
        FailureKind::NameLookupFailed { host, reason } => {
            Finding::of(FindingCode::NAME_LOOKUP_FAILED).with("host", host).with("reason", reason)
        }
        FailureKind::ConnectionRefused { host, port } => {
            Finding::of(FindingCode::CONNECTION_REFUSED).with("host", host).with("port", port)
        }
        FailureKind::Unreachable { host, port, reason } => {
            Finding::of(FindingCode::UNREACHABLE).with("host", host).with("port", port).with("reason", reason)
        }
        FailureKind::TimedOut { during, after } => Finding::of(FindingCode::TIMED_OUT)
            .case_if(has_begun, "half")
            .with("during", during)
            .with("seconds", shown!("{:.0}", after.as_secs_f64())),
        FailureKind::ConnectionLost { during } => Finding::of(FindingCode::CONNECTION_LOST)
            .case_if(has_begun, "half")
            .case_if(is_sign_in || is_web, "http")
            .with("during", during),
        FailureKind::ProtocolViolation { what } => Finding::of(FindingCode::PROTOCOL_VIOLATION).with("what", what),
        FailureKind::Unreadable { what } => Finding::of(FindingCode::ANSWER_NOT_UNDERSTOOD)
            .case_if(is_sign_in, "sign-in")
            .case_if(is_web, "web")
            .with("what", what),
        FailureKind::OtherService(seen) => return service::finding(seen, about),
        FailureKind::Bug => Finding::of(FindingCode::BUG).case("aside"),
        FailureKind::TooLarge { what, limit } => {
            Finding::of(FindingCode::ANSWER_TOO_LARGE).case_if(is_web, "web").with("what", what).with("limit", limit)
        }
        FailureKind::StartTlsNotOffered => Finding::of(FindingCode::STARTTLS_NOT_OFFERED),
        FailureKind::MechanismNotOffered { wanted, offered } => {
            let offered = if offered.is_empty() { "nothing".into() } else { Shown::join(offered, ", ") };
            Finding::of(FindingCode::MECHANISM_NOT_OFFERED)
                .with("wanted", wanted.clone().unwrap_or_else(|| "XOAUTH2 or OAUTHBEARER".into()))
                .with("offered", offered)
        }
        FailureKind::NotArrived { after } => Finding::of(FindingCode::NOT_ARRIVED).with("seconds", after.as_secs()),
        other => return local::unexpected(other),
    };
    told.about(about).finding()
}

/// Handshakes and certificates. No credential was sent in any of these cases.
pub(super) fn tls(fault: &TlsFault, about: FailureContext<'_>) -> Finding {
    let told = match fault {
        TlsFault::UnknownIssuer { issuer, is_alone } => {
            let told = Finding::of(FindingCode::TLS_UNKNOWN_ISSUER);
            match issuer {
                Some(issuer) => told.case(if *is_alone { "alone" } else { "named" }).with("issuer", issuer),
                None => told,
            }
        }
        TlsFault::SelfSigned => Finding::of(FindingCode::TLS_SELF_SIGNED),
        TlsFault::WrongUsage => Finding::of(FindingCode::TLS_WRONG_USAGE),
        TlsFault::WrongHost { host, names } => Finding::of(FindingCode::TLS_WRONG_HOST)
            .case_if(!names.is_empty(), "names")
            .with("host", host)
            .with("names", Shown::join(names, ", ")),
        TlsFault::Expired => Finding::of(FindingCode::TLS_EXPIRED),
        TlsFault::NotYetValid => Finding::of(FindingCode::TLS_NOT_YET_VALID),
        TlsFault::Revoked => Finding::of(FindingCode::TLS_REVOKED),
        TlsFault::RevocationUnknown => Finding::of(FindingCode::TLS_REVOCATION_NOT_CHECKED),
        TlsFault::TooOld => Finding::of(FindingCode::TLS_TOO_OLD),
        TlsFault::NotTls => Finding::of(FindingCode::TLS_NOT_TLS).case_if(about.protocol.is_none(), "sign-in"),
        TlsFault::Other(reason) => Finding::of(FindingCode::TLS_FAILED).with("reason", reason),
    };
    told.about(about).finding()
}
