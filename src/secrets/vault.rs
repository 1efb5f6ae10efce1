//! The vault: one age-encrypted file with every record, for machines without a keyring.
//!
//! The file is plain age (`age-encryption.org/v1`, X25519, binary), so `age --decrypt -i vault.key vault.age` opens
//! it too: a JSON object `{"schema":1,"records":{"mailbox:shop":"…base64…"}}`. Readers need no lock, since a write
//! replaces the file whole; writers take turns by a lock on the file beside it.

mod absent;
mod contents;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod key;

use std::path::{Path, PathBuf};
use std::time::Duration;

use age::x25519::Identity;
use zeroize::Zeroizing;

pub use key::{VaultKey, new_vault_key};

use self::contents::Contents;
use super::{Presence, RecordKey, Reservation, SecretBytes, SecretStore, trial};
use crate::failure::{Failure, FailureKind, StoreFault};
use crate::files::{self, Draft, Privacy};
use crate::lock::FileLock;

/// The most that a vault may hold, in bytes: a thousand mailboxes take about 10 MB.
const LARGEST: usize = 64 * 1024 * 1024;
/// By how much a write may make the vault larger without coming short of the room that was reserved for it: a grant with
/// four long tokens.
const GROWTH: u64 = 16 * 1024;
/// Another writer is done in milliseconds.
const WRITER_WAIT: Duration = Duration::from_secs(10);

/// An age-encrypted file of records.
pub struct VaultStore {
    path: PathBuf,
    key: VaultKey,
}

impl VaultStore {
    /// The vault at `path`. Neither it nor the key is read before the first call; the file is made by the first write.
    #[must_use]
    pub fn new(path: PathBuf, key: VaultKey) -> Self {
        Self { path, key }
    }

    fn encrypted(&self) -> Result<Option<Vec<u8>>, StoreFault> {
        let read = files::read_private(&self.path, LARGEST).map_err(|failure| fault(&failure))?;
        // Out of its wrapper: there is nothing in it to wipe.
        Ok(read.map(|mut encrypted| std::mem::take(&mut *encrypted)))
    }

    /// Reads, lets `change` change, and writes if it says so. For whoever holds the [`lock`](Self::lock).
    fn update(
        &self,
        identities: &[Identity],
        room: Reservation,
        change: impl FnOnce(&mut Contents<'_>) -> bool,
    ) -> Result<bool, StoreFault> {
        let plain = self.encrypted()?.map(|encrypted| decrypt(&self.path, identities, &encrypted)).transpose()?;
        let mut contents = match &plain {
            Some(plain) => Contents::parse(plain)?,
            None => Contents::default(),
        };
        if !change(&mut contents) {
            return Ok(false);
        }
        let encrypted = encrypt(identities, &contents.to_json())?;
        let draft = room.0.map_or_else(|| self.draft(), Ok);
        let written = draft.and_then(|mut draft| {
            draft.fill(&encrypted)?;
            draft.commit()
        });
        written.map_err(|failure| fault(&failure))?;
        Ok(true)
    }

    fn draft(&self) -> Result<Draft, Failure> {
        Draft::begin(&self.path, Privacy::Secret)
    }

    fn lock(&self) -> Result<FileLock, StoreFault> {
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::create_private_folder(folder).map_err(|failure| fault(&failure))?;
        }
        let mut beside = self.path.clone().into_os_string();
        beside.push(".lock");
        FileLock::acquire(Path::new(&beside), "the vault", WRITER_WAIT).map_err(|failure| fault(&failure))
    }
}

impl SecretStore for VaultStore {
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        let Some(encrypted) = self.encrypted()? else {
            return Ok(None);
        };
        let plain = decrypt(&self.path, &self.key.identities()?, &encrypted)?;
        Contents::parse(&plain)?.get(&key.entry_name())
    }

    fn absence(&self) -> Option<StoreFault> {
        absent::fault(&self.path, &self.key)
    }

    fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault> {
        self.put_reserved(key, value, Reservation::default())
    }

    fn reserve(&self, _: &RecordKey) -> Result<Reservation, StoreFault> {
        // The key first: without one nothing should appear on the disk, not even the lock's file.
        self.key.identities()?;
        let _turn = self.lock()?;
        let size = std::fs::metadata(&self.path).map_or(0, |is| is.len());
        let reserved = self.draft().and_then(|mut draft| {
            draft.reserve(size + GROWTH)?;
            Ok(draft)
        });
        reserved.map(|draft| Reservation(Some(draft))).map_err(|failure| fault(&failure))
    }

    fn put_reserved(&self, key: &RecordKey, value: &SecretBytes, room: Reservation) -> Result<(), StoreFault> {
        let identities = self.key.identities()?;
        let _turn = self.lock()?;
        self.update(&identities, room, |contents| {
            contents.set(key.entry_name(), value);
            true
        })?;
        match self.get(key)? {
            Some(stored) if stored.expose() == value.expose() => Ok(()),
            _ => Err(StoreFault::Damaged {
                what: format!("{}: what is read back is not what was written", self.describe()),
            }),
        }
    }

    fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault> {
        if self.encrypted()?.is_none() {
            return Ok(false);
        }
        let identities = self.key.identities()?;
        let _turn = self.lock()?;
        self.update(&identities, Reservation::default(), |contents| contents.remove(&key.entry_name()))
    }

    /// Leaves the vault as it is: its folder is tried with another file, encrypted and opened as the vault would be.
    fn trial(&self) -> Result<String, StoreFault> {
        let identities = self.key.identities()?;
        let mut found = "its key is there, there is no vault yet".to_owned();
        if let Some(encrypted) = self.encrypted()? {
            let plain = decrypt(&self.path, &identities, &encrypted)?;
            found = format!("its key opens it ({} records)", Contents::parse(&plain)?.len());
        }
        let value = trial::worthless()?;
        let folder = self.path.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        let back = files::trial(folder, &encrypt(&identities, value.expose())?).map_err(|failure| fault(&failure))?;
        if decrypt(&self.path, &identities, &back)?.as_slice() != value.expose() {
            return Err(StoreFault::Damaged { what: "what is read back is not what was written".into() });
        }
        Ok(format!("{found}; a file was written beside it, read back and removed"))
    }

    fn presence(&self) -> Result<Presence, StoreFault> {
        Ok(match files::access(&self.path).map_err(|failure| fault(&failure))? {
            Some(_) => Presence::There,
            None => Presence::NotYet { place: self.path.display().to_string() },
        })
    }

    fn describe(&self) -> String {
        format!("vault {}", self.path.display())
    }
}

fn encrypt(identities: &[Identity], plain: &[u8]) -> Result<Vec<u8>, StoreFault> {
    // The first identity is the one to write with; the others still open what was written with them.
    let first = identities.first().map(Identity::to_public);
    let recipient = first.ok_or_else(|| StoreFault::Other { reason: "the vault's key is empty".into() })?;
    age::encrypt(&recipient, plain)
        .map_err(|error| StoreFault::Other { reason: format!("the vault cannot be encrypted: {error}") })
}

fn decrypt(path: &Path, identities: &[Identity], encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreFault> {
    use std::io::Read;

    let damaged = |why: &str| StoreFault::Damaged { what: format!("the vault {}: {why}", path.display()) };
    if encrypted.starts_with(b"-----BEGIN AGE") {
        return Err(damaged("it is armored; write it without age's -a"));
    }
    let opened = age::Decryptor::new_buffered(encrypted).map_err(|_| damaged("it is no age file"))?;
    let mut reader = match opened.decrypt(identities.iter().map(|identity| identity as &dyn age::Identity)) {
        Ok(reader) => reader,
        Err(age::DecryptError::NoMatchingKeys) => return Err(StoreFault::WrongKey),
        Err(_) => return Err(damaged("its header was changed or cut off")),
    };
    // The plain text is shorter than the encrypted one, so this never grows and leaves no copies.
    let mut plain = Zeroizing::new(Vec::with_capacity(encrypted.len()));
    reader.read_to_end(&mut plain).map_err(|_| damaged("it was changed or cut off"))?;
    Ok(plain)
}

/// A file's failure as the store's.
pub(super) fn fault(failure: &Failure) -> StoreFault {
    match &failure.kind {
        FailureKind::Store(fault) => fault.clone(),
        FailureKind::Local { what, reason } => StoreFault::Other { reason: format!("{what}: {reason}") },
        FailureKind::TooLarge { what, limit } => {
            StoreFault::Damaged { what: format!("{what}: it is larger than {limit} bytes") }
        }
        FailureKind::Busy { what, holder, waited } => StoreFault::Other {
            reason: format!(
                "{what} was in use for {} s{}",
                waited.as_secs(),
                holder.as_ref().map(|holder| format!(" by {holder}")).unwrap_or_default()
            ),
        },
        _ => StoreFault::Other { reason: failure.to_string() },
    }
}

#[cfg(test)]
mod tests;
