//! What `apply` does: many apps and mailboxes into the profile at once, in one write of it.
//!
//! ```text
//! a file -> planned against the profile, all errors told -> asked -> planned again under the lock -> secrets -> one write
//! ```
//! The secrets come first, and go again where the profile cannot be written: a kill at any moment leaves the old profile or
//! the new one.

mod plan;
mod some;
mod told;

pub use plan::{Plan, refused};

use self::told::Told;
use super::enrol;
use super::lookup;
use super::removal::{Fates, Removal};
use super::secret_source::SecretSource;
use crate::config::{Edit, ProfileDocument, Wanted};
use crate::context::Context;
use crate::error::CommandError;
use crate::profile::{Name, Profile};
use crate::report::{Document, Subject};
use crate::text::Shown;

/// What is to be applied.
pub struct Apply<'a> {
    /// What the file says.
    pub wanted: &'a Wanted,
    /// Where the secrets of apps come from.
    pub secrets: &'a [(Name, SecretSource)],
    /// Whether mailboxes go that the file does not name.
    pub prunes: bool,
    /// Whether it is only told what would be.
    pub is_dry_run: bool,
}

impl Apply<'_> {
    /// What there is to do.
    ///
    /// # Errors
    /// All that is wrong with the file; an app that is not there for a secret.
    pub fn plan(&self, document: &ProfileDocument) -> Result<Plan, CommandError> {
        let plan = Plan::of(self.wanted, document, self.prunes)?;
        for (name, _) in self.secrets {
            match plan.after.apps.get(name) {
                Some(app) if app.handed_over().is_some() || app.certificate.is_some() => {}
                Some(_) => {
                    let text = shown!("App '{}' has no secret in the store, so none can be given for it.", name);
                    return Err(CommandError::usage(text, "Leave its flag out"));
                }
                None => {
                    let text = shown!("A secret is given for app '{}', and there is none of that name.", name);
                    return Err(CommandError::usage(text, "Write the app's name, as in --secret-env APP=VAR"));
                }
            }
        }
        Ok(plan)
    }

    /// Carries `plan` out, which was made of `before`.
    ///
    /// # Errors
    /// If the profile has changed since the plan, or the profile or the store cannot be used. The profile is then as it was.
    pub fn run(&self, plan: &Plan, before: &ProfileDocument, context: &Context) -> Result<Document, CommandError> {
        let known = before.profile();
        let mut reads = Vec::new();
        for (name, source) in self.secrets {
            let Some(app) = plan.after.apps.get(name) else { continue };
            let old = known.apps.get(name);
            let expires = app.secret_expires.filter(|_| old.is_none());
            let planned = enrol::Planned { app, known: old, expires, force: false };
            reads.push((name, planned.read(source, &plan.after, context)?));
        }
        if self.is_dry_run {
            return self.preview(plan, &reads, context);
        }
        let path = &context.profile_path;
        let mut document = ProfileDocument::open_locked(path, context.locks(), context.lock_wait())?;
        if !is_same(document.profile(), known) {
            return Err(lookup::changed_meanwhile(path));
        }
        let mut told = self.edit(plan, &mut document);
        let diff = document.diff()?;
        let edit = document.prepare()?;
        let mut stored = Vec::new();
        let done = self.change_store(plan, &reads, &mut stored, &mut told, context).and_then(|()| Ok(edit.commit()?));
        match done {
            Ok(Edit::Written | Edit::Unchanged) => {}
            Err(error) => {
                // A secret without a profile would never be found and removed.
                for (name, applied) in stored {
                    applied.undo(name)?;
                }
                return Err(error);
            }
        }
        drop(stored);
        Ok(told.document(plan, diff, known, context))
    }

    /// What [`run`](Self::run) would do.
    fn preview(
        &self,
        plan: &Plan,
        reads: &[(&Name, enrol::Read<'_>)],
        context: &Context,
    ) -> Result<Document, CommandError> {
        let mut document = ProfileDocument::open(&context.profile_path)?;
        let mut told = self.edit(plan, &mut document);
        for (name, read) in reads {
            if read.is_new(context.clock.now()) {
                told.secret(name);
            }
        }
        let known = document.profile();
        for removal in &plan.removals {
            told.removal(removal.preview_records(known, Fates::OwnGo, context)?);
        }
        let diff = document.diff()?;
        Ok(Document { is_dry_run: true, ..told.document(plan, diff, known, context) })
    }

    fn edit(&self, plan: &Plan, document: &mut ProfileDocument) -> Told {
        let mut told = Told::default();
        for (name, file) in &plan.apps {
            told.item(Subject::App(Shown::of(name)), None, document.put_app(name, file));
        }
        for (name, file) in &plan.mailboxes {
            let address = plan.after.mailboxes.get(name).map(|mailbox| Shown::of(&mailbox.address));
            told.item(Subject::Mailbox(Shown::of(name)), address, document.put_mailbox(name, file));
        }
        for removal in &plan.removals {
            removal.edit(document);
        }
        told
    }

    /// Stores the secrets, and removes the records of what goes.
    fn change_store<'r>(
        &self,
        plan: &Plan,
        reads: &'r [(&'r Name, enrol::Read<'r>)],
        stored: &mut Vec<(&'r Name, enrol::Applied<'r>)>,
        told: &mut Told,
        context: &Context,
    ) -> Result<(), CommandError> {
        for (name, read) in reads {
            let applied = read.apply(context.locks(), context.lock_wait(), context.clock.now())?;
            if applied.is_new() {
                told.secret(name);
            }
            stored.push((*name, applied));
        }
        for removal in Removal::delete_all(&plan.removals, &plan.before, Fates::OwnGo, context)? {
            told.removal(removal);
        }
        Ok(())
    }
}

/// Whether two readings of the profile say the same.
fn is_same(one: &Profile, other: &Profile) -> bool {
    one.apps == other.apps && one.mailboxes == other.mailboxes && one.secrets == other.secrets
}
