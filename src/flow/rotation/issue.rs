//! `--issue`: a rotation whose new secret the directory issues, and whose old one it removes.
//!
//! ```text
//! what earlier runs have left -> is it time? -> issue -> prove -> use -> remove the old one when that is due
//! ```

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::at_directory::{AtDirectory, Plan, Stop, known_day, new_name};
use super::forward::{carry_out, refuse_foreign};
use super::job::{Job, report, tell_changed};
use super::lifetime::Lifetime;
use super::{Force, RotationRequest, Standing};
use crate::directory::{Application, LongestLife, Planned, days};
use crate::error::CommandError;
use crate::flow::authority::Authority;
use crate::flow::secret_expiry::{self, day_of, days_left};
use crate::flow::workspace::Workspace;
use crate::report::{Check, Document, Report, Stage};
use crate::text::Shown;

/// What a dry run says before each request that it does not send.
pub(super) const NOT_SENT: &str = "not sent (--dry-run)";

/// What a rotation by the directory is asked for.
pub struct IssueOptions<'a> {
    /// On whose word the directory is asked.
    pub authority: &'a Authority,
    /// How long the new secret is to live.
    pub lifetime: Lifetime,
    /// For how many days the directory keeps the old secret.
    pub keep_previous: u16,
    /// Rotate only if the secret in use ends within so many days.
    pub if_expires_within: Option<u16>,
    /// Whether requests that change something are shown and not sent.
    pub is_dry_run: bool,
    /// Whether another client's secret may be replaced.
    pub force: Force,
}

/// Rotates, and says whether the secret in use is the new one.
///
/// # Errors
/// If the store or the profile cannot be used, or the provider has no directory.
pub fn issue(
    job: Job<'_>,
    options: &IssueOptions<'_>,
    workspace: &Workspace<'_>,
) -> Result<(Document, bool), CommandError> {
    refuse_foreign(job.rotation, options.force)?;
    let rotation = job.rotation;
    let mut document = Document { is_dry_run: options.is_dry_run, ..Document::new("rotate-secret") };
    let mut report = report(rotation);
    report.fact("client_id", &rotation.app.client_id);
    let at_directory = AtDirectory::open(&job, options.authority, workspace)?;
    let is_quiet = rotation.standing()? == Standing::Idle
        && rotation.requested()?.is_empty()
        && rotation.due_removals()?.is_empty();
    if let Some(day) = known_day(&job).filter(|day| is_quiet && !is_time(&job, options, *day)) {
        return Ok((unchanged(document, report, day, false), false));
    }
    match prepare(&job, options, &at_directory, &mut report, &mut document) {
        Ok(Next::Rotate(request)) => carry_out(job, request, true, document, report, Some(&at_directory)),
        Ok(Next::Nothing(day)) => Ok((unchanged(document, report, day, at_directory.has_changed()), false)),
        Ok(Next::Shown) => {
            report.fact("changed", "no");
            report.changed = Some(report.checks.iter().any(is_planned));
            report.fact("client_secret", "unchanged");
            document.reports.push(report);
            Ok((document, false))
        }
        Err(Stop::Store(fault)) => Err(fault.into()),
        Err(Stop::Said(finding)) => {
            tell_changed(&mut report, at_directory.has_changed());
            report.fact("client_secret", "unchanged; the old one is in use");
            report.checks.push(Check::failed(Stage::Rotation, Duration::ZERO, *finding));
            document.reports.push(report);
            Ok((document, false))
        }
    }
}

/// What is to be done.
enum Next {
    /// Rotate to a new secret, or finish what was begun.
    Rotate(RotationRequest),
    /// Nothing: the secret in use is good until this day.
    Nothing(Date),
    /// Nothing: what would be sent is shown.
    Shown,
}

/// Cleans up, finds out whether it is time, and has a new secret issued.
fn prepare(
    job: &Job<'_>,
    options: &IssueOptions<'_>,
    at_directory: &AtDirectory<'_>,
    report: &mut Report,
    document: &mut Document,
) -> Result<Next, Stop> {
    let rotation = job.rotation;
    let application = at_directory.application(job)?;
    if options.is_dry_run {
        return show(job, options, at_directory, &application, report);
    }
    rotation.identify(&application)?;
    at_directory.remove_lost(job, &application, report)?;
    at_directory.remove_due(job, report, document)?;
    match rotation.standing()? {
        Standing::Pending | Standing::Activated { recently: true } => {
            return Ok(Next::Rotate(RotationRequest::Finish { expires: None }));
        }
        Standing::Activated { recently: false } => rotation.settle()?,
        Standing::Idle => {}
    }
    if let Some(day) = not_yet(job, options, &application)? {
        return Ok(Next::Nothing(day));
    }
    let plan = at_directory.plan(job, &application, options.lifetime, options.keep_previous);
    tell_policy(&plan, report);
    at_directory.issue(job, &application, &plan, report).map(Next::Rotate)
}

/// The day until which the secret in use is good, where that is far enough away.
fn not_yet(job: &Job<'_>, options: &IssueOptions<'_>, application: &Application) -> Result<Option<Date>, Stop> {
    if options.if_expires_within.is_none() {
        return Ok(None);
    }
    // The directory's own dates count, where it tells which secret is ours.
    let keys = job.rotation.keys_in_use(application)?;
    let listed = keys.iter().filter_map(|key| application.secret(key));
    let Some((secret, ends)) = listed.filter_map(|secret| Some((secret, secret.ends?))).min_by_key(|(_, ends)| *ends)
    else {
        return match known_day(job) {
            Some(day) => Ok(Some(day).filter(|day| !is_time(job, options, *day))),
            None => Err(Stop::Said(Box::new(secret_expiry::unknown_to_directory(job.rotation.app)))),
        };
    };
    Ok(Some(day_of(ends)).filter(|_| !is_due(job, options, secret.starts, ends)))
}

/// Whether what begins and ends at these times is to be replaced now.
pub(super) fn is_due(job: &Job<'_>, options: &IssueOptions<'_>, starts: Option<Timestamp>, ends: Timestamp) -> bool {
    // Where secrets live shorter than that, each run would replace one: half of its life is soon enough.
    let half = starts.map(|starts| ends.duration_since(starts) / 2);
    let is_young = half.is_some_and(|half| ends.duration_since(job.rotation.clock.now()) > half);
    is_time(job, options, day_of(ends)) && !(is_young && is_short(half, options))
}

/// Whether half of a secret's life is shorter than the days before whose end it is to be replaced.
fn is_short(half: Option<SignedDuration>, options: &IssueOptions<'_>) -> bool {
    let within = options.if_expires_within.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
    half.zip(within).is_some_and(|(half, within)| half < within)
}

/// Whether a secret that ends on this day is to be replaced now.
fn is_time(job: &Job<'_>, options: &IssueOptions<'_>, day: Date) -> bool {
    let Some(within) = options.if_expires_within else { return true };
    days_left(day, job.rotation.clock.now()) < i32::from(within)
}

fn unchanged(mut document: Document, mut report: Report, day: Date, is_changed: bool) -> Document {
    tell_changed(&mut report, is_changed);
    report.fact("client_secret", shown!("unchanged; good until {}", day));
    report.fact("secret_expires", day);
    report.checks.push(Check::skipped(Stage::Rotation, shown!("not due yet: the client secret is good until {}", day)));
    document.reports.push(report);
    document
}

fn tell_policy(plan: &Plan, report: &mut Report) {
    if let LongestLife::Is(life) = plan.longest {
        report.fact("policy", shown!("a new secret may live {} days at most", days(life)));
    }
}

/// Shows what would be sent.
fn show(
    job: &Job<'_>,
    options: &IssueOptions<'_>,
    at_directory: &AtDirectory<'_>,
    application: &Application,
    report: &mut Report,
) -> Result<Next, Stop> {
    let rotation = job.rotation;
    let said = |failure| at_directory.said(job, &failure);
    let directory = &at_directory.directory;
    let mut push = |planned: &Planned, when: Shown| {
        let told = shown!("{}: {} {} {}{}", NOT_SENT, planned.method, planned.url, planned.body, when);
        report.checks.push(Check::skipped(Stage::Rotation, told));
    };
    let requested = rotation.requested()?;
    let known = rotation.known_keys()?;
    let is_lost = |name: &str| requested.iter().any(|requested| requested.name == name);
    let lost = application.secrets.iter().filter(|secret| secret.has_name(is_lost) && !known.contains(&secret.key_id));
    for key in lost.map(|secret| secret.key_id.clone()).chain(rotation.due_removals()?) {
        push(&directory.planned_removal(&key).map_err(said)?, Shown::default());
    }
    if let Some(day) = not_yet(job, options, application)? {
        return Ok(Next::Nothing(day));
    }
    if matches!(rotation.standing()?, Standing::Pending | Standing::Activated { recently: true }) {
        return Ok(Next::Shown);
    }
    let plan = at_directory.plan(job, application, options.lifetime, options.keep_previous);
    let name = new_name(job).map_err(said)?;
    push(&directory.planned_addition(&name, plan.end).map_err(said)?, Shown::default());
    for key in rotation.keys_in_use(application)? {
        let when = shown!(", {} days after the new secret is in use", plan.keep_previous);
        push(&directory.planned_removal(&key).map_err(said)?, when);
    }
    tell_policy(&plan, report);
    Ok(Next::Shown)
}

/// Whether the check tells of a request that a dry run did not send.
pub(super) fn is_planned(check: &Check) -> bool {
    check.detail().is_some_and(|detail| detail.starts_with(NOT_SENT))
}
