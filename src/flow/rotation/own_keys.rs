//! What an app does with its own certificates at a directory: it proves that it has one of them, and needs no permission.

use super::at_directory::{AtDirectory, Stop};
use super::job::Job;
use crate::diagnosis::FailureContext;
use crate::directory::{self, Directory, PROOF_AUDIENCE};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::flow::authority::{Authority, Deed};
use crate::flow::patience::Again;
use crate::flow::workspace::Workspace;
use crate::oauth::assertion::certificate::Certificate;
use crate::profile::{App, KeyId, ObjectId};
use crate::report::{Finding, FindingCode};

/// The app's own word, which alone counts with a proof.
static OWN: Authority = Authority::App;

/// The directory as an app changes its own certificates there.
pub(super) struct OwnKeys<'a> {
    /// As the app asks it.
    at_directory: AtDirectory<'a>,
    /// As an administrator does, who may read more.
    of_admin: Option<AtDirectory<'a>>,
    workspace: &'a Workspace<'a>,
}

impl<'a> OwnKeys<'a> {
    /// The directory of the rotation's app; `reader` tells the registration's object ID, where the profile does not.
    ///
    /// # Errors
    /// If its provider has none.
    pub(super) fn open(
        job: &Job<'a>,
        reader: Option<&'a Authority>,
        workspace: &'a Workspace<'a>,
    ) -> Result<Self, CommandError> {
        let admin = reader.filter(|authority| !matches!(authority, Authority::App));
        Ok(Self {
            at_directory: AtDirectory::open(job, &OWN, workspace)?,
            of_admin: admin.map(|admin| AtDirectory::open(job, admin, workspace)).transpose()?,
            workspace,
        })
    }

    /// Whether anything there was changed.
    pub(super) fn has_changed(&self) -> bool {
        self.at_directory.has_changed()
    }

    /// The directory, for what is shown and not sent.
    pub(super) fn directory(&self) -> &Directory<'a> {
        &self.at_directory.directory
    }

    /// The object ID of the registration, which a proof names: the profile has it, or the directory tells it those who may
    /// read the registration.
    pub(super) fn object(&self, job: &Job<'_>) -> Result<ObjectId, Stop> {
        let app = job.rotation.app;
        if let Some(known) = &app.object_id {
            return Ok(known.clone());
        }
        let missing = |said: Option<&Failure>| {
            let told = Finding::of(FindingCode::OBJECT_ID_MISSING).about(FailureContext::of_app(app));
            let finding = told.with("name", &app.name).finding();
            Stop::Said(Box::new(Finding { server_said: said.and_then(|said| said.server_said.clone()), ..finding }))
        };
        let reader = self.of_admin.as_ref().unwrap_or(&self.at_directory);
        match reader.patience.ask(Again::WhereverItFailed, || reader.directory.application()) {
            Ok(application) => application.object_id.ok_or_else(|| missing(None)),
            Err(failure) if self.of_admin.is_none() && directory::is_denied(&failure) => Err(missing(Some(&failure))),
            Err(failure) => Err(Stop::Said(Box::new(reader.authority.explain(&failure, Deed::Read, app, None)))),
        }
    }

    /// Adds a certificate; `signer` is the app with one that the directory has. Answers what the directory calls the new one,
    /// where it says so.
    ///
    /// # Errors
    /// Why there is no proof; what the directory says.
    pub(super) fn add(
        &self,
        object: &ObjectId,
        signer: &App,
        certificate: &Certificate,
    ) -> Result<Option<KeyId>, Failure> {
        let at_directory = &self.at_directory;
        let added = at_directory.patience.ask(Again::WhereRefused, || {
            let proof = self.proof(object, signer)?;
            at_directory.directory.add_key(object, &certificate.subject, certificate.der(), &proof)
        })?;
        at_directory.note_change();
        Ok(added)
    }

    /// Removes a certificate. One that the directory does not know is removed already.
    pub(super) fn remove(&self, job: &Job<'_>, object: &ObjectId, signer: &App, key: &KeyId) -> Result<(), Stop> {
        let at_directory = &self.at_directory;
        let removed = at_directory.patience.ask(Again::WhereverItFailed, || {
            let proof = self.proof(object, signer)?;
            at_directory.directory.remove_key(object, key, &proof)
        });
        removed.map_err(|failure| self.said(job, object, &failure))?;
        at_directory.note_change();
        Ok(())
    }

    /// What a failure of the directory, or on the way to it, means.
    pub(super) fn said(&self, job: &Job<'_>, object: &ObjectId, failure: &Failure) -> Stop {
        if !directory::is_proof_refused(failure) {
            return self.at_directory.said(job, failure);
        }
        let app = job.rotation.app;
        let told = Finding::of(FindingCode::CERTIFICATE_PROOF_REFUSED).about(FailureContext::of_app(app));
        let told = told.with("name", &app.name).with("object_id", object);
        Stop::Said(Box::new(Finding { server_said: failure.server_said.clone(), ..told.finding() }))
    }

    fn proof(&self, object: &ObjectId, signer: &App) -> Result<secrecy::SecretString, Failure> {
        let http = self.workspace.http(signer);
        let key = self.workspace.desk(&http).signer(signer)?;
        key.proof(object.as_str(), PROOF_AUDIENCE, self.workspace.clock.now())
    }
}
