//! What is next: the items in their order, but never more at once with one key than allowed. It takes no longer to find
//! where many wait, also when none of them may begin.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Instant;

/// A line by the number of its first item, so that the first in all is the first to go.
type Place = (usize, usize);

/// Items by number, in a line for each set of keys.
pub(super) struct Queue {
    keys: Vec<Key>,
    lines: Vec<Line>,
    /// The lines from which an item may be taken, as far as is known.
    ready: BTreeSet<Place>,
    /// The lines that wait for a time.
    held: BTreeMap<(Instant, usize), usize>,
    per_key: usize,
    waiting: usize,
}

struct Key {
    name: String,
    running: usize,
    /// The lines that wait for a place with it.
    blocked: BTreeSet<Place>,
}

struct Line {
    waiting: VecDeque<usize>,
    keys: Vec<usize>,
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
    /// All that are left wait for one that runs, or for this time.
    Later(Option<Instant>),
    /// None is left.
    Done,
}

impl Queue {
    /// The items with these keys, numbered from 0.
    pub(super) fn new(items: impl Iterator<Item = Vec<String>>, per_key: usize) -> Self {
        let mut queue = Self {
            keys: Vec::new(),
            lines: Vec::new(),
            ready: BTreeSet::new(),
            held: BTreeMap::new(),
            per_key: per_key.max(1),
            waiting: 0,
        };
        let (mut known, mut numbers) = (HashMap::new(), HashMap::new());
        for (index, mut names) in items.enumerate() {
            names.sort();
            names.dedup();
            let line = *numbers.entry(names).or_insert_with_key(|names: &Vec<String>| {
                let keys = names.iter().map(|name| queue.key(&mut known, name)).collect();
                queue.lines.push(Line { waiting: VecDeque::new(), keys });
                queue.lines.len() - 1
            });
            queue.lines[line].waiting.push_back(index);
            queue.waiting += 1;
        }
        (0..queue.lines.len()).for_each(|line| queue.admit(line));
        queue
    }

    fn key(&mut self, known: &mut HashMap<String, usize>, name: &str) -> usize {
        *known.entry(name.to_owned()).or_insert_with(|| {
            self.keys.push(Key { name: name.to_owned(), running: 0, blocked: BTreeSet::new() });
            self.keys.len() - 1
        })
    }

    /// The first item that may begin; `until` says of a key whether its items must wait for a time.
    pub(super) fn take(&mut self, until: impl Fn(&str) -> Option<Instant>) -> Next {
        self.release(Instant::now());
        while let Some((first, line)) = self.ready.pop_first() {
            if let Some(full) = self.lines[line].keys.iter().find(|key| !self.has_place(**key)).copied() {
                self.keys[full].blocked.insert((first, line));
                self.call(line);
            } else if let Some(time) = self.lines[line].keys.iter().filter_map(|key| until(&self.keys[*key].name)).max()
            {
                self.held.insert((time, line), first);
                self.call(line);
            } else if let Some(index) = self.lines[line].waiting.pop_front() {
                for key in &self.lines[line].keys {
                    self.keys[*key].running += 1;
                }
                self.waiting -= 1;
                self.admit(line);
                self.call(line);
                return Next::Item { index, line };
            }
        }
        match self.waiting {
            0 => Next::Done,
            _ => Next::Later(self.held.first_key_value().map(|((time, _), _)| *time)),
        }
    }

    /// An item of `line` is done.
    pub(super) fn free(&mut self, line: usize) {
        for key in self.lines[line].keys.clone() {
            self.keys[key].running -= 1;
        }
        self.call(line);
    }

    fn has_place(&self, key: usize) -> bool {
        self.keys[key].running < self.per_key
    }

    fn admit(&mut self, line: usize) {
        if let Some(first) = self.lines[line].waiting.front() {
            self.ready.insert((*first, line));
        }
    }

    /// Lets one of those that wait for a place come forward, for each key of `line` that has one: what `line` does not take,
    /// another may.
    fn call(&mut self, line: usize) {
        for key in self.lines[line].keys.clone() {
            if self.has_place(key)
                && let Some(place) = self.keys[key].blocked.pop_first()
            {
                self.ready.insert(place);
            }
        }
    }

    /// Lets those come forward whose time has come.
    fn release(&mut self, now: Instant) {
        while let Some(held) = self.held.first_entry().filter(|held| held.key().0 <= now) {
            let ((_, line), first) = held.remove_entry();
            self.ready.insert((first, line));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    const LATER: Next = Next::Later(None);

    fn keys(keys: &'static str) -> impl Iterator<Item = Vec<String>> {
        keys.split_ascii_whitespace().map(|keys| keys.chars().map(String::from).collect())
    }

    fn item(index: usize, line: usize) -> Next {
        Next::Item { index, line }
    }

    fn take(queue: &mut Queue) -> Next {
        queue.take(|_| None)
    }

    #[test]
    fn the_first_that_may_begin_is_next() {
        let mut queue = Queue::new(keys("a a b a b"), 2);
        let taken: Vec<Next> = (0..5).map(|_| take(&mut queue)).collect();
        assert_eq!(taken, [item(0, 0), item(1, 0), item(2, 1), item(4, 1), LATER]);
        queue.free(1);
        assert_eq!(take(&mut queue), LATER, "b has no more, a no place");
        queue.free(0);
        assert_eq!((take(&mut queue), take(&mut queue)), (item(3, 0), Next::Done));
        assert_eq!(take(&mut Queue::new(keys(""), 2)), Next::Done);
        assert_eq!(take(&mut Queue::new(keys("a"), 0)), item(0, 0), "none at once would be never");
    }

    #[test]
    fn an_item_needs_a_place_with_each_of_its_keys() {
        let mut queue = Queue::new(keys("ab ac b c bb"), 1);
        assert_eq!(take(&mut queue), item(0, 0));
        // ac waits for a, b for b; c is free.
        assert_eq!((take(&mut queue), take(&mut queue)), (item(3, 3), LATER));
        queue.free(0);
        // a is free, and ac waits for c now; b is free, and no one is kept from it by ac.
        assert_eq!((take(&mut queue), take(&mut queue)), (item(2, 2), LATER));
        queue.free(3);
        assert_eq!((take(&mut queue), take(&mut queue)), (item(1, 1), LATER));
        queue.free(2);
        assert_eq!((take(&mut queue), take(&mut queue)), (item(4, 2), Next::Done), "the same key twice is one key");
    }

    #[test]
    fn where_a_key_must_wait_the_others_go_on() {
        let mut queue = Queue::new(keys("a a b"), 2);
        let soon = Instant::now() + Duration::from_secs(3_600);
        let until = Cell::new(Some(soon));
        let of_a = |key: &str| until.get().filter(|_| key == "a");
        assert_eq!((queue.take(of_a), queue.take(of_a)), (item(2, 1), Next::Later(Some(soon))));
        queue.release(soon);
        until.set(None);
        assert_eq!((queue.take(of_a), queue.take(of_a), queue.take(of_a)), (item(0, 0), item(1, 0), Next::Done));
    }

    #[test]
    fn those_that_wait_for_a_place_are_not_looked_through() {
        // With a look at each, as often as one is done, this would take minutes: in one line, and in a line each.
        for own in [false, true] {
            let own =
                |number: usize| if own { vec!["one".to_owned(), number.to_string()] } else { vec!["one".to_owned()] };
            let mut queue = Queue::new((0..100_000).map(own), 1);
            for expected in 0..100_000 {
                let Next::Item { index, line } = take(&mut queue) else { panic!("{expected} may not begin") };
                assert_eq!(index, expected);
                if expected < 99_999 {
                    assert_eq!(take(&mut queue), LATER);
                }
                queue.free(line);
            }
            assert_eq!(take(&mut queue), Next::Done);
        }
    }
}
