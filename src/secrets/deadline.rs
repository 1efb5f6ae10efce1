//! A time limit around calls that have none of their own (SECURITY.md S2).

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::StoreFault;

/// What to tell a person who waits, and after how long.
pub(super) struct Notice<'a> {
    pub(super) after: Duration,
    pub(super) tell: &'a (dyn Fn() + Send + Sync),
}

/// Runs `job` on a thread of its own and waits for at most `limit`.
///
/// A job that takes longer cannot be stopped: it goes on in the background, its result is dropped (and wiped), and it
/// ends with the process.
pub(super) fn within<T: Send + 'static>(
    limit: Duration,
    notice: Option<Notice<'_>>,
    job: impl FnOnce() -> Result<T, StoreFault> + Send + 'static,
) -> Result<T, StoreFault> {
    let start = Instant::now();
    let (done, result) = mpsc::sync_channel(1);
    let spawned = thread::Builder::new().name("keyring".into()).spawn(move || {
        let _ = done.send(job());
    });
    if let Err(error) = spawned {
        return Err(StoreFault::Other { reason: shown!("no thread could be started: {}", error) });
    }
    let mut answer = Err(RecvTimeoutError::Timeout);
    if let Some(notice) = notice.filter(|notice| notice.after < limit) {
        answer = result.recv_timeout(notice.after);
        if matches!(answer, Err(RecvTimeoutError::Timeout)) {
            (notice.tell)();
        }
    }
    if matches!(answer, Err(RecvTimeoutError::Timeout)) {
        answer = result.recv_timeout(limit.saturating_sub(start.elapsed()));
    }
    match answer {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(StoreFault::Slow { after: start.elapsed() }),
        // The thread ended without an answer: the library under it panicked.
        Err(RecvTimeoutError::Disconnected) => {
            Err(StoreFault::Other { reason: "the keyring's library gave up; this is a bug".into() })
        }
    }
}
