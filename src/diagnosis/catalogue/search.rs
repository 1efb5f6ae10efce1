//! Which entries a text hits.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::entries;
use super::entry::{Entry, Origin};
use super::pattern::Pattern;
use crate::failure::aadsts_numbers_of_answer;
use crate::profile::Family;

/// What is known of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hint {
    /// Whose server said it.
    pub family: Option<Family>,
    /// Where.
    pub origin: Option<Origin>,
}

/// An entry that a text hits.
#[derive(Debug, Clone, Copy)]
pub struct Hit {
    /// The entry.
    pub entry: &'static Entry,
}

/// The entries that `text` hits, the most telling first. The text should have been made readable.
#[must_use]
pub fn search(text: &str, hint: Hint) -> Vec<Hit> {
    let numbers: BTreeSet<u32> = aadsts_numbers_of_answer(text).into_iter().collect();
    // A number that is in `error_codes` alone is known by expressions too.
    let text = &numbers.iter().fold(text.to_owned(), |text, number| text + "\nAADSTS" + &number.to_string());
    let candidates = Needles::shared().candidates(text);
    let mut hits: Vec<(usize, &Entry)> = entries()
        .iter()
        .enumerate()
        .filter(|(index, entry)| {
            hint.family.is_none_or(|family| entry.provider.covers(family))
                && hint.origin.is_none_or(|origin| entry.is_said_at(origin))
                && candidates[*index]
                && entry.pattern.hits(text, &numbers)
        })
        .collect();
    let guess = Guess::of(text);
    hits.sort_by_key(|(index, entry)| (weight(entry, hint, &guess), *index));
    hits.into_iter().map(|(_, entry)| Hit { entry }).collect()
}

/// The less, the more telling. Where stage and provider are known, file order alone decides.
fn weight(entry: &Entry, hint: Hint, guess: &Guess) -> u8 {
    if hint.family.is_some() && hint.origin.is_some() {
        return 0;
    }
    let is_general = matches!(entry.pattern, Pattern::OauthError(_)) || entry.provider == Family::ANY;
    let is_elsewhere = hint.origin.is_none()
        && !guess.origins.is_empty()
        && !guess.origins.iter().any(|origin| entry.is_said_at(*origin));
    u8::from(is_general) + 2 * u8::from(is_elsewhere)
}

/// Where `text` seems to come from, the likeliest first.
#[must_use]
pub fn places(text: &str) -> Vec<Origin> {
    Guess::of(text).origins
}

/// Where a text seems to come from.
struct Guess {
    origins: Vec<Origin>,
}

impl Guess {
    fn of(text: &str) -> Self {
        let mut origins = Vec::new();
        let mut note = |origin, is_there: bool| {
            if is_there {
                origins.push(origin);
            }
        };
        note(Origin::Pop3, text.contains("-ERR"));
        note(Origin::Imap, text.contains("IMAP") || ["BYE ", "BAD ", "NO "].iter().any(|word| begins_word(text, word)));
        note(Origin::Smtp, ["SMTP", "smtp", "EHLO"].iter().any(|sign| text.contains(sign)) || has_enhanced_code(text));
        note(
            Origin::Token,
            ["AADSTS", "aadsts", "error_description", "invalid_grant", "invalid_client"]
                .iter()
                .any(|sign| text.contains(sign)),
        );
        if origins.contains(&Origin::Token) {
            origins.push(Origin::Authorize);
        }
        Self { origins }
    }
}

/// Whether `word` is at the start of a line or behind a blank.
fn begins_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| at == 0 || text[..at].ends_with([' ', '\n']))
}

/// Whether a reply code and an enhanced one are side by side, as in `535 5.7.8` (RFC 3463 §2).
fn has_enhanced_code(text: &str) -> bool {
    text.as_bytes().windows(9).any(|bytes| {
        let digit = |at: usize| bytes[at].is_ascii_digit();
        matches!(bytes[0], b'4' | b'5')
            && digit(1)
            && digit(2)
            && matches!(bytes[3], b' ' | b'-')
            && bytes[4] == bytes[0]
            && bytes[5] == b'.'
            && digit(6)
            && (bytes[7] == b'.' || digit(7))
    })
}

/// One pass over the text tells which entries are worth a closer look.
struct Needles {
    automaton: Option<AhoCorasick>,
    /// For each needle, its entry.
    owners: Vec<usize>,
    /// The entries that have none.
    always: Vec<bool>,
}

impl Needles {
    fn shared() -> &'static Self {
        static NEEDLES: OnceLock<Needles> = OnceLock::new();
        NEEDLES.get_or_init(Self::new)
    }

    fn new() -> Self {
        let (mut needles, mut owners, mut always) = (Vec::new(), Vec::new(), Vec::new());
        for (index, entry) in entries().iter().enumerate() {
            let own = entry.pattern.needles();
            always.push(own.is_empty());
            owners.extend(own.iter().map(|_| index));
            needles.extend(own);
        }
        // Built fast rather than searched fast: it serves one text and goes.
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .build(&needles)
            .ok();
        Self { automaton, owners, always }
    }

    fn candidates(&self, text: &str) -> Vec<bool> {
        let mut candidates = self.always.clone();
        match &self.automaton {
            Some(automaton) => {
                for found in automaton.find_overlapping_iter(text) {
                    candidates[self.owners[found.pattern().as_usize()]] = true;
                }
            }
            None => candidates.fill(true),
        }
        candidates
    }
}
