//! The day on which a secret in use ends, written where people and later commands look: into the profile and the store.

use jiff::civil::Date;
use secrecy::ExposeSecret as _;

use crate::config::ProfileDocument;
use crate::error::CommandError;
use crate::files::lock;
use crate::flow::rotation::Rotation;
use crate::flow::workspace::Workspace;
use crate::profile::{App, KeyId};
use crate::report::{Warning, WarningCode};
use crate::secrets::{AppRecord, ClientSecret, RecordKey, RecordLock, load_app, save_app};

/// What a directory has told of the secret of an app.
pub(super) struct NewDate<'a> {
    pub(super) app: &'a App,
    /// The record as it was when the directory was asked.
    pub(super) record: AppRecord,
    /// The day on which it ends.
    pub(super) day: Date,
    /// What the directory calls it.
    pub(super) key_id: KeyId,
    /// Whether the app itself has asked.
    pub(super) is_by_app: bool,
}

impl NewDate<'_> {
    /// Whether the record has all of it.
    fn is_in(&self, record: &AppRecord) -> bool {
        let has =
            |active: &ClientSecret| active.expires == Some(self.day) && active.key_id.as_ref() == Some(&self.key_id);
        record.active.as_ref().is_some_and(has) && (record.reads_directory || !self.is_by_app)
    }
}

/// Writes what is new of `dates`. The answer says what was changed, and what could not be written.
pub(super) fn write(dates: &[NewDate<'_>], workspace: &Workspace<'_>) -> Vec<Warning> {
    let stale: Vec<&NewDate<'_>> = dates.iter().filter(|new| new.app.secret_expires != Some(new.day)).collect();
    let mut said = Vec::new();
    if !stale.is_empty() {
        match into_profile(&stale, workspace) {
            Ok(()) => said.extend(stale.iter().map(|new| changed(new))),
            Err(error) => said.extend(stale.iter().map(|new| not_written(new, "profile", &error))),
        }
    }
    for new in dates {
        if let Err(error) = into_store(new, workspace) {
            said.push(not_written(new, "store", &error));
        }
    }
    said
}

fn into_profile(stale: &[&NewDate<'_>], workspace: &Workspace<'_>) -> Result<(), CommandError> {
    let wait = lock::wait_until(workspace.deadline);
    let mut document = ProfileDocument::open_locked(&workspace.profile_file, workspace.locks, wait)?;
    for new in stale {
        let name = &new.app.name;
        if document.profile().apps.get(name).is_some_and(|there| there.is_same_client(new.app)) {
            document.set_secret_expires(name, Some(new.day));
        }
    }
    document.save()?;
    Ok(())
}

fn into_store(new: &NewDate<'_>, workspace: &Workspace<'_>) -> Result<(), CommandError> {
    if new.is_in(&new.record) {
        return Ok(());
    }
    change(new.app, workspace, |record| {
        // Another command may have changed it meanwhile.
        let is_same = |active: &&mut ClientSecret| {
            let asked = new.record.active.as_ref();
            asked.is_some_and(|asked| asked.value.expose_secret() == active.value.expose_secret())
        };
        let Some(active) = record.active.as_mut().filter(is_same) else { return };
        active.expires = Some(new.day);
        active.key_id = Some(new.key_id.clone());
        record.reads_directory |= new.is_by_app;
    })
}

/// Notes that the directory does not let the app read its registration any more.
pub(super) fn note_denial(app: &App, workspace: &Workspace<'_>) {
    // Where it cannot be noted, the app asks again for nothing.
    let _ = change(app, workspace, |record| record.reads_directory = false);
}

/// Changes the record of `app`, but for one whose rotation is under way.
fn change(app: &App, workspace: &Workspace<'_>, change: impl FnOnce(&mut AppRecord)) -> Result<(), CommandError> {
    let wait = lock::wait_until(workspace.deadline);
    let _lock = RecordLock::acquire(workspace.locks, &RecordKey::App(app.name.clone()), wait)?;
    let record = load_app(workspace.store, &app.name)?;
    let Some(mut record) = record.filter(|record| record.is_of(app) && !is_rotating(record)) else { return Ok(()) };
    change(&mut record);
    Ok(save_app(workspace.store, &app.name, &record)?)
}

/// Whether a rotation is under way: the secrets and their dates are the rotation's then.
pub(super) fn is_rotating(record: &AppRecord) -> bool {
    Rotation::is_under_way(record) || record.pending.is_some()
}

fn changed(new: &NewDate<'_>) -> Warning {
    let (name, day) = (&new.app.name, new.day);
    let told = match new.app.secret_expires {
        Some(typed) => shown!(
            "the profile said that the client secret of app '{}' expires on {}; the directory says {}, which the profile \
             has now",
            name,
            typed,
            day
        ),
        None => shown!(
            "the client secret of app '{}' expires on {}, says the directory; the profile has that now",
            name,
            day
        ),
    };
    Warning::new(WarningCode::ExpiryWritten, told)
}

fn not_written(new: &NewDate<'_>, place: &'static str, error: &CommandError) -> Warning {
    let told = shown!(
        "the client secret of app '{}' expires on {}, says the directory; that could not be written to the {}: {}",
        new.app.name,
        new.day,
        place,
        error.finding().cause
    );
    Warning::new(WarningCode::ExpiryNotWritten, told)
}
