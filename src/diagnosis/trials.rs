//! What a protocol that was tried tells by how it failed: whether it is switched off, refuses, or was not reached.

use super::about::FailureContext;
use super::catalogue::{self, Meaning};
use crate::profile::{Protocol, Side};
use crate::report::{Finding, FindingCode, Stage, Trial, TrialResult};

/// What `finding`, made at `stage`, says of the protocol.
#[must_use]
pub fn result(stage: Stage, finding: &Finding) -> TrialResult {
    match stage {
        _ if is_off(finding) => TrialResult::Off,
        Stage::Dns | Stage::Tcp | Stage::Tls | Stage::Proxy => TrialResult::NotReached,
        _ => TrialResult::Refused,
    }
}

/// Whether `finding` says that a protocol is switched off.
#[must_use]
pub fn is_off(finding: &Finding) -> bool {
    let means = catalogue::entry(finding.code).and_then(|entry| entry.means);
    matches!(means, Some(Meaning::SendingOff | Meaning::ReadingOff))
}

/// Looks at all trials of a mailbox together: where its own account signs in elsewhere, a mailbox that does not open over one
/// protocol has that protocol switched off.
pub fn settle(trials: &mut [Trial], about: FailureContext<'_>) {
    if about.mailbox.is_none_or(|mailbox| mailbox.is_shared()) {
        return;
    }
    let is_proof =
        |trial: &&Trial| trial.works() || trial.protocol == Protocol::Smtp && trial.result == TrialResult::Off;
    let Some(proof) = trials.iter().find(is_proof).map(|trial| trial.protocol) else { return };
    for trial in trials.iter_mut().filter(|trial| trial.side == Side::Incoming && trial.result == TrialResult::Refused)
    {
        let Some(closed) = trial.finding.as_deref().filter(|finding| is_closed(finding)) else { continue };
        let told = Finding::of(FindingCode::PROTOCOL_OFF_FOR_MAILBOX).about(about.over(trial.protocol));
        let mut finding = told.with("proof", proof).finding();
        finding.server_said.clone_from(&closed.server_said);
        trial.finding = Some(Box::new(finding));
        trial.result = TrialResult::Off;
    }
}

fn is_closed(finding: &Finding) -> bool {
    catalogue::entry(finding.code).is_some_and(|entry| entry.means == Some(Meaning::MailboxClosed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::report::ExitCode;

    const PROFILE: &str = "[apps.app]\nprovider = \"microsoft365\"\ntenant = \"contoso.com\"\n\
         client_id = \"11111111-2222-3333-4444-555555555555\"\n[mailboxes.box]\napp = \"app\"\n\
         address = \"shop@contoso.com\"\nincoming = { protocol = \"imap\" }\n";

    fn finding(code: FindingCode) -> Finding {
        Finding::new(code, "no", ExitCode::CheckFailed)
    }

    /// What becomes of a mailbox that does not open over IMAP, where this came of another trial.
    fn settled(profile: &str, protocol: Protocol, side: Side, result: TrialResult) -> Trial {
        let profile = config::parse("config.toml".as_ref(), profile).unwrap();
        let mailbox = profile.mailboxes.values().next().unwrap();
        let trial = |protocol, side, result, finding: Option<Finding>| Trial {
            protocol,
            side,
            in_profile: false,
            result,
            detail: None,
            finding: finding.map(Box::new),
        };
        let closed = Some(finding(FindingCode::EXO_IMAP_AUTHENTICATE_FAILED));
        let mut trials =
            [trial(Protocol::Imap, Side::Incoming, TrialResult::Refused, closed), trial(protocol, side, result, None)];
        settle(&mut trials, FailureContext::of_mailbox(profile.app_of(mailbox), mailbox));
        let [closed, _] = trials;
        closed
    }

    #[test]
    fn a_mailbox_that_does_not_open_has_a_protocol_off_only_where_its_account_is_taken_elsewhere() {
        use TrialResult::{NotTried, Off, Refused, Works};
        for (protocol, side, result, expected) in [
            (Protocol::Graph, Side::Incoming, Works, Off),
            (Protocol::Pop3, Side::Incoming, Works, Off),
            (Protocol::Smtp, Side::Outgoing, Works, Off),
            // Exchange has taken the sign-in before it says so.
            (Protocol::Smtp, Side::Outgoing, Off, Off),
            (Protocol::Pop3, Side::Incoming, Off, Refused),
            (Protocol::Graph, Side::Incoming, NotTried, Refused),
            (Protocol::Smtp, Side::Outgoing, Refused, Refused),
        ] {
            let trial = settled(PROFILE, protocol, side, result);
            assert_eq!(trial.result, expected, "{protocol} {result:?}");
            let is_told = trial.finding.unwrap().code == FindingCode::PROTOCOL_OFF_FOR_MAILBOX;
            assert_eq!(is_told, expected == Off, "{protocol} {result:?}");
        }
        let cause = settled(PROFILE, Protocol::Graph, Side::Incoming, Works).finding.unwrap().cause;
        assert!(cause.contains("because Microsoft Graph accepts them") && cause.contains("over IMAP"), "{cause}");
        // Of a shared mailbox it may as well be the right to open it.
        let shared = format!("{PROFILE}sign_in_as = \"alice@contoso.com\"\n");
        assert_eq!(settled(&shared, Protocol::Smtp, Side::Outgoing, Works).result, Refused);
    }

    #[test]
    fn the_stage_tells_a_refusal_from_a_server_that_was_not_reached() {
        use TrialResult::{NotReached, Off, Refused};
        for (stage, code, expected) in [
            (Stage::Dns, FindingCode::NAME_NOT_FOUND, NotReached),
            (Stage::Tcp, FindingCode::CONNECTION_REFUSED, NotReached),
            (Stage::Tls, FindingCode::TLS_EXPIRED, NotReached),
            (Stage::Greeting, FindingCode::GREETING_REFUSED, Refused),
            (Stage::Authentication, FindingCode::SIGN_IN_REFUSED, Refused),
            (Stage::Authentication, FindingCode::EXO_SMTP_AUTH_DISABLED_MAILBOX, Off),
            (Stage::Authentication, FindingCode::GMAIL_IMAP_NOT_ENABLED, Off),
            (Stage::Authentication, FindingCode::GMAIL_POP3_NOT_ENABLED, Off),
        ] {
            assert_eq!(result(stage, &finding(code)), expected, "{stage:?} {code}");
        }
    }
}
