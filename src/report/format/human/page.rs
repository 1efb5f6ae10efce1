//! Where the text goes: lines with a lead, wrapped beside it, and a time at their right.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;
use jiff::tz::TimeZone;

use super::line::{Line, Word};
use super::own_time;
use super::style::DIM;
use crate::report::View;

/// Wider than this no text reads well.
const WIDEST: usize = 100;

/// From here on there is room for times at the right; elsewhere they are in brackets.
const ROOMY: usize = 60;

/// Where less is left beside a lead, the text begins below it.
const LEAST: usize = 20;

/// How far text below its lead is indented.
const BELOW: usize = 4;

/// The text for people in the making.
pub(super) struct Page<'a> {
    pub(super) view: View,
    out: &'a mut dyn Write,
}

impl<'a> Page<'a> {
    /// A page that goes to `out`.
    pub(super) fn new(view: &View, out: &'a mut dyn Write) -> Self {
        Self { view: View { width: view.width.map(|width| width.min(WIDEST)), ..*view }, out }
    }

    /// `text` with the reader's own time beside each in UTC, where it goes to a terminal: a file is read anywhere.
    pub(super) fn own_time<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_terminal = self.view.width.is_some();
        own_time::beside(text, || TimeZone::try_system().ok().filter(|_| is_terminal))
    }

    /// An empty line.
    pub(super) fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A text, `indent` columns in.
    pub(super) fn text(&mut self, indent: usize, text: &Line<'_>) -> io::Result<()> {
        self.beside(indent, &Line::default(), text, None)
    }

    /// A text whose later lines are `hang` columns further in.
    pub(super) fn hanging(&mut self, indent: usize, hang: usize, text: &Line<'_>) -> io::Result<()> {
        let hang = indent + hang;
        let columns = self.view.width.map(|width| width.saturating_sub(hang).max(1));
        self.lines(indent, &Line::default(), hang, text.wrapped(columns), None)
    }

    /// A line that is not wrapped.
    pub(super) fn row(&mut self, line: &Line<'_>) -> io::Result<()> {
        line.write(true, self.out)?;
        writeln!(self.out)
    }

    /// A text beside its lead.
    pub(super) fn led(&mut self, indent: usize, lead: &Line<'_>, text: &Line<'_>) -> io::Result<()> {
        self.beside(indent, lead, text, None)
    }

    /// A text beside its lead, and how long that took: at the right where there is room, in brackets elsewhere.
    pub(super) fn timed(&mut self, indent: usize, lead: &Line<'_>, text: &Line<'_>, took: Duration) -> io::Result<()> {
        let time = in_words(took);
        match (&time, self.view.width.filter(|width| *width >= ROOMY)) {
            (Some(time), None) => {
                let text = text.clone().plain(" ").time(format!("({time})"));
                self.beside(indent, lead, &text, None)
            }
            (time, _) => self.beside(indent, lead, text, time.as_deref()),
        }
    }

    fn beside(&mut self, indent: usize, lead: &Line<'_>, text: &Line<'_>, right: Option<&str>) -> io::Result<()> {
        let hang = indent + lead.width();
        let reserved = right.map_or(0, |right| right.len() + 2);
        let Some(width) = self.view.width else {
            return self.lines(indent, lead, hang, text.wrapped(None), None);
        };
        let room = width.saturating_sub(hang + reserved);
        let begins_wide = text.first_width() > room;
        if (room < LEAST.min(text.width()) || begins_wide) && !lead.is_empty() {
            self.lines(indent, lead, hang, vec![Vec::new()], None)?;
            let lines = text.wrapped(Some(width.saturating_sub(indent + BELOW)));
            return self.lines(indent + BELOW, &Line::default(), indent + BELOW, lines, None);
        }
        self.lines(indent, lead, hang, text.wrapped(Some(room.max(1))), right)
    }

    /// Writes `lines`: the first behind `indent` and the lead, the others `hang` columns in.
    fn lines(
        &mut self,
        indent: usize,
        lead: &Line<'_>,
        hang: usize,
        lines: Vec<Vec<Word<'_>>>,
        right: Option<&str>,
    ) -> io::Result<()> {
        for (index, words) in lines.iter().enumerate() {
            let filled = words.iter().map(|word| word.width + 1).sum::<usize>().saturating_sub(1);
            if index == 0 {
                let is_alone = words.is_empty() && right.is_none();
                self.begin(indent, lead, is_alone)?;
            } else {
                // A word that is wider than the room begins further left, if it fits then.
                let left = self.view.width.and_then(|width| width.checked_sub(filled));
                let hang = left.map_or(hang, |left| hang.min(left));
                write!(self.out, "{:hang$}", "")?;
            }
            self.words(words)?;
            match right {
                Some(right) if index == 0 => {
                    let width = self.view.width.unwrap_or_default();
                    let gap = width.saturating_sub(hang + filled + right.len()).max(2);
                    write!(self.out, "{:gap$}{DIM}{right}{DIM:#}", "")?;
                }
                _ => {}
            }
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn begin(&mut self, indent: usize, lead: &Line<'_>, is_alone: bool) -> io::Result<()> {
        write!(self.out, "{:indent$}", "")?;
        lead.write(is_alone, self.out)
    }

    fn words(&mut self, words: &[Word<'_>]) -> io::Result<()> {
        let mut last: Option<Style> = None;
        for (index, word) in words.iter().enumerate() {
            for (place, part) in word.parts.iter().enumerate() {
                let goes_on = last == Some(part.style);
                if let Some(last) = last.filter(|_| !goes_on) {
                    write!(self.out, "{last:#}")?;
                }
                if index > 0 && place == 0 {
                    write!(self.out, " ")?;
                }
                if !goes_on {
                    write!(self.out, "{}", part.style)?;
                }
                last = Some(part.style);
                match part.url.filter(|url| self.view.links && is_safe(url)) {
                    Some(url) => write!(self.out, "\x1b]8;;{url}\x1b\\{}\x1b]8;;\x1b\\", part.text)?,
                    None => write!(self.out, "{}", part.text)?,
                }
            }
        }
        last.map_or(Ok(()), |last| write!(self.out, "{last:#}"))
    }
}

/// Whether a terminal may be told this address: it ends where a character ends the sequence that tells it.
fn is_safe(url: &str) -> bool {
    url.starts_with("https://") && url.bytes().all(|byte| byte.is_ascii_graphic())
}

/// "(88 ms)"; nothing where nothing was waited for.
pub(super) fn in_brackets(took: Duration) -> String {
    in_words(took).map_or_else(String::new, |time| format!("({time})"))
}

/// "88 ms", "12.5 s"; none where nothing was waited for.
fn in_words(took: Duration) -> Option<String> {
    match took.as_millis() {
        0 => None,
        millis @ 1..10_000 => Some(format!("{millis} ms")),
        millis => Some(format!("{:.1} s", millis as f64 / 1000.0)),
    }
}
