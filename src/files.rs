//! Private and atomic files (SECURITY.md F1, F2).
//!
//! A write is: temporary file beside the target (0600 from its creation, whatever the umask), fsync, rename, fsync of
//! the folder. A reader sees the old contents or the new, never a part, and a failure leaves the old. A temporary
//! file is locked for as long as its writer lives: the next writer in the folder removes what killed ones have left.
//! On platforms without Unix modes a file has its folder's access rules, which in a profile folder are the user's own.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use draft::Draft;
pub(crate) use folder::{create_folder_for_good, create_in_stage, put_in_place, remove, remove_folder};
pub use watched::{Sensitivity, WatchedPath};
use zeroize::Zeroizing;

use crate::failure::{Failure, FailureKind, StoreFault};
use crate::text::Shown;

mod draft;
mod folder;
pub mod lock;
mod watched;

/// The name of a temporary file: this, [`RANDOM`] letters or digits, and [`SUFFIX`].
const PREFIX: &str = ".mailgrant-";
const RANDOM: usize = 6;
const SUFFIX: &str = ".tmp";

/// How careful a write is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Holds secrets, or could: becomes 0600; a target that is a link, not a regular file or another user's is refused.
    Secret,
    /// Holds settings: keeps the mode and owner of the file it replaces (0600 where there is none), and writes to the
    /// target of a symbolic link, so that a dotfile manager's links stay.
    Config,
}

/// Writes `contents` to `path` in one step.
///
/// # Errors
/// [`StoreFault::Unsafe`] if `path` may not be replaced (see [`Privacy`]) or every user can write to its folder;
/// [`FailureKind::File`] if the system refuses. What was there before is there still.
pub fn write_atomic(path: &Path, contents: &[u8], privacy: Privacy) -> Result<(), Failure> {
    let mut draft = Draft::begin(path, privacy)?;
    draft.fill(contents)?;
    draft.commit()
}

/// Writes a private file (0600) that must not exist yet.
///
/// # Errors
/// [`FailureKind::File`] if there is something of that name already, or the system says no.
pub fn create_private(path: &Path, contents: &[u8]) -> Result<(), Failure> {
    let failed = |error: io::Error| local("create", path, &error);
    sys::check_folder(folder_of(path))?;
    let mut temporary = temporary_in(folder_of(path)).map_err(failed)?;
    temporary.write_all(contents).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist_noclobber(path).map_err(|error| failed(error.error))?;
    sys::sync_folder(folder_of(path)).map_err(failed)
}

/// Makes a folder and every missing one above it, each 0700. One that exists already must be ours and closed to
/// others' writes; others may look into it, since what lies in it is private by itself.
///
/// # Errors
/// [`StoreFault::Unsafe`] if an existing folder is not like that; [`FailureKind::File`] if the system says no.
pub fn create_private_folder(path: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| local("create the folder", path, &error);
    sys::make_folders(path).map_err(failed)?;
    check_own_folder(path)
}

/// Opens a private file for reading; `None` if there is none.
///
/// # Errors
/// [`StoreFault::Unsafe`] if it is a link, not a regular file, another user's, or open to others (root's own may be
/// group-readable: that is how systemd hands over credentials); [`FailureKind::File`] if the system says no.
pub fn open_private(path: &Path) -> Result<Option<File>, Failure> {
    sys::open_checked(path)
}

/// Opens a private file that lock holders write their names into; makes it if there is none.
pub(crate) fn open_lock_file(path: &Path) -> Result<File, Failure> {
    sys::open_lock_file(path)
}

/// Reads a whole private file of at most `limit` bytes; `None` if there is none.
///
/// # Errors
/// As [`open_private`], and [`FailureKind::TooLarge`].
pub fn read_private(path: &Path, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let Some(file) = open_private(path)? else {
        return Ok(None);
    };
    let failed = |error: io::Error| local("read", path, &error);
    let too_large = || Failure::new(FailureKind::TooLarge { what: Shown::of(path), limit });
    let size = usize::try_from(file.metadata().map_err(failed)?.len()).unwrap_or(usize::MAX);
    if size > limit {
        return Err(too_large());
    }
    // Room for all of it at once: a vector that grows leaves copies behind that are not wiped.
    let mut contents = Zeroizing::new(Vec::with_capacity(size + 1));
    file.take(size as u64 + 1).read_to_end(&mut contents).map_err(failed)?;
    // Our writes replace a file whole, so one that grew under us was written by something else.
    if contents.len() > size { Err(too_large()) } else { Ok(Some(contents)) }
}

/// Whether a private file can be written in `folder`: writes one of no fixed name, reads it back and removes it. What was
/// read.
///
/// # Errors
/// As [`write_atomic`].
pub fn write_test(folder: &Path, contents: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed = |error: io::Error| local("write in", folder, &error);
    sys::check_folder(folder)?;
    // Removed when it is dropped, on every way out.
    let mut temporary = temporary_in(folder).map_err(failed)?;
    temporary.write_all(contents).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    let read = fs::read(temporary.path()).map_err(failed)?;
    temporary.close().map_err(failed)?;
    Ok(read)
}

/// What the system says of a file or folder, links not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether it is a symbolic link.
    pub is_link: bool,
    /// The owner's number, where there are numbers.
    pub owner: Option<u32>,
    /// The group's number, where there are numbers.
    pub group: Option<u32>,
    /// Whether it is ours.
    pub is_ours: bool,
    /// Its mode, where there are modes: `0o600`.
    pub mode: Option<u32>,
}

/// Looks at a file or folder; `None` if there is none.
///
/// # Errors
/// [`FailureKind::File`] if the system says no.
pub fn access(path: &Path) -> Result<Option<Access>, Failure> {
    match fs::symlink_metadata(path) {
        Ok(is) => Ok(Some(sys::access(&is))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(local("look at", path, &error)),
    }
}

/// Whether what lies in an existing folder is safe from others' hands: it must be ours, and closed to others' writes.
///
/// # Errors
/// [`StoreFault::Unsafe`] if it is not like that; [`FailureKind::File`] if the system says no.
pub fn check_own_folder(path: &Path) -> Result<(), Failure> {
    let is = fs::metadata(path).map_err(|error| local("look at", path, &error))?;
    if is.is_dir() { sys::check_own_folder(path, &is) } else { Err(unsafe_file(path, "it is not a folder")) }
}

/// Whether there is a folder at `path` that private files may be read from: ours or root's, closed to others' writes, and
/// no link.
///
/// # Errors
/// As [`check_own_folder`].
pub fn is_private_folder(path: &Path) -> Result<bool, Failure> {
    match fs::symlink_metadata(path) {
        Ok(is) if is.file_type().is_symlink() => Err(unsafe_file(path, "it is a symbolic link")),
        Ok(is) if is.is_dir() => sys::check_readable_folder(path, &is).map(|()| true),
        Ok(_) => Err(unsafe_file(path, "it is not a folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(local("look at", path, &error)),
    }
}

/// Temporary files in `folder` that a process of ours did not live to rename or remove.
#[must_use]
pub fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_old = |entry: &fs::DirEntry| {
        // A write takes milliseconds. A file of the future is none that is being written.
        let age = entry.metadata().ok().and_then(|is| is.modified().ok()).map(|at| at.elapsed());
        !matches!(age, Some(Ok(age)) if age < FRESH)
    };
    let is_ours = |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(is_temporary);
    let mut found: Vec<PathBuf> = entries.filter(is_ours).filter(is_old).map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// A younger temporary file may still be in use.
const FRESH: Duration = Duration::from_secs(60);

fn temporary_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    // More than once only where another writer sweeps in the very moment between the file's creation and its lock.
    const TRIES: usize = 16;
    sweep(folder);
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).rand_bytes(RANDOM).suffix(SUFFIX);
    for _ in 0..TRIES {
        let temporary = builder.tempfile_in(folder)?;
        sys::make_private(temporary.as_file())?;
        if sys::claim(temporary.as_file())? {
            return Ok(temporary);
        }
    }
    Err(io::Error::other("another program removes our temporary files"))
}

/// Removes the temporary files of writers that were killed: those that have our name and owner, and that no process
/// holds any more. It is housekeeping, and never a reason for a write to fail.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_temporary) {
            sys::remove_if_abandoned(&entry.path());
        }
    }
}

fn is_temporary(name: &str) -> bool {
    let random = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Where a chain of symbolic links ends, whether or not anything is there yet.
fn follow(path: &Path) -> io::Result<PathBuf> {
    // As many as Linux follows (path_resolution(7)).
    const MOST_LINKS: usize = 40;
    let mut target = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        // What is not a link is not read as one: systems refuse that each with an error of their own.
        match fs::symlink_metadata(&target) {
            Ok(is) if is.is_symlink() => target = folder_of(&target).join(fs::read_link(&target)?),
            Ok(_) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

pub(crate) fn local(verb: &'static str, path: &Path, error: &io::Error) -> Failure {
    FailureKind::File {
        what: shown!("{} {}", verb, path),
        path: path.to_owned(),
        reason: Shown::of(error),
        kind: error.kind(),
    }
    .into()
}

fn unsafe_file(path: &Path, reason: impl Into<Shown>) -> Failure {
    StoreFault::Unsafe { path: Shown::of(path), reason: reason.into() }.into()
}

#[cfg(unix)]
#[path = "files/unix.rs"]
mod sys;
#[cfg(not(unix))]
#[path = "files/other.rs"]
mod sys;

#[cfg(test)]
mod tests;
