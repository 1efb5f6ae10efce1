//! The status of mailboxes: what is authorized, as whom, and what expires when. It asks the store, never the network.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::rotation::Rotation;
use super::workspace::Workspace;
use super::{describe, reminders, secret_expiry};
use crate::clock::valid_until;
use crate::diagnosis::{self, FailureContext};
use crate::failure::{Failure, StoreFault};
use crate::profile::{App, Mailbox, Name};
use crate::report::{Check, Document, Report, Stage};
use crate::secrets::{AppRecord, load_app};
use crate::text::Redactor;
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

/// The status of `mailboxes` and of their apps' secrets.
///
/// # Errors
/// If the store cannot be read.
pub fn of(workspace: &Workspace<'_>, mailboxes: &[&Mailbox], alarm: Alarm) -> Result<Document, StoreFault> {
    // No server is asked, so no server's words can hold what is read here: to learn it all would take most of the time.
    let unheard = Transcript::new(Redactor::without_memory(), None);
    let workspace = Workspace { transcript: &unheard, ..workspace.clone() };
    let mut document = Document::new("status");
    // Several mailboxes share an app; its record is read once.
    let mut apps: BTreeMap<&Name, Option<AppRecord>> = BTreeMap::new();
    for &mailbox in mailboxes {
        let app = workspace.app_of(mailbox);
        if !apps.contains_key(&app.name) {
            let record = load_app(workspace.store, &app.name)?.filter(|record| record.is_of(app));
            apps.insert(&app.name, record);
        }
        let record = apps.get(&app.name).and_then(Option::as_ref);
        document.reports.push(one(&workspace, mailbox, record, alarm));
    }
    for (name, record) in &apps {
        warn(&mut document, &workspace.profile.apps[*name], record.as_ref(), workspace.clock.now());
    }
    let apps = apps.iter().map(|(name, record)| (&workspace.profile.apps[*name], record.as_ref()));
    document.reminders = reminders::of(workspace.profile, apps);
    Ok(document)
}

fn one(workspace: &Workspace<'_>, mailbox: &Mailbox, record: Option<&AppRecord>, alarm: Alarm) -> Report {
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
            }
            // What is left of a sign-in that the provider has ended.
            if let Some(access) = session.stored_token() {
                report.fact("access_token", valid_until(access.expires, now));
            }
            report.checks.push(failed(Stage::Token, &failure, about));
        }
    }
    report.fact("app", &app.name);
    if app.credential.expiring().is_none() {
        return report;
    }
    let active = record.and_then(|record| record.active.as_ref());
    let expires = secret_expiry::of(app, record);
    match (active, expires) {
        (None, _) => report.fact("client_secret", "none stored"),
        (Some(_), None) => report.fact("client_secret", "stored; its expiry is unknown"),
        (Some(_), Some(day)) => {
            let left = secret_expiry::days_in_words(secret_expiry::days_left(day, now));
            report.fact("client_secret", shown!("expires {} ({})", day, left));
        }
    }
    let finding = match (expires, alarm) {
        (Some(day), alarm) => {
            let left = secret_expiry::days_left(day, now);
            let is_near = matches!(alarm, Alarm::Within { days, .. } if left <= i32::from(days));
            (is_near || left < 0).then(|| secret_expiry::expiring(app, day, left))
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

fn failed(stage: Stage, failure: &Failure, about: FailureContext<'_>) -> Check {
    Check::failed(stage, Duration::ZERO, diagnosis::finding(failure, about))
}

fn warn(document: &mut Document, app: &App, record: Option<&AppRecord>, now: Timestamp) {
    let Some(secret) = app.credential.expiring() else { return };
    document.warnings.extend(secret_expiry::disagreement(app, record));
    match secret_expiry::of(app, record) {
        Some(day) if secret_expiry::days_left(day, now) <= WARN_WITHIN => {
            let words = secret_expiry::days_in_words(secret_expiry::days_left(day, now));
            document.warnings.push(shown!("the {} of app '{}' expires on {} ({})", secret, app.name, day, words));
            document.next.push(shown!(
                "Issue a new {} and run: mailgrant rotate-secret {} --expires DATE",
                secret,
                app.name
            ));
        }
        Some(_) => {}
        None => document.warnings.push(shown!(
            "nothing says when the {} of app '{}' expires: write secret_expires = YYYY-MM-DD into [apps.{}]",
            secret,
            app.name,
            app.name
        )),
    }
    if record.is_some_and(Rotation::is_under_way) {
        document.next.push(shown!("Finish the rotation: mailgrant rotate-secret {}", app.name));
    }
}
