//! One lock a record, over read, refresh and write (SECURITY.md C1 to C3).

use std::path::Path;
use std::time::Duration;

use super::faults::fault;
use super::{RecordKey, vault};
use crate::failure::{Failure, FailureKind};
use crate::files;
use crate::files::lock::FileLock;
use crate::text::Shown;

/// Held, this process alone may change the record. Dropping it lets the next one in.
pub struct RecordLock {
    _held: FileLock,
}

impl RecordLock {
    /// Waits for the record's lock for at most `wait`; with zero, only tries. Locks within one process exclude each
    /// other as well.
    ///
    /// # Errors
    /// [`FailureKind::Busy`] with the holder's name; [`FailureKind::Store`] if the lock file cannot be had: without its
    /// lock a record cannot be used.
    pub fn acquire(state_dir: &Path, name: &RecordKey, wait: Duration) -> Result<Self, Failure> {
        let folder = state_dir.join("locks");
        let path = folder.join(format!("{}.lock", vault::stem(name)));
        let made = files::create_private_folder(&folder);
        let held = made.and_then(|()| FileLock::acquire(&path, Shown::of(name), wait));
        held.map(|held| Self { _held: held }).map_err(|failure| match failure.kind {
            FailureKind::File { .. } => fault(&failure).into(),
            _ => failure,
        })
    }
}

#[cfg(test)]
mod tests;
