//! What a program writes, read beside it up to a limit.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use zeroize::Zeroizing;

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// A stream that a thread reads.
pub(super) struct Stream {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    bytes: Zeroizing<Vec<u8>>,
    is_over_limit: bool,
    has_ended: bool,
}

impl Stream {
    /// Reads `source` to its end and holds the first `limit` bytes.
    pub(super) fn read(source: Option<impl Read + Send + 'static>, limit: usize) -> Self {
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            if let Some(mut source) = source {
                let mut chunk = Zeroizing::new(vec![0; CHUNK]);
                // A stream that breaks off has said what it has.
                while let Ok(count @ 1..) = source.read(&mut chunk) {
                    theirs.state().take_in(&chunk[..count], limit);
                }
            }
            theirs.state().has_ended = true;
            theirs.changed.notify_all();
        });
        Self { shared }
    }

    pub(super) fn is_over_limit(&self) -> bool {
        self.shared.state().is_over_limit
    }

    /// What has come when the stream ends, or at `until` where it has not.
    pub(super) fn until(&self, until: Instant) -> Zeroizing<Vec<u8>> {
        let mut state = self.shared.state();
        while !state.has_ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::take(&mut state.bytes)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_in(&mut self, chunk: &[u8], limit: usize) {
        let fits = limit.saturating_sub(self.bytes.len()).min(chunk.len());
        self.is_over_limit |= fits < chunk.len();
        let needed = self.bytes.len() + fits;
        if needed > self.bytes.capacity() {
            // By hand: a vector that grows leaves copies behind that are not wiped.
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * self.bytes.capacity())));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(&chunk[..fits]);
    }
}
