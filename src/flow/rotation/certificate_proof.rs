//! What the providers of an app say of a certificate that is not in use yet.

use std::path::Path;
use std::time::Duration;

use super::Proof;
use super::job::Job;
use super::prover::Tested;
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::{Failure, FailureKind};
use crate::flow::authority;
use crate::flow::workspace::Workspace;
use crate::oauth::ClientCredential;
use crate::oauth::assertion::certificate::certificate;
use crate::profile::provider::Page;
use crate::profile::{Access, App, CertificateSpec, pages};
use crate::report::{Check, Document, Finding, Stage, Step, WarningCode};
use crate::secrets::AppRecord;
use crate::text::Shown;

/// What the proofs of a certificate came to.
pub(super) struct Seen {
    pub(super) verdict: Verdict,
    pub(super) proofs: Vec<Option<Proof>>,
    pub(super) connections: Vec<Tested>,
}

/// What they say of it.
pub(super) enum Verdict {
    /// It is good.
    Good,
    /// Nothing speaks against it, and there was nothing to prove it with.
    Unproven,
    /// There was no answer that counts; what the app itself was told, where that is why.
    Open(Option<Failure>),
    /// The provider does not accept it.
    Refused(Failure),
}

/// Whether `app` signs with the certificate in `file`.
pub(super) fn uses(app: &App, file: &Path) -> bool {
    app.certificate.as_ref().is_some_and(|spec| spec.file == file)
}

/// Proves the certificate of `app`, with every mailbox of the rotation; where none can, with the app itself.
pub(super) fn prove(job: &Job<'_>, workspace: &Workspace<'_>, app: &App) -> Result<Seen, CommandError> {
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

/// Warns that nothing could prove the new certificate.
pub(super) fn unproven(document: &mut Document) {
    document.warn(
        WarningCode::Unproven,
        "no mailbox of this app is authorized, so the new certificate could not be proven; authorize will show",
    );
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
    workspace
        .desk(&http)
        .active(app)
        .map_err(|failure| diagnosis::finding(&failure, FailureContext::of_app(app)).into())
}

/// Names the apps that are the same registration, and sign with another certificate.
pub(super) fn name_others(job: &Job<'_>, document: &mut Document) {
    let rotation = job.rotation;
    let is_other = |app: &&App| rotation.apps.iter().all(|one| one.name != app.name);
    let others = job.profile.apps.values().filter(|app| app.is_same_client(rotation.app) && is_other(app));
    let others = Shown::join(others.map(|app| &app.name), ", ");
    if !others.is_empty() {
        let told = shown!(
            "these apps have the same client ID and another certificate or a secret, and are left as they are: {}",
            others
        );
        document.warn(WarningCode::OtherAppsLeft, told);
    }
}

/// Where the provider shows the app's certificates.
pub(super) fn page(app: &App) -> Shown {
    pages::of(Page::Secrets, app, None).map_or_else(|| app.deployment().portal.into(), |page| page.title)
}

/// A step of the rotation that was taken.
pub(super) fn passed(detail: impl Into<Shown>) -> Check {
    Check::passed(Stage::Rotation, Duration::ZERO, detail)
}

/// A step that was not.
pub(super) fn failed(finding: Finding) -> Check {
    Check::failed(Stage::Rotation, Duration::ZERO, finding)
}

/// A step: the certificate of `spec` is to be removed at the provider by hand.
pub(super) fn to_remove(app: &App, spec: &CertificateSpec, when: &'static str) -> Step {
    let called = match certificate(spec) {
        Ok(certificate) => shown!("with the thumbprint {}", certificate.thumbprint()),
        Err(_) => shown!("of {}", spec.file),
    };
    shown!("{} remove the certificate {} in {}, and delete {}", when, called, page(app), spec.key_file()).into()
}
