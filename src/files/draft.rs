//! A write in two steps: all that can fail for want of space comes before the step that cannot be undone.

use std::fs;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Privacy, folder_of, follow, local, sys, temporary_in};
use crate::failure::Failure;

/// The new contents of a file, beside it. Dropped without [`commit`](Self::commit), they go, and the old ones stay.
pub struct Draft {
    /// As it was named, for messages.
    path: PathBuf,
    target: PathBuf,
    temporary: NamedTempFile,
}

impl Draft {
    /// Begins an empty draft of the file at `path`.
    ///
    /// # Errors
    /// As [`write_atomic`](super::write_atomic).
    pub fn begin(path: &Path, privacy: Privacy) -> Result<Self, Failure> {
        Self::begin_in(None, path, privacy)
    }

    /// The same in a folder of its own on the same disk: looking for what killed writers left then takes no longer where
    /// there are many files beside the file.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn begin_apart(folder: &Path, path: &Path, privacy: Privacy) -> Result<Self, Failure> {
        Self::begin_in(Some(folder), path, privacy)
    }

    fn begin_in(apart: Option<&Path>, path: &Path, privacy: Privacy) -> Result<Self, Failure> {
        let failed = |error: io::Error| local("write", path, &error);
        let target = match privacy {
            Privacy::Secret => path.to_path_buf(),
            Privacy::Config => follow(path).map_err(failed)?,
        };
        let old = match fs::symlink_metadata(&target) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        if privacy == Privacy::Secret {
            sys::check_folder(folder_of(&target))?;
            if let Some(old) = &old {
                sys::check_replaceable(&target, old)?;
            }
        }
        if let Some(apart) = apart {
            sys::check_folder(apart)?;
        }
        let temporary = temporary_in(apart.unwrap_or(folder_of(&target))).map_err(failed)?;
        if let (Privacy::Config, Some(old)) = (privacy, &old) {
            sys::copy_access(old, temporary.as_file()).map_err(failed)?;
        }
        Ok(Self { path: path.to_owned(), target, temporary })
    }

    /// Where the draft is for now, so that a process that is interrupted can remove it.
    #[must_use]
    pub fn temporary(&self) -> &Path {
        self.temporary.path()
    }

    /// Reserves `size` bytes on the disk. Contents of up to that size then fit, unless the file system writes
    /// every block again.
    ///
    /// # Errors
    /// [`File`](crate::failure::FailureKind::File) if there is not enough space, or the system refuses.
    pub fn reserve(&mut self, size: u64) -> Result<(), Failure> {
        let written = io::copy(&mut io::Read::take(io::repeat(0), size), &mut self.temporary);
        let synced = written.and_then(|_| self.temporary.as_file().sync_all());
        synced.map_err(|error| local("write", &self.path, &error))
    }

    /// Makes `contents` the draft's, down to the disk.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve).
    pub fn fill(&mut self, contents: &[u8]) -> Result<(), Failure> {
        let path = &self.path;
        let mut write = || {
            self.temporary.rewind()?;
            self.temporary.write_all(contents)?;
            self.temporary.as_file().set_len(contents.len() as u64)?;
            self.temporary.as_file().sync_all()
        };
        write().map_err(|error| local("write", path, &error))
    }

    /// Lets every user read the file, once it is in its place.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve).
    pub fn open_to_readers(&self) -> Result<(), Failure> {
        sys::open_to_readers(self.temporary.as_file()).map_err(|error| local("write", &self.path, &error))
    }

    /// Puts the draft in the file's place.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve); the old contents stay then, but for a folder that could not be synced.
    pub fn commit(self) -> Result<(), Failure> {
        let Self { path, target, temporary } = self;
        let failed = |error: io::Error| local("write", &path, &error);
        temporary.persist(&target).map_err(|error| failed(error.error))?;
        sys::sync_folder(folder_of(&target)).map_err(failed)
    }
}
