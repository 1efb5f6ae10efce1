//! `status`: what is authorized, as whom, and what expires when. It asks the store, never the network.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args as ClapArgs;

use crate::clock::valid_until;
use crate::context::Context;
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::flow::describe;
use crate::flow::lookup;
use crate::flow::rotation::Rotation;
use crate::flow::secret_expiry;
use crate::flow::workspace::Workspace;
use crate::profile::{App, Credential, Mailbox, Name, Profile};
use crate::report::{Check, Document, Finding, FindingCode, Report, Stage};
use crate::secrets::{AppRecord, load_app};
use crate::text::Redactor;
use crate::transcript::Transcript;

/// From here on an expiry is worth a warning, in days.
const WARN_WITHIN: i32 = 30;
/// What `--fail-within` means without a number, in days.
const USUAL_ALARM: u16 = 7;

/// Show what is authorized, as whom, and what expires when
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailboxes' names [default: all that are enabled]
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// Fail if a client secret expires within this many days [default: 7], or nothing says when it does
    #[arg(long, value_name = "DAYS", num_args = 0..=1, require_equals = true)]
    pub(super) fail_within: Option<Option<u16>>,
    /// With --fail-within: do not fail because nothing says when a client secret expires
    #[arg(long, requires = "fail_within")]
    pub(super) allow_unknown_expiry: bool,
}

/// When a client secret's expiry is a failure.
#[derive(Clone, Copy)]
enum Alarm {
    /// Once it has expired.
    Past,
    /// This many days before.
    Within { days: u16, allow_unknown: bool },
}

impl Args {
    /// The mailboxes' names and the alarm. `--fail-within 14` means 14 days, though the command line's parser takes the 14
    /// for a name: a value that may be left out is one only behind an equals sign.
    fn resolved(&self, profile: &Profile) -> Result<(Vec<String>, Alarm), CommandError> {
        let alarm = |days| Alarm::Within { days, allow_unknown: self.allow_unknown_expiry };
        let (names, days) = match self.fail_within {
            None => return Ok((self.names.clone(), Alarm::Past)),
            Some(Some(days)) => return Ok((self.names.clone(), alarm(days))),
            Some(None) => self.names.iter().cloned().partition::<Vec<_>, _>(|name| name.parse::<u16>().is_err()),
        };
        match days.as_slice() {
            [] => Ok((names, alarm(USUAL_ALARM))),
            [one] if !profile.mailboxes.keys().any(|name| name.as_str() == one) => {
                Ok((names, alarm(one.parse().unwrap_or(USUAL_ALARM))))
            }
            several => Err(CommandError::usage(
                format!("Is {} a number of days or a mailbox?", several.join(" or ")),
                format!("Write --fail-within={} for the days; a mailbox's name stands before the flag", several[0]),
            )),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let (names, alarm) = args.resolved(&profile)?;
    let mailboxes = lookup::mailboxes(&profile, &names, names.is_empty())?;
    if mailboxes.is_empty() && args.fail_within.is_some() {
        return Err(Finding::of(FindingCode::NOTHING_TO_CHECK).into());
    }
    let opened = Workspace::open(context, &profile)?;
    // No server is asked, so no server's words can hold what is read here: to learn it all would take most of the time.
    let unheard = Transcript::new(Redactor::without_memory(), None);
    let workspace = Workspace { transcript: &unheard, ..opened };
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
        document.reports.push(one(&workspace, &profile, mailbox, record, alarm, context));
    }
    for (name, record) in &apps {
        warn(&mut document, &profile.apps[*name], record.as_ref(), context);
    }
    Ok(document)
}

fn one(
    workspace: &Workspace<'_>,
    profile: &Profile,
    mailbox: &Mailbox,
    record: Option<&AppRecord>,
    alarm: Alarm,
    context: &Context,
) -> Report {
    let app = profile.app_of(mailbox);
    let about = FailureContext::of_mailbox(app, mailbox);
    let mut report = Report::of_mailbox(mailbox);
    let session = workspace.session(mailbox);
    match session.grant() {
        Ok(grant) => describe::grant(&mut report, &grant, context.clock.now()),
        Err(failure) => {
            if failure.kind.needs_authorization() {
                report.fact("status", "not authorized");
            }
            // What is left of a sign-in that the provider has ended.
            if let Some(access) = session.stored_token() {
                report.fact("access_token", valid_until(access.expires, context.clock.now()));
            }
            report.checks.push(failed(Stage::Token, &failure, about));
        }
    }
    report.fact("app", app.name.to_string());
    if app.credential == Credential::None {
        return report;
    }
    let active = record.and_then(|record| record.active.as_ref());
    let expires = secret_expiry::of(app, record);
    match (active, expires) {
        (None, _) => report.fact("client_secret", "none stored"),
        (Some(_), None) => report.fact("client_secret", "stored; its expiry is unknown"),
        (Some(_), Some(day)) => {
            let left = secret_expiry::days_in_words(secret_expiry::days_left(day, context));
            report.fact("client_secret", format!("expires {day} ({left})"));
        }
    }
    let finding = match (expires, alarm) {
        (Some(day), alarm) => {
            let left = secret_expiry::days_left(day, context);
            let is_near = matches!(alarm, Alarm::Within { days, .. } if left <= i32::from(days));
            (is_near || left < 0).then(|| secret_expiry::expiring(app, day, left))
        }
        // An alarm that knows nothing must not look like one that has nothing to say.
        (None, Alarm::Within { allow_unknown: false, .. }) => Some(secret_expiry::unknown(app)),
        (None, _) => None,
    };
    report.checks.extend(finding.map(|finding| Check::failed(Stage::Profile, Duration::ZERO, finding)));
    if record.is_some_and(Rotation::is_under_way) {
        report.fact("rotation", format!("unfinished; run: mailgrant rotate-secret {}", app.name));
    }
    report
}

fn failed(stage: Stage, failure: &Failure, about: FailureContext<'_>) -> Check {
    Check::failed(stage, Duration::ZERO, diagnosis::finding(failure, about))
}

fn warn(document: &mut Document, app: &App, record: Option<&AppRecord>, context: &Context) {
    if app.credential == Credential::None {
        return;
    }
    document.warnings.extend(secret_expiry::disagreement(app, record));
    match secret_expiry::of(app, record) {
        Some(day) if secret_expiry::days_left(day, context) <= WARN_WITHIN => {
            let words = secret_expiry::days_in_words(secret_expiry::days_left(day, context));
            document.warnings.push(format!("the client secret of app '{}' expires on {day} ({words})", app.name));
            document.next.push(format!("Issue a new client secret and run: mailgrant rotate-secret {} --expires DATE", app.name));
        }
        Some(_) => {}
        None => document.warnings.push(format!(
            "nothing says when the client secret of app '{0}' expires: write secret_expires = YYYY-MM-DD into [apps.{0}]",
            app.name
        )),
    }
    if record.is_some_and(Rotation::is_under_way) {
        document.next.push(format!("Finish the rotation: mailgrant rotate-secret {}", app.name));
    }
}
