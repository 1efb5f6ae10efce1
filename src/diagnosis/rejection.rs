//! What a mail server's "no" means.

use super::about::About;
use super::known;
use crate::failure::{GREETING, Rejection};
use crate::profile::Family;
use crate::report::{Confidence, ExitCode, Finding};

/// By what the catalogue knows, else by the codes that the standards define.
pub(super) fn finding(rejection: &Rejection, said: Option<&str>, about: About<'_>) -> Finding {
    let command = rejection.command.to_ascii_uppercase();
    let is_sign_in = command.starts_with("AUTH");
    if let Some(protocol) = about.protocol {
        let text = [rejection.challenge.as_deref(), said].into_iter().flatten().collect::<Vec<_>>().join("\n");
        let known = known::finding(&text, protocol.into(), about);
        // What stands behind a sign-in is known better from the command than from a code that every server uses.
        if let Some(mut known) = known.filter(|known| is_sign_in || known.entry.provider != Family::ANY) {
            // A mail server does not know whether a new sign-in would help; only the token endpoint does.
            if known.finding.exit == ExitCode::AuthorizationNeeded {
                known.finding.exit = ExitCode::CheckFailed;
            }
            return known.finding;
        }
    }
    if rejection.command == GREETING {
        let mut finding = Finding::new(
            "greeting-refused",
            about.fill("The {protocol} server answers, and turns the connection away before anything was asked."),
            ExitCode::Network,
        );
        finding.fix = about.fill_all(&[
            "Wait a few minutes and run the command again; a server does so under load, in maintenance, and after too many connections",
            "If it stays, read the server's words: it may refuse this machine's address",
        ]);
        finding.confidence = Confidence::Likely;
        finding.source = Some("RFC 5321 section 3.1, RFC 9051 section 7.1.5, RFC 1939 section 4");
        return finding;
    }
    if rejection.closes {
        let mut finding = Finding::new(
            "server-closes",
            about.fill("The {protocol} server ends the connection by itself, in the middle of the conversation."),
            ExitCode::Network,
        );
        finding.fix = about.fill_all(&[
            "Wait a few minutes and run the command again; the server's words say why it closes",
            "If it stays, show the server's administrator the output of -v",
        ]);
        finding.confidence = Confidence::Likely;
        finding.source = Some("RFC 9051 section 7.1.5, RFC 5321 section 3.8");
        return finding;
    }
    let detail = rejection.detail_code.as_deref().unwrap_or_default().to_ascii_uppercase();
    let passing = rejection.reply_code.is_some_and(|code| (400..500).contains(&code))
        || matches!(detail.as_str(), "UNAVAILABLE" | "INUSE" | "LIMIT" | "SYS/TEMP" | "IN-USE" | "LOGIN-DELAY");
    if passing {
        let mut finding = Finding::new(
            "server-says-later",
            about.fill("The {protocol} server cannot do this just now."),
            ExitCode::Network,
        );
        finding.fix = about.fill_all(&["Wait a few minutes and run the command again"]);
        finding.source = Some("RFC 5321 section 4.2.1, RFC 5530, RFC 3206");
        return finding;
    }
    if is_sign_in {
        let mut finding = Finding::new(
            "sign-in-refused",
            about.fill("The {protocol} server refuses the access token for {address}."),
            ExitCode::CheckFailed,
        );
        finding.fix = about.fill_all(&[
            "Run: mailgrant show {mailbox}, and look who signed in and which scopes were granted",
            "Check that {protocol} is switched on for {address} at the provider",
            "Run: mailgrant authorize {mailbox}, and sign in as {user}",
            "If that does not help, send the server's administrator the page that this writes: mailgrant test {mailbox} --html report.html",
        ]);
        finding.confidence = Confidence::Likely;
        finding.source = Some("RFC 7628 section 3.2.2, RFC 4954 section 6");
        return finding;
    }
    let (code, cause) = match command.split_whitespace().next() {
        Some("MAIL") => ("sender-refused", "The server does not let {user} send as {address}."),
        Some("RCPT") => ("recipient-refused", "The server does not accept this recipient."),
        Some("DATA") => ("message-refused", "The server does not accept the message."),
        Some("EXAMINE" | "SELECT" | "STAT") => {
            ("folder-refused", "The sign-in was accepted, but the mailbox {address} does not open.")
        }
        _ => ("command-refused", "The {protocol} server refuses a command."),
    };
    let mut finding = Finding::new(code, about.fill(cause), ExitCode::CheckFailed);
    finding.fix = about.fill_all(match code {
        "sender-refused" => &["Let {user} send as {address} at the provider (Microsoft 365: Exchange admin center > Mailboxes > {address} > Delegation > Send as)"],
        "recipient-refused" => &["Try another recipient with --to ADDRESS"],
        "folder-refused" => &[
            "Check that {protocol} is switched on for {address}, and that {user} may open it",
            "Run: mailgrant show {mailbox}, and look who signed in",
        ],
        _ => &[
            "Read the server's words; run the command again with -v to see the whole conversation",
            "Send the server's administrator the page that this writes: mailgrant test {mailbox} --html report.html",
        ],
    });
    finding.confidence = Confidence::Likely;
    finding
}
