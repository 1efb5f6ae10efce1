//! One question on the terminal: the line is read key by key, and shown as the terminal's width wraps it.

use std::io;
use std::thread;
use std::time::Duration;

use console::{Term, measure_text_width};
use zeroize::Zeroizing;

use super::line::{Line, Step, Turn};

/// Why a question has no answer.
#[derive(Debug)]
pub enum PromptError {
    /// There is no terminal.
    NoTerminal,
    /// Ctrl-C, Escape, or the end of input.
    Cancelled,
}
use crate::context::terminal::Unbuffered;

/// How long the rest of a key's sequence may take to come after its Escape.
const SEQUENCE: Duration = Duration::from_millis(50);

/// A question with the line that answers it.
pub(super) struct Question<'a> {
    /// What is before the line.
    prompt: &'a str,
    term: Term,
    line: Line,
    /// What the arrows put into the line, in turn.
    choices: &'a [String],
    chosen: Option<usize>,
    is_shown: bool,
    /// The row of the cursor, counted from the question's first.
    row: usize,
}

impl<'a> Question<'a> {
    pub(super) fn new(prompt: &'a str, is_hidden: bool, choices: &'a [String]) -> Self {
        Self {
            prompt,
            term: Term::stderr(),
            line: Line::new(is_hidden),
            choices,
            chosen: None,
            is_shown: false,
            row: 0,
        }
    }

    /// Asks, and answers with the line.
    pub(super) fn answer(mut self) -> Result<Zeroizing<String>, PromptError> {
        // What comes between two keys is not shown by the terminal itself: it may be a secret. Dropped at the end, which
        // puts the terminal back.
        let mut quiet = Unbuffered::begin();
        let ended = self.read(quiet.as_mut());
        // The next line begins below it, also where the cursor was inside of it.
        let _ = self.go_to_end().and_then(|()| self.term.write_line(""));
        match ended {
            Ok(true) => Ok(self.line.text()),
            // A terminal that has gone is the end of input.
            Ok(false) | Err(_) => Err(PromptError::Cancelled),
        }
    }

    /// Whether there is an answer.
    fn read(&mut self, mut quiet: Option<&mut Unbuffered>) -> io::Result<bool> {
        self.draw()?;
        loop {
            let key = self.term.read_key_raw()?;
            match self.line.take(&key) {
                Step::Done => return Ok(true),
                Step::Cancelled => return Ok(false),
                Step::Escaped => {
                    if !is_sequence(quiet.as_deref_mut()) {
                        return Ok(false);
                    }
                }
                Step::Nothing => {}
                Step::Appended(character) => self.append(character)?,
                Step::Changed => self.draw()?,
                Step::Turned(turn) => {
                    if let Some(choice) = self.turned(turn) {
                        self.line.set(&choice);
                        self.draw()?;
                    }
                }
            }
        }
    }

    /// The choice before or behind the one in the line; the first is in it at the beginning.
    fn turned(&mut self, turn: Turn) -> Option<String> {
        let last = self.choices.len().checked_sub(1)?;
        let now = self.chosen.unwrap_or(0);
        let next = match turn {
            Turn::Up => now.saturating_sub(1),
            Turn::Down => (now + 1).min(last),
        };
        self.chosen = Some(next);
        self.choices.get(next).cloned()
    }

    fn columns(&self) -> usize {
        match usize::from(self.term.size().1) {
            0 => 80,
            columns => columns,
        }
    }

    /// Writes a character at the end of what is shown.
    fn append(&mut self, character: char) -> io::Result<()> {
        let before = self.width();
        self.term.write_str(character.encode_utf8(&mut [0; 4]))?;
        self.wrap(before)
    }

    /// How wide the prompt and the line up to the cursor are.
    fn width(&self) -> usize {
        measure_text_width(self.prompt) + measure_text_width(&self.line.shown().0)
    }

    /// A terminal that has filled a row waits for the next character before it goes to the next one.
    fn wrap(&mut self, width: usize) -> io::Result<()> {
        let columns = self.columns();
        if width > 0 && width.is_multiple_of(columns) {
            self.term.write_str("\r\n")?;
        }
        self.row = width / columns;
        Ok(())
    }

    /// Shows prompt and line from the question's first row on, and puts the cursor in its place.
    fn draw(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.is_shown, true) {
            self.term.move_cursor_up(self.row)?;
            self.term.write_str("\r")?;
            self.term.clear_to_end_of_screen()?;
        }
        let (before, behind) = self.line.shown();
        self.term.write_str(self.prompt)?;
        self.term.write_str(&before)?;
        self.term.write_str(&behind)?;
        let (width, columns) = (self.width(), self.columns());
        let end = width + measure_text_width(&behind);
        self.wrap(end)?;
        if behind.is_empty() {
            return Ok(());
        }
        self.term.move_cursor_up(end / columns - width / columns)?;
        self.term.write_str("\r")?;
        self.term.move_cursor_right(width % columns)?;
        self.row = width / columns;
        Ok(())
    }

    fn go_to_end(&mut self) -> io::Result<()> {
        let (_, behind) = self.line.shown();
        let end = (self.width() + measure_text_width(&behind)) / self.columns();
        self.term.move_cursor_down(end.saturating_sub(self.row))
    }
}

/// Whether the Escape was the first part of a key's sequence, which comes late over a slow line: then all of it is read.
fn is_sequence(quiet: Option<&mut Unbuffered>) -> bool {
    let Some(quiet) = quiet else { return false };
    thread::sleep(SEQUENCE);
    quiet.read(&mut [0; 64]) > 0
}
