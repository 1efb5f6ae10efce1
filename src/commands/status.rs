//! `status`: what is authorized, as whom, and what expires when. It asks the store, never the network.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::checks::{Tester, valid_until};
use super::{CommandError, authorize, subject};
use crate::context::Context;
use crate::diagnosis::{self, About};
use crate::failure::Failure;
use crate::profile::{App, Credential, Mailbox, Name, Profile};
use crate::report::{Check, Document, ExitCode, Finding, Report, Stage};
use crate::rotation::Rotation;
use crate::secrets::{AppRecord, load_app};
use crate::transcript::{Redactor, Transcript};

/// From here on an expiry is worth a warning, in days.
const WARN_WITHIN: i32 = 30;

/// Show what is authorized, as whom, and what expires when
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailboxes' names [default: all that are enabled]
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// Fail if a client secret expires within this many days
    #[arg(long, value_name = "DAYS", num_args = 0..=1, default_missing_value = "7", require_equals = true)]
    pub(super) fail_within: Option<u16>,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailboxes = subject::mailboxes(&profile, &args.names, args.names.is_empty())?;
    if mailboxes.is_empty() && args.fail_within.is_some() {
        let fix = vec!["Add one: mailgrant add NAME".to_owned()];
        return Err(CommandError::new(
            "nothing-to-check",
            ExitCode::Profile,
            "The profile has no enabled mailbox.",
            fix,
        ));
    }
    let mut tester = Tester::new(context, &profile)?;
    // No server is asked, so no server's words can hold what is read here: to learn it all would take most of the time.
    let unheard = Transcript::new(Redactor::without_memory(), None);
    tester.transcript = &unheard;
    let store = context.store(&profile.secrets)?;
    let mut document = Document::new("status");
    // Several mailboxes share an app; its record is read once.
    let mut apps: BTreeMap<&Name, Option<AppRecord>> = BTreeMap::new();
    for mailbox in mailboxes {
        let app = profile.app_of(mailbox);
        if !apps.contains_key(&app.name) {
            let record = load_app(store, &app.name)?.filter(|record| record.is_of(app));
            apps.insert(&app.name, record);
        }
        let record = apps.get(&app.name).and_then(Option::as_ref);
        document.reports.push(one(&tester, &profile, mailbox, record, args.fail_within, context));
    }
    for (name, record) in &apps {
        warn(&mut document, &profile.apps[*name], record.as_ref(), context);
    }
    Ok(document)
}

fn one(
    tester: &Tester<'_>,
    profile: &Profile,
    mailbox: &Mailbox,
    record: Option<&AppRecord>,
    fail_within: Option<u16>,
    context: &Context,
) -> Report {
    let app = profile.app_of(mailbox);
    let about = About { app: Some(app), mailbox: Some(mailbox), protocol: None, ..About::default() };
    let mut report = super::checks::report(mailbox);
    let http = tester.http(app);
    let session = tester.session(mailbox, &http);
    match session.grant() {
        Ok(grant) => authorize::describe(&mut report, &grant, context),
        Err(failure) => {
            if failure.kind.needs_authorization() {
                report.fact("status", "not authorized");
            }
            // What is left of a sign-in that the provider has ended.
            if let Some(access) = session.stored_token() {
                report.fact("access_token", valid_until(access.expires, context.clock));
            }
            report.checks.push(failed(Stage::Token, &failure, about));
        }
    }
    report.fact("app", app.name.to_string());
    if app.credential == Credential::None {
        return report;
    }
    let active = record.and_then(|record| record.active.as_ref());
    let expires = expiry(app, record);
    match (active, expires) {
        (None, _) => report.fact("client_secret", "none stored"),
        (Some(_), None) => report.fact("client_secret", "stored; its expiry is unknown"),
        (Some(_), Some(day)) => {
            report.fact("client_secret", format!("expires {day} ({})", days_in_words(days_left(day, context))));
        }
    }
    if let Some(day) = expires {
        let left = days_left(day, context);
        if fail_within.is_some_and(|within| left <= i32::from(within)) || left < 0 {
            report.checks.push(Check::failed(Stage::Profile, Duration::ZERO, expiring(app, day, left)));
        }
    }
    if record.is_some_and(Rotation::is_under_way) {
        report.fact("rotation", "unfinished; run: mailgrant rotate-secret");
    }
    report
}

fn failed(stage: Stage, failure: &Failure, about: About<'_>) -> Check {
    Check::failed(stage, Duration::ZERO, diagnosis::finding(failure, about))
}

/// The day on which the secret in use expires: as the profile says, which people edit, else as it was given with the
/// secret.
pub(super) fn expiry(app: &App, record: Option<&AppRecord>) -> Option<Date> {
    app.secret_expires.or_else(|| record.and_then(|record| record.active.as_ref()?.expires))
}

fn days_left(day: Date, context: &Context) -> i32 {
    let today = context.clock.now().to_zoned(TimeZone::UTC).date();
    day.since(today).map_or(0, |span| span.get_days())
}

fn days_in_words(left: i32) -> String {
    match left {
        i32::MIN..=-2 => format!("{} days ago", -left),
        -1 => "yesterday".to_owned(),
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        2.. => format!("{left} days left"),
    }
}

fn warn(document: &mut Document, app: &App, record: Option<&AppRecord>, context: &Context) {
    if app.credential == Credential::None {
        return;
    }
    match expiry(app, record) {
        Some(day) if days_left(day, context) <= WARN_WITHIN => {
            let words = days_in_words(days_left(day, context));
            document.warnings.push(format!("the client secret of app '{}' expires on {day} ({words})", app.name));
            document.next.push(format!("Issue a new client secret and run: mailgrant rotate-secret {} --expires DATE", app.name));
        }
        Some(_) => {}
        None => document.warnings.push(format!(
            "nobody noted when the client secret of app '{0}' expires: write secret_expires = YYYY-MM-DD into [apps.{0}]",
            app.name
        )),
    }
    if record.is_some_and(Rotation::is_under_way) {
        document.next.push(format!("Finish the rotation: mailgrant rotate-secret {}", app.name));
    }
}

fn expiring(app: &App, day: Date, left: i32) -> Finding {
    let (code, verb) = if left < 0 { ("secret-expired", "expired") } else { ("secret-expires-soon", "expires") };
    let cause = format!("The client secret of app '{}' {verb} on {day} ({}).", app.name, days_in_words(left));
    let mut finding = Finding::new(code, cause, ExitCode::CheckFailed);
    finding.fix = vec![
        format!("Add a new client secret in {} and copy its value", app.provider.preset(app.cloud).portal),
        format!("Run: mailgrant rotate-secret {} --expires DATE", app.name),
    ];
    finding
}
