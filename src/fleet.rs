//! Many at once, bounded as a whole and for each server and tenant.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, PoisonError};

/// How many at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// With the same key: one host, one tenant.
    pub per_key: usize,
}

impl Limits {
    /// Kind to servers, and still 500 mailboxes in a minute or two.
    pub const USUAL: Self = Self { total: 16, per_key: 8 };
}

struct Queue<'a, T> {
    waiting: Vec<(usize, &'a T, String)>,
    running: HashMap<String, usize>,
}

/// Runs `work` for each of `items`, several at once; `key` says which share a server. The answers come in the order of
/// the items.
pub fn each<T: Sync, R: Send>(
    items: &[T],
    limits: Limits,
    key: impl Fn(&T) -> String,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    if let [only] = items {
        return vec![work(only)];
    }
    // Taken from the end, so the first shall stand last.
    let waiting = items.iter().enumerate().map(|(index, item)| (index, item, key(item))).rev().collect();
    let queue = Mutex::new(Queue { waiting, running: HashMap::new() });
    let freed = Condvar::new();
    let answers: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..limits.total.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let Some((index, item, key)) = take(&queue, &freed, limits.per_key) {
                    // Freed on the way out of a panic too: the others must not wait for ever.
                    let _place = Place { queue: &queue, freed: &freed, key: &key };
                    let answer = work(item);
                    answers.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(answer);
                }
            });
        }
    });
    answers.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()
}

fn take<'a, T>(queue: &Mutex<Queue<'a, T>>, freed: &Condvar, per_key: usize) -> Option<(usize, &'a T, String)> {
    let mut state = queue.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if state.waiting.is_empty() {
            return None;
        }
        let free = |key: &str| state.running.get(key).is_none_or(|count| *count < per_key.max(1));
        if let Some(position) = state.waiting.iter().rposition(|(_, _, key)| free(key)) {
            let taken = state.waiting.remove(position);
            *state.running.entry(taken.2.clone()).or_default() += 1;
            return Some(taken);
        }
        state = freed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

struct Place<'q, 'a, T> {
    queue: &'q Mutex<Queue<'a, T>>,
    freed: &'q Condvar,
    key: &'q str,
}

impl<T> Drop for Place<'_, '_, T> {
    fn drop(&mut self) {
        let mut state = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = state.running.get_mut(self.key) {
            *count -= 1;
        }
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
            |item| (item % 2).to_string(),
            |item| {
                let now = running[item % 2].fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(5));
                running[item % 2].fetch_sub(1, Ordering::SeqCst);
                item * 2
            },
        );
        assert_eq!(answers, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn nothing_to_do_is_done() {
        assert!(each(&[] as &[u8], Limits::USUAL, |_| String::new(), |_| ()).is_empty());
    }
}
