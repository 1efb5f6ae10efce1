//! Where secrets are stored: the [`SecretStore`]s, the typed records in them, and the lock over each record.
//!
//! There is no fallback from one store to another, and none to plain files (SECURITY.md S1): a store that cannot do its
//! part says so as a [`StoreFault`], and nothing is erased.

mod chunks;
mod command;
mod deadline;
mod env;
mod faults;
mod keyring;
mod lock;
mod nothing;
mod open;
mod records;
mod self_test;
mod vault;
mod world;

#[cfg(fuzzing)]
pub(crate) use vault::fuzzing;

pub use command::CommandStore;
pub use env::{EnvStore, app_variable};
pub use keyring::KeyringStore;
pub use lock::RecordLock;
pub use nothing::Nothing;
pub use open::{is_secret_variable, open};
pub use records::{
    AppRecord, Authorization, Binding, CachedAccess, ClientSecret, DueRemoval, GrantIdentity, LostGrant, MailboxRecord,
    RefreshGrant, RequestedSecret, RotationJournal, RotationPhase, load_app, load_mailbox, save_app, save_mailbox,
    save_mailbox_reserved,
};
pub use vault::{HandedVault, VaultKey, VaultStore, is_vault_made, new_vault_key, vault_key_file, vault_text};
pub use world::World;

use std::fmt;

use zeroize::Zeroizing;

use crate::failure::StoreFault;
use crate::files::WatchedPath;
use crate::profile::{Invalid, Name};
use crate::text::{Redactor, Shown};

/// The service under which the operating system's keyring files our entries.
pub const SERVICE: &str = "mailgrant";

/// A store for secrets.
pub trait SecretStore: Send + Sync {
    /// The record's value, or `None` if the store works and has no such record.
    ///
    /// # Errors
    /// [`StoreFault`] if the store could not be asked, or what it holds is damaged.
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault>;

    /// Why a record that was not found may be missing: the store as a whole is not where it is expected, or it is handed
    /// over and this was not. `None` where the store is there, or makes itself.
    fn absence(&self, _of: &RecordKey) -> Option<StoreFault> {
        None
    }

    /// Whether nothing can be written or removed: what it holds was handed over to this process, and changes elsewhere.
    fn is_read_only(&self) -> bool {
        false
    }

    /// Whether records can be read: the keyring answers, or the vault's key is there and opens it. Nothing is written.
    ///
    /// # Errors
    /// [`StoreFault`] if not.
    fn check_open(&self) -> Result<(), StoreFault> {
        self.get(&RecordKey::trial()?).map(drop)
    }

    /// Stores the value, reads it back and compares. A failure leaves the old value.
    ///
    /// # Errors
    /// [`StoreFault`] if the value is not known to be stored.
    fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault>;

    /// Whether the record may be written at all, for a caller that is about to ask a person for something to store.
    ///
    /// # Errors
    /// [`StoreFault::ReadOnly`] if not.
    fn check_writable(&self, key: &RecordKey) -> Result<(), StoreFault> {
        // A store that takes nothing says why, and what to do instead.
        if self.is_read_only() { self.put(key, &SecretBytes::new(Vec::new())) } else { Ok(()) }
    }

    /// Makes sure that the record could be written now, and reserves space for that where the store can. For a caller that is
    /// about to ask for something that is given only once, and holds the record's lock.
    ///
    /// # Errors
    /// [`StoreFault`] if a [`put`](Self::put) would fail.
    fn reserve<'a>(&'a self, key: &RecordKey) -> Result<Box<dyn Reservation + 'a>, StoreFault> {
        if self.is_read_only() {
            return Ok(Box::new(Unreserved { store: self, key: key.clone() }));
        }
        // What is there, written again: a store that can be read and not written says so now.
        if let Some(value) = self.get(key)? {
            self.put(key, &value)?;
        }
        Ok(Box::new(Unreserved { store: self, key: key.clone() }))
    }

    /// Removes the record; false if there was none.
    ///
    /// # Errors
    /// [`StoreFault`] if the record may still be there.
    fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault>;

    /// The records in the store, of every profile; `None` where it can only be asked for them by name.
    ///
    /// # Errors
    /// [`StoreFault`] if the store could not be asked.
    fn keys(&self) -> Result<Option<Vec<RecordKey>>, StoreFault> {
        Ok(None)
    }

    /// Proves that the store works: writes a random value, reads it back and removes it, and touches no other
    /// record. What was proven, in words.
    ///
    /// # Errors
    /// [`StoreFault`] if a step failed. Nothing is left behind, as far as the store still answers.
    fn self_test(&self) -> Result<Shown, StoreFault>;

    /// The variables of this process that lead to it, or hold these records: another program that runs `mailgrant` needs them
    /// too. No value is told.
    fn variables(&self, _of: &[RecordKey]) -> Vec<Shown> {
        Vec::new()
    }

    /// The files and folders that it reads or writes, for a look at their owners and modes.
    fn places(&self) -> Vec<WatchedPath> {
        Vec::new()
    }

    /// The store for people, as in `OS keyring (Secret Service)` or `vault /home/alice/vault.age.d`.
    fn describe(&self) -> Shown;
}

/// Space in a store for one write of one record. Dropping it gives it back.
pub trait Reservation {
    /// [`put`](SecretStore::put) into that space.
    ///
    /// # Errors
    /// As [`put`](SecretStore::put).
    fn put(self: Box<Self>, value: &SecretBytes) -> Result<(), StoreFault>;
}

/// What a store without reservations gives: the write itself, when its time comes.
struct Unreserved<'a, S: ?Sized> {
    store: &'a S,
    key: RecordKey,
}

impl<S: SecretStore + ?Sized> Reservation for Unreserved<'_, S> {
    fn put(self: Box<Self>, value: &SecretBytes) -> Result<(), StoreFault> {
        self.store.put(&self.key, value)
    }
}

/// Which record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKey {
    /// An app's client secrets and the journal of their rotation.
    App(Name),
    /// A mailbox's grant.
    Mailbox(Name),
    /// A random value, written to see whether the store works.
    Trial(Name),
}

impl RecordKey {
    /// The trial's record, of always the same name.
    fn trial() -> Result<Self, StoreFault> {
        let name = "doctor".parse();
        name.map(Self::Trial).map_err(|error: Invalid| StoreFault::Other { reason: Redactor::by_shape(&error.problem) })
    }

    /// The entry's name in every store, as in `mailbox:shop`.
    #[must_use]
    pub fn entry_name(&self) -> String {
        let (kind, name) = self.kind_and_name();
        format!("{kind}:{name}")
    }

    /// The record of which [`entry_name`](Self::entry_name) gives this name.
    #[must_use]
    pub fn from_entry_name(entry: &str) -> Option<Self> {
        let (kind, name) = entry.split_once(':')?;
        let name = name.parse().ok()?;
        match kind {
            "app" => Some(Self::App(name)),
            "mailbox" => Some(Self::Mailbox(name)),
            "self_test" => Some(Self::Trial(name)),
            _ => None,
        }
    }

    fn kind_and_name(&self) -> (&'static str, &Name) {
        match self {
            Self::App(name) => ("app", name),
            Self::Mailbox(name) => ("mailbox", name),
            Self::Trial(name) => ("self_test", name),
        }
    }
}

show_as_displayed!(RecordKey);

impl fmt::Display for RecordKey {
    /// For people, as in `mailbox shop`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = self.kind_and_name();
        write!(f, "{kind} {name}")
    }
}

/// Secret bytes: wiped when dropped, and without `Debug`.
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over. A vector that has grown on the way has left copies behind; make it large enough for all.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the store or the parser.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

/// A store in memory, for tests of the modules above.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct MemoryStore {
    records: std::sync::Mutex<std::collections::BTreeMap<RecordKey, SecretBytes>>,
    /// When set, every call fails with it.
    pub(crate) fault: std::sync::Mutex<Option<StoreFault>>,
}

#[cfg(test)]
impl MemoryStore {
    fn check(&self) -> Result<(), StoreFault> {
        self.fault.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
impl SecretStore for MemoryStore {
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        self.check()?;
        Ok(self.records.lock().unwrap().get(key).cloned())
    }

    fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault> {
        self.check()?;
        self.records.lock().unwrap().insert(key.clone(), value.clone());
        Ok(())
    }

    fn keys(&self) -> Result<Option<Vec<RecordKey>>, StoreFault> {
        self.check()?;
        Ok(Some(self.records.lock().unwrap().keys().cloned().collect()))
    }

    fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault> {
        self.check()?;
        Ok(self.records.lock().unwrap().remove(key).is_some())
    }

    fn self_test(&self) -> Result<Shown, StoreFault> {
        self.check().map(|()| "it is there".into())
    }

    fn describe(&self) -> Shown {
        "memory".into()
    }
}
