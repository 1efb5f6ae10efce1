//! Owners, modes and folders as Unix has them.

use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::{Access, local, unsafe_file};
use crate::failure::Failure;

const GROUP_OR_OTHERS: u32 = 0o077;
const STICKY: u32 = 0o1000;
const OTHERS_WRITE: u32 = 0o002;

fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}

pub(super) fn access(is: &Metadata) -> Access {
    Access {
        is_folder: is.is_dir(),
        is_link: is.file_type().is_symlink(),
        owner: Some(is.uid()),
        group: Some(is.gid()),
        is_ours: is.uid() == us(),
        mode: Some(is.mode() & 0o7777),
    }
}

/// A created file has at most the mode that was asked for; a umask of 0777 would leave nothing, so say it again.
pub(super) fn make_private(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o600))
}

/// Lets every user read a file that its owner alone writes.
pub(super) fn open_to_readers(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o644))
}

/// A new file of mode 0600; one that is there, a link too, is refused.
pub(super) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Locks a temporary file for its writer's life. False if it was swept away before that.
pub(super) fn claim(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(false),
        // A file system without locks: no other process can lock the file to remove it either.
        Err(TryLockError::Error(_)) => Ok(true),
        Ok(()) => Ok(file.metadata()?.nlink() > 0),
    }
}

/// Removes a temporary file of ours that no process holds. The lock stops the file's maker from claiming it.
pub(super) fn remove_if_abandoned(path: &Path) {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path) else { return };
    let is_ours = file.metadata().is_ok_and(|is| is.is_file() && is.uid() == us());
    if is_ours && file.try_lock().is_ok() {
        let _ = fs::remove_file(path);
    }
}

pub(super) fn make_folders(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A file in a folder that every user can write to could be swapped under us, unless the sticky bit forbids it.
pub(super) fn check_folder(folder: &Path) -> Result<(), Failure> {
    let is = fs::metadata(folder).map_err(|error| local("look at", folder, &error))?;
    if is.mode() & OTHERS_WRITE != 0 && is.mode() & STICKY == 0 {
        return Err(unsafe_file(folder, "every user can write to this folder; chmod o-w it"));
    }
    Ok(())
}

/// A folder to read private files from: ours or root's, and reached without a link.
pub(super) fn check_readable_folder(folder: &Path, is: &Metadata) -> Result<(), Failure> {
    if is.uid() == us() {
        return check_own_folder(folder, is);
    }
    match is.uid() {
        0 if is.mode() & 0o022 == 0 => Ok(()),
        0 => Err(unsafe_file(folder, shown!("its mode {:04o} lets others write", is.mode() & 0o7777))),
        owner => Err(unsafe_file(folder, shown!("it belongs to user {}, and we are user {}", owner, us()))),
    }
}

pub(super) fn check_own_folder(folder: &Path, is: &Metadata) -> Result<(), Failure> {
    if is.uid() != us() {
        return Err(unsafe_file(folder, shown!("it belongs to user {}, and we are user {}", is.uid(), us())));
    }
    if is.mode() & 0o022 != 0 {
        return Err(unsafe_file(folder, shown!("its mode {:04o} lets others write; chmod 700 it", is.mode() & 0o7777)));
    }
    Ok(())
}

pub(super) fn check_replaceable(path: &Path, old: &Metadata) -> Result<(), Failure> {
    if old.file_type().is_symlink() {
        return Err(unsafe_file(path, "it is a symbolic link"));
    }
    if !old.is_file() {
        return Err(unsafe_file(path, "it is not a regular file"));
    }
    if old.uid() != us() {
        return Err(unsafe_file(path, shown!("it belongs to user {}, and we are user {}", old.uid(), us())));
    }
    Ok(())
}

/// Opens for reading without following a link, and looks at what was opened rather than at the name.
pub(super) fn open_checked(path: &Path) -> Result<Option<File>, Failure> {
    // NONBLOCK: opening a FIFO would wait for a writer.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if fs::symlink_metadata(path).is_ok_and(|is| is.file_type().is_symlink()) => {
            let _ = error;
            return Err(unsafe_file(path, "it is a symbolic link"));
        }
        Err(error) => return Err(local("read", path, &error)),
    };
    let is = file.metadata().map_err(|error| local("read", path, &error))?;
    if !is.is_file() {
        return Err(unsafe_file(path, "it is not a regular file"));
    }
    // Root can read everything anyway. systemd's credentials are root's, 0440 (the group bits are an ACL's mask).
    let closed_to = match is.uid() {
        owner if owner == us() => GROUP_OR_OTHERS,
        0 => 0o037,
        owner => return Err(unsafe_file(path, shown!("it belongs to user {}, and we are user {}", owner, us()))),
    };
    if is.mode() & closed_to != 0 {
        return Err(unsafe_file(path, shown!("its mode {:04o} lets others in; chmod 600 it", is.mode() & 0o7777)));
    }
    Ok(Some(file))
}

/// Opens (or makes) a private file for a lock's holder to write its name into.
pub(super) fn open_lock_file(path: &Path) -> Result<File, Failure> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) => {
            if let Ok(is) = fs::symlink_metadata(path) {
                check_replaceable(path, &is)?;
            }
            return Err(local("open", path, &error));
        }
    };
    let is = file.metadata().map_err(|error| local("open", path, &error))?;
    check_replaceable(path, &is)?;
    Ok(file)
}

/// Gives the new file the old one's mode, and its owner as far as we may.
pub(super) fn copy_access(old: &Metadata, new: &File) -> io::Result<()> {
    let is = new.metadata()?;
    if (old.uid(), old.gid()) != (is.uid(), is.gid()) {
        // Only root can give files away; for other users the file becomes theirs, as with every editor.
        let _ = std::os::unix::fs::fchown(new, Some(old.uid()), Some(old.gid()));
    }
    new.set_permissions(Permissions::from_mode(old.mode() & 0o7777))
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network and overlay file systems cannot sync a folder; the rename has happened all the same.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}
