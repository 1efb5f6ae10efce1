//! What a mail server's "no" means.

use super::about::FailureContext;
use super::resolve;
use crate::failure::{GREETING, Rejection, ReplyCode};
use crate::profile::Family;
use crate::report::{ExitCode, Finding, FindingCode, Retry};

/// By what the catalogue knows, else by the codes that the standards define.
pub(super) fn finding(rejection: &Rejection, said: Option<&str>, about: FailureContext<'_>) -> Finding {
    let command = rejection.command.to_ascii_uppercase();
    let is_sign_in = command.starts_with("AUTH");
    if let Some(protocol) = about.protocol {
        let text = [rejection.challenge.as_deref(), said].into_iter().flatten().collect::<Vec<_>>().join("\n");
        let known = resolve::finding(&text, protocol.into(), about);
        // What a web service says of its own trouble (RFC 9110 §15.6) is not to be fixed by its clients.
        let is_outage = matches!(rejection.code, Some(ReplyCode::Http(500..)));
        let known = known.filter(|known| !is_outage || known.entry.next == Retry::Backoff);
        // What follows a sign-in is known better from the command than from a code that every server uses.
        if let Some(mut known) = known.filter(|known| is_sign_in || known.entry.provider != Family::ANY) {
            // A mail server does not know whether a new sign-in would help; only the token endpoint does.
            if known.finding.exit == ExitCode::AuthorizationNeeded {
                known.finding.exit = ExitCode::CheckFailed;
            }
            return known.finding;
        }
    }
    let detail = rejection.detail_code.as_deref().unwrap_or_default().to_ascii_uppercase();
    let passing = rejection.code.is_some_and(ReplyCode::is_passing)
        || matches!(detail.as_str(), "UNAVAILABLE" | "INUSE" | "LIMIT" | "SYS/TEMP" | "IN-USE" | "LOGIN-DELAY");
    let code = match command.split_whitespace().next() {
        _ if rejection.command == GREETING => FindingCode::GREETING_REFUSED,
        _ if rejection.closes => FindingCode::SERVER_CLOSES,
        _ if passing => FindingCode::SERVER_SAYS_LATER,
        _ if is_sign_in => FindingCode::SIGN_IN_REFUSED,
        Some("MAIL") => FindingCode::SENDER_REFUSED,
        Some("RCPT") => FindingCode::RECIPIENT_REFUSED,
        Some("DATA") => FindingCode::MESSAGE_REFUSED,
        Some("EXAMINE" | "SELECT" | "STAT") => FindingCode::FOLDER_REFUSED,
        _ => FindingCode::COMMAND_REFUSED,
    };
    Finding::of(code).about(about).finding()
}
