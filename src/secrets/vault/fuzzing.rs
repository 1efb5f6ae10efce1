//! What fuzzing reaches of the vault: the file's cover, its contents, and the key's text.

use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::contents::Contents;
use super::key::VaultKey;
use super::{decrypt, encrypt};
use crate::failure::StoreFault;
use crate::secrets::SecretBytes;

/// The contents of an open vault.
pub struct VaultView<'a>(Contents<'a>);

impl<'a> VaultView<'a> {
    /// Reads them.
    ///
    /// # Errors
    /// As the reader's.
    pub fn parse(plain: &'a [u8]) -> Result<Self, StoreFault> {
        Contents::parse(plain).map(Self)
    }

    /// As they would be written.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        self.0.to_json()
    }

    /// One record.
    ///
    /// # Errors
    /// As the reader's.
    pub fn get(&self, name: &str) -> Result<Option<SecretBytes>, StoreFault> {
        self.0.get(name)
    }

    /// Sets one record.
    pub fn set(&mut self, name: String, value: &SecretBytes) {
        self.0.set(name, value);
    }
}

/// Encrypts `plain` with the identities in `key`.
///
/// # Errors
/// As the writer's.
pub fn seal_vault(key: &SecretString, plain: &[u8]) -> Result<Vec<u8>, StoreFault> {
    encrypt(&VaultKey::Value(key.clone()).identities()?, plain)
}

/// Decrypts a vault with the identities in `key`.
///
/// # Errors
/// As the reader's.
pub fn open_vault(key: &SecretString, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreFault> {
    decrypt(Path::new("vault.age"), &VaultKey::Value(key.clone()).identities()?, encrypted)
}

/// How many identities the text of a key holds.
///
/// # Errors
/// As the reader's.
pub fn read_vault_key(key: &SecretString) -> Result<usize, StoreFault> {
    VaultKey::Value(key.clone()).identities().map(|identities| identities.len())
}
