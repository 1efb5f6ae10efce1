//! Text in styled pieces, and its wrapping: at blanks alone, so that no command, address or code is broken.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthStr as _;

use super::style::{BAD, DIM, GOOD, PLAIN, STRONG, WARN};

/// Text in styled pieces.
#[derive(Debug, Clone, Default)]
pub(super) struct Line<'a> {
    pieces: Vec<Piece<'a>>,
}

#[derive(Debug, Clone)]
struct Piece<'a> {
    text: Cow<'a, str>,
    style: Style,
    /// Whether it is never broken at its blanks.
    is_whole: bool,
    /// The page that it names.
    url: Option<Cow<'a, str>>,
}

/// What is not broken.
#[derive(Debug, Default)]
pub(super) struct Word<'l> {
    pub(super) parts: Vec<Part<'l>>,
    /// The columns that it fills.
    pub(super) width: usize,
}

/// A part of a word in one style.
#[derive(Debug)]
pub(super) struct Part<'l> {
    pub(super) text: &'l str,
    pub(super) style: Style,
    /// The page that it names.
    pub(super) url: Option<&'l str>,
}

impl<'a> Line<'a> {
    fn with(mut self, text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        self.pieces.push(Piece { text: text.into(), style, is_whole: false, url: None });
        self
    }

    /// The same, with `text` behind it.
    pub(super) fn plain(self, text: impl Into<Cow<'a, str>>) -> Self {
        self.with(text, PLAIN)
    }

    /// The same, with `text` that matters behind it.
    pub(super) fn strong(self, text: impl Into<Cow<'a, str>>) -> Self {
        self.with(text, STRONG)
    }

    /// The same, with `text` behind it that most may skip.
    pub(super) fn dim(self, text: impl Into<Cow<'a, str>>) -> Self {
        self.with(text, DIM)
    }

    /// The same, with the word of what went well.
    pub(super) fn good(self, text: impl Into<Cow<'a, str>>) -> Self {
        self.with(text, GOOD)
    }

    /// The same, with the word of what went wrong.
    pub(super) fn bad(self, text: impl Into<Cow<'a, str>>) -> Self {
        self.with(text, BAD)
    }

    /// The same, with the word of what deserves attention.
    pub(super) fn warn(self, text: impl Into<Cow<'a, str>>) -> Self {
        self.with(text, WARN)
    }

    /// The same, with a command behind it, which is never broken.
    pub(super) fn command(mut self, text: impl Into<Cow<'a, str>>) -> Self {
        self.pieces.push(Piece { text: text.into(), style: STRONG, is_whole: true, url: None });
        self
    }

    /// The same, with a time behind it, which is never broken.
    pub(super) fn time(mut self, text: impl Into<Cow<'a, str>>) -> Self {
        self.pieces.push(Piece { text: text.into(), style: DIM, is_whole: true, url: None });
        self
    }

    /// The same, with the name of a page behind it, which a terminal may open.
    pub(super) fn link(mut self, text: impl Into<Cow<'a, str>>, url: impl Into<Cow<'a, str>>) -> Self {
        let url = Some(url.into());
        self.pieces.push(Piece { text: text.into(), style: PLAIN, is_whole: false, url });
        self
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.iter().all(|piece| piece.text.is_empty())
    }

    /// The columns that it fills unwrapped.
    pub(super) fn width(&self) -> usize {
        self.pieces.iter().map(|piece| piece.text.width()).sum()
    }

    /// The columns that its first word fills.
    pub(super) fn first_width(&self) -> usize {
        self.words().first().and_then(|line| line.first()).map_or(0, |word| word.width)
    }

    /// Writes it unwrapped; where nothing follows, without the blanks at its end.
    pub(super) fn write(&self, is_last: bool, out: &mut dyn Write) -> io::Result<()> {
        for (index, Piece { text, style, .. }) in self.pieces.iter().enumerate() {
            let text = if is_last && index + 1 == self.pieces.len() { text.trim_end() } else { text };
            write!(out, "{style}{text}{style:#}")?;
        }
        Ok(())
    }

    /// Its words in lines of at most `columns`; without that, in a line for each line break of its own. A word that is wider
    /// has a line of its own.
    pub(super) fn wrapped(&self, columns: Option<usize>) -> Vec<Vec<Word<'_>>> {
        let mut lines = Vec::new();
        for words in self.words() {
            let (mut line, mut filled) = (Vec::new(), 0);
            for word in words {
                let is_full = columns.is_some_and(|columns| filled + 1 + word.width > columns);
                if is_full && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    filled = 0;
                }
                filled += word.width + usize::from(!line.is_empty());
                line.push(word);
            }
            lines.push(line);
        }
        lines
    }

    /// Its words, in the lines that it is given in.
    fn words(&self) -> Vec<Vec<Word<'_>>> {
        let mut words = Words::default();
        for piece in &self.pieces {
            if piece.is_whole {
                words.add(piece, &piece.text);
                continue;
            }
            for (index, line) in piece.text.split('\n').enumerate() {
                if index > 0 {
                    words.end_line();
                }
                for (index, text) in line.split(' ').enumerate() {
                    if index > 0 {
                        words.end_word();
                    }
                    words.add(piece, text);
                }
            }
        }
        words.end_line();
        words.lines
    }
}

/// Lines of words in the making.
#[derive(Default)]
struct Words<'l> {
    lines: Vec<Vec<Word<'l>>>,
    line: Vec<Word<'l>>,
    word: Word<'l>,
}

impl<'l> Words<'l> {
    fn add(&mut self, piece: &'l Piece<'_>, text: &'l str) {
        if !text.is_empty() {
            self.word.parts.push(Part { text, style: piece.style, url: piece.url.as_deref() });
            self.word.width += text.width();
        }
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        self.line.extend(Some(word).filter(|word| !word.parts.is_empty()));
    }

    fn end_line(&mut self) {
        self.end_word();
        self.lines.push(std::mem::take(&mut self.line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(line: &Line<'_>, columns: usize) -> Vec<String> {
        let text = |words: Vec<Word<'_>>| {
            let words: Vec<String> =
                words.iter().map(|word| word.parts.iter().map(|part| part.text).collect()).collect();
            words.join(" ")
        };
        line.wrapped(Some(columns)).into_iter().map(text).collect()
    }

    #[test]
    fn lines_break_at_blanks_and_nowhere_else() {
        let line = Line::default().plain("The server's words ").dim("[a-long-code]").plain(", and more");
        assert_eq!(lines(&line, 20), ["The server's words", "[a-long-code], and", "more"]);
        assert_eq!(lines(&line, 5), ["The", "server's", "words", "[a-long-code],", "and", "more"]);
    }

    #[test]
    fn a_command_is_whole_and_a_line_break_is_kept() {
        let line = Line::default().plain("Run:\nthen ").command("mailgrant test shop").plain(" again");
        assert_eq!(lines(&line, 12), ["Run:", "then", "mailgrant test shop", "again"]);
    }

    #[test]
    fn wide_characters_count_for_what_they_fill() {
        assert_eq!(lines(&Line::default().plain("受信 受信 受信"), 10), ["受信 受信", "受信"]);
    }
}
