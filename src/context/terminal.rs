//! The terminal on standard input: its modes, and what is typed or pasted there while something else is waited for.

use std::io::{self, IsTerminal, Write as _};
use std::time::Duration;

use secrecy::SecretString;
use zeroize::Zeroizing;

pub(super) use sys::{Modes, Unbuffered};

/// The most that is kept of one line.
const LIMIT: usize = 64 * 1024;
/// The most of a line that is shown as it is typed.
const SHOWN: usize = 60;

/// Drops what was typed and not read yet. A long paste comes in parts, each when there is room for it, and the system hands
/// over what was typed a moment later; so it is read until nothing more comes.
pub(super) fn forget_input() {
    const QUIET: u32 = 3;
    const MOST: u32 = 200;
    let Some(mut modes) = sys::Unbuffered::begin() else { return };
    let mut buffer = Zeroizing::new([0; 4096]);
    let mut quiet = 0;
    for _ in 0..MOST {
        quiet = if modes.read(buffer.as_mut_slice()) == 0 { quiet + 1 } else { 0 };
        if quiet == QUIET {
            return;
        }
        std::thread::sleep(LOOK / 2);
    }
}

/// What has come from the terminal.
pub enum Typed {
    /// Nothing that is complete.
    Nothing,
    /// Enter alone.
    Enter,
    /// A line, or several that were pasted at once, each ended but the last.
    Line(SecretString),
    /// Ctrl-D on an empty line.
    End,
}

/// Takes what is pasted at the terminal, and never waits for it. As long as this lives the terminal hands over every
/// character at once: where it hands over whole lines it cuts them, at 4,095 bytes on Linux and 1,024 on macOS, and a
/// code can be longer (termios(3), `MAX_CANON`). Dropping it puts the terminal back.
pub struct PasteReader {
    modes: sys::Unbuffered,
    line: Line,
    /// Standard error is a terminal too, and not a log.
    is_shown: bool,
}

impl PasteReader {
    /// Begins to read; `None` where standard input is not a terminal that this process may read from.
    pub(super) fn open() -> Option<Self> {
        Some(Self { modes: sys::Unbuffered::begin()?, line: Line::default(), is_shown: io::stderr().is_terminal() })
    }

    /// What has come since the last look.
    pub fn poll(&mut self) -> Typed {
        let mut buffer = Zeroizing::new([0; 4096]);
        let mut came = false;
        let mut shown = Vec::new();
        loop {
            let read = self.modes.read(buffer.as_mut_slice());
            if read == 0 {
                break;
            }
            came = true;
            for byte in &buffer[..read] {
                self.line.take(*byte, &mut shown);
            }
        }
        let typed = if came { Typed::Nothing } else { self.line.finished() };
        if matches!(typed, Typed::Line(_)) {
            shown.push(b'\n');
        }
        if self.is_shown {
            // A terminal that cannot be written to shows nothing, and that is all.
            let _ = io::stderr().write_all(&shown);
        }
        typed
    }
}

/// How often the terminal is looked at where it alone is waited for.
const LOOK: Duration = Duration::from_millis(20);

/// Reads a text until Ctrl-D, with lines of any length; `None` where standard input is not our terminal. What is more
/// than `limit` bytes is dropped.
pub(super) fn read_text(limit: usize) -> Option<Vec<u8>> {
    let mut modes = sys::Unbuffered::begin()?;
    let is_shown = io::stderr().is_terminal();
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = modes.read(&mut buffer);
        let end = buffer[..read].iter().position(|byte| *byte == 0x04);
        let mut shown = Vec::new();
        for byte in &buffer[..end.unwrap_or(read)] {
            take_text(*byte, limit, &mut text, &mut shown);
        }
        if is_shown {
            let _ = io::stderr().write_all(&shown);
        }
        match (end, read) {
            (Some(_), _) => return Some(text),
            (None, 0) => std::thread::sleep(LOOK),
            (None, _) => {}
        }
    }
}

fn take_text(byte: u8, limit: usize, text: &mut Vec<u8>, shown: &mut Vec<u8>) {
    match byte {
        // A character of several bytes goes with its first.
        0x08 | 0x7f => {
            while text.last().is_some_and(|last| *last != b'\n') {
                let is_whole = text.pop().is_some_and(|last| last & 0xc0 != 0x80);
                if is_whole {
                    shown.extend(b"\x08 \x08");
                    break;
                }
            }
        }
        _ if text.len() == limit => {}
        b'\n' | b'\t' | 0x20..=0x7e | 0x80.. => {
            text.push(byte);
            shown.push(byte);
        }
        // Kept, because it may be a part of what a server said; the terminal must not obey it.
        _ => {
            text.push(byte);
            shown.push(b'?');
        }
    }
}

/// A line on its way in.
#[derive(Default)]
struct Line {
    bytes: Zeroizing<Vec<u8>>,
    /// The line's end has come; more may follow at once.
    is_complete: bool,
    /// The next character begins a further line.
    is_broken: bool,
    is_enter: bool,
    is_end: bool,
    /// Inside an escape sequence: a key such as an arrow, or a mark of pasting.
    escape: Escape,
    /// How much of it the terminal shows; after the first `?` or `=`, where secrets begin, an ellipsis and no more.
    shown: usize,
    is_hidden: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Escape {
    #[default]
    Outside,
    Begun,
    Inside,
}

impl Line {
    fn take(&mut self, byte: u8, shown: &mut Vec<u8>) {
        match (self.escape, byte) {
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Inside,
            (Escape::Begun, _) | (Escape::Inside, 0x40..=0x7e) => self.escape = Escape::Outside,
            (Escape::Inside, _) => {}
            (Escape::Outside, 0x1b) => self.escape = Escape::Begun,
            (Escape::Outside, b'\r' | b'\n') if self.bytes.is_empty() => self.is_enter = true,
            (Escape::Outside, b'\r' | b'\n') => (self.is_complete, self.is_broken) = (true, true),
            // Ctrl-D, Ctrl-U, and the two that a backspace key sends.
            (Escape::Outside, 0x04) => self.is_end |= self.bytes.is_empty(),
            (Escape::Outside, 0x15) => while self.erase(shown) {},
            (Escape::Outside, 0x08 | 0x7f) => drop(self.erase(shown)),
            (Escape::Outside, 0..0x20) => {}
            (Escape::Outside, _) => self.push(byte, shown),
        }
    }

    fn push(&mut self, byte: u8, shown: &mut Vec<u8>) {
        if std::mem::take(&mut self.is_broken) {
            self.push(b'\n', shown);
        }
        if self.bytes.len() == LIMIT {
            return;
        }
        self.bytes.push(byte);
        if self.is_hidden {
            return;
        }
        if self.shown == SHOWN || matches!(byte, b'?' | b'=') {
            self.is_hidden = true;
            shown.extend("…".bytes());
        } else {
            shown.push(if byte == b'\n' { b' ' } else { byte });
            // A character's later bytes take no room of their own.
            self.shown += usize::from(byte & 0xc0 != 0x80);
        }
    }

    /// Takes the last character back; false if there is none.
    fn erase(&mut self, shown: &mut Vec<u8>) -> bool {
        let text = String::from_utf8_lossy(&self.bytes);
        let Some(last) = text.chars().next_back() else { return false };
        let left = self.bytes.len().saturating_sub(last.len_utf8());
        self.bytes.truncate(left);
        if self.bytes.is_empty() && self.is_hidden {
            self.is_hidden = false;
            shown.extend(b"\x08 \x08".repeat(self.shown + 1));
            self.shown = 0;
        } else if !self.is_hidden {
            shown.extend(b"\x08 \x08");
            self.shown = self.shown.saturating_sub(1);
        }
        true
    }

    fn finished(&mut self) -> Typed {
        if std::mem::take(&mut self.is_end) {
            return Typed::End;
        }
        if !self.is_complete {
            return if std::mem::take(&mut self.is_enter) { Typed::Enter } else { Typed::Nothing };
        }
        let line = std::mem::take(self);
        Typed::Line(SecretString::from(String::from_utf8_lossy(&line.bytes).into_owned()))
    }
}

#[cfg(unix)]
#[path = "terminal/unix.rs"]
mod sys;
#[cfg(not(unix))]
#[path = "terminal/other.rs"]
mod sys;

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn typed(pieces: &[&str]) -> (Typed, String) {
        let (mut line, mut shown) = (Line::default(), Vec::new());
        for byte in pieces.concat().bytes() {
            line.take(byte, &mut shown);
        }
        (line.finished(), String::from_utf8(shown).unwrap())
    }

    fn line(pieces: &[&str]) -> String {
        match typed(pieces).0 {
            Typed::Line(line) => line.expose_secret().to_owned(),
            Typed::Nothing => "nothing".to_owned(),
            Typed::Enter => "enter".to_owned(),
            Typed::End => "end".to_owned(),
        }
    }

    #[test]
    fn a_line_is_edited_and_a_paste_of_several_is_one() {
        assert_eq!(line(&["abc"]), "nothing");
        assert_eq!(line(&["\n", "\r\n"]), "enter");
        assert_eq!(line(&["abx\x7fc\n"]), "abc");
        assert_eq!(line(&["wrong\x15right\r"]), "right");
        assert_eq!(line(&["http://localhost/?code=a", "\nb&state=c"]), "http://localhost/?code=a\nb&state=c");
        assert_eq!(line(&["\nSorry\r\n\r\nAADSTS50011: no\n\n"]), "Sorry\nAADSTS50011: no");
        assert_eq!(line(&["\x1b[200~a\x1b[Ab\x1b[201~\n"]), "ab");
        assert_eq!(line(&["gr\u{fc}\x08u\n"]), "gru");
        assert_eq!(line(&["\x04"]), "end");
        assert_eq!(line(&["a\x04\n"]), "a");
        assert_eq!(line(&[&"x".repeat(LIMIT + 10), "\n"]).len(), LIMIT);
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        assert_eq!(typed(&["http://localhost:4711/?code=the-code"]).1, "http://localhost:4711/…");
        assert_eq!(typed(&["code=the-code&state=x\n"]).1, "code…");
        assert_eq!(typed(&["help\n"]).1, "help");
        assert_eq!(typed(&["two\nlines\n"]).1, "two lines");
        let shown = typed(&["x".repeat(16_384).as_str()]).1;
        assert_eq!(shown.chars().count(), SHOWN + 1);
    }
}
