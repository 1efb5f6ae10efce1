//! Files and folders that come or go whole.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::{create_private_folder, folder_of, local, sys};
use crate::failure::Failure;

/// Removes a file, down to the disk; false if there is none.
///
/// # Errors
/// [`File`](crate::failure::FailureKind::File) if the system says no.
pub(crate) fn remove(path: &Path) -> Result<bool, Failure> {
    match fs::remove_file(path) {
        Ok(()) => sys::sync_folder(folder_of(path)).map(|()| true).map_err(|error| local("remove", path, &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(local("remove", path, &error)),
    }
}

/// Removes a folder with all that is in it, if there is one. Links in it go, what they lead to stays.
///
/// # Errors
/// As [`remove`].
pub(crate) fn remove_folder(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(local("remove", path, &error)),
        _ => Ok(()),
    }
}

/// Makes a private folder and those missing above it, down to the disk.
///
/// # Errors
/// As [`create_private_folder`].
pub(crate) fn create_folder_for_good(path: &Path) -> Result<(), Failure> {
    // As many as this program makes for itself: the folder, the one around it, and the one for all of this program's data.
    const OWN: usize = 3;
    create_private_folder(path)?;
    let above = path.ancestors().skip(1).take(OWN).filter(|folder| !folder.as_os_str().is_empty());
    above.into_iter().try_for_each(|folder| sys::sync_folder(folder).map_err(|error| local("write", folder, &error)))
}

/// Writes a new private file, down to the disk, in a folder that is used only once it is complete.
///
/// # Errors
/// As [`remove`].
pub(crate) fn create_in_stage(path: &Path, contents: &[u8]) -> Result<(), Failure> {
    let write = || {
        let mut file = sys::create_new(path)?;
        sys::make_private(&file)?;
        file.write_all(contents)?;
        file.sync_all()
    };
    write().map_err(|error| local("write", path, &error))
}

/// Gives a complete folder the name under which it is used, in one step and down to the disk. `to` must not be there.
///
/// # Errors
/// As [`remove`].
pub(crate) fn put_in_place(from: &Path, to: &Path) -> Result<(), Failure> {
    let put = || {
        sys::sync_folder(from)?;
        fs::rename(from, to)?;
        sys::sync_folder(folder_of(to))
    };
    put().map_err(|error| local("make the folder", to, &error))
}
