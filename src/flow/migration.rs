//! The move of a profile's records from one store to another: copied, read back, and only then removed.
//!
//! Everything is locked for as long as it takes, and the first store keeps what it has until the second has proven all of it
//! and the profile names it: killed anywhere, every record is in one of them, and the same command goes on.

use crate::config::ProfileDocument;
use crate::context::Context;
use crate::error::CommandError;
use crate::failure::StoreFault;
use crate::profile::{Profile, StoreKind};
use crate::report::{Document, Finding, FindingCode, Report, Subject, WarningCode};
use crate::secrets::{self, RecordKey, RecordLock, SecretBytes, SecretStore};
use crate::text::{self, Shown};

/// What becomes of a record that both stores have, and that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differing {
    /// Nothing is moved.
    Refused,
    /// The first store's is taken.
    FromFirst,
    /// The second store's stays.
    FromSecond,
}

/// What is moved where.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The store that has the records.
    pub from: StoreKind,
    /// The store that is to have them.
    pub to: StoreKind,
    /// What becomes of records that differ.
    pub differing: Differing,
    /// Whether the first store keeps what was copied.
    pub keeps: bool,
    /// Whether it is only told what would be moved.
    pub is_dry_run: bool,
}

/// A record in the first store, and how the second has it.
struct Found {
    key: RecordKey,
    value: SecretBytes,
    there: There,
}

/// How a record is in the second store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Absent,
    Same,
    Other,
}

impl Migration {
    /// Moves the records of the profile.
    ///
    /// # Errors
    /// What the profile, the locks and the stores say; records that differ. Nothing is lost.
    pub fn run(self, context: &Context) -> Result<Document, CommandError> {
        if self.from == self.to {
            return Err(CommandError::usage(
                shown!("The records are to be moved from {} to {}.", self.from.key(), self.to.key()),
                "Name two stores, as in: mailgrant store migrate keyring vault",
            ));
        }
        let path = &context.profile_path;
        let mut profile = match self.is_dry_run {
            true => ProfileDocument::open(path)?,
            false => ProfileDocument::open_locked(path, context.locks(), context.lock_wait())?,
        };
        let [from, to] = self.opened(profile.profile(), context)?;
        if to.is_read_only() {
            return Err(CommandError::usage(
                shown!("The {} can only be read: no record can be stored there.", to.describe()),
                "Name a store that can be written: keyring, vault, or command with a put of its own",
            ));
        }
        let keys = keys_of(profile.profile());
        let lock = |key| RecordLock::acquire(context.locks(), key, context.lock_wait());
        let _locks: Vec<RecordLock> = keys.iter().filter(|_| !self.is_dry_run).map(lock).collect::<Result<_, _>>()?;
        // What can go wrong by looking goes wrong before anything is written.
        let found = found(&keys, from.as_ref(), to.as_ref())?;
        self.refuse_differing(&found, from.as_ref(), to.as_ref())?;
        let in_use = profile.profile().secrets.chosen(context.store_choice).store.unwrap_or_default();
        let is_used = in_use == self.from;
        if is_used && !found.is_empty() {
            profile.put_store(self.to);
        }
        let is_removed = !self.keeps && !from.is_read_only();
        let stores = [from.as_ref(), to.as_ref()];
        if self.is_dry_run {
            let told = self.told(&keys, &found, stores, is_removed, is_used, context);
            return Ok(Document { is_dry_run: true, diff: profile.diff()?, ..told });
        }
        let edit = profile.prepare()?;
        for record in found.iter().filter(|record| self.copies(record)) {
            to.put(&record.key, &record.value)?;
        }
        self.verify(&found, to.as_ref())?;
        edit.commit()?;
        if is_removed {
            for record in &found {
                from.delete(&record.key)?;
            }
        }
        Ok(self.told(&keys, &found, stores, is_removed, is_used, context))
    }

    /// Both stores, each ready to be asked.
    fn opened(self, profile: &Profile, context: &Context) -> Result<[Box<dyn SecretStore>; 2], StoreFault> {
        let open = |kind| secrets::open(&profile.secrets.chosen(Some(kind)), profile, context.world());
        let stores = [open(self.from)?, open(self.to)?];
        stores.iter().try_for_each(|store| store.check_open())?;
        Ok(stores)
    }

    fn copies(self, record: &Found) -> bool {
        match record.there {
            There::Absent => true,
            There::Same => false,
            There::Other => self.differing == Differing::FromFirst,
        }
    }

    fn refuse_differing(
        self,
        found: &[Found],
        from: &dyn SecretStore,
        to: &dyn SecretStore,
    ) -> Result<(), CommandError> {
        let mut differing = found.iter().filter(|record| record.there == There::Other).peekable();
        if self.differing != Differing::Refused || differing.peek().is_none() {
            return Ok(());
        }
        let records = Shown::join(differing.map(|record| &record.key), ", ");
        let told = Finding::of(FindingCode::STORE_RECORDS_DIFFER).with("records", records);
        let told = told.with("store", to.describe()).with("other", from.describe());
        Err(told.with("from", self.from.key()).with("to", self.to.key()).into())
    }

    /// Reads all of it once more: a store may have lost one record over another.
    fn verify(self, found: &[Found], to: &dyn SecretStore) -> Result<(), StoreFault> {
        for record in found {
            let stored = to.get(&record.key)?;
            let stays = record.there == There::Other && !self.copies(record);
            if stored.is_none_or(|stored| !stays && stored.expose() != record.value.expose()) {
                let what = shown!("{} in the {}: what is read back is not what was written", record.key, to.describe());
                return Err(StoreFault::NotKept { what });
            }
        }
        Ok(())
    }

    fn told(
        self,
        keys: &[RecordKey],
        found: &[Found],
        [from, to]: [&dyn SecretStore; 2],
        is_removed: bool,
        is_used: bool,
        context: &Context,
    ) -> Document {
        let mut document = Document::new("store");
        for key in keys {
            let mut report = Report::new(subject(key));
            let record = found.iter().find(|record| record.key == *key);
            let became = match record {
                None => shown!("none in the {}", from.describe()),
                Some(record) => {
                    let copied = match record.there {
                        There::Same => shown!("was in the {} already", to.describe()),
                        There::Other if !self.copies(record) => shown!("stays as the {} has it", to.describe()),
                        There::Absent | There::Other => shown!("copied to the {} and read back", to.describe()),
                    };
                    if is_removed { shown!("{}; removed from the {}", copied, from.describe()) } else { copied }
                }
            };
            report.fact("record", became);
            report.changed = Some(record.is_some_and(|record| self.copies(record) || is_removed));
            document.reports.push(report);
        }
        if from.is_read_only() && !found.is_empty() {
            document.warn(
                WarningCode::RecordSetElsewhere,
                shown!(
                    "the {} is set from elsewhere, so that nothing was removed there: remove it where it is set",
                    from.describe()
                ),
            );
        }
        if let Some(choice) = context.store_choice.filter(|choice| *choice != self.to) {
            document.warn(
                WarningCode::StoreOverridden,
                shown!(
                    "MAILGRANT_STORE or --store says {}, and it overrides the profile: say {} from now on",
                    choice.key(),
                    self.to.key()
                ),
            );
        }
        if is_used && !found.is_empty() {
            let path = &context.profile_path;
            document.next.push(shown!("Nothing: the profile ({}) names the {} now", path, self.to.key()).into());
        }
        if found.is_empty() {
            document.next.push(shown!("Nothing: the {} has no record of this profile", from.describe()).into());
        }
        document
    }
}

/// The records that the profile can have, in the order of their locks: app before mailbox, as everywhere.
pub fn keys_of(profile: &Profile) -> Vec<RecordKey> {
    let apps = profile.apps.keys().cloned().map(RecordKey::App);
    apps.chain(profile.mailboxes.keys().cloned().map(RecordKey::Mailbox)).collect()
}

fn found(keys: &[RecordKey], from: &dyn SecretStore, to: &dyn SecretStore) -> Result<Vec<Found>, StoreFault> {
    let mut found = Vec::new();
    for key in keys {
        let Some(value) = from.get(key)? else { continue };
        let there = match to.get(key)? {
            None => There::Absent,
            Some(other) if other.expose() == value.expose() => There::Same,
            Some(_) => There::Other,
        };
        found.push(Found { key: key.clone(), value, there });
    }
    Ok(found)
}

/// Whose record it is.
fn subject(key: &RecordKey) -> Subject {
    match key {
        RecordKey::App(name) => Subject::App(Shown::of(name)),
        RecordKey::Mailbox(name) | RecordKey::Trial(name) => Subject::Mailbox(Shown::of(name)),
    }
}

/// What the store in use has of the profile. Nothing is decrypted for people, and nothing is changed.
///
/// # Errors
/// What the profile and the store say.
pub fn list(context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let store = context.store(&profile)?;
    store.check_open()?;
    let keys = keys_of(&profile);
    let mut document = Document::new("store");
    for key in &keys {
        let mut report = Report::new(subject(key));
        let state = match store.get(key) {
            Ok(Some(_)) => "stored".into(),
            Ok(None) => "not stored".into(),
            Err(StoreFault::Damaged { what }) => shown!("cannot be read: {}", what),
            Err(fault) => return Err(fault.into()),
        };
        report.fact("record", state);
        report.fact("store", store.describe());
        document.reports.push(report);
    }
    let others = store.keys()?.unwrap_or_default().iter().filter(|key| !keys.contains(key)).count();
    if others > 0 {
        let count = text::count(others as u64, "record");
        document.warn(
            WarningCode::RecordsOfOthers,
            shown!("the {} also has {} of other profiles", store.describe(), count),
        );
    }
    if keys.is_empty() {
        document.next.push(super::describe::no_mailbox());
    }
    Ok(document)
}
