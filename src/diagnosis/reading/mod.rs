//! A text that someone pasted, read: its words in every form, whose it is, what the client did.
//!
//! ```text
//! normalize   the readings: without escapes, wraps, tags
//! client      what the client did
//! command     commands and mechanisms in a line
//! signs       the words of programs
//! clue phase  the names of it
//! place       whose servers it is from, and where in the chain
//! origin      the names of the places
//! values      whose app, which mailbox, which server
//! shape       the forms of values
//! ```

mod client;
mod clue;
mod command;
mod normalize;
mod origin;
mod phase;
mod place;
mod shape;
mod signs;
mod values;

pub use clue::{Clue, Clues};
pub use origin::Origin;
pub use phase::Phase;
pub use values::Values;

use std::collections::BTreeSet;

use crate::failure::aadsts_numbers_of_answer;
use crate::profile::Family;

/// A text, made readable for a search.
#[derive(Debug)]
pub struct Reading {
    /// All readings of it, one after the other.
    text: String,
    /// Offsets in `text` with the number of the line of the original, from 0; the offsets grow.
    starts: Vec<(usize, usize)>,
    /// What it shows of the client.
    clues: Clues,
    /// The lines that show a command.
    phases: Vec<(usize, Phase)>,
    /// The lines that say that something is tried once more, and that a sign-in worked.
    retries: Vec<usize>,
    worked: Vec<usize>,
    /// The lines that are about tokens and sign-in servers.
    sign_in_lines: BTreeSet<usize>,
    /// The lines with a number of Microsoft's.
    numbered_lines: BTreeSet<usize>,
    /// Whose servers it names.
    families: Vec<Family>,
    /// Where it seems to come from, the likeliest first.
    origins: Vec<Origin>,
}

/// No answer has more numbers.
const MOST_NUMBERS: usize = 64;

impl Reading {
    /// Reads `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let lines = normalize::lines(text);
        let (mut whole, mut starts) = (String::new(), Vec::new());
        for piece in normalize::readings(&lines) {
            starts.extend(piece.starts.iter().map(|(start, line)| (whole.len() + start, *line)));
            whole.push_str(&piece.text);
            whole.push('\n');
        }
        // A number that is in `error_codes` alone is known by the sentence's form too.
        for number in aadsts_numbers_of_answer(&whole).into_iter().take(MOST_NUMBERS) {
            let named = format!("AADSTS{number}");
            if !whole.contains(&named) {
                let line = whole.find(&number.to_string()).map_or(0, |at| line_at(&starts, at));
                starts.push((whole.len(), line));
                whole.push_str(&named);
                whole.push('\n');
            }
        }
        let seen = client::seen(lines.iter().map(|(number, line)| (*number, line.as_str())));
        let those = |holds: fn(&str) -> bool| lines.iter().filter(|(_, line)| holds(line)).map(|(at, _)| *at).collect();
        let families = place::families(&whole.to_lowercase());
        let origins = place::origins(&whole);
        Self {
            text: whole,
            starts,
            clues: seen.clues,
            phases: seen.phases,
            retries: seen.retries,
            worked: seen.worked,
            sign_in_lines: those(place::is_about_sign_in),
            numbered_lines: those(|line| !aadsts_numbers_of_answer(line).is_empty()),
            families,
            origins,
        }
    }

    /// All readings of it, for matching and not for showing.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The values that it names.
    #[must_use]
    pub fn values(&self) -> Values {
        Values::read(&self.text, |offset| self.line_at(offset))
    }

    /// The line of the original, from 0, that is read at `offset`.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> usize {
        line_at(&self.starts, offset)
    }

    /// What it shows of the client.
    #[must_use]
    pub fn clues(&self) -> Clues {
        self.clues
    }

    /// The phase of the conversation in this line: that of its own command, else of the last one before it.
    #[must_use]
    pub fn phase_at(&self, line: usize) -> Option<Phase> {
        let behind = self.phases.partition_point(|(number, _)| *number <= line);
        behind.checked_sub(1).map(|at| self.phases[at].1)
    }

    /// Whether a sign-in worked after this line of the original, when it was tried once more.
    #[must_use]
    pub fn is_made_good(&self, line: usize) -> bool {
        let again = self.retries.iter().find(|again| **again >= line);
        again.is_some_and(|again| self.worked.iter().any(|worked| worked > again))
    }

    /// Whether this line of the original is about tokens and sign-in servers.
    #[must_use]
    pub fn is_about_sign_in(&self, line: usize) -> bool {
        self.sign_in_lines.contains(&line)
    }

    /// Whether this line of the original has a number of Microsoft's.
    #[must_use]
    pub fn is_numbered(&self, line: usize) -> bool {
        self.numbered_lines.contains(&line)
    }

    /// Whose servers it names; none where it names none.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Where it seems to come from, the likeliest first.
    #[must_use]
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }
}

fn line_at(starts: &[(usize, usize)], offset: usize) -> usize {
    let behind = starts.partition_point(|(start, _)| *start <= offset);
    behind.checked_sub(1).map_or(0, |at| starts[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_has_its_line_and_a_line_its_phase() {
        let reading = Reading::of("C: MAIL FROM:<a@example.com>\nS: 250 ok\nC: RCPT TO:<b@example.com>\nS: 550 no");
        let at = reading.text().find("550").unwrap();
        assert_eq!(reading.line_at(at), 3);
        assert_eq!(reading.phase_at(3), Some(Phase::Rcpt));
        assert_eq!(reading.phase_at(1), Some(Phase::Mail));
        assert_eq!(Reading::of("").phase_at(0), None);
    }
}
