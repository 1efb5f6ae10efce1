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
use crate::report::{AccessTokenValue, Check, ClientSecretValue, Document, Report, Stage, State, Step, WarningCode};
use crate::secrets::{AppRecord, load_app};
use crate::text::{Redactor, Shown};
use crate::transcript::Transcript;

/// From here on an expiry is worth a warning, in days.
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
}

/// The status of `mailboxes` and of their apps' secrets. What `asked` has of their ends counts.
///
/// # Errors
/// If the store cannot be read.
pub fn of(
    workspace: &Workspace<'_>,
    mailboxes: &[&Mailbox],
    alarm: Alarm,
    asked: &Asked,
) -> Result<Document, StoreFault> {
    // No server is asked here, so no server's words can hold what is read here: to learn it all would take most of the time.
    let unheard = Transcript::new(Redactor::without_memory(), None);
    let workspace = Workspace { transcript: &unheard, ..workspace.clone() };
    let mut document = Document::new("status");
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

/// Warns beside a test of `mailboxes` of apps' secrets that end soon, where a directory has told.
pub fn warn_of_ends(document: &mut Document, mailboxes: &[&Mailbox], workspace: &Workspace<'_>, asked: &Asked) {
    let apps = mailboxes.iter().map(|mailbox| workspace.app_of(mailbox));
    let told: BTreeMap<&Name, (&App, Date)> =
        apps.filter_map(|app| Some((&app.name, (app, asked.day(app)?)))).collect();
    document.warnings.extend(asked.warnings.iter().cloned());
    for (app, day) in told.values() {
        warn(document, app, None, None, Some(*day), workspace.clock.now());
    }
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
    let finding = match (expires, alarm) {
        (Some(day), alarm) => {
            let left = secret_expiry::days_left(day, now);
            let is_near = matches!(alarm, Alarm::Within { days, .. } if left <= i32::from(days));
            let is_past = left < 0 || asked.has_ended(app, now);
            (is_near || is_past).then(|| secret_expiry::expiring(app, day, left, is_past))
        }
        // An alarm that knows nothing must not look like one that has nothing to say.
        (None, Alarm::Within { allow_unknown: false, .. }) => Some(secret_expiry::unknown(app)),
        (None, _) => None,
    };
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
        Some(day) => shown!("expires {} ({})", day, secret_expiry::days_in_words(secret_expiry::days_left(day, now))),
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
    match expires {
        Some(day) if secret_expiry::days_left(day, now) <= WARN_WITHIN => {
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
