//! A client secret is enrolled: planned, read from its source and applied to the store, never over one that another
//! profile relies on.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};

use super::rotation::Rotation;
use super::secret_source::SecretSource;
use crate::context::Context;
use crate::error::CommandError;
use crate::failure::StoreFault;
use crate::oauth::assertion::certificate;
use crate::profile::{App, Name, Profile};
use crate::report::{Finding, FindingCode};
use crate::secrets::{AppRecord, ClientSecret, RecordKey, RecordLock, SecretStore, load_app, save_app};
use crate::text::{Redactor, Shown};

/// A planned change of an app's client secret.
pub struct Planned<'a> {
    /// The app as it will be.
    pub app: &'a App,
    /// The app as the profile has it, if it has.
    pub known: Option<&'a App>,
    /// A new day on which the secret expires.
    pub expires: Option<Date>,
    /// Whether other values may be replaced.
    pub force: bool,
}

/// A planned change with all that had to be asked for.
pub struct Read<'a> {
    planned: Planned<'a>,
    given: Option<SecretString>,
    store: &'a dyn SecretStore,
}

/// What was stored, so that it can be undone. The record stays locked until this is dropped: no other process may come
/// to rely on a secret that may still be taken back.
#[derive(Default)]
pub struct Applied<'a> {
    _lock: Option<RecordLock>,
    before: Option<(&'a dyn SecretStore, Option<AppRecord>)>,
}

impl<'a> Planned<'a> {
    /// Asks for the client secret where none is stored or a source is named, and refuses early what would be refused. `after`
    /// is the profile with the app in it.
    ///
    /// # Errors
    /// What the store says; a secret that cannot be one; a record that may not be replaced.
    pub fn read(self, source: &SecretSource, after: &Profile, context: &'a Context) -> Result<Read<'a>, CommandError> {
        let store = context.store(after)?;
        let record = load_app(store, &self.app.name)?;
        let has_one = self.own(record.as_ref()).is_some_and(|own| self.is_at_hand(own));
        let key = RecordKey::App(self.app.name.clone());
        if source.is_given() {
            store.check_writable(&key)?;
        }
        let given = if (has_one || store.is_read_only()) && !source.is_given() {
            None
        } else {
            Some(source.read("Client secret", self.app, context, self.force)?)
        };
        let read = Read { planned: self, given, store };
        if !store.is_read_only() {
            read.decide(record.as_ref(), context.clock.now())?;
        }
        Ok(read)
    }

    /// Whether `own` has what the app needs: its secret, or what opens its key as that is now.
    fn is_at_hand(&self, own: &AppRecord) -> bool {
        match &self.app.certificate {
            Some(spec) => own.passphrase.as_ref().is_some_and(|known| certificate::unlock(spec, known).is_ok()),
            None => own.active.is_some(),
        }
    }

    fn own<'r>(&self, record: Option<&'r AppRecord>) -> Option<&'r AppRecord> {
        record.filter(|record| record.is_of(self.app))
    }
}

impl<'a> Read<'a> {
    /// What is missing in a store that others fill, if it is.
    #[must_use]
    pub fn missing(&self) -> Option<StoreFault> {
        let name = &self.planned.app.name;
        let is_missing = self.store.is_read_only() && matches!(load_app(self.store, name), Ok(None));
        self.store.absence(&RecordKey::App(name.clone())).filter(|_| is_missing)
    }

    /// Whether a secret was given, and not found in the store.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.given.is_some()
    }

    /// Whether [`apply`](Self::apply) would write something now.
    #[must_use]
    pub fn is_new(&self, now: Timestamp) -> bool {
        let record = load_app(self.store, &self.planned.app.name).ok().flatten();
        !self.store.is_read_only() && matches!(self.decide(record.as_ref(), now), Ok(Some(_)))
    }

    /// Stores it.
    ///
    /// # Errors
    /// What the lock and the store say; a record that may not be replaced.
    pub fn apply(&self, locks: &Path, wait: Duration, now: Timestamp) -> Result<Applied<'a>, CommandError> {
        let name = &self.planned.app.name;
        if self.store.is_read_only() {
            return Ok(Applied::default());
        }
        let lock = RecordLock::acquire(locks, &RecordKey::App(name.clone()), wait)?;
        let before = load_app(self.store, name)?;
        let Some(record) = self.decide(before.as_ref(), now)? else { return Ok(Applied::default()) };
        save_app(self.store, name, &record)?;
        Ok(Applied { _lock: Some(lock), before: Some((self.store, before)) })
    }

    /// What the record becomes; `None` if it is so already.
    fn decide(&self, record: Option<&AppRecord>, now: Timestamp) -> Result<Option<AppRecord>, CommandError> {
        let app = self.planned.app;
        let own = self.planned.own(record);
        if app.certificate.is_some() {
            return self.decide_passphrase(record);
        }
        let same = |active: &ClientSecret| {
            self.given.as_ref().is_none_or(|given| given.expose_secret() == active.value.expose_secret())
        };
        if let Some(own) = own
            && let Some(active) = own.active.as_ref().filter(|active| same(active))
        {
            if self.planned.expires.is_none() || self.planned.expires == active.expires {
                return Ok(None);
            }
            refuse_under_way(app, own)?;
            let mut record = own.clone();
            record.active = Some(ClientSecret { expires: self.planned.expires, ..active.clone() });
            return Ok(Some(record));
        }
        let Some(value) = self.given.clone() else {
            return Err(Finding::of(FindingCode::SECRET_GONE).with("name", &app.name).into());
        };
        let mut new = match (own, record) {
            (Some(own), _) => own.clone(),
            (None, Some(other)) => {
                self.refuse_foreign(other)?;
                AppRecord::of(app)
            }
            (None, None) => AppRecord::of(app),
        };
        refuse_under_way(app, &new)?;
        if new.active.is_some() {
            if !self.planned.force {
                return Err(self.differs());
            }
            // As after a rotation: `rotate-secret --rollback` brings it back.
            new.previous = new.active.take();
        }
        // A rollback's mark is about the secrets that were there before.
        new.journal = None;
        new.active = Some(ClientSecret { value, expires: app.secret_expires, added: now, key_id: None });
        Ok(Some(new))
    }

    /// What the record becomes with the passphrase of a key, which has been tried.
    fn decide_passphrase(&self, record: Option<&AppRecord>) -> Result<Option<AppRecord>, CommandError> {
        let app = self.planned.app;
        let own = self.planned.own(record);
        let stored = own.and_then(|own| own.passphrase.as_ref());
        let Some(given) = &self.given else {
            let gone = || Finding::of(FindingCode::SECRET_GONE).with("name", &app.name).into();
            return stored.map(|_| None).ok_or_else(gone);
        };
        if stored.is_some_and(|stored| stored.expose_secret() == given.expose_secret()) {
            return Ok(None);
        }
        if let (None, Some(other)) = (own, record) {
            self.refuse_foreign(other)?;
        }
        let own = own.cloned().unwrap_or_else(|| AppRecord::of(app));
        Ok(Some(AppRecord { passphrase: Some(given.clone()), ..own }))
    }

    /// Records are found by name alone, and another profile may use the name for a client of its own.
    fn refuse_foreign(&self, record: &AppRecord) -> Result<(), CommandError> {
        let name = &self.planned.app.name;
        if self.planned.known.is_some_and(|known| record.is_of(known)) {
            return refuse_under_way(self.planned.app, record);
        }
        if self.planned.force || record.secrets().next().is_none() {
            return Ok(());
        }
        let other = owner(record, self.planned.app);
        let told = Finding::of(FindingCode::SECRET_OF_ANOTHER).with("store", self.store.describe());
        let told = told.case_if(self.planned.app.credential.is_service_account(), "service-account");
        Err(told.with("name", name).with("other", other).into())
    }

    fn differs(&self) -> CommandError {
        let told = Finding::of(FindingCode::SECRET_DIFFERS).with("name", &self.planned.app.name);
        let told = told.case_if(self.planned.app.credential.is_service_account(), "service-account");
        told.with("store", self.store.describe()).into()
    }
}

/// The client that `record` belongs to, which is not `app`, in words.
pub(super) fn owner(record: &AppRecord, app: &App) -> Shown {
    match &record.registrar {
        Some(registrar) if record.client_id == app.client_id => {
            shown!("this client ID at {}", Redactor::by_shape(registrar))
        }
        _ => shown!("another client ID ({})", record.client_id),
    }
}

/// A rotation's journal and its secrets belong together; only the rotation may touch them.
fn refuse_under_way(app: &App, record: &AppRecord) -> Result<(), CommandError> {
    if !Rotation::is_under_way(record) && record.pending.is_none() {
        return Ok(());
    }
    Err(Finding::of(FindingCode::ROTATION_UNFINISHED).case("held").with("name", &app.name).into())
}

impl Applied<'_> {
    /// Whether anything was written.
    pub fn is_new(&self) -> bool {
        self.before.is_some()
    }

    /// Puts back what was there before.
    ///
    /// # Errors
    /// What the store says.
    pub fn undo(self, app: &Name) -> Result<(), StoreFault> {
        match self.before {
            Some((store, Some(record))) => save_app(store, app, &record),
            Some((store, None)) => store.delete(&RecordKey::App(app.clone())).map(|_| ()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::profile::Profile;
    use crate::secrets::{MemoryStore, RotationJournal, RotationPhase};

    const ID: &str = "11111111-2222-3333-4444-555555555555";

    fn profile(id: &str) -> Profile {
        let text = format!("[apps.shop]\nprovider = \"google\"\nclient_id = \"{id}\"\n");
        parse("config.toml".as_ref(), &text).unwrap()
    }

    fn secret(value: &str) -> ClientSecret {
        ClientSecret { value: value.into(), expires: None, added: Timestamp::UNIX_EPOCH, key_id: None }
    }

    fn record(active: Option<&str>, pending: Option<&str>) -> AppRecord {
        let mut record = AppRecord::new(ID.parse().unwrap());
        record.active = active.map(secret);
        record.pending = pending.map(secret);
        record
    }

    fn text(secret: Option<&ClientSecret>) -> Option<&str> {
        secret.map(|secret| secret.value.expose_secret())
    }

    /// Decides for an app with client ID `id`; `known` says whether the profile has it with the record's ID.
    fn decide(
        record: &AppRecord,
        id: &str,
        known: bool,
        given: Option<&str>,
        expires: Option<&str>,
        force: bool,
    ) -> Result<Option<AppRecord>, &'static str> {
        let (wanted, old) = (profile(id), profile(ID));
        let name: Name = "shop".parse().unwrap();
        let read = Read {
            planned: Planned {
                app: &wanted.apps[&name],
                known: known.then(|| &old.apps[&name]),
                expires: expires.map(|day| day.parse().unwrap()),
                force,
            },
            given: given.map(SecretString::from),
            store: &MemoryStore::default(),
        };
        read.decide(Some(record), Timestamp::UNIX_EPOCH).map_err(|error| error.finding().code.as_str())
    }

    #[test]
    fn force_keeps_the_old_secret_as_the_previous_one() {
        let old = record(Some("old"), None);
        assert_eq!(decide(&old, ID, true, Some("new"), None, false).unwrap_err(), "secret-differs");
        let new = decide(&old, ID, true, Some("new"), None, true).unwrap().unwrap();
        assert_eq!((text(new.active.as_ref()), text(new.previous.as_ref())), (Some("new"), Some("old")));
        assert!(decide(&old, ID, true, Some("old"), None, true).unwrap().is_none());
    }

    #[test]
    fn a_rotation_under_way_is_never_overwritten() {
        let mut journal_only = record(Some("old"), None);
        journal_only.journal = Some(RotationJournal::new(RotationPhase::Activated, Timestamp::UNIX_EPOCH));
        for under_way in [record(Some("old"), Some("next")), record(None, Some("next")), journal_only] {
            for (id, known) in [(ID, true), (ID, false), ("other", true)] {
                let refused = decide(&under_way, id, known, Some("new"), None, true).unwrap_err();
                assert_eq!(refused, "rotation-unfinished");
            }
        }
        let under_way = record(Some("old"), Some("next"));
        assert_eq!(decide(&under_way, ID, true, None, Some("2027-05-20"), true).unwrap_err(), "rotation-unfinished");
    }

    #[test]
    fn a_new_day_of_expiry_reaches_the_stored_secret() {
        let old = record(Some("old"), None);
        let new = decide(&old, ID, true, None, Some("2027-05-20"), false).unwrap().unwrap();
        assert_eq!(text(new.active.as_ref()), Some("old"));
        assert_eq!(new.active.as_ref().unwrap().expires, Some("2027-05-20".parse().unwrap()));
        assert!(decide(&new, ID, true, None, Some("2027-05-20"), false).unwrap().is_none());
    }

    #[test]
    fn another_profile_s_secret_is_left_alone_unless_forced() {
        let theirs = record(Some("theirs"), Some("next"));
        assert_eq!(decide(&theirs, "other", false, Some("ours"), None, false).unwrap_err(), "secret-of-another");
        let new = decide(&theirs, "other", false, Some("ours"), None, true).unwrap().unwrap();
        assert_eq!((new.client_id.as_str(), text(new.active.as_ref())), ("other", Some("ours")));
        assert!(new.previous.is_none() && new.pending.is_none(), "it is of no use to another client");
    }

    #[test]
    fn no_other_process_gets_at_a_secret_that_may_still_be_taken_back() {
        let (wanted, name): (_, Name) = (profile(ID), "shop".parse().unwrap());
        let (store, locks) = (MemoryStore::default(), tempfile::tempdir().unwrap());
        let planned = Planned { app: &wanted.apps[&name], known: None, expires: None, force: false };
        let read = Read { planned, given: Some("new".into()), store: &store };
        let stored = read.apply(locks.path(), Duration::from_secs(1), Timestamp::UNIX_EPOCH).unwrap();
        let try_it = || {
            let key = RecordKey::App(name.clone());
            RecordLock::acquire(locks.path(), &key, std::time::Duration::ZERO)
        };
        assert!(stored.is_new() && load_app(&store, &name).unwrap().is_some());
        assert!(try_it().is_err(), "the lock was released before the profile was saved");
        stored.undo(&name).unwrap();
        assert!(load_app(&store, &name).unwrap().is_none());
        try_it().unwrap();
    }

    #[test]
    fn a_passphrase_that_was_tried_replaces_its_own_predecessor_alone() {
        let settings = format!(
            "[apps.shop]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\nclient_id = \"{ID}\"\n\
             credential = \"certificate\"\ncertificate = {{ file = \"app.pem\" }}\n"
        );
        let profile = parse("config.toml".as_ref(), &settings).unwrap();
        let app = &profile.apps[&"shop".parse::<Name>().unwrap()];
        let store = MemoryStore::default();
        let decide = |record: &AppRecord, given: Option<&str>| {
            let planned = Planned { app, known: None, expires: None, force: false };
            let read = Read { planned, given: given.map(SecretString::from), store: &store };
            read.decide(Some(record), Timestamp::UNIX_EPOCH).map_err(|error| error.finding().code.as_str())
        };
        let under = |record| AppRecord { passphrase: Some("old".into()), ..record };
        let before = AppRecord { active: Some(secret("kept")), ..under(AppRecord::of(app)) };
        let after = decide(&before, Some("new")).unwrap().unwrap();
        assert_eq!(after.passphrase.as_ref().map(ExposeSecret::expose_secret), Some("new"));
        assert_eq!((text(after.active.as_ref()), after.previous.is_none()), (Some("kept"), true));
        assert!(decide(&before, Some("old")).unwrap().is_none() && decide(&before, None).unwrap().is_none());
        assert_eq!(decide(&AppRecord::of(app), None).unwrap_err(), "secret-gone");
        let theirs = under(AppRecord::new("other".parse().unwrap()));
        assert_eq!(decide(&theirs, Some("new")).unwrap_err(), "secret-of-another");
    }

    #[test]
    fn a_secret_that_has_gone_meanwhile_is_not_made_up() {
        assert_eq!(decide(&record(None, None), ID, true, None, None, false).unwrap_err(), "secret-gone");
    }
}
