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
    let is_proof = |trial: &&Trial| trial.works() || trial.protocol == Protocol::Smtp && trial.result == TrialResult::Off;
    let Some(proof) = trials.iter().find(is_proof).map(|trial| trial.protocol) else { return };
    for trial in trials.iter_mut().filter(|trial| trial.side == Side::Incoming && trial.result == TrialResult::Refused) {
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
