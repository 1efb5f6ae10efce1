//! What it means that something else answers on a port than the mail server that the profile names: the key to change,
//! and the ports that are usual.

use super::about::FailureContext;
use crate::failure::{OtherService, Service};
use crate::profile::{Protocol, Side, TlsMode};
use crate::report::{Finding, FindingCode};
use crate::text::{Redactor, Shown};

/// What answers on the port, and what to change in the profile.
pub(super) fn finding(seen: &OtherService, about: FailureContext<'_>) -> Finding {
    let wanted = about.protocol;
    let port = seen.port;
    let spoken = spoken(seen.found);
    let side = wanted.and_then(|wanted| wanted.sides().first().copied()).unwrap_or(Side::Incoming);
    let is_readable = side == Side::Incoming && spoken.is_some_and(|spoken| spoken.serves(side));
    let is_inside = seen.is_tls && seen.wanted == TlsMode::StartTls;
    let told = if seen.found == Service::Tls || spoken.is_some() && spoken == wanted {
        Finding::of(FindingCode::WRONG_TLS_MODE).case_if(!seen.is_tls, "plain").with("found", name(seen.found))
    } else if spoken.is_some() {
        Finding::of(FindingCode::WRONG_PROTOCOL)
            .case_if(is_inside, "inside")
            .case_if(is_readable, "readable")
            .with("found", capital(name(seen.found)))
    } else {
        Finding::of(FindingCode::OTHER_SERVICE)
            .case_if(is_inside, "inside")
            .case_if(seen.found == Service::Http, "web")
            .with("found", capital(name(seen.found)))
    };
    let mut told = told
        .about(about)
        .with("port", port)
        .with("wanted", seen.wanted)
        .with("side", side.key())
        .with("mode", if seen.is_tls { "implicit" } else { "starttls" });
    if let Some(spoken) = spoken {
        told = told.with("spoken", spoken).with("spoken_key", spoken.key());
    }
    if let Some(ports) = wanted.and_then(Protocol::ports) {
        told = told
            .case("mail")
            .case(if ports.of(seen.wanted) == port { "usual-port" } else { "other-port" })
            .with("usual_port", ports.of(seen.wanted))
            .with("implicit_port", ports.implicit)
            .with("starttls_port", ports.starttls);
    }
    told.finding()
}

fn capital(name: &'static str) -> Shown {
    let (first, rest) = name.split_at(1);
    Redactor::by_shape(&(first.to_ascii_uppercase() + rest))
}

fn spoken(service: Service) -> Option<Protocol> {
    match service {
        Service::Imap => Some(Protocol::Imap),
        Service::Pop3 => Some(Protocol::Pop3),
        Service::Smtp => Some(Protocol::Smtp),
        Service::Http | Service::Ssh | Service::Tls | Service::Unknown => None,
    }
}

fn name(service: Service) -> &'static str {
    match service {
        Service::Imap => "an IMAP server",
        Service::Pop3 => "a POP3 server",
        Service::Smtp => "an SMTP server",
        Service::Http => "a web server (HTTP)",
        Service::Ssh => "an SSH server",
        Service::Tls => "a server with TLS",
        Service::Unknown => "something that is not a mail server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finding_says_what_answers_and_which_key_to_change() {
        let about = |protocol| FailureContext { protocol: Some(protocol), ..FailureContext::default() };
        let seen = |found, is_tls, wanted, port| OtherService { found, is_tls, wanted, port };
        use Protocol::{Imap, Smtp};
        use TlsMode::{Implicit, StartTls};
        for (seen, protocol, code, says) in [
            (seen(Service::Imap, true, StartTls, 993), Imap, "wrong-tls-mode", "Set tls = \"implicit\" in incoming"),
            (seen(Service::Tls, true, StartTls, 465), Smtp, "wrong-tls-mode", "Set tls = \"implicit\" in outgoing"),
            (seen(Service::Smtp, false, Implicit, 587), Smtp, "wrong-tls-mode", "Set tls = \"starttls\" in outgoing"),
            (seen(Service::Pop3, true, Implicit, 995), Imap, "wrong-protocol", "Set port = 993 in incoming"),
            (seen(Service::Pop3, true, Implicit, 993), Imap, "wrong-protocol", "Correct host in incoming"),
            (seen(Service::Imap, true, Implicit, 993), Smtp, "wrong-protocol", "Set port = 465 in outgoing"),
            (seen(Service::Http, true, Implicit, 443), Imap, "other-service", "Correct host and port in incoming"),
            (seen(Service::Unknown, false, StartTls, 22), Imap, "other-service", "Correct host and port in incoming"),
        ] {
            let finding = finding(&seen, about(protocol));
            assert_eq!(finding.code.as_str(), code, "{seen:?}");
            assert!(finding.fix[0].sentence().starts_with(says), "{seen:?}: {finding:?}");
            assert!(finding.fix.last().is_some_and(|step| step.sentence().starts_with("Usual ports")), "{finding:?}");
            let is_capital = finding.cause.starts_with(|first: char| first.is_ascii_uppercase());
            assert!(is_capital && finding.cause.contains("the profile says"), "{finding:?}");
        }
    }
}
