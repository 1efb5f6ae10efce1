//! The steps of a rotation as the apps' records have them: each is taken in all records, in one write for each.

use jiff::SignedDuration;
use jiff::civil::Date;

use super::{Issued, NewSecret, Rotation, RotationRequest, is_same};
use crate::failure::StoreFault;
use crate::flow::credential;
use crate::oauth::ClientCredential;
use crate::profile::{App, KeyId};
use crate::secrets::{AppRecord, ClientSecret, RotationJournal, RotationPhase, save_app};

impl Rotation<'_> {
    /// Journals the intent. What is to be proven; none if there is nothing to prove.
    pub(super) fn begin(
        &self,
        records: &mut [AppRecord],
        request: RotationRequest,
    ) -> Result<Option<ClientCredential>, StoreFault> {
        let new = match request {
            RotationRequest::New(new) => new,
            RotationRequest::Finish { expires } => {
                let Some((pending, journal)) = self.pending(records) else {
                    self.date_what_was_activated(records, expires)?;
                    return Ok(None);
                };
                let keep_previous = journal.as_ref().and_then(|journal| journal.keep_previous);
                let issued = |key_id: &KeyId| Issued { key_id: key_id.clone(), requested_as: None, keep_previous };
                NewSecret {
                    value: pending.value.clone(),
                    expires: expires.or(pending.expires),
                    issued: pending.key_id.as_ref().map(issued),
                }
            }
        };
        let mut is_open = false;
        for (app, record) in self.apps.iter().zip(records) {
            if record.active.as_ref().is_some_and(|active| is_same(active, &new.value)) {
                self.keep_active(app, record, new.expires)?;
            } else {
                self.begin_one(app, record, &new)?;
                is_open = true;
            }
        }
        Ok(is_open.then(|| credential::proposed(self.app, &new.value)))
    }

    /// The secret that was not in use yet when a run was stopped, and its journal: the named app's before another's.
    fn pending<'r>(&self, records: &'r [AppRecord]) -> Option<(&'r ClientSecret, &'r Option<RotationJournal>)> {
        let open = |record: &'r AppRecord| {
            let pending = record.pending.as_ref().filter(|_| Self::is_under_way(record))?;
            Some((pending, &record.journal))
        };
        let named = self.apps.iter().zip(records).find(|(app, _)| app.name == self.app.name);
        named.and_then(|(_, record)| open(record)).or_else(|| records.iter().find_map(open))
    }

    /// The secret that is in use already was asked for: only its date may be new, and a pending other one is given up.
    fn keep_active(&self, app: &App, record: &mut AppRecord, expires: Option<Date>) -> Result<(), StoreFault> {
        let dated = record.active.as_mut().filter(|active| expires.is_some() && active.expires != expires);
        if dated.map(|active| active.expires = expires).is_some() || record.pending.is_some() {
            record.journal = record.journal.take().filter(|journal| journal.phase == RotationPhase::Activated);
            record.drop_pending(self.clock.now());
            save_app(self.store, &app.name, record)?;
        }
        Ok(())
    }

    fn begin_one(&self, app: &App, record: &mut AppRecord, new: &NewSecret) -> Result<(), StoreFault> {
        let now = self.clock.now();
        let is_pending = record.pending.as_ref().is_some_and(|pending| is_same(pending, &new.value));
        if is_pending && Self::is_under_way(record) {
            let dated = record.pending.as_mut().filter(|p| new.expires.is_some() && p.expires != new.expires);
            if dated.map(|pending| pending.expires = new.expires).is_none() {
                return Ok(());
            }
        } else {
            // The profile is where people note the date; the old secret's record has it for a rollback.
            if let Some(active) = &mut record.active {
                active.expires = active.expires.max(app.secret_expires);
            }
            record.drop_pending(now);
            let issued = new.issued.as_ref();
            let key_id = issued.map(|issued| issued.key_id.clone());
            record.pending = Some(ClientSecret { value: new.value.clone(), expires: new.expires, added: now, key_id });
            let keep_previous = issued.and_then(|issued| issued.keep_previous);
            record.journal =
                Some(RotationJournal { keep_previous, ..RotationJournal::new(RotationPhase::Stored, now) });
            // In one write: what the directory was asked for is in the store now.
            let is_stored = |name: &String| issued.is_some_and(|issued| issued.requested_as.as_ref() == Some(name));
            record.requested.retain(|requested| !is_stored(&requested.name));
        }
        save_app(self.store, &app.name, record)
    }

    /// A date that was given on the run that finds only the journal's end left is that of the secret in use.
    fn date_what_was_activated(&self, records: &mut [AppRecord], expires: Option<Date>) -> Result<(), StoreFault> {
        for (app, record) in self.apps.iter().zip(records) {
            if Self::is_under_way(record)
                && let Some(active) =
                    record.active.as_mut().filter(|active| expires.is_some() && active.expires != expires)
            {
                active.expires = expires;
                save_app(self.store, &app.name, record)?;
            }
        }
        Ok(())
    }

    pub(super) fn journal(&self, records: &mut [AppRecord], phase: RotationPhase) -> Result<(), StoreFault> {
        for (app, record) in self.apps.iter().zip(records).filter(|(_, record)| record.pending.is_some()) {
            if let Some(journal) = &mut record.journal {
                journal.phase = phase;
            }
            save_app(self.store, &app.name, record)?;
        }
        Ok(())
    }

    /// Makes the new secret the active one, in one write for each record.
    pub(super) fn activate(&self, records: &mut [AppRecord]) -> Result<(), StoreFault> {
        for (app, record) in self.apps.iter().zip(records) {
            let Some(pending) = record.pending.take() else { continue };
            let older = record.previous.take();
            record.previous = record.active.replace(pending);
            if let Some(journal) = &mut record.journal {
                journal.phase = RotationPhase::Activated;
                if let Some(days) = journal.keep_previous {
                    let due = self.clock.now() + SignedDuration::from_hours(24 * i64::from(days));
                    let unused = older.into_iter().chain(record.previous.clone()).filter_map(|secret| secret.key_id);
                    unused.for_each(|key_id| record.remove_when_due(key_id, due));
                }
            }
            save_app(self.store, &app.name, record)?;
        }
        Ok(())
    }

    /// Drops the new secret.
    pub(super) fn give_up(&self, records: &mut [AppRecord]) -> Result<(), StoreFault> {
        for (app, record) in self.apps.iter().zip(records).filter(|(_, record)| record.pending.is_some()) {
            record.drop_pending(self.clock.now());
            record.journal = None;
            save_app(self.store, &app.name, record)?;
        }
        Ok(())
    }

    /// Ends a rotation whose secret is in use. What could not be written beside the store (the profile's date) does not
    /// keep it open.
    ///
    /// # Errors
    /// What the store says.
    pub fn settle(&self) -> Result<(), StoreFault> {
        for (app, mut record) in self.apps.iter().zip(self.records()?) {
            if record.journal.as_ref().is_some_and(|journal| journal.phase == RotationPhase::Activated) {
                record.journal = None;
                save_app(self.store, &app.name, &record)?;
            }
        }
        Ok(())
    }

    /// Forgets the previous secrets. Answers whether there was one.
    ///
    /// # Errors
    /// What the store says.
    pub fn discard_previous(&self) -> Result<bool, StoreFault> {
        let mut any = false;
        for (app, mut record) in self.apps.iter().zip(self.records()?) {
            if record.previous.is_none() {
                continue;
            }
            record.forget_previous();
            save_app(self.store, &app.name, &record)?;
            any = true;
        }
        Ok(any)
    }
}
