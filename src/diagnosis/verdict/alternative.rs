//! The way round a protocol that is switched off: what the provider has beside it.

use super::situation::Situation;
use crate::diagnosis::catalogue::{self, Meaning};
use crate::profile::{Channel, Protocol, Side, registration};
use crate::report::{Finding, FindingCode, Stage, Step, TrialResult};

/// The steps to the provider's other service, where `verdict` is that a protocol is switched off; none where that service
/// was tried and does not work either.
pub(super) fn steps(situation: &Situation<'_>, verdict: &Finding) -> Vec<Step> {
    let (Some(app), Some(mailbox)) = (situation.about.app, situation.about.mailbox) else { return Vec::new() };
    let Some(alternative) = app.provider.alternative else { return Vec::new() };
    let offer = |side: Side| {
        let used = mailbox.service(side)?.protocol;
        app.deployment().service(alternative, side).filter(|_| used != alternative)?;
        let is_tried = match situation.tried(alternative, side) {
            Some(TrialResult::Works) if says_off(verdict, side) || is_of(situation, used, verdict) => true,
            None | Some(TrialResult::NotTried) if says_off(verdict, side) => false,
            _ => return None,
        };
        let channel = Channel { protocol: alternative, side, by: mailbox.opener() };
        let line = shown!("{} = {{ protocol = \"{}\" }}", side.key(), alternative.key());
        let told = situation.own(FindingCode::OTHER_PROTOCOL_OFFERED, Some(used)).case_if(is_tried, "tried");
        let told = told.with("other", alternative).with("other_key", alternative.key()).with("side", side.key());
        Some(told.with("line", line).with("path", registration::permissions(app, channel)).steps())
    };
    [Side::Incoming, Side::Outgoing].into_iter().find_map(offer).unwrap_or_default()
}

/// Whether `verdict` says that what `side` is used through is switched off.
fn says_off(verdict: &Finding, side: Side) -> bool {
    let means = catalogue::entry(verdict.code).and_then(|entry| entry.means);
    match side {
        Side::Incoming => means == Some(Meaning::ReadingOff),
        Side::Outgoing => means == Some(Meaning::SendingOff),
    }
}

/// Whether `verdict` is what the server of `protocol` said to the sign-in, or when the mailbox was to be opened.
fn is_of(situation: &Situation<'_>, protocol: Protocol, verdict: &Finding) -> bool {
    let stages = [Stage::Authentication, Stage::Folder];
    stages.iter().filter_map(|stage| situation.found(Some(protocol), *stage)).any(|found| found.code == verdict.code)
}

impl Situation<'_> {
    /// What came of trying `protocol` for `side`, where all protocols were tried.
    fn tried(&self, protocol: Protocol, side: Side) -> Option<TrialResult> {
        let trial = self.trials.iter().find(|trial| trial.protocol == protocol && trial.side == side);
        trial.map(|trial| trial.result)
    }
}
