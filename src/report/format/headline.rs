//! What a tested mailbox comes to, in a sentence: made from its sides.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::profile::{Protocol, Side};
use crate::report::{Report, SideResult, SideState};
use crate::text::Shown;

/// What reports are called where there are several: by the address, or by the name where another one is on that address.
pub(super) struct Called<'a> {
    shared: HashSet<&'a Shown>,
}

impl<'a> Called<'a> {
    pub(super) fn among(reports: &'a [Report]) -> Self {
        let (mut first, mut shared) = (HashMap::new(), HashSet::new());
        for report in reports {
            if let Some(address) = report.address()
                && *first.entry(address).or_insert(&report.subject) != &report.subject
            {
                shared.insert(address);
            }
        }
        Self { shared }
    }

    pub(super) fn who<'b>(&self, report: &'b Report) -> &'b str {
        match report.address() {
            Some(address) if !self.shared.contains(address) => address,
            Some(_) | None => report.subject.name(),
        }
    }
}

/// What the one report is about: the address, or the name where it has none.
pub(super) fn who(report: &Report) -> &str {
    report.address().unwrap_or_else(|| report.subject.name())
}

/// What the mailbox cannot do, as in "cannot send": before a colon and the reason.
pub(super) fn trouble(report: &Report) -> &'static str {
    let (works, fails): (Vec<&SideResult>, Vec<&SideResult>) = report.sides.iter().partition(|side| side.works());
    match (works.as_slice(), fails.as_slice()) {
        ([sent, ..], []) if sent.sent => "sent, but needs attention",
        (_, []) => "needs attention",
        (_, [only]) => cannot(only.side),
        (_, _) => "does not work",
    }
}

fn cannot(side: Side) -> &'static str {
    match side {
        Side::Incoming => "cannot be read",
        Side::Outgoing => "cannot send",
    }
}

/// What works in spite of the trouble, or how far the tests came without a token.
pub(super) fn consolation(report: &Report) -> Option<String> {
    let works: Vec<&SideResult> = report.sides.iter().filter(|side| side.works()).collect();
    match works.as_slice() {
        [] => {}
        [only] => {
            let doing = if only.side == Side::Incoming { "Reading" } else { "Sending" };
            return Some(format!("{doing} over {} works.", only.protocol));
        }
        [first, other, ..] if first.protocol == other.protocol => {
            return Some(format!("Reading and sending over {} work.", first.protocol));
        }
        [first, other, ..] => {
            return Some(format!("Reading over {} and sending over {} work.", first.protocol, other.protocol));
        }
    }
    let is_waiting = report.sides.iter().all(|side| side.state == SideState::NotTried);
    let mut answered: Vec<&str> = Vec::new();
    for check in report.checks.iter().filter(|check| check.has_passed()) {
        let title = check.protocol.map(Protocol::title).filter(|title| !answered.contains(title));
        answered.extend(title);
    }
    match answered.as_slice() {
        _ if !is_waiting => None,
        [] => None,
        [only] => Some(format!("{only} answers; without an access token nothing more could be tried.")),
        several => {
            Some(format!("{} answer; without an access token nothing more could be tried.", several.join(" and ")))
        }
    }
}

/// What works and what does not, without its subject.
pub(super) fn closing(report: &Report, is_well: bool) -> String {
    let (works, fails): (Vec<&SideResult>, Vec<&SideResult>) = report.sides.iter().partition(|side| side.works());
    match (abilities(&works), fails.as_slice()) {
        (Some(abilities), []) if is_well => format!("works: {abilities}"),
        (Some(abilities), []) => format!("{abilities}, but needs attention"),
        (Some(abilities), [only, ..]) => format!("{abilities}, but {} over {}", cannot(only.side), only.protocol),
        (None, []) if is_well => "works".to_owned(),
        (None, untried) if is_well && untried.iter().all(|side| side.state == SideState::NotTried) => {
            "answers; without an access token the sign-in was not tried".to_owned()
        }
        (None, [only]) => format!("{} over {}", cannot(only.side), only.protocol),
        (None, _) => "does not work".to_owned(),
    }
}

/// "reads over IMAP, may send over SMTP"
pub(super) fn abilities(works: &[&SideResult]) -> Option<String> {
    let one = |side: &SideResult| match (side.side, side.sent, side.arrived) {
        (Side::Incoming, _, _) => format!("reads over {}", side.protocol),
        (Side::Outgoing, false, _) => format!("may send over {}", side.protocol),
        (Side::Outgoing, true, false) => format!("sent over {}", side.protocol),
        (Side::Outgoing, true, true) => format!("sent over {}, and the message arrived", side.protocol),
    };
    match works {
        [] => None,
        [first, other] if first.protocol == other.protocol && !first.sent && !other.sent => {
            Some(format!("reads and may send over {}", first.protocol))
        }
        sides => Some(sides.iter().map(|side| one(side)).collect::<Vec<_>>().join(", ")),
    }
}

/// From the command's start until the last check of `reports` ended.
pub(super) fn took<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Duration {
    let checks = reports.into_iter().flat_map(|report| &report.checks);
    checks.map(|check| check.began.unwrap_or_default() + check.elapsed).max().unwrap_or_default()
}
