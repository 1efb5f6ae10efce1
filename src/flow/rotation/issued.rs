//! What the records say of secrets at a directory: which it was asked for, which it is to remove, and what it calls those
//! that are stored.

use super::Rotation;
use crate::directory::{Application, Match};
use crate::failure::StoreFault;
use crate::flow::registered_secret;
use crate::profile::KeyId;
use crate::secrets::{AppRecord, ClientSecret, RequestedSecret, save_app};

impl Rotation<'_> {
    /// The secrets that the directory was asked for and that are not stored.
    pub(super) fn requested(&self) -> Result<Vec<RequestedSecret>, StoreFault> {
        Ok(self.records()?.into_iter().flat_map(|record| record.requested).collect())
    }

    /// What the directory calls the secrets in the records.
    pub(super) fn known_keys(&self) -> Result<Vec<KeyId>, StoreFault> {
        let keys = |record: AppRecord| {
            [record.active, record.previous, record.pending].into_iter().flatten().filter_map(|secret| secret.key_id)
        };
        Ok(self.records()?.into_iter().flat_map(keys).collect())
    }

    /// Notes in the first record that the directory is about to be asked for a secret of this name.
    pub(super) fn note_request(&self, name: &str) -> Result<(), StoreFault> {
        let Some((app, mut record)) = self.apps.first().zip(self.records()?.into_iter().next()) else { return Ok(()) };
        record.requested.push(RequestedSecret { name: name.to_owned(), at: self.clock.now() });
        save_app(self.store, &app.name, &record)
    }

    /// Forgets that it was asked for.
    pub(super) fn forget_request(&self, name: &str) -> Result<(), StoreFault> {
        self.change(|record| {
            let before = record.requested.len();
            record.requested.retain(|requested| requested.name != name);
            record.requested.len() != before
        })
    }

    /// The secrets that the directory is to remove now: none that is in use or about to be.
    pub(super) fn due_removals(&self) -> Result<Vec<KeyId>, StoreFault> {
        let (now, records) = (self.clock.now(), self.records()?);
        let used = records.iter().flat_map(|record| [&record.active, &record.pending]).flatten();
        let in_use: Vec<&KeyId> = used.filter_map(|secret| secret.key_id.as_ref()).collect();
        let mut due = Vec::new();
        for removal in records.iter().flat_map(|record| &record.removals) {
            if removal.due <= now && !in_use.contains(&&removal.key_id) && !due.contains(&removal.key_id) {
                due.push(removal.key_id.clone());
            }
        }
        Ok(due)
    }

    /// Forgets a secret that the directory has removed: it is of no use any more.
    pub(super) fn note_removed(&self, key: &KeyId) -> Result<(), StoreFault> {
        self.change(|record| {
            let before = record.removals.len();
            record.removals.retain(|removal| removal.key_id != *key);
            let is_previous = record.previous.as_ref().is_some_and(|previous| previous.key_id.as_ref() == Some(key));
            if is_previous {
                record.forget_previous();
            }
            is_previous || record.removals.len() != before
        })
    }

    /// Notes which of the directory's secrets those in the records are.
    pub(super) fn identify(&self, application: &Application) -> Result<(), StoreFault> {
        self.change(|record| {
            let mut is_new = false;
            for secret in [&mut record.active, &mut record.previous].into_iter().flatten() {
                let known = known(application, secret);
                is_new |= known.is_some() && known != secret.key_id;
                secret.key_id = known.or(secret.key_id.take());
            }
            is_new
        })
    }

    /// What the directory calls the secrets in use, each once.
    pub(super) fn keys_in_use(&self, application: &Application) -> Result<Vec<KeyId>, StoreFault> {
        let active = self.records()?.into_iter().filter_map(|record| record.active);
        let mut keys: Vec<KeyId> = active.filter_map(|active| known(application, &active)).collect();
        keys.dedup();
        Ok(keys)
    }

    /// Changes each record, and stores those of which `change` says that they are another now.
    fn change(&self, mut change: impl FnMut(&mut AppRecord) -> bool) -> Result<(), StoreFault> {
        for (app, mut record) in self.apps.iter().zip(self.records()?) {
            if change(&mut record) {
                save_app(self.store, &app.name, &record)?;
            }
        }
        Ok(())
    }
}

/// What the directory calls `secret`, where it tells.
fn known(application: &Application, secret: &ClientSecret) -> Option<KeyId> {
    match registered_secret::find(secret, application) {
        Match::One(found) => Some(found.key_id.clone()),
        Match::Several(_) | Match::None => None,
    }
}
