//! How the vault's folder comes to be: fresh, or out of the one file of before.
//!
//! The folder decides as soon as it is there, and until then the file does. It is filled under another name, every file
//! down to the disk, and gets its own name in one step; then the file is removed, since what was removed or replaced in
//! the folder would live on in it (and a refresh token that was used again can end a sign-in: RFC 9700 §4.14.2). Killed
//! before the step, the file is whole and the next write begins again; killed after it, the next write removes the file,
//! which it knows by its header. Another file in that place, as from an earlier version or a backup, is left alone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use age::x25519::Identity;

use super::faults::fault;
use super::place::{DRAFTS, beside};
use super::{record, seal, single};
use crate::failure::{Failure, StoreFault};
use crate::files;
use crate::files::lock::FileLock;
use crate::secrets::RecordKey;

/// The head of the file that the folder was made of.
const ORIGIN: &str = "taken-over-from";
/// An age header is a few hundred bytes, and no two files have the same: each begins with a new key.
const LONGEST_HEAD: usize = 64 * 1024;
/// Another process that makes the folder writes every record once.
const WAIT: Duration = Duration::from_secs(120);

/// Makes the vault's folder. A second process waits and finds it made.
pub(super) fn make(single: &Path, folder: &Path, identities: &[Identity]) -> Result<(), StoreFault> {
    if let Some(above) = single.parent().filter(|above| !above.as_os_str().is_empty()) {
        files::create_private_folder(above).map_err(|failure| fault(&failure))?;
    }
    if files::access(single).map_err(|failure| fault(&failure))?.is_none() {
        return fresh(folder);
    }
    let _turn = turn(single)?;
    if files::is_private_folder(folder).map_err(|failure| fault(&failure))? {
        return Ok(());
    }
    match single::read(single)? {
        Some(sealed) => take_over(single, folder, identities, &sealed),
        None => fresh(folder),
    }
}

fn fresh(folder: &Path) -> Result<(), StoreFault> {
    files::create_folder_for_good(&folder.join(DRAFTS)).map_err(|failure| fault(&failure))
}

fn take_over(single: &Path, folder: &Path, identities: &[Identity], sealed: &[u8]) -> Result<(), StoreFault> {
    let plain = single::open(single, identities, sealed)?;
    let contents = single::Contents::parse(single, &plain)?;
    let stage = stage(single);
    // What a process that was killed left there is of no use.
    let prepared = files::remove_folder(&stage).and_then(|()| files::create_private_folder(&stage.join(DRAFTS)));
    prepared.map_err(|failure| fault(&failure))?;
    let filled = fill(&stage, &contents, identities, sealed);
    if let Err(fault) = filled {
        // As on a full disk: the file stays what decides.
        let _ = files::remove_folder(&stage);
        return Err(fault);
    }
    files::put_in_place(&stage, folder).map_err(|failure| fault(&failure))
}

fn fill(
    stage: &Path,
    contents: &single::Contents<'_>,
    identities: &[Identity],
    sealed: &[u8],
) -> Result<(), StoreFault> {
    for name in contents.names() {
        // What is not an entry of ours, but was written by hand, has no name in the folder and is not known here.
        let (Some(key), Some(value)) = (RecordKey::from_entry_name(name), contents.get(name)?) else { continue };
        let path = stage.join(record::file_name(&key));
        let record = seal::seal(identities, &record::compose(name, value.expose()))?;
        files::create_in_stage(&path, &record).map_err(|failure| fault(&failure))?;
        let back = files::read_private(&path, record.len()).map_err(|failure| fault(&failure))?;
        if back.is_none_or(|back| *back != record) {
            let what = shown!("{}: what is read back is not what was written", path);
            return Err(StoreFault::NotKept { what });
        }
    }
    files::create_in_stage(&stage.join(ORIGIN), head(sealed)).map_err(|failure| fault(&failure))
}

/// Removes the file that the folder was made of: right after that, or with the next write where a process was killed.
pub(super) fn clear_up(single: &Path, folder: &Path) -> Result<(), StoreFault> {
    if files::access(single).map_err(|failure| fault(&failure))?.is_some() && !is_foreign(single, folder)? {
        let _turn = turn(single)?;
        if !is_foreign(single, folder)? {
            files::remove(single).map_err(|failure| fault(&failure))?;
        }
    }
    Ok(())
}

/// Whether there is a file beside the folder that the folder was not made of.
pub(super) fn is_foreign(single: &Path, folder: &Path) -> Result<bool, StoreFault> {
    let local = |failure: Failure| fault(&failure);
    if files::access(single).map_err(local)?.is_none() {
        return Ok(false);
    }
    let Some(origin) = files::read_private(&folder.join(ORIGIN), LONGEST_HEAD).map_err(local)? else {
        return Ok(true);
    };
    Ok(single::read(single)?.is_some_and(|sealed| head(&sealed) != origin.as_slice()))
}

fn turn(single: &Path) -> Result<FileLock, StoreFault> {
    // The lock of the versions that wrote the one file.
    FileLock::acquire(&beside(single, ".lock"), "the vault".into(), WAIT).map_err(|failure| fault(&failure))
}

/// Where the folder is filled.
fn stage(single: &Path) -> PathBuf {
    beside(single, ".d.new")
}

/// An age file's header, up to the line that authenticates it, or as much of the file as there is of it.
fn head(sealed: &[u8]) -> &[u8] {
    let line = sealed.windows(5).position(|window| window == b"\n--- ").map_or(0, |at| at + 5);
    let end = sealed[line..].iter().position(|byte| *byte == b'\n').map_or(sealed.len(), |at| line + at);
    &sealed[..end.min(LONGEST_HEAD)]
}
