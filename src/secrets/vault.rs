//! The vault: a folder with one age-encrypted file a record, for machines without a keyring.
//!
//! Each file is plain age (`age-encryption.org/v1`, X25519, binary), so `age --decrypt -i vault.key
//! vault.age.d/mailbox-shop.age` opens it too; what is inside is [`record`]'s affair. A write replaces a file whole, so
//! that readers need no lock; who changes a record holds that record's. Drafts have a folder of their own, so that no
//! write looks through all records. The vault's form of before, one file, is [`single`]'s; the first write makes the
//! folder of it ([`takeover`]).

mod absent;
mod faults;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod handed;
mod key;
mod place;
mod record;
mod seal;
mod single;
mod takeover;

use std::io;
use std::path::{Path, PathBuf};

use age::x25519::Identity;

pub use handed::{HandedVault, vault_text};
pub(super) use key::KEY_VARIABLE;
pub use key::{VaultKey, new_vault_key};
pub use place::{is_vault_made, vault_key_file};
pub(super) use record::stem;

use self::faults::{damaged, fault};
use self::place::{DRAFTS, vault_file, vault_places};
use self::record::Unread;
use self::seal::Unopened;
use super::{RecordKey, Reservation, SecretBytes, SecretStore, World, self_test};
use crate::failure::StoreFault;
use crate::files::{self, Draft, Privacy, Sensitivity, WatchedPath};
use crate::profile::StoreSpec;
use crate::text::{self, Redactor, Shown};

/// The most that one record may hold, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;
/// By how much a write may make a record larger and still fit the space that was reserved for it: a grant with
/// four long tokens.
const GROWTH: u64 = 16 * 1024;

/// An age-encrypted file for each record.
pub struct VaultStore {
    /// The one file of before.
    single: PathBuf,
    folder: PathBuf,
    key: VaultKey,
    /// The variable that names it, if one does.
    named_by: Option<&'static str>,
}

impl VaultStore {
    /// The vault at `path`: its records are in the folder of that name and `.d`, or of that name if it ends so; the file
    /// itself is what an earlier version left. Neither it nor the key is read before the first call, and the first write
    /// makes the folder.
    #[must_use]
    pub fn new(path: PathBuf, key: VaultKey) -> Self {
        let (single, folder) = vault_places(&path);
        Self { single, folder, key, named_by: None }
    }

    /// The vault of the profile's `spec`.
    #[must_use]
    pub fn open(spec: &StoreSpec, world: World<'_>) -> Self {
        let key = VaultKey::of(world.env, vault_key_file(spec, world));
        Self { named_by: place::variable(world.env), ..Self::new(vault_file(spec, world), key) }
    }

    fn is_made(&self) -> Result<bool, StoreFault> {
        files::is_private_folder(&self.folder).map_err(|failure| fault(&failure))
    }

    fn file(&self, key: &RecordKey) -> PathBuf {
        self.folder.join(record::file_name(key))
    }

    /// The record in its file; `None` if there is none.
    fn read(&self, identities: &[Identity], key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        let path = self.file(key);
        match self.sealed(&path)? {
            Some(sealed) => open_record(&path, identities, &key.entry_name(), &sealed).map(Some),
            None => Ok(None),
        }
    }

    fn sealed(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFault> {
        let read = files::read_private(path, LARGEST).map_err(|failure| fault(&failure))?;
        // Out of its wrapper: there is nothing in it to wipe.
        Ok(read.map(|mut sealed| std::mem::take(&mut *sealed)))
    }

    /// The record in the one file of before; `None` if there is no such file. Another process may make the folder of it
    /// meanwhile: then that decides.
    fn read_single(&self, identities: &[Identity], key: &RecordKey) -> Result<Option<Option<SecretBytes>>, StoreFault> {
        let Some(sealed) = single::read(&self.single)? else { return Ok(None) };
        let plain = single::open(&self.single, identities, &sealed)?;
        single::Contents::parse(&self.single, &plain)?.get(&key.entry_name()).map(Some)
    }

    /// Makes the vault ready for a write: its folder is there, and is ours.
    fn make_ready(&self, identities: &[Identity]) -> Result<(), StoreFault> {
        if !self.is_made()? {
            takeover::make(&self.single, &self.folder, identities)?;
        }
        // The drafts' own may be missing: an empty folder is easily lost in a copy, and another process may just be making
        // both.
        let ready = files::check_own_folder(&self.folder)
            .and_then(|()| files::create_private_folder(&self.folder.join(DRAFTS)));
        ready.map_err(|failure| fault(&failure))?;
        takeover::clear_up(&self.single, &self.folder)
    }

    /// What this key does not open, or what is damaged, is not overwritten. Where there is no such record yet, another
    /// one tells whether it is the vault's key.
    fn check_key(&self, identities: &[Identity], key: &RecordKey) -> Result<(), StoreFault> {
        if self.read(identities, key)?.is_some() {
            return Ok(());
        }
        self.check_any(identities)
    }

    /// Whether the key opens one of the records, where there are any.
    fn check_any(&self, identities: &[Identity]) -> Result<(), StoreFault> {
        let Some(path) = record_files(&self.folder)?.next() else { return Ok(()) };
        match self.sealed(&path)?.map(|sealed| seal::open(identities, &sealed)) {
            Some(Err(Unopened::WrongKey)) => Err(StoreFault::WrongKey),
            _ => Ok(()),
        }
    }

    fn draft(&self, key: &RecordKey) -> Result<Draft, StoreFault> {
        let begun = Draft::begin_apart(&self.folder.join(DRAFTS), &self.file(key), Privacy::Secret);
        begun.map_err(|failure| fault(&failure))
    }

    /// Writes the record, into `reserved` where there is such space.
    fn write(&self, key: &RecordKey, value: &SecretBytes, reserved: Option<Draft>) -> Result<(), StoreFault> {
        let identities = self.key.identities()?;
        self.make_ready(&identities)?;
        self.check_key(&identities, key)?;
        let sealed = seal::seal(&identities, &record::compose(&key.entry_name(), value.expose()))?;
        let mut draft = reserved.map_or_else(|| self.draft(key), Ok)?;
        draft.fill(&sealed).and_then(|()| draft.commit()).map_err(|failure| fault(&failure))?;
        match self.read(&identities, key)? {
            Some(stored) if stored.expose() == value.expose() => Ok(()),
            _ => Err(self.not_read_back()),
        }
    }

    fn not_read_back(&self) -> StoreFault {
        StoreFault::NotKept { what: shown!("{}: what is read back is not what was written", self.describe()) }
    }

    /// What the key opens, for [`self_test`](SecretStore::self_test).
    fn looked_through(&self, identities: &[Identity]) -> Result<Shown, StoreFault> {
        if self.is_made()? {
            let mut count = 0;
            for path in record_files(&self.folder)? {
                if let Some(sealed) = self.sealed(&path)? {
                    open_cover(&path, identities, &sealed)?;
                    count += 1;
                }
            }
            let left = if takeover::is_foreign(&self.single, &self.folder)? {
                shown!("; {} beside it is not read: remove it", self.single)
            } else {
                Shown::default()
            };
            return Ok(shown!("its key opens it ({}){}", text::count(count as u64, "record"), left));
        }
        let Some(sealed) = single::read(&self.single)? else {
            return Ok("its key is there, there is no vault yet".into());
        };
        let plain = single::open(&self.single, identities, &sealed)?;
        let count = single::Contents::parse(&self.single, &plain)?.len();
        Ok(shown!(
            "its key opens it ({} in one file; the next write makes a folder of it)",
            text::count(count as u64, "record")
        ))
    }
}

/// A draft that is as large as the record will be.
struct Reserved<'a> {
    vault: &'a VaultStore,
    key: RecordKey,
    draft: Draft,
}

impl Reservation for Reserved<'_> {
    fn put(self: Box<Self>, value: &SecretBytes) -> Result<(), StoreFault> {
        let Self { vault, key, draft } = *self;
        vault.write(&key, value, Some(draft))
    }
}

impl SecretStore for VaultStore {
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        if !self.is_made()? {
            if files::access(&self.single).map_err(|failure| fault(&failure))?.is_some()
                && let Some(found) = self.read_single(&self.key.identities()?, key)?
            {
                return Ok(found);
            }
            // The folder may have been made of the file just now.
            if !self.is_made()? {
                return Ok(None);
            }
        }
        self.read(&self.key.identities()?, key)
    }

    fn check_open(&self) -> Result<(), StoreFault> {
        let identities = self.key.identities()?;
        if self.is_made()? { self.check_any(&identities) } else { Ok(()) }
    }

    fn absence(&self, _: &RecordKey) -> Option<StoreFault> {
        absent::fault(&self.single, &self.folder, &self.key)
    }

    fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault> {
        self.write(key, value, None)
    }

    fn reserve<'a>(&'a self, key: &RecordKey) -> Result<Box<dyn Reservation + 'a>, StoreFault> {
        // The key first: without one nothing should appear on the disk.
        let identities = self.key.identities()?;
        self.make_ready(&identities)?;
        self.check_key(&identities, key)?;
        let size = std::fs::metadata(self.file(key)).map_or(0, |is| is.len());
        let mut draft = self.draft(key)?;
        draft.reserve(size + GROWTH).map_err(|failure| fault(&failure))?;
        Ok(Box::new(Reserved { vault: self, key: key.clone(), draft }))
    }

    fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault> {
        if !self.is_made()? {
            if files::access(&self.single).map_err(|failure| fault(&failure))?.is_none() {
                return Ok(false);
            }
            let identities = self.key.identities()?;
            if let Some(None) = self.read_single(&identities, key)? {
                return Ok(false);
            }
            self.make_ready(&identities)?;
        }
        let path = self.file(key);
        let Some(sealed) = self.sealed(&path)? else { return Ok(false) };
        let identities = self.key.identities()?;
        self.make_ready(&identities)?;
        match open_record(&path, &identities, &key.entry_name(), &sealed) {
            // A record that cannot be read any more may go: that is the way out.
            Ok(_) | Err(StoreFault::Damaged { .. }) => files::remove(&path).map_err(|failure| fault(&failure)),
            Err(other) => Err(other),
        }
    }

    /// By the names of the files, none of which is opened. The one file of before is not looked through.
    fn keys(&self) -> Result<Option<Vec<RecordKey>>, StoreFault> {
        if !self.is_made()? {
            return Ok(None);
        }
        Ok(Some(record_files(&self.folder)?.filter_map(|path| record::key_of(&path)).collect()))
    }

    /// Leaves the vault as it is: its folder is tried with another file, encrypted and opened as a record would be.
    fn self_test(&self) -> Result<Shown, StoreFault> {
        let identities = self.key.identities()?;
        let found = self.looked_through(&identities)?;
        let value = self_test::random_value()?;
        let drafts = self.folder.join(DRAFTS);
        let folder = drafts.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        let sealed = seal::seal(&identities, value.expose())?;
        let back = files::write_test(folder, &sealed).map_err(|failure| fault(&failure))?;
        if seal::open(&identities, &back).map_or(true, |back| back.as_slice() != value.expose()) {
            return Err(StoreFault::NotKept { what: "what is read back is not what was written".into() });
        }
        Ok(shown!("{}; a file was written beside it, read back and removed", found))
    }

    fn variables(&self, _: &[RecordKey]) -> Vec<Shown> {
        [self.named_by, self.key.variable()].into_iter().flatten().map(Shown::from).collect()
    }

    fn places(&self) -> Vec<WatchedPath> {
        let mut places = Vec::new();
        if let VaultKey::File(key) = &self.key {
            places.push(WatchedPath::new("vault key", key.clone(), Sensitivity::Secret));
        }
        places.push(WatchedPath::new("vault", self.folder.clone(), Sensitivity::SecretFolder));
        places.push(WatchedPath::new("vault of an earlier version", self.single.clone(), Sensitivity::Secret));
        let folder = self.folder.parent().map(Path::to_owned);
        places.extend(folder.map(|folder| WatchedPath::new("vault's folder", folder, Sensitivity::OwnFolder)));
        places
    }

    fn describe(&self) -> Shown {
        let is_single = !self.folder.exists() && self.single.exists();
        shown!("vault {}", if is_single { &self.single } else { &self.folder })
    }
}

/// The files of the records in `folder`, in no order. They are not opened, and no more of the folder is read than is
/// asked for.
fn record_files(folder: &Path) -> Result<impl Iterator<Item = PathBuf>, StoreFault> {
    let failed = |error: io::Error| fault(&files::local("read the folder", folder, &error));
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let is_record = |path: &PathBuf| path.extension().is_some_and(|ending| ending == &record::ENDING[1..]);
    Ok(entries.flatten().map(|entry| entry.path()).filter(is_record))
}

fn open_cover(path: &Path, identities: &[Identity], sealed: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, StoreFault> {
    seal::open(identities, sealed).map_err(|unopened| match unopened {
        Unopened::WrongKey => StoreFault::WrongKey,
        Unopened::Damaged(why) => damaged(path, why),
    })
}

fn open_record(path: &Path, identities: &[Identity], entry: &str, sealed: &[u8]) -> Result<SecretBytes, StoreFault> {
    let plain = open_cover(path, identities, sealed)?;
    record::parse(entry, &plain).map_err(|unread| match unread {
        Unread::Other(holds) => StoreFault::Misfiled {
            path: path.to_owned(),
            holds: Redactor::by_shape(&holds),
            expected: Redactor::by_shape(entry),
        },
        Unread::Newer(number) => StoreFault::Newer { what: Shown::of(path), number, known: record::FORMAT },
        Unread::NotOurs => damaged(path, "it does not hold a record of ours"),
    })
}

#[cfg(test)]
mod tests;
