//! Which side of a mailbox works, from what was seen. Nothing is read or asked here.

use super::explain;
use super::seen::{Conversation, Seen};
use crate::profile::{Endpoint, Side};
use crate::report::{Check, FindingCode, SideResult, SideState};
use crate::text::{Redactor, Shown};

/// What was seen of each side that was asked.
#[must_use]
pub fn of(seen: &Seen<'_>) -> Vec<SideResult> {
    seen.conversations.iter().map(|spoken| one(seen, spoken)).collect()
}

fn one(seen: &Seen<'_>, spoken: &Conversation<'_>) -> SideResult {
    let (service, side) = (spoken.service, spoken.task.side());
    let (state, code) = state(seen, spoken);
    let sent = spoken.log.has_sent();
    // What is looked for afterwards is the message that was sent.
    let found = |afterwards: &Conversation<'_>| {
        let steps = &afterwards.log.observations;
        !steps.is_empty() && steps.iter().all(|step| step.result.is_ok())
    };
    SideResult {
        side,
        protocol: service.protocol,
        server: server(&service.endpoint),
        state,
        code,
        sent,
        arrived: sent && side == Side::Outgoing && seen.afterwards.as_ref().is_some_and(found),
    }
}

/// "outlook.office365.com:993", or the host of a web service.
fn server(endpoint: &Endpoint) -> Shown {
    match endpoint.server() {
        Some(server) => shown!("{}:{}", server.host, server.port),
        None => Redactor::by_shape(endpoint.host()),
    }
}

fn state(seen: &Seen<'_>, spoken: &Conversation<'_>) -> (SideState, Option<FindingCode>) {
    let checks = told(seen, spoken);
    if let Some(finding) = checks.iter().find_map(Check::finding) {
        return (SideState::Failed, Some(finding.code));
    }
    let has_token = seen.fetched_for(spoken.service.protocol).is_some_and(|fetched| fetched.token().is_some());
    let is_done = has_token && checks.iter().any(Check::has_passed);
    (if is_done { SideState::Works } else { SideState::NotTried }, None)
}

/// The steps of a conversation; where it shared a connection that was never made, the other's.
fn told(seen: &Seen<'_>, spoken: &Conversation<'_>) -> Vec<Check> {
    let own = explain::steps(seen, spoken);
    if !own.is_empty() {
        return own;
    }
    let mut others = seen.conversations.iter().filter(|other| other.service == spoken.service);
    others.find(|other| !other.log.observations.is_empty()).map_or(own, |other| explain::steps(seen, other))
}
