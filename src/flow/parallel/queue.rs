//! What is next: the items in their order, but never more at once with one key than allowed. It takes no longer to find
//! where many wait, also when none of them may begin.

use std::collections::{BTreeSet, HashMap, VecDeque};

/// Items by number, in a line for each key.
pub(super) struct Queue {
    lines: Vec<Line>,
    /// The lines from which an item may be taken, by the number of their first.
    ready: BTreeSet<(usize, usize)>,
    per_key: usize,
    waiting: usize,
}

struct Line {
    waiting: VecDeque<usize>,
    running: usize,
}

/// What [`Queue::take`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// This item; its line is told to [`Queue::free`] afterwards.
    Item {
        /// Which item.
        index: usize,
        /// Whose place it has taken.
        line: usize,
    },
    /// All that are left wait for one that runs.
    Later,
    /// None is left.
    Done,
}

impl Queue {
    /// The items with these keys, numbered from 0.
    pub(super) fn new(keys: impl Iterator<Item = String>, per_key: usize) -> Self {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut queue = Self { lines: Vec::new(), ready: BTreeSet::new(), per_key: per_key.max(1), waiting: 0 };
        for (index, key) in keys.enumerate() {
            let line = *numbers.entry(key).or_insert_with(|| {
                queue.lines.push(Line { waiting: VecDeque::new(), running: 0 });
                queue.lines.len() - 1
            });
            queue.lines[line].waiting.push_back(index);
            queue.waiting += 1;
        }
        (0..queue.lines.len()).for_each(|line| queue.admit(line));
        queue
    }

    pub(super) fn take(&mut self) -> Next {
        let Some((_, line)) = self.ready.pop_first() else {
            return if self.waiting == 0 { Next::Done } else { Next::Later };
        };
        let Some(index) = self.lines[line].waiting.pop_front() else { return self.take() };
        self.lines[line].running += 1;
        self.waiting -= 1;
        self.admit(line);
        Next::Item { index, line }
    }

    /// An item of `line` is done.
    pub(super) fn free(&mut self, line: usize) {
        self.lines[line].running -= 1;
        self.admit(line);
    }

    fn admit(&mut self, number: usize) {
        let line = &self.lines[number];
        if let Some(first) = line.waiting.front().filter(|_| line.running < self.per_key) {
            self.ready.insert((*first, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: &'static str) -> impl Iterator<Item = String> {
        keys.chars().map(String::from)
    }

    #[test]
    fn the_first_that_may_begin_is_next() {
        let mut queue = Queue::new(keys("aabab"), 2);
        let taken: Vec<Next> = (0..5).map(|_| queue.take()).collect();
        let item = |index, line| Next::Item { index, line };
        assert_eq!(taken, [item(0, 0), item(1, 0), item(2, 1), item(4, 1), Next::Later]);
        queue.free(1);
        assert_eq!(queue.take(), Next::Later, "b has no more, a no place");
        queue.free(0);
        assert_eq!((queue.take(), queue.take()), (item(3, 0), Next::Done));
        assert_eq!(Queue::new(keys(""), 2).take(), Next::Done);
        assert_eq!(Queue::new(keys("a"), 0).take(), item(0, 0), "none at once would be never");
    }

    #[test]
    fn those_that_wait_for_a_place_are_not_looked_through() {
        // With a look at each, as often as one is done, this would take minutes.
        let mut queue = Queue::new((0..200_000).map(|_| "one".to_owned()), 1);
        for expected in 0..200_000 {
            assert_eq!(queue.take(), Next::Item { index: expected, line: 0 });
            if expected < 199_999 {
                assert_eq!(queue.take(), Next::Later);
            }
            queue.free(0);
        }
        assert_eq!(queue.take(), Next::Done);
    }
}
