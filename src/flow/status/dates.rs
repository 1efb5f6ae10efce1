//! The day on which a secret in use ends, written where people and later commands look: into the profile and the store.

use jiff::civil::Date;
use secrecy::ExposeSecret as _;

use crate::config::ProfileDocument;
use crate::error::CommandError;
use crate::files::lock;
use crate::flow::rotation::Rotation;
use crate::flow::workspace::Workspace;
use crate::profile::{App, KeyId};
use crate::secrets::{AppRecord, ClientSecret, RecordKey, RecordLock, load_app, save_app};
use crate::text::Shown;

/// What a directory has told of the secret of an app.
pub(super) struct NewDate<'a> {
    pub(super) app: &'a App,
    /// The secret as the store had it when the directory was asked.
    pub(super) active: ClientSecret,
    /// The day on which it ends.
    pub(super) day: Date,
    /// What the directory calls it.
    pub(super) key_id: KeyId,
}

/// Writes what is new of `dates`. The answer says what was changed, and what could not be written.
pub(super) fn write(dates: &[NewDate<'_>], workspace: &Workspace<'_>) -> Vec<Shown> {
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
    let is_known =
        |active: &ClientSecret| active.expires == Some(new.day) && active.key_id.as_ref() == Some(&new.key_id);
    if is_known(&new.active) {
        return Ok(());
    }
    let name = &new.app.name;
    let wait = lock::wait_until(workspace.deadline);
    let _lock = RecordLock::acquire(workspace.locks, &RecordKey::App(name.clone()), wait)?;
    let Some(mut record) = load_app(workspace.store, name)?.filter(|record| record.is_of(new.app)) else {
        return Ok(());
    };
    if is_rotating(&record) {
        return Ok(());
    }
    // Another command may have changed it meanwhile.
    let is_same = |active: &&mut ClientSecret| active.value.expose_secret() == new.active.value.expose_secret();
    let Some(active) = record.active.as_mut().filter(is_same).filter(|active| !is_known(active)) else { return Ok(()) };
    active.expires = Some(new.day);
    active.key_id = Some(new.key_id.clone());
    Ok(save_app(workspace.store, name, &record)?)
}

/// Whether a rotation is under way: the secrets and their dates are the rotation's then.
pub(super) fn is_rotating(record: &AppRecord) -> bool {
    Rotation::is_under_way(record) || record.pending.is_some()
}

fn changed(new: &NewDate<'_>) -> Shown {
    let (name, day) = (&new.app.name, new.day);
    match new.app.secret_expires {
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
    }
}

fn not_written(new: &NewDate<'_>, place: &'static str, error: &CommandError) -> Shown {
    shown!(
        "the client secret of app '{}' expires on {}, says the directory; that could not be written to the {}: {}",
        new.app.name,
        new.day,
        place,
        error.finding().cause
    )
}
