//! What a mail server's "no" means.

use super::about::FailureContext;
use super::reading::Phase;
use super::{challenge, resolve};
use crate::failure::{GREETING, MESSAGE, Rejection, ReplyCode};
use crate::report::{ExitCode, Finding, FindingCode, Retry};

/// By what the catalogue knows, else by the codes that the standards define.
pub(super) fn finding(rejection: &Rejection, said: Option<&str>, about: FailureContext<'_>) -> Finding {
    let phase = phase(rejection);
    let about = FailureContext { phase, ..about };
    if let Some(finding) = rejection.challenge.as_ref().and_then(|challenge| challenge::finding(challenge, about)) {
        return finding;
    }
    if let Some(protocol) = about.protocol {
        let text = [rejection.challenge.as_deref(), said].into_iter().flatten().collect::<Vec<_>>().join("\n");
        let known = resolve::finding(&text, protocol.into(), about);
        // What a web service says of its own trouble (RFC 9110 §15.6) is not to be fixed by its clients.
        let is_outage = matches!(rejection.code, Some(ReplyCode::Http(500..)));
        if let Some(mut known) = known.filter(|known| !is_outage || known.entry.next == Retry::Backoff) {
            // A mail server does not know whether a new sign-in would help; only the token endpoint does.
            if known.finding.exit == ExitCode::AuthorizationNeeded {
                known.finding.exit = ExitCode::CheckFailed;
            }
            return known.finding;
        }
    }
    by_command(rejection, phase, about)
}

/// How far the conversation had come.
fn phase(rejection: &Rejection) -> Option<Phase> {
    match rejection.command.as_str() {
        GREETING => Some(Phase::Connect),
        MESSAGE => Some(Phase::Data),
        command => Phase::of(command),
    }
}

/// What no entry knows is told by what was asked.
fn by_command(rejection: &Rejection, phase: Option<Phase>, about: FailureContext<'_>) -> Finding {
    let detail = rejection.detail_code.as_deref().unwrap_or_default().to_ascii_uppercase();
    let is_passing = rejection.code.is_some_and(ReplyCode::is_passing)
        || matches!(detail.as_str(), "UNAVAILABLE" | "INUSE" | "LIMIT" | "SYS/TEMP" | "IN-USE" | "LOGIN-DELAY");
    let code = match phase {
        Some(Phase::Connect) => FindingCode::GREETING_REFUSED,
        _ if rejection.closes => FindingCode::SERVER_CLOSES,
        _ if is_passing => FindingCode::SERVER_SAYS_LATER,
        Some(Phase::SignIn) => FindingCode::SIGN_IN_REFUSED,
        Some(Phase::Mail) => FindingCode::SENDER_REFUSED,
        Some(Phase::Rcpt) => FindingCode::RECIPIENT_REFUSED,
        Some(Phase::Data) => FindingCode::MESSAGE_REFUSED,
        Some(Phase::Folder) => FindingCode::FOLDER_REFUSED,
        Some(Phase::Hello | Phase::Tls) | None => FindingCode::COMMAND_REFUSED,
    };
    Finding::of(code).about(about).with("command", &rejection.command).finding()
}
