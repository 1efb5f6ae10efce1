//! Platforms without Unix owners and modes: access follows from the folder.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::{Access, local, unsafe_file};
use crate::failure::Failure;

pub(super) fn access(is: &Metadata) -> Access {
    Access {
        is_folder: is.is_dir(),
        is_link: is.file_type().is_symlink(),
        owner: None,
        group: None,
        is_ours: true,
        mode: None,
    }
}

pub(super) fn make_private(_: &File) -> io::Result<()> {
    Ok(())
}

pub(super) fn open_to_readers(_: &File) -> io::Result<()> {
    Ok(())
}

pub(super) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Nothing to lock: Windows' locks would keep readers out of the file in its place.
pub(super) fn claim(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Without a lock that tells, age does: no write takes an hour.
pub(super) fn remove_if_abandoned(path: &Path) {
    let Ok(is) = fs::symlink_metadata(path) else { return };
    let age = is.modified().ok().and_then(|modified| modified.elapsed().ok());
    if is.is_file() && age.is_some_and(|age| age > Duration::from_secs(3600)) {
        let _ = fs::remove_file(path);
    }
}

pub(super) fn make_folders(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

pub(super) fn check_folder(_: &Path) -> Result<(), Failure> {
    Ok(())
}

pub(super) fn check_readable_folder(_: &Path, _: &Metadata) -> Result<(), Failure> {
    Ok(())
}

pub(super) fn check_own_folder(_: &Path, _: &Metadata) -> Result<(), Failure> {
    Ok(())
}

pub(super) fn check_replaceable(path: &Path, old: &Metadata) -> Result<(), Failure> {
    if old.file_type().is_symlink() {
        return Err(unsafe_file(path, "it is a symbolic link"));
    }
    if old.is_file() { Ok(()) } else { Err(unsafe_file(path, "it is not a regular file")) }
}

pub(super) fn open_checked(path: &Path) -> Result<Option<File>, Failure> {
    match fs::symlink_metadata(path) {
        Ok(is) => check_replaceable(path, &is)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(local("read", path, &error)),
    }
    File::open(path).map(Some).map_err(|error| local("read", path, &error))
}

pub(super) fn open_lock_file(path: &Path) -> Result<File, Failure> {
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    options.map_err(|error| local("open", path, &error))
}

pub(super) fn copy_access(_: &Metadata, _: &File) -> io::Result<()> {
    Ok(())
}

pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
