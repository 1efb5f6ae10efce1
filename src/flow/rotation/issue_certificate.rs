//! `--issue` of an app with a certificate: it makes the next key, hands its certificate to the directory with a proof of the
//! one in use, and puts it to use once that is proven.
//!
//! ```text
//! the profile names the file -> the key is made -> the directory has the certificate -> proven -> in use -> the old one goes
//! ```
//! The profile is the journal: what stops a run leaves the old certificate in use, and the next one named as `next_file`, from
//! where the next run goes on. No key is at the directory that the profile does not name.

mod telling;

use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use toml::Spanned;

use super::at_directory::Stop;
use super::certificate_proof::{self, Seen, Verdict, failed, page, passed, to_remove};
use super::issue::{IssueOptions, NOT_SENT, is_due};
use super::job::{self, Job};
use super::own_keys::OwnKeys;
use crate::config::{CertificateFile, base_of};
use crate::directory::{self, Planned};
use crate::error::CommandError;
use crate::failure::{Failure, FailureKind};
use crate::files;
use crate::flow::key_file::{self, is_absent};
use crate::flow::workspace::Workspace;
use crate::oauth::assertion::certificate::{self, Certificate, KeyKind, Wanted};
use crate::profile::{App, CertificateFiles, CertificateSpec, KeyId, ObjectId};
use crate::report::{Check, Document, Finding, Report, Stage, WarningCode};
use crate::text::Shown;

/// One run, with what it tells.
struct Run<'a, 'o> {
    job: Job<'a>,
    keys: OwnKeys<'a>,
    options: &'o IssueOptions<'a>,
    workspace: &'a Workspace<'a>,
    report: Report,
    document: Document,
    /// Whether the profile has the registration's object ID since this run.
    has_named_object: bool,
}

/// How a run ended.
enum Ended {
    /// The certificate in use is good until this day.
    NotDue(Date),
    /// What would be done is shown.
    Shown,
    /// The new certificate could not be proven yet.
    Unfinished(Seen),
    /// The new certificate is in use.
    InUse(Seen),
}

/// Why a run stops half-way.
enum Halt {
    Command(Box<CommandError>),
    /// What the directory says, explained.
    Said(Box<Finding>),
}

impl From<CommandError> for Halt {
    fn from(error: CommandError) -> Self {
        Self::Command(Box::new(error))
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::from(CommandError::from(failure))
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Store(fault) => Self::from(CommandError::from(fault)),
            Stop::Said(finding) => Self::Said(finding),
        }
    }
}

/// Rotates, and says whether the certificate in use is the new one.
///
/// # Errors
/// If the store, the profile or a file cannot be used, or the provider has no directory.
pub fn issue_certificate<'a>(
    job: Job<'a>,
    options: &IssueOptions<'a>,
    workspace: &'a Workspace<'a>,
) -> Result<(Document, bool), CommandError> {
    let keys = OwnKeys::open(&job, Some(options.authority), workspace)?;
    let mut report = job::report(job.rotation);
    report.fact("client_id", &job.rotation.app.client_id);
    let mut document = Document { is_dry_run: options.is_dry_run, ..Document::new("rotate-secret") };
    certificate_proof::name_others(&job, &mut document);
    let mut run = Run { job, keys, options, workspace, report, document, has_named_object: false };
    match run.steps() {
        Ok(ended) => run.told(ended),
        Err(Halt::Command(error)) => Err(*error),
        Err(Halt::Said(finding)) => {
            run.report.checks.push(failed(*finding));
            Ok((run.finished(Vec::new())?, false))
        }
    }
}

impl Run<'_, '_> {
    fn steps(&mut self) -> Result<Ended, Halt> {
        let spec = self.spec()?;
        let in_use = certificate::certificate(&spec)?;
        let is_due = is_due(&self.job, self.options, Some(in_use.not_before), in_use.not_after);
        let is_needed = is_due || spec.next.is_some();
        let removal = self.due_removal(&spec, &in_use);
        if !is_needed && removal.is_none() {
            return Ok(Ended::NotDue(in_use.last_day()));
        }
        let object = self.keys.object(&self.job)?;
        if self.options.is_dry_run {
            return self.show(&object, removal.as_ref(), is_needed);
        }
        if let Some(key) = removal {
            self.remove_previous(&object, &key)?;
        }
        if !is_needed {
            return Ok(Ended::NotDue(in_use.last_day()));
        }
        let seen = self.prepare(&object)?;
        self.put_to_use(&object, seen)
    }

    /// Has the next certificate at the directory, whatever earlier runs came to, and proves it.
    fn prepare(&mut self, object: &ObjectId) -> Result<Seen, Halt> {
        let next = self.name_next(object)?;
        if is_absent(&next.file) {
            if let Some(lost) = &next.key_id {
                // Its key was lost after the directory had the certificate.
                self.keys.remove(&self.job, object, &self.job.app_now(), lost)?;
            }
            self.make(object, &next.file)?;
            return Ok(self.prove()?);
        }
        self.report.fact("resumed", "the rotation that was started before");
        let seen = self.prove()?;
        match seen.verdict {
            // What stopped the last run may have come before the directory had it.
            Verdict::Refused(_) | Verdict::Unproven if next.key_id.is_none() => {
                let certificate = certificate::certificate(&self.next()?)?;
                let added = self.keys.add(object, &self.job.app_now(), &certificate);
                let key = added.map_err(|failure| self.keys.said(&self.job, object, &failure))?;
                self.note_upload(key.as_ref())?;
                Ok(self.prove()?)
            }
            Verdict::Good | Verdict::Unproven | Verdict::Open(_) | Verdict::Refused(_) => Ok(seen),
        }
    }

    /// The file of the next key, which the profile names before it is there.
    fn name_next(&mut self, object: &ObjectId) -> Result<CertificateFiles, Halt> {
        if self.spec()?.next.is_none() {
            let folder = base_of(&self.job.context.profile_path);
            let file = key_file::free(folder, self.job.rotation.app.name.as_str(), self.today());
            let named = file.strip_prefix(folder).map(Path::to_owned).unwrap_or_else(|_| file.clone());
            self.has_named_object = self.job.rotation.app.object_id.is_none();
            self.job.edit_apps(|app| {
                app.object_id.get_or_insert_with(|| Spanned::new(0..0, object.to_string()));
                if let Some(certificate) = &mut app.certificate {
                    certificate.get_mut().prepare(Some(named.clone()), None);
                }
            })?;
        }
        Ok(self.spec()?.next.ok_or_else(|| Failure::from(FailureKind::Bug))?)
    }

    /// Makes the key and has the directory take its certificate, one that ends earlier as long as a policy refuses it. What
    /// the directory does not take is not kept.
    fn make(&mut self, object: &ObjectId, file: &Path) -> Result<(), Halt> {
        let mut days = self.options.lifetime.days(self.job.rotation.clock.now());
        loop {
            let certificate = self.new_key(file, days)?;
            let failure = match self.keys.add(object, &self.job.app_now(), &certificate) {
                Ok(key) => return self.note_upload(key.as_ref()),
                Err(failure) => failure,
            };
            let is_unsent = matches!(failure.kind, FailureKind::OAuth(_) | FailureKind::Credential(_));
            if is_unsent || directory::is_refusal(&failure) {
                files::remove(file)?;
                if directory::is_life_too_long(&failure) && days > 1 {
                    days /= 2;
                    continue;
                }
                self.job.edit_certificate(|named| named.prepare(None, None))?;
            }
            return Err(self.keys.said(&self.job, object, &failure).into());
        }
    }

    /// A new key in `file`, with a certificate for so many days; encrypted as the one in use is.
    fn new_key(&mut self, file: &Path, days: u16) -> Result<Certificate, Halt> {
        let app = self.job.app_now();
        let http = self.workspace.http(&app);
        let in_use = self.workspace.desk(&http).signer(&app)?;
        let name = format!("mailgrant {}", app.name);
        let (kind, from, passphrase) = (KeyKind::Rsa, self.today(), in_use.passphrase());
        let made = certificate::make(Wanted { name: &name, kind, from, days, passphrase })?;
        files::create_private(file, made.both.as_bytes())?;
        Ok(made.certificate)
    }

    /// Notes what the directory calls the next certificate.
    fn note_upload(&mut self, key: Option<&KeyId>) -> Result<(), Halt> {
        self.job.edit_certificate(|named| {
            let file = named.next_file.take();
            named.prepare(file, key);
        })?;
        Ok(())
    }

    fn prove(&self) -> Result<Seen, CommandError> {
        let app = App { certificate: Some(self.next()?), ..self.job.app_now() };
        certificate_proof::prove(&self.job, self.workspace, &app)
    }

    /// Names the new certificate in the profile, where nothing speaks against it, and has the directory remove what is not
    /// needed any more.
    fn put_to_use(&mut self, object: &ObjectId, seen: Seen) -> Result<Ended, Halt> {
        match &seen.verdict {
            Verdict::Good => {}
            Verdict::Unproven => certificate_proof::unproven(&mut self.document),
            Verdict::Open(_) | Verdict::Refused(_) => return Ok(Ended::Unfinished(seen)),
        }
        self.remove_older(object)?;
        self.job.edit_certificate(CertificateFile::use_next)?;
        let spec = self.spec()?;
        let in_use = certificate::certificate(&spec)?;
        if let Some(key) = self.due_removal(&spec, &in_use) {
            // The new one is in use, whatever becomes of the old one now.
            match self.remove_previous(object, &key) {
                Err(Halt::Said(finding)) => self.report.checks.push(failed(*finding)),
                other => other?,
            }
        }
        Ok(Ended::InUse(seen))
    }

    /// Removes the certificate before the one in use, which will be forgotten. Where that cannot be, it is named.
    fn remove_older(&mut self, object: &ObjectId) -> Result<(), Halt> {
        let spec = self.spec()?;
        let Some(older) = spec.previous.as_ref().filter(|older| !self.is_used_elsewhere(&older.file)) else {
            return Ok(());
        };
        let Some(key) = &older.key_id else {
            let older = spec.followed_by(older.clone());
            self.document.next.push(to_remove(self.job.rotation.app, &older, "Where that is not done yet,"));
            return Ok(());
        };
        match self.keys.remove(&self.job, object, &self.job.app_now(), key) {
            Ok(()) => {
                self.report.checks.push(passed(shown!("removed a certificate that is not in use any more ({})", key)))
            }
            Err(Stop::Store(fault)) => return Err(CommandError::from(fault).into()),
            Err(Stop::Said(finding)) => {
                let told = shown!(
                    "the certificate of {} (ID {}) is not needed any more and could not be removed: {} Remove it in {}",
                    older.file,
                    key,
                    finding.cause,
                    page(self.job.rotation.app)
                );
                self.document.warn(WarningCode::CertificateNotRemoved, told);
            }
        }
        Ok(())
    }

    /// Removes the previous certificate, which is due, and forgets it.
    fn remove_previous(&mut self, object: &ObjectId, key: &KeyId) -> Result<(), Halt> {
        self.keys.remove(&self.job, object, &self.job.app_now(), key)?;
        self.job.edit_certificate(CertificateFile::forget)?;
        self.report.checks.push(passed(shown!("removed a certificate that is not in use any more ({})", key)));
        Ok(())
    }

    /// What the directory is to remove now: the previous certificate, where both are mailgrant's, so many days after the one in
    /// use was made.
    fn due_removal(&self, spec: &CertificateSpec, in_use: &Certificate) -> Option<KeyId> {
        spec.key_id.as_ref()?;
        let previous = spec.previous.as_ref().filter(|previous| !self.is_used_elsewhere(&previous.file))?;
        let is_due = self.removal_day(in_use) <= self.job.rotation.clock.now();
        previous.key_id.clone().filter(|_| is_due)
    }

    /// When the certificate before `in_use` is to be removed.
    fn removal_day(&self, in_use: &Certificate) -> Timestamp {
        in_use.not_before + SignedDuration::from_hours(24 * i64::from(self.options.keep_previous))
    }

    /// Whether another app of the profile is the same registration and signs with the certificate in `file`.
    fn is_used_elsewhere(&self, file: &Path) -> bool {
        let rotation = self.job.rotation;
        let is_other = |app: &&App| rotation.apps.iter().all(|one| one.name != app.name);
        let mut others = self.job.profile.apps.values().filter(is_other);
        others.any(|app| app.is_same_client(rotation.app) && certificate_proof::uses(app, file))
    }

    /// Shows what would be sent.
    fn show(&mut self, object: &ObjectId, removal: Option<&KeyId>, is_needed: bool) -> Result<Ended, Halt> {
        let directory = self.keys.directory();
        let mut planned: Vec<(Planned, Shown)> = Vec::new();
        if let Some(key) = removal {
            planned.push((directory.planned_key_removal(object, key)?, Shown::default()));
        }
        if is_needed {
            let name = format!("CN=mailgrant {}", self.job.rotation.app.name);
            planned.push((directory.planned_key(object, &name)?, " with the new certificate and a proof".into()));
        }
        for (Planned { method, url, body }, with) in planned {
            let told = shown!("{}: {} {} {}{}", NOT_SENT, method, url, body, with);
            self.report.checks.push(Check::skipped(Stage::Rotation, told));
        }
        Ok(Ended::Shown)
    }

    /// The certificate of the app, as the profile has it by now.
    fn spec(&self) -> Result<CertificateSpec, Failure> {
        self.job.app_now().certificate.ok_or_else(|| FailureKind::Bug.into())
    }

    /// The same with the next one in use.
    fn next(&self) -> Result<CertificateSpec, Failure> {
        let spec = self.spec()?;
        let next = spec.next.clone().ok_or(FailureKind::Bug)?;
        Ok(spec.followed_by(next))
    }

    fn today(&self) -> Date {
        self.job.rotation.clock.now().to_zoned(TimeZone::UTC).date()
    }
}
