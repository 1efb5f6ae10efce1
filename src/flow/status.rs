//! The status of mailboxes: what is authorized, as whom, and what expires when. It asks the store, and directories only where
//! that is wanted.

mod asked;
mod dates;
mod in_use;
mod registration;
mod rows;
mod words;

pub use asked::Asked;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::rotation::Rotation;
use super::workspace::Workspace;
use super::{describe, reminders, secret_expiry};
use crate::clock::valid_until;
use crate::diagnosis::{self, FailureContext};
use crate::failure::{Failure, StoreFault};
use crate::profile::{App, Mailbox, Name};
use crate::report::{
    AccessTokenValue, Check, ClientSecretValue, Document, Finding, Range, Report, Stage, State, Step, Thresholds,
    WarningCode,
};
use crate::secrets::{AppRecord, load_app};
use crate::text::{Redactor, Shown};
use crate::transcript::Transcript;

/// From here on an expiry is worth a warning where no range says so, in days.
const WARN_WITHIN: i32 = 30;

/// When a client secret's expiry is a failure.
#[derive(Debug, Clone, Copy)]
pub enum Alarm {
    /// Once it has expired.
    Past,
    /// This many days before.
    Within {
        /// The days.
        days: u16,
        /// Whether a secret may be without a known expiry.
        allow_unknown: bool,
    },
    /// Where the days that are left are outside this range, or are not known.
    Outside(Range),
}

impl Alarm {
    /// Whether so many days raise it.
    fn is_raised(self, left: i32) -> bool {
        match self {
            Self::Past => false,
            Self::Within { days, .. } => left <= i32::from(days),
            Self::Outside(range) => range.alerts(left),
        }
    }

    /// What is wrong with `app`, whose secret ends on `day`; `has_ended` where more is known of it than the day.
    fn finding(self, app: &App, day: Option<Date>, has_ended: bool, now: Timestamp) -> Option<Finding> {
        match (day, self) {
            (Some(day), alarm) => {
                let left = secret_expiry::days_left(day, now);
                let is_past = left < 0 || has_ended;
                (alarm.is_raised(left) || is_past).then(|| secret_expiry::expiring(app, day, left, is_past))
            }
            // An alarm that knows nothing must not look like one that has nothing to say.
            (None, Self::Within { allow_unknown: false, .. } | Self::Outside(_)) => Some(secret_expiry::unknown(app)),
            (None, Self::Past | Self::Within { .. }) => None,
        }
    }
}

/// The status of `mailboxes` and of their apps' secrets. What `asked` has of their ends counts; they are worth a warning as
/// `thresholds` say.
///
/// # Errors
/// If the store cannot be read.
pub fn of(
    workspace: &Workspace<'_>,
    mailboxes: &[&Mailbox],
    alarm: Alarm,
    thresholds: Thresholds,
    asked: &Asked,
) -> Result<Document, StoreFault> {
    // No server is asked here, so no server's words can hold what is read here: to learn it all would take most of the time.
    let unheard = Transcript::new(Redactor::without_memory(), None);
    let workspace = Workspace { transcript: &unheard, ..workspace.clone() };
    let mut document = Document { thresholds, ..Document::new("status") };
    let mut table = rows::table();
    // Several mailboxes share an app; its record is read once.
    let mut apps: BTreeMap<&Name, Option<AppRecord>> = BTreeMap::new();
    for &mailbox in mailboxes {
        let app = workspace.app_of(mailbox);
        if !apps.contains_key(&app.name) {
            let record = load_app(workspace.store, &app.name)?.filter(|record| record.is_of(app));
            apps.insert(&app.name, record);
        }
        let record = apps.get(&app.name).and_then(Option::as_ref);
        let report = one(&workspace, mailbox, record, alarm, asked);
        table.rows.push(rows::row(mailbox, app, &report, expires(app, record, asked), workspace.clock.now()));
        document.reports.push(report);
    }
    match mailboxes {
        [] => document.next.push(describe::no_mailbox()),
        [_] => {}
        _ => document.table = Some(table),
    }
    document.warnings.extend(asked.warnings.iter().cloned());
    let mut dated = Vec::new();
    for (name, record) in &apps {
        let app = &workspace.profile.apps[*name];
        let day = expires(app, record.as_ref(), asked);
        if asked.day(app).is_none() {
            document.warnings.extend(secret_expiry::disagreement(app, record.as_ref()));
        }
        let user = mailboxes.iter().find(|mailbox| mailbox.app == app.name).map(|mailbox| &mailbox.name);
        warn(&mut document, app, user, record.as_ref(), day, workspace.clock.now());
        dated.push((app, day));
    }
    document.next.extend(asked.next.iter().cloned());
    document.reminders = reminders::of(workspace.profile, dated);
    Ok(document)
}

/// Warns beside a test of `mailboxes` of apps' secrets that end soon: where a directory has told, and of all where the document has
/// thresholds.
pub fn warn_of_ends(document: &mut Document, mailboxes: &[&Mailbox], workspace: &Workspace<'_>, asked: &Asked) {
    let is_weighed = document.thresholds.are_given();
    let apps = mailboxes.iter().map(|mailbox| workspace.app_of(mailbox));
    let told: BTreeMap<&Name, (&App, Date)> = apps
        .filter_map(|app| {
            let known = || expires(app, record_of(app, workspace).as_ref(), asked);
            Some((&app.name, (app, if is_weighed { known() } else { asked.day(app) }?)))
        })
        .collect();
    document.warnings.extend(asked.warnings.iter().cloned());
    for (app, day) in told.values() {
        warn(document, app, None, None, Some(*day), workspace.clock.now());
    }
}

/// Adds to the report of a test when the secret of `app` ends, where `thresholds` ask for that, and what is wrong with it.
pub fn weigh_end(report: &mut Report, app: &App, workspace: &Workspace<'_>, asked: &Asked, thresholds: Thresholds) {
    if app.credential.expiring().is_none() || !thresholds.are_given() {
        return;
    }
    let now = workspace.clock.now();
    let day = expires(app, record_of(app, workspace).as_ref(), asked);
    report.values.app = Some(Shown::of(&app.name));
    if app.credential.has_secret() && asked.day(app).is_none() {
        let words = day.map_or_else(|| "its expiry is unknown".into(), |day| expires_in_words(day, now));
        report.fact("client_secret", words);
        let today = secret_expiry::day_of(now);
        report.values.client_secret = Some(ClientSecretValue::new(None, day, today));
    }
    if !app.credential.has_secret() && describe::certificate(report, app, now).is_err() {
        // The test has said so.
        return;
    }
    if let Some(range) = thresholds.critical {
        let finding = Alarm::Outside(range).finding(app, day, asked.has_ended(app, now), now);
        report.checks.extend(finding.map(|finding| Check::failed(Stage::Profile, Duration::ZERO, finding)));
    }
}

/// The record of `app`; where the store cannot be read, the test says so.
fn record_of(app: &App, workspace: &Workspace<'_>) -> Option<AppRecord> {
    load_app(workspace.store, &app.name).ok().flatten().filter(|record| record.is_of(app))
}

/// "expires 2027-05-20 (173 days left)".
fn expires_in_words(day: Date, now: Timestamp) -> Shown {
    shown!("expires {} ({})", day, secret_expiry::days_in_words(secret_expiry::days_left(day, now)))
}

/// "expires 2027-05-20 (173 days left), says the directory".
fn told(day: Date, now: Timestamp) -> Shown {
    let left = secret_expiry::days_in_words(secret_expiry::days_left(day, now));
    shown!("expires {} ({}), says the directory", day, left)
}

/// The day on which the secret of `app` expires: as the directory says, or else as far as anything says so.
fn expires(app: &App, record: Option<&AppRecord>, asked: &Asked) -> Option<Date> {
    asked.day(app).or_else(|| secret_expiry::of(app, record))
}

fn one(
    workspace: &Workspace<'_>,
    mailbox: &Mailbox,
    record: Option<&AppRecord>,
    alarm: Alarm,
    asked: &Asked,
) -> Report {
    let now = workspace.clock.now();
    let app = workspace.app_of(mailbox);
    let about = FailureContext::of_mailbox(app, mailbox);
    let mut report = Report::of_mailbox(mailbox);
    let session = workspace.session(mailbox);
    match session.grant() {
        Ok(grant) => describe::grant(&mut report, &grant, now),
        Err(failure) => {
            if failure.kind.needs_authorization() {
                report.fact("status", "not authorized");
                report.values.state = Some(State::NotAuthorized);
            }
            // What is left of a sign-in that the provider has ended.
            if let Some(access) = session.stored_token() {
                report.fact("access_token", valid_until(access.expires, now));
                report.values.access_token = Some(AccessTokenValue { expires_at: access.expires });
            }
            report.checks.push(failed(Stage::Token, &failure, about));
        }
    }
    report.fact("app", &app.name);
    report.values.app = Some(Shown::of(&app.name));
    if app.credential.expiring().is_none() {
        return report;
    }
    let expires = expires(app, record, asked);
    if let Err(failure) = describe::certificate(&mut report, app, now) {
        report.checks.push(failed(Stage::Profile, &failure, about));
        return report;
    }
    if app.credential.has_secret() {
        let is_stored = record.is_some_and(|record| record.active.is_some());
        report.fact("client_secret", secret_in_words(is_stored, expires, asked.day(app).is_some(), now));
        let today = secret_expiry::day_of(now);
        report.values.client_secret = Some(ClientSecretValue::new(Some(is_stored), expires, today));
    }
    asked.tell(app, &mut report);
    let finding = alarm.finding(app, expires, asked.has_ended(app, now), now);
    report.checks.extend(finding.map(|finding| Check::failed(Stage::Profile, Duration::ZERO, finding)));
    if record.is_some_and(Rotation::is_under_way) {
        report.fact("rotation", shown!("unfinished; run: mailgrant rotate-secret {}", app.name));
    }
    report
}

/// "expires 2027-05-20 (173 days left)", or what is not known of it.
fn secret_in_words(is_stored: bool, expires: Option<Date>, is_by_directory: bool, now: Timestamp) -> Shown {
    match expires {
        _ if !is_stored => "none stored".into(),
        None => "stored; its expiry is unknown".into(),
        Some(day) if is_by_directory => told(day, now),
        Some(day) => expires_in_words(day, now),
    }
}

fn failed(stage: Stage, failure: &Failure, about: FailureContext<'_>) -> Check {
    Check::failed(stage, Duration::ZERO, diagnosis::finding(failure, about))
}

/// What deserves attention about the secret of `app`, with which the mailbox `user` signs in.
fn warn(
    document: &mut Document,
    app: &App,
    user: Option<&Name>,
    record: Option<&AppRecord>,
    expires: Option<Date>,
    now: Timestamp,
) {
    let Some(secret) = app.credential.expiring() else { return };
    let is_near = |left| document.thresholds.warning.map_or(left <= WARN_WITHIN, |range| range.alerts(left));
    match expires {
        Some(day) if is_near(secret_expiry::days_left(day, now)) => {
            let words = secret_expiry::days_in_words(secret_expiry::days_left(day, now));
            document.warn(
                WarningCode::ExpiresSoon,
                shown!("the {} of app '{}' expires on {} ({})", secret, app.name, day, words),
            );
            document.next.push(if app.credential.has_secret() {
                Step::from(shown!("Issue a new {} and run: ", secret))
                    .command(shown!("mailgrant rotate-secret {} --expires DATE", app.name))
            } else {
                Step::from(shown!("Make a new {} (", secret))
                    .command(shown!("mailgrant new-certificate {}", app.name))
                    .words("), upload it, and run: ")
                    .command(shown!("mailgrant rotate-secret {} --certificate FILE", app.name))
            });
        }
        // Of a certificate that cannot be read the report says why.
        None if !app.credential.has_secret() => {}
        Some(_) => {}
        None => document.warn(
            WarningCode::ExpiryUnknown,
            match user {
                Some(user) => shown!(
                    "nothing says when the {} of app '{}' expires; to record it: mailgrant add {} --expires DATE",
                    secret,
                    app.name,
                    user
                ),
                None => shown!("nothing says when the {} of app '{}' expires", secret, app.name),
            },
        ),
    }
    if record.is_some_and(Rotation::is_under_way) {
        document.next.push(Step::from("Finish the rotation: ").command(shown!("mailgrant rotate-secret {}", app.name)));
    }
}
