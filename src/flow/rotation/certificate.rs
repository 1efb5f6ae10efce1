//! The rotation of a certificate: the next one is proven before the profile names it, and the one before it stays named there.
//!
//! Nothing of it is in the store: the profile is written once, when everything is proven. Whatever stops a run leaves the
//! old profile or the new one, and both are good.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::forward::mailbox_reports;
use super::job::{Job, report, roll_back};
use super::prover::Tested;
use super::{Force, Proof};
use crate::config::{CertificateFile, base_of};
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::{Failure, FailureKind};
use crate::flow::credential::Desk;
use crate::flow::workspace::Workspace;
use crate::flow::{authority, describe};
use crate::oauth::ClientCredential;
use crate::oauth::assertion::certificate::certificate;
use crate::profile::provider::Page;
use crate::profile::{Access, App, CertificateFiles, CertificateSpec, pages};
use crate::report::{Check, Document, Finding, FindingCode, Report, Stage, Step, Warning, WarningCode};
use crate::secrets::AppRecord;
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

/// What the proofs of a certificate came to.
struct Seen {
    verdict: Verdict,
    proofs: Vec<Option<Proof>>,
    connections: Vec<Tested>,
}

enum Verdict {
    /// It is good.
    Good,
    /// Nothing speaks against it, and there was nothing to prove it with.
    Unproven,
    /// There was no answer that counts; what the app itself was told, where that is why.
    Open(Option<Failure>),
    /// The provider does not accept it.
    Refused(Failure),
}

/// Changes which certificate the rotation's apps use, and says whether the one that was named is in use now.
///
/// # Errors
/// If a file cannot be used; if the store or the profile cannot.
pub fn change_certificate(
    job: Job<'_>,
    workspace: &Workspace<'_>,
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
        CertificateChange::Discard => Ok((forget(job, spec, document, told)?, false)),
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
    let next = CertificateFiles { file: folder.join(&file), key_file: key_file.as_ref().map(|file| folder.join(file)) };
    if next == spec.files() {
        describe::certificate(&mut report, job.rotation.app, job.context.clock.now())?;
        report.changed = Some(false);
        report.checks.push(passed("it is in use already; nothing was changed"));
        document.reports.push(report);
        return Ok((document, true));
    }
    let app = App { certificate: Some(spec.followed_by(next)), ..job.rotation.app.clone() };
    let seen = prove(&job, workspace, &app)?;
    let is_good = match seen.verdict {
        Verdict::Good => true,
        Verdict::Unproven => {
            document.warn(
                WarningCode::Unproven,
                "no mailbox of this app is authorized, so the new certificate could not be proven; authorize will show",
            );
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
        document.next.push(
            Step::from("When all is well: ")
                .command(shown!("mailgrant rotate-secret {} --discard-previous", app.name))
                .words(shown!(", and remove the old certificate in {}", page(&app))),
        );
        document.next.push(roll_back("If not: ", &app.name));
    }
    document.reports.push(report);
    document.reports.extend(mailbox_reports(&job, seen.proofs, seen.connections));
    Ok((document, is_good))
}

/// Proves the previous certificate, and then swaps the two. No answer is not a reason to keep a bad one.
fn take_back(
    mut job: Job<'_>,
    workspace: &Workspace<'_>,
    spec: &CertificateSpec,
    force: Force,
    mut document: Document,
    mut report: Report,
) -> Result<Document, CommandError> {
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

/// Forgets the previous certificate. Its files stay.
fn forget(
    mut job: Job<'_>,
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
    job.edit_certificate(CertificateFile::forget)?;
    report.changed = Some(true);
    report.checks.push(passed("the previous certificate is forgotten; its files are left as they are"));
    let in_use = job.profile.apps.values().filter(|other| other.is_same_client(app) && uses(other, &previous.file));
    let in_use: Vec<_> = in_use.map(|other| &other.name).collect();
    if in_use.is_empty() {
        let called = match certificate(&previous) {
            Ok(certificate) => shown!("with the thumbprint {}", certificate.thumbprint()),
            Err(_) => shown!("of {}", previous.file),
        };
        let remove = shown!(
            "Once no other profile or program uses it, remove the certificate {} in {}, and delete {}",
            called,
            page(app),
            previous.key_file()
        );
        document.next.push(remove.into());
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

fn uses(app: &App, file: &Path) -> bool {
    app.certificate.as_ref().is_some_and(|spec| spec.file == file)
}

/// Proves the certificate of `app`, with every mailbox of the rotation; where none can, with the app itself.
fn prove(job: &Job<'_>, workspace: &Workspace<'_>, app: &App) -> Result<Seen, CommandError> {
    let rotation = job.rotation;
    let credential = opened(app, workspace)?;
    // What the store has is about passphrases, and stays as it is.
    let blank = rotation.apps.iter().map(|app| AppRecord::of(app)).collect();
    let (_, proofs) = rotation.prove(blank, &credential)?;
    let mut connections = Vec::new();
    let verdict = if let Some(failure) = proofs.iter().flatten().find_map(Proof::refusal) {
        Verdict::Refused(failure.clone())
    } else if Proof::leave_open(&proofs) {
        Verdict::Open(None)
    } else if proofs.iter().flatten().any(Proof::is_good) {
        connections = rotation.connect(&proofs, &credential);
        if connections.iter().any(Tested::has_failed) { Verdict::Open(None) } else { Verdict::Good }
    } else {
        by_itself(job, workspace, app)?
    };
    connections.resize_with(proofs.len(), Tested::default);
    Ok(Seen { verdict, proofs, connections })
}

/// What the token endpoint says to the app itself, where no mailbox can prove the certificate.
fn by_itself(job: &Job<'_>, workspace: &Workspace<'_>, app: &App) -> Result<Verdict, CommandError> {
    if app.deployment().directory.is_none() {
        return Ok(Verdict::Unproven);
    }
    let ask = || authority::try_app(app, workspace).unwrap_or(Ok(()));
    Ok(match job.rotation.ask(ask, Access::App)? {
        Proof::Accepted | Proof::GrantLost(_) => Verdict::Good,
        Proof::Refused(failure) => Verdict::Refused(failure),
        // It was answered, and what was said is not about the certificate.
        Proof::Unknown(failure) if matches!(failure.kind, FailureKind::OAuth(_)) => Verdict::Unproven,
        Proof::Unknown(failure) | Proof::NotAuthorized(failure) => Verdict::Open(Some(failure)),
    })
}

/// What `app` signs with, after all that can be checked here.
fn opened(app: &App, workspace: &Workspace<'_>) -> Result<ClientCredential, CommandError> {
    let http = workspace.http(app);
    let desk = Desk { store: workspace.store, http: &http, clock: workspace.clock };
    desk.active(app).map_err(|failure| diagnosis::finding(&failure, FailureContext::of_app(app)).into())
}

/// Names the apps that are the same registration, and sign with another certificate.
fn name_others(job: &Job<'_>, document: &mut Document) {
    let rotation = job.rotation;
    let is_other = |app: &&App| rotation.apps.iter().all(|one| one.name != app.name);
    let others = job.profile.apps.values().filter(|app| app.is_same_client(rotation.app) && is_other(app));
    let others = Shown::join(others.map(|app| &app.name), ", ");
    if !others.is_empty() {
        document.warn(
            WarningCode::OtherAppsLeft,
            shown!(
                "these apps have the same client ID and another certificate or a secret, and are left as they are: {}",
                others
            ),
        );
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

/// Where the provider shows the app's certificates.
fn page(app: &App) -> Shown {
    pages::of(Page::Secrets, app, None).map_or_else(|| app.deployment().portal.into(), |page| page.title)
}

/// The path of `file` as the profile in `folder` has it: from there, where it is in it.
pub(super) fn in_profile(file: &Path, folder: &Path) -> Result<PathBuf, Shown> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(|error| shown!("{}: {}.", path, error));
    let (file, folder) = (absolute(file)?, absolute(folder)?);
    Ok(file.strip_prefix(&folder).map(Path::to_owned).unwrap_or(file))
}

fn passed(detail: &'static str) -> Check {
    Check::passed(Stage::Rotation, Duration::ZERO, detail)
}

fn failed(finding: Finding) -> Check {
    Check::failed(Stage::Rotation, Duration::ZERO, finding)
}
