//! Testing a mailbox: gather what can be seen, explain it, judge it.
//!
//! One function for every command that tests: `test`, `test-mailbox`, `test-smtp`, `rotate-secret` and
//! `doctor --with-tests`.

use std::sync::Once;
use std::time::Duration;

use super::explain::{explain, facts, latest};
use super::gather::gather;
use super::judge::{self, judge};
use super::parallel::{self, Limits, Panicked};
use super::plan::{Depth, Plan, Protocols};
use super::workspace::Workspace;
use super::{sides, so_far, trials};
use crate::context::{Context, interrupt};
use crate::diagnosis::verdict::Ladder;
use crate::diagnosis::{self, FailureContext};
use crate::failure::{FailureKind, StoreFault};
use crate::profile::{Mailbox, Profile};
use crate::progress::{Step, Wait};
use crate::report::{Check, Document, Report, Stage};
use crate::text::Shown;

/// Does what `plan` says and reports on it.
#[must_use]
pub fn run(workspace: &Workspace<'_>, plan: &Plan<'_>) -> Report {
    climb(workspace, plan).0
}

/// The same, with what it proves of the set-up where the app is let in by itself.
#[must_use]
pub fn climb(workspace: &Workspace<'_>, plan: &Plan<'_>) -> (Report, Option<Ladder>) {
    let seen = gather(workspace, plan);
    let mut report = Report::of_mailbox(plan.mailbox);
    report.facts.extend(facts(&seen));
    report.checks = explain(&seen);
    report.sides = sides::of(&seen);
    report.latest = latest(&seen);
    report.trials = match plan.protocols {
        Protocols::OfProfile => Vec::new(),
        Protocols::All => trials::all(workspace, plan, &seen),
    };
    report.verdict = match plan.depth {
        Depth::Servers => None,
        Depth::EndToEnd => judge(&seen, &report.checks, &report.trials).map(Box::new),
    };
    let ladder = judge::ladder(&seen, &report.checks);
    (report, ladder)
}

/// Runs `test` for each of `mailboxes`, several at once, but no more than `limits` allow at one mail server and at one
/// tenant; the reports are in `document` then, or were passed on.
///
/// # Errors
/// If the secret store cannot be opened.
pub fn each(
    context: &Context,
    profile: &Profile,
    mailboxes: &[&Mailbox],
    limits: Limits,
    document: &mut Document,
    test: impl Fn(&Workspace<'_>, &Mailbox) -> Report + Sync,
) -> Result<(), StoreFault> {
    // Not before the first connection is under way: until then there is nothing that Ctrl-C could cut short.
    let tells = Once::new();
    let meanwhile = || tells.call_once(interrupt::tells);
    let workspace = Workspace { meanwhile: &meanwhile, ..Workspace::open(context, profile)? };
    let servers = |(_, mailbox): &(usize, &Mailbox)| {
        let hosts = mailbox.services().map(|service| service.endpoint.host().to_owned());
        hosts.chain([workspace.app_of(mailbox).tenant_key()]).collect()
    };
    let progress = &context.progress;
    progress.expect(mailboxes.len());
    let numbered: Vec<(usize, &Mailbox)> = mailboxes.iter().copied().enumerate().collect();
    let test = |(number, mailbox): &(usize, &Mailbox)| {
        let (app, own, started) = (workspace.app_of(mailbox).clone(), (*mailbox).clone(), workspace.started);
        let so_far = move |steps: &[Step], waits: &[Wait]| so_far::report(&app, &own, started, steps, waits);
        let watch = progress.begin(*number, Shown::of(&mailbox.name), so_far);
        progress.tell(*number, test(&Workspace { watch, ..workspace.clone() }, mailbox));
    };
    let fallen = |(number, mailbox): &(usize, &Mailbox), panicked| progress.tell(*number, fallen(mailbox, panicked));
    let held = |tenant: &str| workspace.throttle.until(tenant, workspace.deadline);
    parallel::each_unless_held(&numbered, limits, servers, held, test, fallen);
    let taken = progress.take();
    document.reports.extend(taken.reports);
    document.streamed = taken.streamed;
    Ok(())
}

/// The report on a mailbox whose test ended in a panic.
#[must_use]
pub fn fallen(mailbox: &Mailbox, _: Panicked) -> Report {
    let mut report = Report::of_mailbox(mailbox);
    let finding = diagnosis::finding(&FailureKind::Bug.into(), FailureContext::default());
    report.checks.push(Check::failed(Stage::Profile, Duration::ZERO, finding));
    report
}
