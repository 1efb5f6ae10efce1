//! Rules on the mail servers: what the token says, who signed in, and what is switched off.

use super::evidence::Role;
use super::situation::Situation;
use crate::diagnosis::catalogue::{self, Meaning};
use crate::profile::Protocol::{self, Smtp};
use crate::profile::Side;
use crate::report::{Check, Confidence, ExitCode, Finding, FindingCode, Stage};
use crate::text::Redactor;

/// The token itself says why it is refused.
pub(super) fn token_unfit(situation: &Situation<'_>) -> Option<Finding> {
    let unfit = situation.checks.iter().filter(|check| check.stage == Stage::Preflight).find_map(Check::finding)?;
    let is_refused =
        situation.spoken().any(|protocol| situation.found(Some(protocol), Stage::Authentication).is_some());
    let mut finding = unfit.clone();
    // A refusal proves what the token says, but not what its user's name only lets guess.
    if is_refused && finding.code != FindingCode::OTHER_ACCOUNT_SIGNED_IN {
        finding.confidence = Confidence::Certain;
    }
    Some(finding)
}

/// Exchange says so itself, and reading proves that nothing else is wrong.
pub(super) fn sending_off(situation: &Situation<'_>) -> Option<Finding> {
    let off = situation.found(Some(Smtp), Stage::Authentication).filter(|found| means(found, Meaning::SendingOff))?;
    let reads = Protocol::of(Side::Incoming).any(|protocol| situation.passed(Some(protocol), Stage::Folder));
    reads.then(|| {
        let mut finding = off.clone();
        finding.confidence = Confidence::Certain;
        finding
    })
}

/// The account that signed in bears another name than the mailbox's user, and no server opens anything for it. The name
/// alone proves nothing, least of all where it was vouched for: one server that takes the account refutes it.
pub(super) fn wrong_account(situation: &Situation<'_>) -> Option<Finding> {
    let mailbox = situation.about.mailbox?;
    let account = situation.stranger()?;
    if situation.spoken().any(|protocol| situation.takes_account(protocol)) {
        return None;
    }
    let refusals: Vec<(Protocol, &Finding)> =
        situation.spoken().filter_map(|protocol| Some((protocol, situation.refusal(protocol)?))).collect();
    let (protocol, refusal) = *refusals.first()?;
    // Of one server alone it may as well be that the protocol is switched off.
    if refusals.len() < 2 && means(refusal, Meaning::MailboxClosed) && mailbox.sign_in_as.is_none() {
        return None;
    }
    let mut finding = situation
        .own(FindingCode::WRONG_ACCOUNT_SIGNED_IN, Some(protocol))
        .with("account", Redactor::by_shape(account))
        .finding();
    finding.server_said.clone_from(&refusal.server_said);
    Some(finding)
}

/// The account is known, and the mailbox does not open: what else works tells which of the usual causes it is.
pub(super) fn mailbox_closed(situation: &Situation<'_>) -> Option<Finding> {
    let (protocol, closed) =
        Protocol::of(Side::Incoming).find_map(|protocol| Some((protocol, situation.closed(protocol)?)))?;
    let code = if situation.about.mailbox?.sign_in_as.is_some() {
        FindingCode::SHARED_MAILBOX_WITHOUT_FULL_ACCESS
    } else if situation.passed(Some(Smtp), Stage::Authentication) {
        FindingCode::PROTOCOL_OFF_FOR_MAILBOX
    } else {
        return None;
    };
    let mut finding = situation.own(code, Some(protocol)).with("proof", Smtp).finding();
    finding.server_said.clone_from(&closed.server_said);
    Some(finding)
}

pub(super) fn means(finding: &Finding, meaning: Meaning) -> bool {
    catalogue::entry(finding.code).is_some_and(|entry| entry.means == Some(meaning))
}

impl<'a> Situation<'a> {
    /// Who signed in, where no name of the account is that of the mailbox's user.
    fn stranger(&self) -> Option<&'a str> {
        let user = self.about.mailbox?.signs_in_as();
        let is_user = self.account.iter().any(|name| user.matches(name));
        self.account.first().map(String::as_str).filter(|_| !is_user)
    }

    /// Whether the server of `protocol` did for the account what only the mailbox's user may. Over IMAP and POP3
    /// Exchange accepts every account that has a token, and only then looks whether the mailbox opens.
    fn takes_account(&self, protocol: Protocol) -> bool {
        let stage = if protocol.serves(Side::Incoming) { Stage::Folder } else { Stage::Authentication };
        self.passed(Some(protocol), stage)
    }

    /// What the server of `protocol` said against the account: not that it is busy, nor what it says to every account.
    pub(super) fn refusal(&self, protocol: Protocol) -> Option<&'a Finding> {
        let server = self.servers.iter().find(|server| server.role == Role::Mail(protocol))?;
        let stage = server.refused_at.filter(|stage| matches!(stage, Stage::Authentication | Stage::Folder))?;
        let finding = self.found(Some(protocol), stage)?;
        (finding.exit == ExitCode::CheckFailed && !means(finding, Meaning::SendingOff)).then_some(finding)
    }

    /// The same, where it is that the mailbox does not open.
    fn closed(&self, protocol: Protocol) -> Option<&'a Finding> {
        self.refusal(protocol).filter(|finding| means(finding, Meaning::MailboxClosed))
    }
}
