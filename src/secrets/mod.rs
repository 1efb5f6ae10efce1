//! Where secrets are kept: the [`SecretStore`] and its keeps, the typed records in it, and the lock over each record.
//!
//! There is no fallback from one keep to another, and none to plain files (SECURITY.md S1): a keep that cannot do its
//! part says so as a [`StoreFault`], and nothing is erased.

mod deadline;
mod keyring;
mod lock;
mod parts;
mod records;
mod vault;

#[cfg(fuzzing)]
pub(crate) use vault::fuzzing;

pub use keyring::KeyringStore;
pub use lock::RecordLock;
pub use records::{
    AppRecord, Binding, CachedAccess, ClientSecret, Grant, GrantIdentity, RotationJournal, RotationPhase, load_app,
    load_grant, save_app, save_grant,
};
pub use vault::{VaultKey, VaultStore, new_vault_key};

use std::fmt;

use zeroize::Zeroizing;

use crate::failure::StoreFault;
use crate::profile::Name;

/// The service under which the operating system's keyring files our entries.
pub const SERVICE: &str = "mailgrant";

/// A keep for secrets.
pub trait SecretStore: Send + Sync {
    /// The record's value, or `None` if the keep works and has no such record.
    ///
    /// # Errors
    /// [`StoreFault`] if the keep could not be asked, or what it holds is damaged.
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault>;

    /// Stores the value, reads it back and compares. A failure leaves the old value.
    ///
    /// # Errors
    /// [`StoreFault`] if the value is not known to be stored.
    fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault>;

    /// Removes the record; false if there was none.
    ///
    /// # Errors
    /// [`StoreFault`] if the record may still be there.
    fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault>;

    /// The keep for people, as in `OS keyring (Secret Service)` or `vault /home/alice/vault.age`.
    fn describe(&self) -> String;
}

/// Which record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKey {
    /// An app's client secrets and the journal of their rotation.
    App(Name),
    /// A mailbox's grant.
    Mailbox(Name),
}

impl RecordKey {
    /// The entry's name in every keep, as in `mailbox:shop`.
    #[must_use]
    pub fn entry_name(&self) -> String {
        let (kind, name) = self.kind_and_name();
        format!("{kind}:{name}")
    }

    fn kind_and_name(&self) -> (&'static str, &Name) {
        match self {
            Self::App(name) => ("app", name),
            Self::Mailbox(name) => ("mailbox", name),
        }
    }
}

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
    /// Takes the bytes over. A vector that has grown on the way has left copies behind; make it with room for all.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the keep or the parser.
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

/// A keep in memory, for tests of the rooms above.
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

    fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault> {
        self.check()?;
        Ok(self.records.lock().unwrap().remove(key).is_some())
    }

    fn describe(&self) -> String {
        "memory".into()
    }
}
