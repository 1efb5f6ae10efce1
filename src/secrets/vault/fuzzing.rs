//! What fuzzing reaches of the vault: a file's cover, a record, the one file of before, and the key's text.

use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::key::VaultKey;
use super::single::Contents;
use super::{open_cover, open_record, record, seal};
use crate::failure::StoreFault;
use crate::secrets::SecretBytes;

/// The contents of an open vault of one file.
pub struct VaultView<'a>(Contents<'a>);

impl<'a> VaultView<'a> {
    /// Reads them.
    ///
    /// # Errors
    /// As the reader's.
    pub fn parse(plain: &'a [u8]) -> Result<Self, StoreFault> {
        Contents::parse(Path::new("vault.age"), plain).map(Self)
    }

    /// The names of all records.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names()
    }

    /// One record.
    ///
    /// # Errors
    /// As the reader's.
    pub fn get(&self, name: &str) -> Result<Option<SecretBytes>, StoreFault> {
        self.0.get(name)
    }
}

/// Encrypts `plain` with the identities in `key`.
///
/// # Errors
/// As the writer's.
pub fn seal_vault(key: &SecretString, plain: &[u8]) -> Result<Vec<u8>, StoreFault> {
    seal::seal(&VaultKey::Value(key.clone()).identities()?, plain)
}

/// Decrypts a file of the vault with the identities in `key`.
///
/// # Errors
/// As the reader's.
pub fn open_vault(key: &SecretString, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreFault> {
    open_cover(Path::new("mailbox-shop.age"), &VaultKey::Value(key.clone()).identities()?, sealed)
}

/// The plain text of the record `entry`.
#[must_use]
pub fn compose_record(entry: &str, value: &[u8]) -> Zeroizing<Vec<u8>> {
    record::compose(entry, value)
}

/// Seals `plain` and opens it as the record `entry`.
///
/// # Errors
/// As the reader's.
pub fn open_as_record(key: &SecretString, entry: &str, plain: &[u8]) -> Result<SecretBytes, StoreFault> {
    let identities = VaultKey::Value(key.clone()).identities()?;
    let sealed = seal::seal(&identities, plain)?;
    open_record(Path::new("mailbox-shop.age"), &identities, entry, &sealed)
}

/// How many identities the text of a key holds.
///
/// # Errors
/// As the reader's.
pub fn read_vault_key(key: &SecretString) -> Result<usize, StoreFault> {
    VaultKey::Value(key.clone()).identities().map(|identities| identities.len())
}
