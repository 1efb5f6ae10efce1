//! One line that is typed at a terminal, key by key: what it holds, and what the terminal is to show of it.

use console::Key;
use zeroize::Zeroizing;

/// The most characters of a line.
const LIMIT: usize = 16 * 1024;

/// A line that is being typed.
pub(super) struct Line {
    // As large as it can get at once: a vector that grows leaves copies of a secret behind.
    characters: Zeroizing<Vec<char>>,
    cursor: usize,
    /// Whether the characters are shown as asterisks.
    is_hidden: bool,
}

/// What a key did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing that can be seen.
    Nothing,
    /// This was written at the end.
    Appended(char),
    /// The line is another one now, or the cursor elsewhere in it.
    Changed,
    /// The arrow up or down.
    Turned(Turn),
    /// Enter.
    Done,
    /// Ctrl-C or Ctrl-D.
    Cancelled,
    /// Escape, or the first part of a key's sequence.
    Escaped,
}

/// The direction of an arrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Up,
    Down,
}

impl Line {
    pub(super) fn new(is_hidden: bool) -> Self {
        Self { characters: Zeroizing::new(Vec::with_capacity(LIMIT)), cursor: 0, is_hidden }
    }

    pub(super) fn take(&mut self, key: &Key) -> Step {
        match key {
            Key::Enter => return Step::Done,
            Key::CtrlC | Key::Char('\u{4}') => return Step::Cancelled,
            Key::Escape => return Step::Escaped,
            Key::ArrowUp => return Step::Turned(Turn::Up),
            Key::ArrowDown => return Step::Turned(Turn::Down),
            Key::ArrowLeft => self.cursor = self.cursor.saturating_sub(1),
            Key::ArrowRight => self.cursor = (self.cursor + 1).min(self.characters.len()),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.characters.len(),
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.characters.remove(self.cursor);
            }
            Key::Del if self.cursor < self.characters.len() => drop(self.characters.remove(self.cursor)),
            // Ctrl-U takes the whole line back.
            Key::Char('\u{15}') => self.set(""),
            Key::Char(character) if !character.is_control() => return self.insert(*character),
            // `Key` may grow; what is not known does nothing.
            _ => return Step::Nothing,
        }
        Step::Changed
    }

    fn insert(&mut self, character: char) -> Step {
        if self.characters.len() == LIMIT {
            return Step::Nothing;
        }
        self.characters.insert(self.cursor, character);
        self.cursor += 1;
        if self.cursor == self.characters.len() { Step::Appended(self.shown_as(character)) } else { Step::Changed }
    }

    /// Puts `text` in the line's place.
    pub(super) fn set(&mut self, text: &str) {
        self.characters.clear();
        self.characters.extend(text.chars().take(LIMIT));
        self.cursor = self.characters.len();
    }

    pub(super) fn text(&self) -> Zeroizing<String> {
        let length = self.characters.iter().map(|character| character.len_utf8()).sum();
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.extend(self.characters.iter());
        text
    }

    /// What the terminal shows of it, before and behind the cursor.
    pub(super) fn shown(&self) -> (String, String) {
        let (before, behind) = self.characters.split_at(self.cursor);
        let shown = |part: &[char]| part.iter().map(|character| self.shown_as(*character)).collect();
        (shown(before), shown(behind))
    }

    fn shown_as(&self, character: char) -> char {
        if self.is_hidden { '*' } else { character }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &mut Line, text: &str) {
        for character in text.chars() {
            line.take(&Key::Char(character));
        }
    }

    #[test]
    fn keys_edit_the_line_where_the_cursor_is() {
        let mut line = Line::new(false);
        typed(&mut line, "shp");
        for _ in 0..2 {
            line.take(&Key::ArrowLeft);
        }
        line.take(&Key::ArrowRight);
        assert_eq!(line.take(&Key::Char('o')), Step::Changed);
        assert_eq!((line.text().as_str(), line.shown()), ("shop", ("sho".into(), "p".into())));
        line.take(&Key::Home);
        assert_eq!(line.take(&Key::Backspace), Step::Nothing);
        line.take(&Key::Del);
        line.take(&Key::End);
        assert_eq!(line.take(&Key::Char('é')), Step::Appended('é'));
        line.take(&Key::Backspace);
        assert_eq!(line.text().as_str(), "hop");
        line.take(&Key::Char('\u{15}'));
        assert_eq!((line.text().as_str(), line.take(&Key::Enter)), ("", Step::Done));
    }

    #[test]
    fn a_secret_is_shown_as_asterisks_and_control_characters_never_enter_a_line() {
        let mut line = Line::new(true);
        typed(&mut line, "a\tb\u{7}c");
        assert_eq!((line.text().as_str(), line.shown().0.as_str()), ("abc", "***"));
        assert_eq!(line.take(&Key::Char('d')), Step::Appended('*'));
        typed(&mut line, &"x".repeat(LIMIT));
        assert_eq!(line.text().len(), LIMIT);
    }

    #[test]
    fn ctrl_c_ctrl_d_and_escape_end_it() {
        let mut line = Line::new(false);
        typed(&mut line, "half");
        assert_eq!(line.take(&Key::CtrlC), Step::Cancelled);
        assert_eq!(line.take(&Key::Char('\u{4}')), Step::Cancelled);
        assert_eq!(line.take(&Key::Escape), Step::Escaped);
        assert_eq!(line.take(&Key::UnknownEscSeq(vec!['['])), Step::Nothing);
    }
}
