//! What a rotation leaves at a directory: the new secret, the old one, and those whose values were lost on the way.
//!
//! A secret is noted in the record before the directory is asked for it, and before it is removed its ID is (SECURITY.md R1).
//! So the next run finds what a run that was stopped has left: by its name, which no other secret has, or by its ID.

use std::cell::Cell;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::job::{Job, tell_holders};
use super::lifetime::{self, Lifetime};
use super::{Issued, NewSecret, RotationRequest};
use crate::diagnosis::FailureContext;
use crate::directory::{self, Application, Directory, IssuedSecret, LongestLife, Removal};
use crate::error::CommandError;
use crate::failure::{Failure, FailureKind, StoreFault};
use crate::flow::authority::{Authority, Deed};
use crate::flow::patience::{Again, Patience};
use crate::flow::secret_expiry;
use crate::flow::workspace::Workspace;
use crate::profile::KeyId;
use crate::random;
use crate::report::{Check, Document, Finding, FindingCode, Report, Stage};
use crate::text::Redactor;

/// How long a directory may need until all its servers list a new secret. Only after that a secret that is not listed was
/// never made.
const SETTLED: SignedDuration = SignedDuration::from_mins(15);
/// So many times an end is brought nearer for a policy.
const FITTINGS: u32 = 8;

/// The directory as one rotation asks it.
pub(super) struct AtDirectory<'a> {
    pub(super) directory: Directory<'a>,
    pub(super) authority: &'a Authority,
    pub(super) patience: Patience<'a>,
    has_changed: Cell<bool>,
}

/// Why a rotation stops at the directory.
pub(super) enum Stop {
    /// The store fails.
    Store(StoreFault),
    /// What the directory says, explained.
    Said(Box<Finding>),
}

impl From<StoreFault> for Stop {
    fn from(fault: StoreFault) -> Self {
        Self::Store(fault)
    }
}

fn wait(pause: Duration) {
    std::thread::sleep(pause);
}

impl<'a> AtDirectory<'a> {
    /// The directory of the rotation's app.
    ///
    /// # Errors
    /// If its provider has none.
    pub(super) fn open(
        job: &Job<'a>,
        authority: &'a Authority,
        workspace: &'a Workspace<'a>,
    ) -> Result<Self, CommandError> {
        let app = job.rotation.app;
        let Some(directory) = authority.directory(app, workspace) else {
            let about = FailureContext::of_app(app);
            let told = Finding::of(FindingCode::NO_DIRECTORY).about(about).with("name", &app.name);
            return Err(told.with("provider", app.provider.title).into());
        };
        let patience = Patience { say: job.context.say, deadline: workspace.deadline, wait: &wait };
        Ok(Self { directory, authority, patience, has_changed: Cell::new(false) })
    }

    /// Notes that something there was changed.
    pub(super) fn note_change(&self) {
        self.has_changed.set(true);
    }

    /// Whether anything there was changed.
    pub(super) fn has_changed(&self) -> bool {
        self.has_changed.get()
    }

    /// The registration with its secrets.
    pub(super) fn application(&self, job: &Job<'_>) -> Result<Application, Stop> {
        self.patience
            .ask(Again::WhereverItFailed, || self.directory.application())
            .map_err(|failure| self.said(job, &failure))
    }

    /// What a failure of the directory means.
    pub(super) fn said(&self, job: &Job<'_>, failure: &Failure) -> Stop {
        match &failure.kind {
            FailureKind::Store(fault) => Stop::Store(fault.clone()),
            // Only what reads and writes rotates.
            _ => Stop::Said(Box::new(self.authority.explain(failure, Deed::Write, job.rotation.app, known_day(job)))),
        }
    }

    /// Removes the secrets whose values an earlier run has lost, and names them.
    pub(super) fn remove_lost(
        &self,
        job: &Job<'_>,
        application: &Application,
        report: &mut Report,
    ) -> Result<(), Stop> {
        let rotation = job.rotation;
        for requested in rotation.requested()? {
            let known = rotation.known_keys()?;
            let lost = application.secrets.iter().filter(|secret| secret.has_name(|name| name == requested.name));
            let lost: Vec<&KeyId> = lost.map(|secret| &secret.key_id).filter(|key| !known.contains(key)).collect();
            let mut is_gone = !lost.is_empty();
            for key in lost {
                if !self.remove(job, key)? {
                    is_gone = false;
                    continue;
                }
                let told = shown!(
                    "removed a secret that an earlier run had asked for and could not store: '{}' ({})",
                    Redactor::by_shape(&requested.name),
                    key
                );
                report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, told));
            }
            let age = rotation.clock.now().duration_since(requested.at);
            if is_gone || age > SETTLED {
                rotation.forget_request(&requested.name)?;
            }
        }
        Ok(())
    }

    /// Removes the secrets that are due. Answers whether none is left that should be gone.
    pub(super) fn remove_due(&self, job: &Job<'_>, report: &mut Report, document: &mut Document) -> Result<bool, Stop> {
        let rotation = job.rotation;
        let due = rotation.due_removals()?;
        if due.is_empty() {
            return Ok(true);
        }
        let holders = job.holders().map_err(|error| Stop::Said(Box::new(error.finding().clone())))?;
        if !holders.is_empty() {
            tell_holders(&holders, job.profile, document);
            return Ok(true);
        }
        let mut is_clean = true;
        for key in due {
            // One that is not found may be too new for the server that was asked, or removed by a person.
            if self.remove(job, &key)? || self.application(job)?.secret(&key).is_none() {
                rotation.note_removed(&key)?;
                let told = shown!("removed a secret that is not in use any more ({})", key);
                report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, told));
            } else {
                is_clean = false;
            }
        }
        Ok(is_clean)
    }

    /// Whether the directory has removed it; otherwise it does not know it.
    fn remove(&self, job: &Job<'_>, key: &KeyId) -> Result<bool, Stop> {
        let removal = self
            .patience
            .ask(Again::WhereverItFailed, || self.directory.remove_secret(key))
            .map_err(|failure| self.said(job, &failure))?;
        self.note_change();
        Ok(removal == Removal::Removed)
    }

    /// Has a new secret issued. It is noted in the record before it is asked for.
    pub(super) fn issue(
        &self,
        job: &Job<'_>,
        application: &Application,
        plan: &Plan,
        report: &mut Report,
    ) -> Result<RotationRequest, Stop> {
        let name = new_name(job).map_err(|failure| self.said(job, &failure))?;
        job.rotation.note_request(&name)?;
        let issued = self.add(job, application, &name, plan)?;
        self.note_change();
        let expires = issued.ends.map(secret_expiry::day_of);
        report.fact("key_id", &issued.key_id);
        if let Some(day) = expires {
            report.fact("secret_expires", day);
        }
        let keep_previous = Some(plan.keep_previous);
        let issued_as = Issued { key_id: issued.key_id, requested_as: Some(name), keep_previous };
        Ok(RotationRequest::New(NewSecret { value: issued.value, expires, issued: Some(issued_as) }))
    }

    /// Asks for it, with an end that is nearer as long as a policy refuses it.
    fn add(&self, job: &Job<'_>, application: &Application, name: &str, plan: &Plan) -> Result<IssuedSecret, Stop> {
        let now = job.rotation.clock.now();
        let mut end = plan.end;
        for _ in 0..FITTINGS {
            let failure = match self.patience.ask(Again::WhereRefused, || self.directory.add_secret(name, end)) {
                Ok(issued) => return Ok(issued),
                Err(failure) => failure,
            };
            let nearer = directory::is_life_too_long(&failure)
                .then(|| lifetime::nearer(end, self.directory.longest_life_by(&failure, application, now), now));
            match nearer.flatten() {
                Some(nearer) => end = nearer,
                None => {
                    if directory::is_refusal(&failure) {
                        job.rotation.forget_request(name)?;
                    }
                    return Err(self.said(job, &failure));
                }
            }
        }
        job.rotation.forget_request(name)?;
        let about = FailureContext::of_app(job.rotation.app);
        Err(Stop::Said(Box::new(Finding::of(FindingCode::GRAPH_CREDENTIAL_LIFETIME_POLICY).about(about).finding())))
    }

    /// When a new secret will end, and what becomes of the old one.
    pub(super) fn plan(
        &self,
        job: &Job<'_>,
        application: &Application,
        lifetime: Lifetime,
        keep_previous: u16,
    ) -> Plan {
        let now = job.rotation.clock.now();
        let longest = self.directory.longest_life(application, now);
        let (end, is_cut) = lifetime.fitted(longest, now);
        Plan { end, keep_previous, longest: if is_cut { longest } else { LongestLife::Unlimited } }
    }
}

/// How a new secret is to be.
pub(super) struct Plan {
    /// When it ends.
    pub(super) end: Timestamp,
    /// For how many days the directory keeps the old one.
    pub(super) keep_previous: u16,
    /// The policy that made the end earlier.
    pub(super) longest: LongestLife,
}

/// A name that no other secret has: who made it, and when.
pub(super) fn new_name(job: &Job<'_>) -> Result<String, Failure> {
    let random = random::hex::<4>().map_err(|error| {
        let (what, reason) = ("get random numbers".into(), Redactor::by_shape(&error.to_string()));
        Failure::new(FailureKind::Local { what, reason })
    })?;
    Ok(format!("mailgrant {} {random}", job.rotation.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")))
}

/// The day on which the secret in use ends, as profile and store have it.
pub(super) fn known_day(job: &Job<'_>) -> Option<Date> {
    let app = job.rotation.app;
    let records = job.rotation.records().unwrap_or_default();
    let record = job.rotation.apps.iter().zip(&records).find(|(other, _)| other.name == app.name);
    secret_expiry::of(app, record.map(|(_, record)| record))
}
