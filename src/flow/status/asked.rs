//! What a directory says of the client secrets of apps: which is in use, until when, and which are not in use.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;

use super::dates::{self, NewDate};
use super::in_use::InUse;
use super::registration::{Answer, Registration, registrations};
use super::words;
use crate::directory::{self, Application};
use crate::failure::{Failure, FailureKind, StoreFault};
use crate::flow::authority::{Authority, Deed};
use crate::flow::parallel::{self, Limits, Panicked};
use crate::flow::patience::Patience;
use crate::flow::secret_expiry;
use crate::flow::workspace::Workspace;
use crate::profile::{App, Mailbox, Name};
use crate::report::{Check, ClientSecretValue, Finding, Report, Stage, Step, Warning, WarningCode};
use crate::secrets::{AppRecord, ClientSecret};
use crate::text::Shown;

/// What was asked of directories; by default nothing.
#[derive(Default)]
pub struct Asked {
    /// For each app that was asked about.
    apps: BTreeMap<Name, Told>,
    pub(super) warnings: Vec<Warning>,
    pub(super) next: Vec<Step>,
}

/// How long a test waits for a directory at most, beside the servers.
const BRIEFLY: Duration = Duration::from_secs(3);

/// How directories are asked.
struct Asking<'a> {
    authority: &'a Authority,
    workspace: &'a Workspace<'a>,
    limits: Limits,
    /// How often; none: once.
    patience: Option<&'a Patience<'a>>,
}

/// What is said of one app.
struct Told {
    in_use: Option<InUse>,
    check: Check,
}

impl Asked {
    /// Asks the directories about the apps of `mailboxes`, each registration once and several at once, and writes the day on which a secret in use
    /// ends into the profile and the store.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn about(
        mailboxes: &[&Mailbox],
        authority: &Authority,
        workspace: &Workspace<'_>,
        limits: Limits,
        say: fn(&str),
    ) -> Result<Self, StoreFault> {
        let patience = Patience { say, deadline: workspace.deadline, wait: &std::thread::sleep };
        let asking = Asking { authority, workspace, limits, patience: Some(&patience) };
        let mut asked = Self::default();
        let mut dates = Vec::new();
        for (registration, answer, took) in asking.ask(registrations(mailboxes, workspace)?) {
            dates.extend(asked.take(&registration, answer, took, &asking)?);
        }
        asked.warnings.extend(dates::write(&dates, workspace));
        Ok(asked)
    }

    /// Asks again, once and briefly, where the directory has let the app itself read its registration before; elsewhere, and
    /// where it does not answer, nothing is asked and nothing is said.
    #[must_use]
    pub fn again(mailboxes: &[&Mailbox], workspace: &Workspace<'_>) -> Self {
        let deadline = Instant::now() + BRIEFLY;
        let deadline = workspace.deadline.map_or(deadline, |whole| whole.min(deadline));
        let workspace = Workspace { deadline: Some(deadline), ..workspace.clone() };
        let (authority, limits) = (&Authority::App, Limits::USUAL);
        let asking = Asking { authority, workspace: &workspace, limits, patience: None };
        let mut readable = registrations(mailboxes, &workspace).unwrap_or_default();
        readable.retain(Registration::is_readable);
        let mut asked = Self::default();
        let mut dates = Vec::new();
        for (registration, answer, took) in asking.ask(readable) {
            dates.extend(asked.take(&registration, answer, took, &asking).unwrap_or_default());
        }
        Self { warnings: dates::write(&dates, &workspace), next: Vec::new(), apps: asked.apps }
    }

    /// The day on which the secret of `app` ends, where the directory has told.
    pub(super) fn day(&self, app: &App) -> Option<Date> {
        self.apps.get(&app.name)?.in_use.as_ref()?.found()?.day()
    }

    /// Whether the secret of `app` has ended by `now`, as far as the directory has told.
    pub(super) fn has_ended(&self, app: &App, now: Timestamp) -> bool {
        let secret = self.apps.get(&app.name).and_then(|told| told.in_use.as_ref()?.found());
        secret.and_then(|secret| secret.ends).is_some_and(|ends| ends <= now)
    }

    /// Adds to the report of a test when the secret of `app` ends, where the directory has told.
    pub fn tell_end(&self, app: &App, now: Timestamp, report: &mut Report) {
        if let Some(day) = self.day(app) {
            report.fact("client_secret", super::told(day, now));
            let today = secret_expiry::day_of(now);
            report.values.client_secret = Some(ClientSecretValue::new(None, Some(day), today));
        }
    }

    /// Adds what is said of `app` to a report on one of its mailboxes.
    pub(super) fn tell(&self, app: &App, report: &mut Report) {
        let Some(told) = self.apps.get(&app.name) else { return };
        if let Some(in_use) = &told.in_use {
            in_use.tell(report);
        }
        report.checks.push(told.check.clone());
    }

    /// Takes an answer in; the dates that are to be written.
    fn take<'a>(
        &mut self,
        registration: &Registration<'a>,
        answer: Answer,
        took: Duration,
        asking: &Asking<'_>,
    ) -> Result<Vec<NewDate<'a>>, StoreFault> {
        let app = registration.app();
        let application = match answer {
            Answer::Said(Ok(application)) => application,
            Answer::Said(Err(Failure { kind: FailureKind::Store(fault), .. })) => return Err(fault),
            Answer::Said(Err(failure)) => {
                let is_denied = directory::is_denied(&failure);
                if is_denied && asking.is_by_app() {
                    let readers = registration.apps.iter().filter(|(_, record)| reads_directory(record.as_ref()));
                    readers.for_each(|(app, _)| dates::note_denial(app, asking.workspace));
                }
                let finding = asking.authority.explain(&failure, Deed::Read, app, registration.known_day());
                self.refused(registration, finding, is_denied, took);
                return Ok(Vec::new());
            }
            Answer::NoDirectory => {
                let why = shown!("{} has no directory that tells when a client secret ends", app.provider.title);
                self.skipped(registration, &why);
                return Ok(Vec::new());
            }
            Answer::NoSecret => {
                self.skipped(registration, &"no client secret is stored, so the app cannot ask for itself".into());
                return Ok(Vec::new());
            }
        };
        let counted = shown!(
            "{} and {} in the directory",
            words::count(application.secrets.len(), "client secret"),
            words::count(application.certificates.len(), "certificate")
        );
        let mut found = Vec::new();
        for (app, record) in &registration.apps {
            let active = record.as_ref().and_then(|record| record.active.as_ref());
            let in_use = active.map(|active| InUse::find(active, &application));
            self.warnings.extend(in_use.as_ref().and_then(|in_use| in_use.doubt(app, registration.known_day())));
            let check = Check::passed(Stage::Directory, took, counted.clone());
            found.extend(in_use.clone());
            self.apps.insert(app.name.clone(), Told { in_use, check });
        }
        self.left_over(registration, &application, &found);
        Ok(self.new_dates(registration, asking.is_by_app()))
    }

    /// What is to be written: nothing of an app whose rotation is under way, since its secrets and dates are the rotation's.
    fn new_dates<'a>(&self, registration: &Registration<'a>, is_by_app: bool) -> Vec<NewDate<'a>> {
        let new = |(app, record): &(&'a App, Option<AppRecord>)| {
            let secret = self.apps.get(&app.name)?.in_use.as_ref()?.found()?;
            let record = record.clone().filter(|record| !dates::is_rotating(record))?;
            Some(NewDate { app, record, day: secret.day()?, key_id: secret.key_id.clone(), is_by_app })
        };
        registration.apps.iter().filter_map(new).collect()
    }

    /// The directory does not say. That a permission is missing is a warning: what was typed counts as before.
    fn refused(&mut self, registration: &Registration<'_>, finding: Finding, is_denied: bool, took: Duration) {
        let check = if is_denied {
            self.warn(WarningCode::DirectoryDenied, finding.cause.clone());
            self.next.extend(finding.fix.iter().cloned());
            Check::skipped(Stage::Directory, "it does not let this be read; see the warning")
        } else {
            Check::failed(Stage::Directory, took, finding)
        };
        self.check_all(registration, &check);
    }

    fn skipped(&mut self, registration: &Registration<'_>, why: &Shown) {
        self.check_all(registration, &Check::skipped(Stage::Directory, why.clone()));
    }

    fn check_all(&mut self, registration: &Registration<'_>, check: &Check) {
        for (app, _) in &registration.apps {
            self.apps.insert(app.name.clone(), Told { in_use: None, check: check.clone() });
        }
    }

    fn warn(&mut self, code: WarningCode, text: Shown) {
        self.warnings.push(Warning::new(code, text));
    }

    /// Warns of what the registration has and mailgrant does not use.
    fn left_over(&mut self, registration: &Registration<'_>, application: &Application, found: &[InUse]) {
        let app = registration.app();
        // Where it is not known which one is in use, it could be any.
        let is_sure = !found.is_empty() && found.iter().all(|in_use| in_use.found().is_some());
        let is_kept = |secret: &directory::Secret| {
            let records = registration.apps.iter().filter_map(|(_, record)| record.as_ref());
            found.iter().any(|in_use| in_use.may_be(secret)) || records.into_iter().any(|record| keeps(record, secret))
        };
        let others: Vec<Shown> =
            application.secrets.iter().filter(|secret| !is_kept(secret)).map(words::secret).collect();
        let place = shown!("{} > App registrations > {}", app.deployment().portal, app.client_id);
        if is_sure && !others.is_empty() {
            self.warn(
                WarningCode::UnusedSecrets,
                shown!(
                    "the registration of app '{}' has {} that mailgrant does not use: {}",
                    app.name,
                    words::count(others.len(), "client secret"),
                    Shown::join(others, "; ")
                ),
            );
            let remove = shown!(
                "Remove the client secrets that nothing else uses: {} > Certificates & secrets > Client secrets",
                place
            );
            self.next.push(remove.into());
        }
        if !application.certificates.is_empty() {
            let certificates = application.certificates.iter().map(words::certificate);
            self.warn(
                WarningCode::UnusedCertificates,
                shown!(
                    "the registration of app '{}' also has {}, which mailgrant does not use: {}",
                    app.name,
                    words::count(application.certificates.len(), "certificate"),
                    Shown::join(certificates, "; ")
                ),
            );
        }
    }
}

impl Asking<'_> {
    fn is_by_app(&self) -> bool {
        matches!(self.authority, Authority::App)
    }

    /// Asks about all of them, several at once; each with its answer and how long that took.
    fn ask<'r>(&self, registrations: Vec<Registration<'r>>) -> Vec<(Registration<'r>, Answer, Duration)> {
        let ask = |registration: &Registration<'_>| {
            let began = Instant::now();
            let _waiting = self.workspace.watch.at(None, "", None).begins(Stage::Directory);
            (registration.ask(self.authority, self.workspace, self.patience), began.elapsed())
        };
        let tenant = |registration: &Registration<'_>| vec![registration.app().tenant_key()];
        let answers = parallel::each(&registrations, self.limits, tenant, ask, |_, Panicked| {
            (Answer::Said(Err(FailureKind::Bug.into())), Duration::ZERO)
        });
        registrations.into_iter().zip(answers).map(|(one, (answer, took))| (one, answer, took)).collect()
    }
}

fn reads_directory(record: Option<&AppRecord>) -> bool {
    record.is_some_and(|record| record.reads_directory)
}

/// Whether a rotation keeps this secret, or is to have the directory remove it.
fn keeps(record: &AppRecord, secret: &directory::Secret) -> bool {
    let is = |stored: &ClientSecret| stored.key_id.as_ref() == Some(&secret.key_id) || secret.may_be(&stored.value);
    [&record.previous, &record.pending].into_iter().flatten().any(is)
        || record.removals.iter().any(|removal| removal.key_id == secret.key_id)
}
