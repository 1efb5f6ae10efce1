//! Locks between processes: one a profile, over its edits, and (in `secrets`) one a record, over read, refresh and write.
//!
//! A command that needs several takes them in this order, or two commands wait for each other: the profile's, then the app's,
//! then the mailbox's.
//!
//! It is the kernel's lock on a file that is never unlinked: a process that dies loses it, and there is
//! nothing stale to break. The file's contents say who holds it; they are for people, and decide nothing.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, FailureKind};
use crate::files;
use crate::text::{Redactor, Shown};

/// How long a command waits for a record before it gives up as busy.
pub const LOCK_WAIT: Duration = Duration::from_secs(30);

/// How long to wait for a lock: the usual time, or what is left until `deadline` (SECURITY.md C3).
#[must_use]
pub fn wait_until(deadline: Option<Instant>) -> Duration {
    let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    left.map_or(LOCK_WAIT, |left| left.min(LOCK_WAIT))
}

const LONGEST_HOLDER: u64 = 400;

/// Held, this process alone may edit the profile. Dropping it lets the next one in.
pub struct ProfileLock {
    _held: FileLock,
}

impl ProfileLock {
    /// Waits for the lock of the profile at `profile_path` for at most `wait`; with zero, only tries. The profile need
    /// not be there yet. Every way to write its path, through symbolic links too, leads to the same lock.
    ///
    /// # Errors
    /// [`FailureKind::Busy`] with the holder's name; [`FailureKind::File`] or
    /// [`StoreFault::Unsafe`](crate::failure::StoreFault::Unsafe) if the lock file cannot be had.
    pub fn acquire(state_dir: &Path, profile_path: &Path, wait: Duration) -> Result<Self, Failure> {
        let folder = state_dir.join("locks");
        files::create_private_folder(&folder)?;
        let name = format!("profile-{:016x}.lock", fingerprint(canonical(profile_path).as_os_str().as_encoded_bytes()));
        let what = shown!("profile {}", profile_path);
        FileLock::acquire(&folder.join(name), what, wait).map(|held| Self { _held: held })
    }
}

/// FNV-1a, 64 bits: the same in every build, as the standard library's hashers are not. Two profiles of one fingerprint
/// would only wait for each other.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// The one name of a path: links are followed as far as it exists, the rest is taken as it is written.
fn canonical(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for existing in whole.ancestors() {
        if let (Ok(real), Ok(rest)) = (existing.canonicalize(), whole.strip_prefix(existing)) {
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
    }
    whole
}

/// An exclusive lock on a file.
pub struct FileLock {
    file: File,
}

impl FileLock {
    /// Waits for the lock of the file at `path` for at most `wait`; with zero, only tries. `what` names it to people.
    ///
    /// # Errors
    /// As [`ProfileLock::acquire`].
    pub fn acquire(path: &Path, what: Shown, wait: Duration) -> Result<Self, Failure> {
        let start = Instant::now();
        let file = files::open_lock_file(path)?;
        let failed = |error: io::Error| files::local("lock", path, &error);
        let file = match file.try_lock() {
            Ok(()) => file,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => match wait_for(file, wait).map_err(failed)? {
                Some(file) => file,
                None => {
                    return Err(FailureKind::Busy { what, holder: holder(path), waited: start.elapsed() }.into());
                }
            },
        };
        let mut lock = Self { file };
        // A full disk must not stop the command; the name only helps the one that waits.
        let _ = lock.write_holder(&description());
        Ok(lock)
    }

    fn write_holder(&mut self, text: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// Blocks in the kernel, which wakes the waiters in turn, rather than polling. The thread of a wait that was given up
/// runs on until the lock is free, finds that the waiter has gone, and lets go.
fn wait_for(file: File, wait: Duration) -> io::Result<Option<File>> {
    if wait.is_zero() {
        return Ok(None);
    }
    let (done, locked) = mpsc::sync_channel(1);
    thread::Builder::new().name("lock".into()).spawn(move || {
        let result = loop {
            match file.lock() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let _ = done.send(result.map(|()| file));
    })?;
    match locked.recv_timeout(wait) {
        Ok(result) => result.map(Some),
        Err(_) => Ok(None),
    }
}

/// Who we are: `process 1234: mailgrant authorize shop`. There is no secret in a command line of ours (K1).
fn description() -> String {
    let mut words = std::env::args_os();
    let program = words.next().map(PathBuf::from);
    let program = program.as_deref().and_then(Path::file_name).unwrap_or("mailgrant".as_ref());
    let mut text = format!("process {}: {}", std::process::id(), program.to_string_lossy());
    for word in words {
        text.push(' ');
        text.push_str(&word.to_string_lossy());
    }
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// What the holder wrote. Windows lets no other process read a locked file.
fn holder(path: &Path) -> Option<Shown> {
    let mut text = String::new();
    files::open_private(path).ok()??.take(LONGEST_HOLDER).read_to_string(&mut text).ok()?;
    (!text.is_empty()).then(|| Redactor::by_shape(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_waited_for_30_seconds_or_until_the_deadline() {
        let from_now = |seconds| Some(Instant::now() + Duration::from_secs(seconds));
        assert_eq!(wait_until(None), Duration::from_secs(30));
        assert_eq!(wait_until(from_now(3_600)), Duration::from_secs(30));
        assert!((1..=2).contains(&wait_until(from_now(2)).as_secs()));
        assert_eq!(wait_until(Some(Instant::now())), Duration::ZERO);
    }
}
