//! Which entries a text hits.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::entries;
use super::entry::{Entry, Role};
use super::pattern::Pattern;
use crate::diagnosis::reading::{Clues, Origin, Phase, Reading};
use crate::failure::aadsts_numbers_of_answer;
use crate::profile::Family;

/// What is known of a text, beside its words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hint {
    /// Whose server said it.
    pub family: Option<Family>,
    /// Where.
    pub origin: Option<Origin>,
    /// To which kind of command.
    pub phase: Option<Phase>,
    /// What the client did.
    pub clues: Clues,
}

/// An entry that a text hits.
#[derive(Debug, Clone, Copy)]
pub struct Hit {
    /// The entry.
    pub entry: &'static Entry,
    /// The first line that says it, from 0.
    pub line: usize,
    /// The last line that says it.
    pub last_line: usize,
    /// Its place in the catalogue: specific entries come before general ones.
    pub order: usize,
    /// The less, the more telling.
    weight: u8,
}

impl Hit {
    /// Whether the rest of the text seems to come from another place.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.weight & ELSEWHERE != 0
    }

    /// Whether it rests on a guess: whose words they are, or where they are said, only the rest of the text tells.
    #[must_use]
    pub fn is_guessed(&self) -> bool {
        self.entry.named || self.weight & (ELSEWHERE | OUT_OF_PHASE) != 0
    }
}

/// The weights of what speaks against a hit.
const GENERAL: u8 = 1;
const ELSEWHERE: u8 = 2;
const OUT_OF_PHASE: u8 = 4;
const FOLLOWS: u8 = 16;
const HARMLESS: u8 = 32;

/// The entries that `reading` hits, the most telling first.
#[must_use]
pub fn search(reading: &Reading, hint: Hint) -> Vec<Hit> {
    let numbers = numbers(reading.text());
    let places = Needles::shared().places(reading.text());
    let mut hits: Vec<Hit> = entries()
        .iter()
        .enumerate()
        .filter(|(_, entry)| is_possible(entry, reading, hint))
        .filter_map(|(order, entry)| {
            let (first, last) = match entry.pattern.number() {
                Some(number) => numbers.get(&number).copied()?,
                None => shown(&entry.pattern, reading.text(), places.get(&order)?)?,
            };
            let (line, last_line) = (reading.line_at(first), reading.line_at(last));
            Some(Hit { entry, line, last_line, order, weight: weight(entry, line, reading, hint) })
        })
        .collect();
    hits.sort_by_key(|hit| (hit.weight, hit.order));
    hits
}

/// Whether an entry may count at all: by provider and place, and by what is known of the client.
fn is_possible(entry: &Entry, reading: &Reading, hint: Hint) -> bool {
    let clues = reading.clues().and(hint.clues);
    is_of_provider(entry, reading.families(), hint.family)
        && hint.origin.is_none_or(|origin| entry.is_said_at(origin))
        && hint.phase.is_none_or(|phase| entry.at.is_empty() || entry.at.contains(&phase))
        && clues.has_all(entry.needs)
        && !clues.has_any(entry.unless)
}

/// Whether servers of the entry's provider may have said it; `named` are those that the text names.
fn is_of_provider(entry: &Entry, named: &[Family], known: Option<Family>) -> bool {
    // What is about the servers of others is not said by these.
    let is_named =
        if named.is_empty() { !entry.named } else { named.iter().any(|family| entry.provider.covers(*family)) };
    match known {
        None => is_named,
        Some(family) if family == Family::ANY => {
            entry.provider == Family::ANY || entry.provider.has_no_preset() && is_named
        }
        Some(family) => entry.provider.covers(family),
    }
}

/// The less, the more telling. Where stage and provider are known, the role and the order of the files decide.
fn weight(entry: &Entry, line: usize, reading: &Reading, hint: Hint) -> u8 {
    let role = match entry.role {
        Role::Cause => 0,
        Role::Follows => FOLLOWS,
        Role::Harmless => HARMLESS,
    };
    if hint.family.is_some() && hint.origin.is_some() {
        return role;
    }
    let is_general = matches!(entry.pattern, Pattern::OauthError(_)) || entry.provider == Family::ANY;
    let is_elsewhere = hint.origin.is_none()
        && !reading.origins().is_empty()
        && !reading.origins().iter().any(|origin| entry.is_said_at(*origin))
        && !matches!(entry.stage, Origin::Network | Origin::Tls | Origin::Keyring | Origin::Local);
    // The phase in a text is a guess.
    let phase = hint.phase.or_else(|| reading.phase_at(line));
    let is_out_of_phase = phase.is_some_and(|phase| !entry.at.is_empty() && !entry.at.contains(&phase));
    let against = [(is_general, GENERAL), (is_elsewhere, ELSEWHERE), (is_out_of_phase, OUT_OF_PHASE)];
    role + against.into_iter().filter(|(is_so, _)| *is_so).map(|(_, weight)| weight).sum::<u8>()
}

/// The first and the last place where the text shows the pattern.
fn shown(pattern: &Pattern, text: &str, places: &Places) -> Option<(usize, usize)> {
    let first = first_hit(pattern, text, places.first.iter())?;
    let last = first_hit(pattern, text, places.last.iter().rev());
    Some((first, last.unwrap_or(first)))
}

/// Reads the catalogue and makes ready to search it, as the first [`search`] would.
pub fn prepare() {
    Needles::shared();
}

/// The first hit at one of `needles`, which come in either order; those close to one without a hit are passed over.
fn first_hit<'a>(pattern: &Pattern, text: &str, needles: impl Iterator<Item = &'a Range<usize>>) -> Option<usize> {
    let mut looked_at: Option<usize> = None;
    needles
        .filter(|needle| {
            let is_new = looked_at.is_none_or(|place| needle.start.abs_diff(place) >= pattern.looks_around());
            if is_new {
                looked_at = Some(needle.start);
            }
            is_new
        })
        .find_map(|needle| pattern.hit(text, needle.clone()))
}

/// The known numbers in a text with their first and last places; those that are in `error_codes` alone are there too.
fn numbers(text: &str) -> BTreeMap<u32, (usize, usize)> {
    let place = |number: u32| {
        let digits = number.to_string();
        Some((number, (text.find(&digits)?, text.rfind(&digits)?)))
    };
    let there: BTreeSet<u32> = aadsts_numbers_of_answer(text).into_iter().collect();
    let known = entries().iter().filter_map(|entry| entry.pattern.number());
    known.filter(|number| there.contains(number)).filter_map(place).collect()
}

/// How many places of one needle are looked at, from the start and from the end: a log repeats itself.
const MOST_PLACES: usize = 64;

/// Where one of an entry's needles is.
#[derive(Debug, Default)]
struct Places {
    first: Vec<Range<usize>>,
    last: Vec<Range<usize>>,
}

impl Places {
    fn note(&mut self, place: Range<usize>) {
        if self.first.len() < MOST_PLACES {
            self.first.push(place);
            return;
        }
        if self.last.len() >= 2 * MOST_PLACES {
            self.last.drain(..MOST_PLACES);
        }
        self.last.push(place);
    }
}

/// One pass over the text tells which entries are worth a closer look, and where.
struct Needles {
    /// Finds the beginnings of needles: whole ones would take ten times as long to build.
    automaton: Option<AhoCorasick>,
    /// For each beginning, the needles that have it, each with its entry.
    needles: Vec<Vec<(&'static str, usize)>>,
}

/// How many bytes of a needle are looked for at first.
const BEGINNING: usize = 10;

impl Needles {
    fn shared() -> &'static Self {
        static NEEDLES: OnceLock<Needles> = OnceLock::new();
        NEEDLES.get_or_init(Self::new)
    }

    fn new() -> Self {
        let mut by_beginning: BTreeMap<Vec<u8>, Vec<(&'static str, usize)>> = BTreeMap::new();
        for (index, entry) in entries().iter().enumerate() {
            for needle in entry.pattern.needles() {
                let beginning = needle.as_bytes()[..needle.len().min(BEGINNING)].to_ascii_lowercase();
                by_beginning.entry(beginning).or_default().push((needle, index));
            }
        }
        let (beginnings, needles): (Vec<_>, Vec<_>) = by_beginning.into_iter().unzip();
        // Built fast rather than searched fast: it serves one text and goes.
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::NoncontiguousNFA)).build(&beginnings).ok();
        Self { automaton, needles }
    }

    /// For each entry that has a needle in the text, where.
    fn places(&self, text: &str) -> BTreeMap<usize, Places> {
        let mut places: BTreeMap<usize, Places> = BTreeMap::new();
        let lower = text.to_ascii_lowercase();
        for found in self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(&lower)) {
            for (needle, index) in &self.needles[found.pattern().as_usize()] {
                let place = found.start()..found.start() + needle.len();
                let is_there = text.as_bytes().get(place.clone());
                if is_there.is_some_and(|there| there.eq_ignore_ascii_case(needle.as_bytes())) {
                    places.entry(*index).or_default().note(place);
                }
            }
        }
        places
    }
}
