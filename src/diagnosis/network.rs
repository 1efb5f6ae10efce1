//! What happens on the way to a server.

use super::about::About;
use crate::failure::{FailureKind, TlsFault};
use crate::report::{Confidence, ExitCode, Finding};

/// Names, connections, deadlines, broken protocols.
pub(super) fn finding(kind: &FailureKind, about: About<'_>) -> Finding {
    let network = |code, cause: String, fix: &[&str], confidence| {
        let mut finding = Finding::new(code, cause, ExitCode::Network);
        finding.fix = about.fill_all(fix);
        finding.confidence = confidence;
        finding
    };
    let refused = |code, cause: String, fix: &[&str]| {
        let mut finding = Finding::new(code, cause, ExitCode::CheckFailed);
        finding.fix = about.fill_all(fix);
        finding
    };
    match kind {
        FailureKind::NameNotFound { host } => refused(
            "name-not-found",
            format!("There is no host {host}."),
            &["Correct the host in the profile", "If the name is right, check this machine's DNS server or VPN"],
        ),
        FailureKind::NameLookupFailed { host, reason } => network(
            "name-lookup-failed",
            format!("The name {host} could not be looked up: {reason}."),
            &["Check this machine's network and DNS server, and run the command again"],
            Confidence::Certain,
        ),
        FailureKind::ConnectionRefused { host, port } => network(
            "connection-refused",
            format!("{host} refuses connections on port {port}."),
            &["Check host and port in the profile; the server may not listen there, or a firewall refuses"],
            Confidence::Likely,
        ),
        FailureKind::Unreachable { host, port, reason } => network(
            "unreachable",
            format!("{host} port {port} cannot be reached: {reason}."),
            &["Check this machine's network, VPN and firewall, and run the command again"],
            Confidence::Likely,
        ),
        FailureKind::TimedOut { during, after } => network(
            "timed-out",
            format!("Nothing came for {:.0} seconds while {during}.", after.as_secs_f64()),
            &[
                "Run the command again; if it stays, a firewall on the way drops this port, or the server is overloaded",
                "--timeout SECONDS gives a slow server more time",
            ],
            Confidence::Likely,
        ),
        FailureKind::ConnectionLost { during } => network(
            "connection-lost",
            format!("The server closed the connection while {during}."),
            &["Run the command again; with -v it shows the last words", "Check port and TLS mode in the profile"],
            Confidence::Likely,
        ),
        FailureKind::ProtocolViolation { what } => refused(
            "protocol-violation",
            format!("The connection was given up, because the server broke the protocol: {what}."),
            &[
                "Do not use this network for mail: somebody on the way may be changing the connection",
                "Try from another network; if it stays, show the server's administrator the output of -v",
            ],
        ),
        FailureKind::Unreadable { what } => refused(
            "answer-not-understood",
            format!("The server's answer cannot be understood: {what}."),
            match about.protocol {
                Some(_) => &[
                    "Check host and port of the {protocol} side in the profile",
                    "Run the command again; if it stays, show the server's administrator the output of -v",
                ],
                None => &[
                    "Check authority, issuer and port of app '{app}' in the profile; if this network has a proxy or a sign-in page, pass it first",
                    "Run the command again; if it stays, show the server's administrator the output of -v",
                ],
            },
        ),
        FailureKind::OtherService(seen) => super::service::finding(seen, about),
        FailureKind::Bug => {
            let mut finding = Finding::new(
                "bug",
                "mailgrant stumbled over a fault of its own; what else it was to do is done.",
                ExitCode::Bug,
            );
            finding.fix =
                vec!["Report it, with the command that you typed and the place that standard error names".to_owned()];
            finding
        }
        FailureKind::TooLarge { what, limit } => refused(
            "answer-too-large",
            format!("The server sent more than {limit} bytes as {what}; the connection was given up."),
            &["Check host and port in the profile; this is not how a mail or sign-in server answers"],
        ),
        FailureKind::StartTlsNotOffered => refused(
            "starttls-not-offered",
            "The server does not offer STARTTLS, and no credential is sent without TLS.".to_owned(),
            &[
                "Use implicit TLS if the server has it: tls = \"implicit\" in the profile (IMAP 993, POP3 995, SMTP 465)",
                "If STARTTLS was offered before, somebody on the way may be stripping it: try from another network",
            ],
        ),
        FailureKind::MechanismNotOffered { wanted, offered } => {
            let wanted = wanted.as_deref().unwrap_or("XOAUTH2 or OAUTHBEARER");
            let offered = if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") };
            refused(
                "mechanism-not-offered",
                format!("The server does not offer {wanted}; it offers {offered}."),
                &[
                    "Check that this is the provider's {protocol} server, and that OAuth is switched on there",
                    "If --mechanism was given, run the command again without it",
                ],
            )
        }
        FailureKind::NotArrived { after } => refused(
            "not-arrived",
            format!("The test mail was accepted, but did not arrive within {} seconds.", after.as_secs()),
            &[
                "Run the command again with --wait-arrival=300; delivery may be slow",
                "Look into the junk folder of {address}, and into the provider's message trace",
            ],
        ),
        other => Finding::new("unexpected", format!("{other:?}"), ExitCode::Bug),
    }
}

/// Handshakes and certificates. No credential was sent in any of these cases.
pub(super) fn tls(fault: &TlsFault, about: About<'_>) -> Finding {
    let (code, cause, fix): (_, String, &[&str]) = match fault {
        TlsFault::UnknownIssuer { issuer: Some(issuer), is_alone: true } => (
            "tls-unknown-issuer",
            format!(
                "The server's certificate was issued by '{issuer}', which this machine does not know, and it came alone: \
                 without the certificates between itself and a root."
            ),
            &[
                "If other programs reach the server, its administrator must install the whole chain, not the server's certificate alone",
                "If your organisation inspects TLS, or runs this server itself, ask for its CA certificate and set ca_file in the profile",
                "Otherwise do not go on: somebody on the way may be reading along",
            ],
        ),
        TlsFault::UnknownIssuer { issuer, .. } => (
            "tls-unknown-issuer",
            match issuer {
                Some(issuer) => {
                    format!("The server's certificate was issued by '{issuer}', which this machine does not trust.")
                }
                None => "The server's certificate was issued by somebody whom this machine does not trust.".to_owned(),
            },
            &[
                "If your organisation inspects TLS, or runs this server itself, ask for its CA certificate and set ca_file in the profile",
                "Otherwise do not go on: somebody on the way may be reading along",
            ],
        ),
        TlsFault::SelfSigned => (
            "tls-self-signed",
            "The server signed its certificate itself, so it proves nothing.".to_owned(),
            &[
                "If this is a server of your own, get its certificate over a way that you trust, and set ca_file in the profile",
                "Otherwise do not go on: somebody on the way may be reading along",
            ],
        ),
        TlsFault::WrongUsage => (
            "tls-wrong-usage",
            "The server's certificate is not for servers (its key usage says what it is for).".to_owned(),
            &["The server's administrator must install a certificate for TLS servers (extended key usage serverAuth)"],
        ),
        TlsFault::WrongHost { host, names } => (
            "tls-wrong-host",
            if names.is_empty() {
                format!("The server's certificate is not for {host}.")
            } else {
                format!("The server's certificate is not for {host}, but for {}.", names.join(", "))
            },
            &["Write the host name that the provider documents into the profile, not an IP address or an alias"],
        ),
        TlsFault::Expired => (
            "tls-expired",
            "The server's certificate has expired.".to_owned(),
            &["Check this machine's clock", "If it is right, the server's administrator must renew the certificate"],
        ),
        TlsFault::NotYetValid => (
            "tls-not-yet-valid",
            "The server's certificate is not valid yet.".to_owned(),
            &["Check this machine's clock; it probably runs behind"],
        ),
        TlsFault::TooOld => (
            "tls-too-old",
            "The server speaks no TLS 1.2 or newer.".to_owned(),
            &["The server's administrator must switch TLS 1.2 on; older versions are not safe"],
        ),
        TlsFault::NotTls => (
            "tls-not-tls",
            "The server does not speak TLS on this port.".to_owned(),
            match about.protocol {
                Some(_) => &[
                    "Set tls = \"starttls\" in the profile (IMAP 143, POP3 110, SMTP 587), or use the port for implicit TLS",
                ],
                None => &[
                    "Check authority, issuer and port of app '{app}' in the profile; if this network has a proxy or a sign-in page, pass it first",
                ],
            },
        ),
        TlsFault::Other(reason) => (
            "tls-failed",
            format!("The TLS handshake failed: {reason}."),
            &["Run the command again; with -v it shows how far it came"],
        ),
    };
    let mut finding = Finding::new(code, cause, ExitCode::CheckFailed);
    finding.fix = about.fill_all(fix);
    finding
}
