//! The report on a mailbox whose test was cancelled: the steps that had ended, and those that were waited for.

use std::time::Instant;

use super::explain::check;
use crate::diagnosis::FailureContext;
use crate::profile::{App, Mailbox, Protocol};
use crate::progress::{Step, Wait};
use crate::report::{Check, Report};

/// The report on `mailbox` of `app`, by a command that began at `started`.
#[must_use]
pub fn report(app: &App, mailbox: &Mailbox, started: Instant, steps: &[Step], waits: &[Wait]) -> Report {
    let about = FailureContext::of_mailbox(app, mailbox);
    let mut report = Report::of_mailbox(mailbox);
    let protocols = std::iter::once(None).chain(mailbox.protocols().map(Some));
    for protocol in protocols {
        let ended = steps.iter().filter(|step| step.protocol == protocol);
        let ended = ended.map(|step| over(check(&step.seen, about_it(about, protocol), started), protocol));
        report.checks.extend(ended);
        let waited = waits.iter().filter(|wait| wait.protocol == protocol);
        report.checks.extend(waited.map(|wait| {
            let began = wait.since.saturating_duration_since(started);
            over(cut_off(wait).begun(began), protocol)
        }));
    }
    report
}

fn about_it(about: FailureContext<'_>, protocol: Option<Protocol>) -> FailureContext<'_> {
    protocol.map_or(about, |protocol| about.over(protocol))
}

fn over(check: Check, protocol: Option<Protocol>) -> Check {
    match protocol {
        Some(protocol) => check.over(protocol),
        None => check,
    }
}

/// A step that had not ended: "cancelled after 12.3 s".
#[must_use]
pub fn cut_off(wait: &Wait) -> Check {
    let elapsed = wait.since.elapsed();
    let because = shown!("cancelled after {:.1} s", elapsed.as_secs_f64());
    Check::skipped(wait.stage, because).lasting(elapsed)
}
