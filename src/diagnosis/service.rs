//! What it means that something else answers on a port than the mail server that the profile names: the key to change,
//! and the ports that are usual.

use super::about::About;
use crate::failure::{OtherService, Service};
use crate::profile::{MailProtocol, TlsMode};
use crate::report::{ExitCode, Finding};

/// What answers on the port, and what to change in the profile.
pub(super) fn finding(seen: &OtherService, about: About<'_>) -> Finding {
    let wanted = about.protocol;
    let port = seen.port;
    let profile_says = wanted.map_or_else(
        || "the profile names a mail server there".to_owned(),
        |wanted| format!("the profile says {wanted} with {}", seen.wanted),
    );
    let (code, cause) = match (seen.found, spoken(seen.found)) {
        (found, spoken) if found == Service::Tls || spoken.is_some() && spoken == wanted => (
            "wrong-tls-mode",
            if seen.is_tls {
                format!("Port {port} speaks TLS from the first byte, and {profile_says}.")
            } else {
                format!("Port {port} speaks plain text first ({}), and {profile_says}.", name(found))
            },
        ),
        (found, Some(_)) => (
            "wrong-protocol",
            format!("{} answers on port {port}{}, and {profile_says}.", capital(name(found)), inside(seen)),
        ),
        (found, None) => (
            "other-service",
            format!("{} answers on port {port}{}, and {profile_says}.", capital(name(found)), inside(seen)),
        ),
    };
    let mut finding = Finding::new(code, cause, ExitCode::CheckFailed);
    finding.fix = fix(code, seen, about);
    finding
}

/// One of each kind, so that its finding can be looked up by its code.
pub(super) fn samples() -> [OtherService; 3] {
    let seen = |found| OtherService { found, is_tls: true, wanted: TlsMode::StartTls, port: 993 };
    [seen(Service::Tls), seen(Service::Pop3), seen(Service::Http)]
}

fn capital(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_ascii_uppercase())
}

fn inside(seen: &OtherService) -> &'static str {
    if seen.is_tls && seen.wanted == TlsMode::StartTls { ", with TLS from the first byte" } else { "" }
}

fn spoken(service: Service) -> Option<MailProtocol> {
    match service {
        Service::Imap => Some(MailProtocol::Imap),
        Service::Pop3 => Some(MailProtocol::Pop3),
        Service::Smtp => Some(MailProtocol::Smtp),
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

fn fix(code: &str, seen: &OtherService, about: About<'_>) -> Vec<String> {
    let side = match about.protocol {
        Some(MailProtocol::Smtp) => "outgoing",
        _ => "incoming",
    };
    let place = format!("{side} of [mailboxes.{}]", about.fill("{mailbox}"));
    let mut fix = Vec::new();
    match code {
        "wrong-tls-mode" => {
            let mode = if seen.is_tls { "implicit" } else { "starttls" };
            fix.push(format!("Set tls = \"{mode}\" in {place} in the profile"));
        }
        "wrong-protocol" => {
            if let Some(wanted) = about.protocol {
                let port = wanted.default_port(seen.wanted);
                fix.push(if port == seen.port {
                    format!("Correct host in {place} in the profile: this one speaks another protocol on the usual port of {wanted}")
                } else {
                    format!("Set port = {port} in {place} in the profile, or the port that the provider documents for {wanted}")
                });
            }
            if let (Some(found @ (MailProtocol::Imap | MailProtocol::Pop3)), "incoming") = (spoken(seen.found), side) {
                let protocol = if found == MailProtocol::Imap { "imap" } else { "pop3" };
                let mode = if seen.is_tls { "implicit" } else { "starttls" };
                fix.push(format!(
                    "Or read mail over {found}: protocol = \"{protocol}\" and tls = \"{mode}\" in {place}"
                ));
            }
        }
        _ => {
            fix.push(format!("Correct host and port in {place} in the profile"));
            if seen.found == Service::Http {
                fix.push(
                    "If this network has a sign-in page of its own (hotel, guest network), pass it in a browser"
                        .to_owned(),
                );
            }
        }
    }
    fix.push(match about.protocol {
        Some(wanted) => format!(
            "Usual ports of {wanted}: {} with tls = \"implicit\", {} with tls = \"starttls\"",
            wanted.default_port(TlsMode::Implicit),
            wanted.default_port(TlsMode::StartTls)
        ),
        None => {
            "Usual ports with tls = \"implicit\": IMAP 993, POP3 995, SMTP 465; with tls = \"starttls\": 143, 110, 587"
                .to_owned()
        }
    });
    fix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finding_says_what_answers_and_which_key_to_change() {
        let about = |protocol| About { protocol: Some(protocol), ..About::default() };
        let seen = |found, is_tls, wanted, port| OtherService { found, is_tls, wanted, port };
        use MailProtocol::{Imap, Smtp};
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
            assert_eq!(finding.code, code, "{seen:?}");
            assert!(finding.fix[0].starts_with(says), "{seen:?}: {finding:?}");
            assert!(finding.fix.last().is_some_and(|step| step.starts_with("Usual ports")), "{finding:?}");
            let is_capital = finding.cause.starts_with(|first: char| first.is_ascii_uppercase());
            assert!(is_capital && finding.cause.contains("the profile says"), "{finding:?}");
        }
    }
}
