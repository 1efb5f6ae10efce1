//! The rotation of a certificate: the next one is proven before the profile names it, and the one before it stays named there.
//!
//! Nothing of it is in the store: the profile is written once, when everything is proven. Whatever stops a run leaves the
//! old profile or the new one, and both are good.

use std::path::{Path, PathBuf};

use super::Force;
use super::at_directory::Stop;
use super::certificate_proof::{Verdict, failed, name_others, page, passed, prove, to_remove, unproven, uses};
use super::forward::mailbox_reports;
use super::job::{Job, report, roll_back};
use super::own_keys::OwnKeys;
use crate::config::{CertificateFile, base_of};
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::{Failure, FailureKind};
use crate::flow::describe;
use crate::flow::key_file;
use crate::flow::workspace::Workspace;
use crate::oauth::assertion::certificate::certificate;
use crate::profile::{App, CertificateFiles, CertificateSpec, KeyId};
use crate::report::{Check, Document, Finding, FindingCode, Report, Stage, Step, Warning, WarningCode};
use crate::text::Shown;

/// What is asked of a certificate's rotation.
#[derive(Debug, Clone)]
pub enum CertificateChange {
    /// These files are to be used from now on, as the command line names them.
    New(CertificateFiles),
    /// The previous ones are.
    RollBack(Force),
    /// The previous ones are to be forgotten.
    Discard,
}

/// Changes which certificate the rotation's apps use, and says whether the one that was named is in use now.
///
/// # Errors
/// If a file cannot be used; if the store or the profile cannot.
pub fn change_certificate<'a>(
    job: Job<'a>,
    workspace: &'a Workspace<'a>,
    change: CertificateChange,
) -> Result<(Document, bool), CommandError> {
    let app = job.rotation.app;
    let Some(spec) = &app.certificate else { return Err(Failure::from(FailureKind::Bug).into()) };
    let mut told = report(job.rotation);
    told.fact("client_id", &app.client_id);
    let mut document = Document::new("rotate-secret");
    name_others(&job, &mut document);
    match change {
        CertificateChange::New(files) => replace(job, workspace, spec, &files, document, told),
        CertificateChange::RollBack(force) => Ok((take_back(job, workspace, spec, force, document, told)?, false)),
        CertificateChange::Discard => Ok((forget(job, workspace, spec, document, told)?, false)),
    }
}

/// Proves the certificate in `files`, and then names them in the profile.
fn replace(
    mut job: Job<'_>,
    workspace: &Workspace<'_>,
    spec: &CertificateSpec,
    files: &CertificateFiles,
    mut document: Document,
    mut report: Report,
) -> Result<(Document, bool), CommandError> {
    let folder = base_of(&job.context.profile_path);
    let written =
        |file: &Path| in_profile(file, folder).map_err(|error| CommandError::usage(error, "Name a file that is there"));
    let (file, key_file) = (written(&files.file)?, files.key_file.as_deref().map(written).transpose()?);
    let key_at = key_file.as_ref().map(|file| folder.join(file));
    let next = CertificateFiles { file: folder.join(&file), key_file: key_at, key_id: None };
    if next.are(&spec.files()) {
        describe::certificate(&mut report, job.rotation.app, job.context.clock.now())?;
        report.changed = Some(false);
        report.checks.push(passed("it is in use already; nothing was changed"));
        document.reports.push(report);
        return Ok((document, true));
    }
    // The profile will name it no more, and the directory has it.
    let is_forgotten = |older: &CertificateSpec| older.key_id.is_some() && !older.files().are(&next);
    let older = spec.taken_back().filter(is_forgotten);
    let app = App { certificate: Some(spec.followed_by(next)), ..job.rotation.app.clone() };
    let seen = prove(&job, workspace, &app)?;
    let is_good = match seen.verdict {
        Verdict::Good => true,
        Verdict::Unproven => {
            unproven(&mut document);
            true
        }
        Verdict::Open(failure) => {
            let about = FailureContext::of_app(&app);
            report.checks.extend(failure.map(|failure| failed(diagnosis::finding(&failure, about))));
            report
                .checks
                .push(failed(Finding::of(FindingCode::CERTIFICATE_UNPROVEN).with("name", &app.name).finding()));
            false
        }
        Verdict::Refused(failure) => {
            report.changed = Some(false);
            report.checks.push(failed(refused("new", &app, &failure)));
            document.reports.push(report);
            return Ok((document, false));
        }
    };
    report.changed = Some(is_good);
    if is_good {
        job.edit_certificate(|named| named.follow(&file, key_file.as_deref()))?;
        describe::certificate(&mut report, &app, job.context.clock.now())?;
        report.checks.push(passed("the new certificate is in use"));
        document.next.extend(older.map(|older| to_remove(&app, &older, "Once no other profile or program uses it,")));
        document.next.push(
            Step::from("When all is well: ")
                .command(shown!("mailgrant rotate-secret {} --discard-previous", app.name))
                .words(shown!(", and remove the old certificate in {}", page(&app))),
        );
        document.next.push(roll_back("If not: ", &app.name));
        if workspace.signers.has_asked_for(&app) {
            document.next.push(
                Step::from("To have the passphrase of its key stored: ")
                    .command(shown!("mailgrant add MAILBOX --app {}", app.name))
                    .words(", with the name of one of its mailboxes"),
            );
        }
    }
    document.reports.push(report);
    document.reports.extend(mailbox_reports(&job, seen.proofs, seen.connections));
    Ok((document, is_good))
}

/// Drops the next certificate, where it is not in use yet. Otherwise it proves the previous one, and then swaps the two. No
/// answer is not a reason to keep a bad one.
fn take_back<'a>(
    mut job: Job<'a>,
    workspace: &'a Workspace<'a>,
    spec: &CertificateSpec,
    force: Force,
    mut document: Document,
    mut report: Report,
) -> Result<Document, CommandError> {
    if let Some(next) = &spec.next {
        return give_up(job, workspace, (spec, next), document, report);
    }
    let Some(back) = spec.taken_back() else {
        let told = Finding::of(FindingCode::CERTIFICATE_NONE_TO_ROLL_BACK).with("name", &job.rotation.app.name);
        return Err(told.into());
    };
    let app = App { certificate: Some(back), ..job.rotation.app.clone() };
    let doubt = match prove(&job, workspace, &app)?.verdict {
        Verdict::Good => None,
        Verdict::Refused(failure) if force == Force::No => {
            report.changed = Some(false);
            report.checks.push(failed(refused("previous", &app, &failure)));
            document.reports.push(report);
            return Ok(document);
        }
        Verdict::Refused(_) => {
            let told =
                "the provider refuses the previous certificate: the app's mailboxes stop working within the hour";
            Some(Warning::new(WarningCode::PreviousRefused, told))
        }
        Verdict::Open(_) | Verdict::Unproven => {
            Some(Warning::new(WarningCode::PreviousUnproven, "the previous certificate could not be proven"))
        }
    };
    job.edit_certificate(CertificateFile::swap)?;
    describe::certificate(&mut report, &app, job.context.clock.now())?;
    report.changed = Some(true);
    report.checks.push(passed("the previous certificate is in use again"));
    document.warnings.extend(doubt);
    document.next.push("Run again, --rollback returns to the one that was in use until now".into());
    document.reports.push(report);
    Ok(document)
}

/// Forgets the next certificate, which is not in use yet, after the directory has removed it. Its file stays.
fn give_up<'a>(
    mut job: Job<'a>,
    workspace: &'a Workspace<'a>,
    (spec, next): (&CertificateSpec, &CertificateFiles),
    mut document: Document,
    mut report: Report,
) -> Result<Document, CommandError> {
    let is_gone = match &next.key_id {
        Some(key) => remove(&job, workspace, key, &mut document)?,
        None => false,
    };
    job.edit_certificate(|named| named.prepare(None, None))?;
    report.changed = Some(true);
    report
        .checks
        .push(passed("the new certificate, which was not in use yet, is forgotten; its file is left as it is"));
    if is_gone {
        document.next.push(shown!("Delete {}", next.file).into());
    } else if !key_file::is_absent(&next.file) {
        let dropped = spec.followed_by(next.clone());
        document.next.push(to_remove(job.rotation.app, &dropped, "If the provider has it,"));
    }
    document.reports.push(report);
    Ok(document)
}

/// Forgets the previous certificate, and has the directory remove it where mailgrant has uploaded it. Its files stay.
fn forget<'a>(
    mut job: Job<'a>,
    workspace: &'a Workspace<'a>,
    spec: &CertificateSpec,
    mut document: Document,
    mut report: Report,
) -> Result<Document, CommandError> {
    let app = job.rotation.app;
    let Some(previous) = spec.taken_back() else {
        report.changed = Some(false);
        report.checks.push(Check::skipped(Stage::Rotation, "there is no previous certificate; nothing was changed"));
        document.reports.push(report);
        return Ok(document);
    };
    let apps = job.profile.apps.values().filter(|other| other.is_same_client(app) && uses(other, &previous.file));
    let in_use: Vec<_> = apps.map(|other| &other.name).collect();
    let is_gone = match previous.key_id.as_ref().filter(|_| in_use.is_empty()) {
        Some(key) => remove(&job, workspace, key, &mut document)?,
        None => false,
    };
    job.edit_certificate(CertificateFile::forget)?;
    report.changed = Some(true);
    report.checks.push(passed("the previous certificate is forgotten; its files are left as they are"));
    if is_gone {
        report.checks.push(passed("the directory has removed it"));
        document.next.push(shown!("Delete {}", previous.key_file()).into());
    } else if in_use.is_empty() {
        document.next.push(to_remove(app, &previous, "Once no other profile or program uses it,"));
    } else {
        let in_use = Shown::join(in_use, ", ");
        document.warn(
            WarningCode::PreviousInUse,
            shown!("the previous certificate is still in use, by these apps: {}", in_use),
        );
    }
    document.reports.push(report);
    Ok(document)
}

/// Has the directory remove a certificate. Answers whether it is gone; where it is not, a warning says why.
fn remove<'a>(
    job: &Job<'a>,
    workspace: &'a Workspace<'a>,
    key: &KeyId,
    document: &mut Document,
) -> Result<bool, CommandError> {
    let keys = OwnKeys::open(job, None, workspace)?;
    let removed = keys.object(job).and_then(|object| keys.remove(job, &object, job.rotation.app, key));
    match removed {
        Ok(()) => Ok(true),
        Err(Stop::Store(fault)) => Err(fault.into()),
        Err(Stop::Said(finding)) => {
            let cause = &finding.cause;
            let told = shown!("the directory has not removed the certificate ({}): {}", key, cause);
            document.warn(WarningCode::CertificateNotRemoved, told);
            Ok(false)
        }
    }
}

/// The provider's refusal of a certificate, and where the certificate is to be uploaded.
fn refused(which: &'static str, app: &App, failure: &Failure) -> Finding {
    let mut finding = diagnosis::finding(failure, FailureContext::of_app(app));
    finding.cause = shown!("The provider refuses the {} certificate; nothing was changed. {}", which, finding.cause);
    let thumbprint = app.certificate.as_ref().and_then(|spec| certificate(spec).ok());
    let called = thumbprint.map_or_else(Shown::default, |is| shown!(" with the thumbprint {}", is.thumbprint()));
    let upload = shown!("Upload the certificate{} in {}, and run the command again", called, page(app));
    finding.fix.insert(0, upload.into());
    finding
}

/// The path of `file` as the profile in `folder` has it: from there, where it is in it.
pub(super) fn in_profile(file: &Path, folder: &Path) -> Result<PathBuf, Shown> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(|error| shown!("{}: {}.", path, error));
    let (file, folder) = (absolute(file)?, absolute(folder)?);
    Ok(file.strip_prefix(&folder).map(Path::to_owned).unwrap_or(file))
}
