//! Takes secrets out of text, by value and by shape (SECURITY.md K2).

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::shapes::{self, Span};
use super::shown::Shown;
use super::views::View;

/// What is written in place of a secret.
const MASK: &str = "[redacted]";

/// A secret is recognised by any this many bytes of it in a row: servers quote tokens cut short or broken into lines.
const WINDOW: usize = 12;

/// Shorter "secrets" would take ordinary words out of ordinary text.
const SHORTEST: usize = 4;

/// A text that was shown before, whatever was written into its file since.
impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Redactor::read_back(&String::deserialize(deserializer)?))
    }
}

/// Knows every secret this process has held, and takes them (in any usual encoding) and everything that is shaped like
/// a secret out of text that is about to be shown.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<Mutex<Known>>,
    learning: Learning,
}

/// Whether secrets are remembered.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Learning {
    #[default]
    Every,
    None,
}

/// Fingerprints instead of copies: of each secret, the hash of every window of [`WINDOW`] bytes (of all bytes, where it
/// has fewer), by window length.
struct Known {
    /// Odd and random, so that no peer can choose text whose hash collides.
    base: u64,
    windows: BTreeMap<usize, HashSet<u64, BuildHasherDefault<Spread>>>,
    /// Keyed hashes of the whole secrets: one that is read again need not be taken in again.
    wholes: HashSet<u64, BuildHasherDefault<Spread>>,
    key: RandomState,
}

/// A hash of a number that is one already: only its bits are spread, as a table looks at the lowest and the highest.
/// Taking a long token in means thousands of them.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Not for numbers of 64 bits; slow, and right.
        bytes.iter().for_each(|byte| self.write_u64(self.0 ^ u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio's fraction. The products' upper half depends on all bits below, so it goes to both ends.
        let product = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }
}

impl Default for Known {
    fn default() -> Self {
        let key = RandomState::new();
        Self { base: key.hash_one(0) | 1, windows: BTreeMap::new(), wholes: HashSet::default(), key }
    }
}

impl Redactor {
    /// One that remembers nothing, for a command that shows no other side's words and reads many secrets.
    #[must_use]
    pub fn without_memory() -> Self {
        Self { learning: Learning::None, ..Self::default() }
    }

    /// Remembers a secret for redaction by value. Call it as soon as a secret is read, typed or received.
    pub fn learn(&self, secret: &SecretString) {
        let bytes = secret.expose_secret().trim().as_bytes();
        if bytes.len() >= SHORTEST && self.learning == Learning::Every {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let whole = known.key.hash_one(bytes);
            if !known.wholes.insert(whole) {
                return;
            }
            let (len, base) = (bytes.len().min(WINDOW), known.base);
            known.windows.entry(len).or_default().extend(Rolling::over(bytes, len, base));
        }
    }

    /// `text` without secrets and with control characters escaped, fit for one line of a terminal: line endings are
    /// escaped too, so split a text of several lines first. Takes time in proportion to the text.
    #[must_use]
    pub fn clean(&self, text: &str) -> Shown {
        Shown::redacted(&mask(text, self.find(text)))
    }

    /// As [`clean`](Self::clean), for the error text of a server that handles tokens: one that we have never seen, of
    /// whatever shape, may be in it. So everything that looks drawn by lot goes too, and with it the odd request
    /// number.
    #[must_use]
    pub fn clean_of_tokens(&self, text: &str) -> Shown {
        let mut spans = self.find(text);
        spans.extend(shapes::drawn_by_lot(text));
        Shown::redacted(&mask(text, spans))
    }

    /// `text` without what is shaped like a secret and with control characters escaped, where none of our secrets can stand
    /// in it: words of the system or of a library, of the command line or of a file.
    #[must_use]
    pub fn by_shape(text: &str) -> Shown {
        Shown::redacted(&mask(text, shapes::find(text)))
    }

    /// A text that was shown before, read back from a file: what a redaction has left stays, what has the form of a secret does
    /// not, and it is escaped.
    #[must_use]
    pub fn read_back(text: &str) -> Shown {
        Shown::redacted(&mask(text, shapes::find_by_form(text)))
    }

    /// An error code, which decides what is done next. One in the standards' form is left alone: a server that repeats a
    /// code as a token would otherwise make it unreadable. Anything else goes as [`clean_of_tokens`](Self::clean_of_tokens).
    #[must_use]
    pub fn clean_code(&self, code: &str) -> Shown {
        let is_code = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_code { Shown::redacted(code) } else { self.clean_of_tokens(&code.chars().take(200).collect::<String>()) }
    }

    /// Whether `text`, of any number of lines, holds a secret that was learned, as it is or in a usual encoding.
    #[must_use]
    pub fn finds_known(&self, text: &str) -> bool {
        let mut spans = Vec::new();
        self.find_known(text, &mut spans, |_, _| {});
        !spans.is_empty()
    }

    /// By value and by shape.
    fn find(&self, text: &str) -> Vec<Span> {
        let mut spans = shapes::find(text);
        self.find_known(text, &mut spans, find_sasl);
        spans
    }

    /// By value; `beside` looks at what every run of base64 or hexadecimal digits says.
    fn find_known(&self, text: &str, spans: &mut Vec<Span>, beside: impl Fn(&View, &mut Vec<Span>)) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let plain = View::plain(text);
        let unescaped = plain.unescaped();
        let squeezed = unescaped.squeezed();
        for view in [&plain, &unescaped, &squeezed, &unescaped.unescaped()] {
            known.find_in(view, spans);
        }
        for view in [&unescaped, &squeezed] {
            let decoded = (0..2).map(|skip| view.hex_decoded(skip)).chain((0..4).map(|skip| view.base64_decoded(skip)));
            for decoded in decoded {
                // HTTP Basic escapes the secret before it encodes it (RFC 6749 §2.3.1); UTF-16 has zeros in between.
                known.find_in(&decoded, spans);
                known.find_in(&decoded.unescaped(), spans);
                known.find_in(&decoded.squeezed(), spans);
                beside(&decoded, spans);
            }
        }
    }
}

impl Known {
    fn find_in(&self, view: &View, spans: &mut Vec<Span>) {
        for (&len, known) in &self.windows {
            for (at, hash) in Rolling::over(&view.bytes, len, self.base).enumerate() {
                if known.contains(&hash) {
                    note(view, at, len, spans);
                }
            }
        }
    }
}

/// A SASL response in base64 alone on its line: nothing before it says what it is, but its content does.
fn find_sasl(decoded: &View, spans: &mut Vec<Span>) {
    for needle in [b"auth=Bearer ", b"auth=bearer "] {
        for (at, window) in decoded.bytes.windows(needle.len()).enumerate() {
            if window == needle {
                note(decoded, at, needle.len(), spans);
            }
        }
    }
}

/// Adds the origin of `len` bytes at `at`, joined to the last one where they touch.
fn note(view: &View, at: usize, len: usize, spans: &mut Vec<Span>) {
    let (start, end) = (view.origin[at].0 as usize, view.origin[at + len - 1].1 as usize);
    match spans.last_mut() {
        Some(last) if (last.0..=last.1).contains(&start) => last.1 = last.1.max(end),
        _ => spans.push((start, end)),
    }
}

/// `text` with its `spans` masked, each together with the token around it: what is left of a token is a hint.
fn mask(text: &str, mut spans: Vec<Span>) -> String {
    spans.sort_unstable();
    let is_token = |c: &char| c.is_ascii_alphanumeric() || "+/_-.~%".contains(*c);
    let mut cleaned = String::with_capacity(text.len());
    let mut done = 0;
    let mut is_masked = false;
    for (start, end) in spans {
        if end <= done {
            continue;
        }
        // Origins of decoded bytes may lie inside a character.
        let start = (0..=start.max(done)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(done);
        let end = (end..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let before = &text[done..start];
        let kept = before.len() - before.chars().rev().take_while(is_token).map(char::len_utf8).sum::<usize>();
        if kept > 0 || !is_masked {
            cleaned.push_str(&before[..kept]);
            cleaned.push_str(MASK);
        }
        is_masked = true;
        done = end + text[end..].chars().take_while(is_token).map(char::len_utf8).sum::<usize>();
        // Padding ends base64.
        done += text[done..].chars().take_while(|c| *c == '=').count();
    }
    cleaned.push_str(&text[done..]);
    cleaned
}

/// The hashes of all windows of a fixed length over some bytes, each from the one before (Rabin and Karp).
struct Rolling<'a> {
    bytes: &'a [u8],
    len: usize,
    base: u64,
    /// `base` to the power of `len`: what the byte that leaves the window has been multiplied with.
    leaving: u64,
    hash: u64,
    at: usize,
}

impl<'a> Rolling<'a> {
    fn over(bytes: &'a [u8], len: usize, base: u64) -> Self {
        let leaving = (0..len).fold(1_u64, |power, _| power.wrapping_mul(base));
        let filled = len.saturating_sub(1).min(bytes.len());
        let hash = bytes[..filled].iter().fold(0, |hash, &byte| enter(hash, base, byte));
        Self { bytes, len, base, leaving, hash, at: filled }
    }
}

fn enter(hash: u64, base: u64, byte: u8) -> u64 {
    hash.wrapping_mul(base).wrapping_add(u64::from(byte) + 1)
}

impl Iterator for Rolling<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let &byte = self.bytes.get(self.at)?;
        self.hash = enter(self.hash, self.base, byte);
        if let Some(gone) = self.at.checked_sub(self.len) {
            self.hash = self.hash.wrapping_sub(self.leaving.wrapping_mul(u64::from(self.bytes[gone]) + 1));
        }
        self.at += 1;
        Some(self.hash)
    }
}

#[cfg(test)]
mod tests;
