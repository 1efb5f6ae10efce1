//! Many at once, bounded as a whole and for each server and tenant; a panic over one does not concern the others.

mod queue;

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::ScopedJoinHandle;
use std::time::Instant;

use self::queue::{Next, Queue};

/// How many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// With the same key: one host, one tenant.
    pub per_key: usize,
}

impl Limits {
    /// Kind to servers, and still 500 mailboxes in a minute or two.
    pub const USUAL: Self = Self { total: 16, per_key: 8 };

    /// As many with one key as any server takes that is set up as usual: Postfix lets one client have 50 connections
    /// (postconf(5), `smtpd_client_connection_count_limit`), and a command may be one of several.
    pub const MOST_PER_KEY: usize = 32;
}

/// Some work ended in a panic. Its message is dropped: it may hold what the work failed on, a secret among it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panicked;

impl From<Box<dyn Any + Send>> for Panicked {
    fn from(_: Box<dyn Any + Send>) -> Self {
        Self
    }
}

/// Runs `work` and survives its panic.
///
/// # Errors
/// [`Panicked`].
pub fn survive<R>(work: impl FnOnce() -> R) -> Result<R, Panicked> {
    // What the work has changed and left half-done is behind locks that tell, or is its own and goes with it.
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(Panicked::from)
}

/// The answer of `thread`; a panic there goes on here.
pub fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
}

/// Runs `work` for each of `items`, several at once; `keys` says which share a server. The answers come in the order of
/// the items; where the work panics, `fallen` gives the item's answer.
pub fn each<T: Sync, R: Send>(
    items: &[T],
    limits: Limits,
    keys: impl Fn(&T) -> Vec<String>,
    work: impl Fn(&T) -> R + Sync,
    fallen: impl Fn(&T, Panicked) -> R + Sync,
) -> Vec<R> {
    each_unless_held(items, limits, keys, |_| None, work, fallen)
}

/// The same, where an item does not begin before the time that `held` says for one of its keys; the others go on.
pub fn each_unless_held<T: Sync, R: Send>(
    items: &[T],
    limits: Limits,
    keys: impl Fn(&T) -> Vec<String>,
    held: impl Fn(&str) -> Option<Instant> + Sync,
    work: impl Fn(&T) -> R + Sync,
    fallen: impl Fn(&T, Panicked) -> R + Sync,
) -> Vec<R> {
    let work = |item: &T| survive(|| work(item)).unwrap_or_else(|panicked| fallen(item, panicked));
    if let [only] = items {
        return vec![work(only)];
    }
    let queue = Mutex::new(Queue::new(items.iter().map(keys), limits.per_key));
    let freed = Condvar::new();
    let answers: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..limits.total.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let Some((index, line)) = take(&queue, &freed, &held) {
                    // Freed on the way out of a panic too: the others must not wait for ever.
                    let _turn = Turn { queue: &queue, freed: &freed, line };
                    let answer = work(&items[index]);
                    answers.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(answer);
                }
            });
        }
    });
    answers.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()
}

/// The next item and its line, once there is a place for it.
fn take(queue: &Mutex<Queue>, freed: &Condvar, held: &impl Fn(&str) -> Option<Instant>) -> Option<(usize, usize)> {
    let mut state = queue.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        state = match state.take(held) {
            Next::Item { index, line } => return Some((index, line)),
            Next::Done => return None,
            Next::Later(None) => freed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Next::Later(Some(time)) => {
                let left = time.saturating_duration_since(Instant::now());
                freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }
}

struct Turn<'q> {
    queue: &'q Mutex<Queue>,
    freed: &'q Condvar,
    line: usize,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).free(self.line);
        self.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn answers_keep_the_items_order_and_no_key_exceeds_its_limit() {
        let items: Vec<usize> = (0..40).collect();
        let running = [AtomicUsize::new(0), AtomicUsize::new(0)];
        let most = AtomicUsize::new(0);
        let limits = Limits { total: 16, per_key: 3 };
        let answers = each(
            &items,
            limits,
            |item| vec![(item % 2).to_string()],
            |item| {
                let now = running[item % 2].fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(5));
                running[item % 2].fetch_sub(1, Ordering::SeqCst);
                item * 2
            },
            |item, Panicked| panic!("{item} does not panic"),
        );
        assert_eq!(answers, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn a_panic_over_one_item_is_that_items_answer_and_the_others_have_theirs() {
        for count in [1_usize, 2, 40] {
            let items: Vec<usize> = (0..count).collect();
            // One at a time for the key: a thread that waits behind a panic must get its turn.
            let limits = Limits { total: 4, per_key: 1 };
            let key = |item: &usize| vec![(item % 2).to_string()];
            let work = |item: &usize| if item.is_multiple_of(3) { panic!("over {item}") } else { item * 2 };
            let answers = each(&items, limits, key, work, |item, Panicked| 1_000 + item);
            let expected: Vec<usize> =
                items.iter().map(|item| if item % 3 == 0 { 1_000 + item } else { item * 2 }).collect();
            assert_eq!(answers, expected);
        }
    }

    #[test]
    fn nothing_to_do_is_done() {
        assert!(each(&[] as &[u8], Limits::USUAL, |_| Vec::new(), |_| (), |_, _| ()).is_empty());
    }
}
