//! A rotation and what is outside its store: the locks, the profile's date, the advice.

use super::Rotation;
use crate::config::{self, AppFile, CertificateFile, ProfileDocument};
use crate::context::Context;
use crate::error::CommandError;
use crate::failure::Failure;
use crate::profile::{App, CertificateSpec, Name, Profile};
use crate::report::{Document, Finding, FindingCode, Report, Step, Subject, WarningCode};
use crate::secrets::{RecordKey, RecordLock};
use crate::text::Shown;

/// A rotation, with the locks of its apps and what is outside the store.
pub struct Job<'a> {
    pub(super) rotation: &'a Rotation<'a>,
    pub(super) profile: &'a Profile,
    pub(super) context: &'a Context,
    locks: Vec<RecordLock>,
    /// The certificates of the rotation's apps, as the profile has them by now.
    certificates: Vec<Option<CertificateSpec>>,
}

impl<'a> Job<'a> {
    /// A rotation whose apps are locked.
    ///
    /// # Errors
    /// If another process holds a lock for too long.
    pub fn begin(rotation: &'a Rotation<'a>, profile: &'a Profile, context: &'a Context) -> Result<Self, CommandError> {
        Ok(Self { locks: app_locks(rotation, context)?, ..Self::only_looking(rotation, profile, context) })
    }

    /// The same without locks, for a run that changes nothing.
    #[must_use]
    pub fn only_looking(rotation: &'a Rotation<'a>, profile: &'a Profile, context: &'a Context) -> Self {
        let certificates = rotation.apps.iter().map(|app| app.certificate.clone()).collect();
        Self { rotation, profile, context, locks: Vec::new(), certificates }
    }

    /// What is left to do once the secret is in use: its date in the profile, and the end of the journal where nothing else
    /// is left. A profile that cannot be written is said; the journal is about the store, and ends all the same.
    pub(super) fn finish(&mut self, is_clean: bool, document: &mut Document) -> Result<(), CommandError> {
        match self.note_expiry() {
            Ok(true) => {}
            Ok(false) => document.warn(
                WarningCode::ExpiryUnknown,
                "no expiry date was given, so mailgrant cannot warn you; the portal shows it (--expires DATE)",
            ),
            Err(error) => {
                let cause = &error.finding().cause;
                document.warn(WarningCode::ExpiryNotWritten, shown!(
                    "the new secret is in use, and its date is in the store; it could not be written to the profile: {}",
                    cause
                ));
            }
        }
        self.locks = app_locks(self.rotation, self.context)?;
        if is_clean { Ok(self.rotation.settle()?) } else { Ok(()) }
    }

    /// After a rollback: the date of the secret that is in use again.
    pub(super) fn note_date_again(mut self, document: &mut Document) {
        if let Err(error) = self.note_expiry() {
            let cause = &error.finding().cause;
            document.warn(
                WarningCode::ExpiryNotWritten,
                shown!("its expiry date could not be written to the profile: {}", cause),
            );
        }
    }

    /// Writes the active secret's expiry into the profile, where people and `status` look; a date of the secret before it
    /// goes. Answers whether there is one for every app. The apps' locks are let go first: the profile's comes before them
    /// in the order.
    fn note_expiry(&mut self) -> Result<bool, CommandError> {
        let records = self.rotation.records()?;
        self.locks.clear();
        let mut document =
            ProfileDocument::open_locked(&self.context.profile_path, self.context.locks(), self.context.lock_wait())?;
        let mut all = true;
        for (app, record) in self.rotation.apps.iter().zip(records) {
            let expires = record.active.and_then(|active| active.expires);
            document.set_secret_expires(&app.name, expires);
            all &= expires.is_some();
        }
        document.save()?;
        Ok(all)
    }

    /// Changes what the profile says of the rotation's apps and of their certificates, in one write. The apps' locks are let
    /// go first, and taken again once the profile's is held.
    ///
    /// # Errors
    /// If the profile names other files by now than those that were proven; if it cannot be written.
    pub(super) fn edit_apps(&mut self, edit: impl Fn(&mut AppFile)) -> Result<(), CommandError> {
        self.locks.clear();
        let path = &self.context.profile_path;
        let mut document = ProfileDocument::open_locked(path, self.context.locks(), self.context.lock_wait())?;
        self.locks = app_locks(self.rotation, self.context)?;
        let is_as_before = |(app, certificate): (&&App, &Option<CertificateSpec>)| {
            let now = document.profile().apps.get(&app.name);
            now.is_some_and(|now| now.client_id == app.client_id && now.certificate == *certificate)
        };
        if !self.rotation.apps.iter().zip(&self.certificates).all(is_as_before) {
            let told = Finding::of(FindingCode::CERTIFICATE_CHANGED_MEANWHILE);
            return Err(told.with("name", &self.rotation.app.name).into());
        }
        for app in self.rotation.apps {
            document.edit_app(&app.name, &edit);
        }
        document.save()?;
        // The profile's lock is held still.
        let written = config::load(path)?;
        let now = |app: &&App| written.apps.get(&app.name).and_then(|app| app.certificate.clone());
        self.certificates = self.rotation.apps.iter().map(now).collect();
        Ok(())
    }

    /// Changes which files the profile names for the certificate.
    ///
    /// # Errors
    /// As [`Job::edit_apps`].
    pub(super) fn edit_certificate(&mut self, edit: impl Fn(&mut CertificateFile)) -> Result<(), CommandError> {
        self.edit_apps(|app| {
            if let Some(certificate) = &mut app.certificate {
                edit(certificate.get_mut());
            }
        })
    }

    /// The rotation's app with the certificate that the profile has for it by now.
    pub(super) fn app_now(&self) -> App {
        let own = self.rotation.apps.iter().position(|app| app.name == self.rotation.app.name);
        let certificate = own.and_then(|own| self.certificates[own].clone());
        App { certificate, ..self.rotation.app.clone() }
    }

    /// What to do with the old secret.
    pub(super) fn advise(&self, document: &mut Document) -> Result<(), CommandError> {
        let name = &self.rotation.app.name;
        let holders = self.holders()?;
        if holders.is_empty() {
            document.next.push(
                Step::from("When everything that uses the old secret has the new one: ")
                    .command(shown!("mailgrant rotate-secret {} --discard-previous", name))
                    .words(", and remove the old secret in the portal"),
            );
        } else {
            tell_holders(&holders, self.profile, document);
        }
        document.next.push(roll_back("If not: ", name));
        Ok(())
    }

    /// What becomes of the old secret where a directory issues them.
    pub(super) fn advise_issued(&self, document: &mut Document) -> Result<(), CommandError> {
        let name = &self.rotation.app.name;
        let records = self.rotation.records()?;
        let previous = records.iter().filter_map(|record| record.previous.as_ref());
        if previous.clone().any(|previous| previous.key_id.is_none()) {
            document.warn(WarningCode::SecretUnidentified, "which of the directory's secrets the old one is cannot be told by its first characters: it stays there");
            return self.advise(document);
        }
        let removals = records.iter().flat_map(|record| &record.removals);
        if let Some(due) = removals.map(|removal| removal.due).max() {
            let day = due.strftime("%Y-%m-%d");
            let until = shown!("The old secret is good until {}; from then on the next run removes it: ", day);
            let run = shown!("mailgrant rotate-secret {} --issue --if-expires-within 30", name);
            document.next.push(Step::from(until).command(run));
            document.next.push(roll_back("To return to it before: ", name));
        }
        Ok(())
    }

    /// The apps beside this rotation's, of this profile or another one, whose records still have a previous secret in use.
    pub(super) fn holders(&self) -> Result<Vec<Name>, CommandError> {
        let mut others: Vec<Name> = self.profile.apps.keys().cloned().collect();
        // Other profiles may use the same store.
        for key in self.rotation.store.keys()?.unwrap_or_default() {
            if let RecordKey::App(name) = key
                && !others.contains(&name)
            {
                others.push(name);
            }
        }
        Ok(self.rotation.holders_of_previous(&others)?)
    }
}

/// The old secret must stay in the portal.
pub(super) fn tell_holders(holders: &[Name], profile: &Profile, document: &mut Document) {
    document.warn(WarningCode::PreviousInUse, shown!(
        "the old client secret is still in use: do not remove it in the portal before these apps have the new one: {}",
        Shown::join(holders, ", ")
    ));
    document.next.extend(holders.iter().map(|name| {
        let with = if profile.apps.contains_key(name) { "" } else { "--profile FILE " };
        Step::from("Give it the new secret too: ").command(shown!("mailgrant {}rotate-secret {}", with, name))
    }));
}

/// How to return to what was in use before.
pub(super) fn roll_back(when: &'static str, app: &Name) -> Step {
    Step::from(when).command(shown!("mailgrant rotate-secret {} --rollback", app))
}

/// A report on the app, and on those that are the same registration.
pub(super) fn report(rotation: &Rotation<'_>) -> Report {
    let mut report = Report::new(Subject::App(Shown::of(&rotation.app.name)));
    if rotation.apps.len() > 1 {
        report.fact(
            "apps",
            shown!(
                "{} (one registration: the same client ID)",
                Shown::join(rotation.apps.iter().map(|app| &app.name), ", ")
            ),
        );
    }
    report
}

/// Says whether the rotation has changed something.
pub(super) fn tell_changed(report: &mut Report, is_changed: bool) {
    report.fact("changed", if is_changed { "yes" } else { "no" });
    report.changed = Some(is_changed);
}

fn app_locks(rotation: &Rotation<'_>, context: &Context) -> Result<Vec<RecordLock>, CommandError> {
    let lock =
        |app: &&App| RecordLock::acquire(context.locks(), &RecordKey::App(app.name.clone()), context.lock_wait());
    Ok(rotation.apps.iter().map(lock).collect::<Result<Vec<_>, Failure>>()?)
}
