//! Questions to a person at a terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::terminal::PasteReader;

/// Asks a person. Without a terminal every question is refused, never waited for (SECURITY.md N1).
pub trait Prompter {
    /// Whether a person is there to answer.
    fn is_interactive(&self) -> bool;

    /// Asks for a line, which may be empty, and again until `accept` takes it.
    ///
    /// # Errors
    /// If there is no terminal, or the question was cancelled.
    fn ask(
        &self,
        question: &str,
        default: Option<&str>,
        accept: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<String, PromptError>;

    /// Asks for a secret, which is not shown and may be empty.
    ///
    /// # Errors
    /// If there is no terminal, or the question was cancelled.
    fn secret(&self, question: &str) -> Result<SecretString, PromptError>;

    /// Asks for one of `items`; answers its index.
    ///
    /// # Errors
    /// If there is no terminal, or the question was cancelled.
    fn choose(&self, question: &str, items: &[&str]) -> Result<usize, PromptError>;

    /// Asks for yes or no.
    ///
    /// # Errors
    /// If there is no terminal, or the question was cancelled.
    fn confirm(&self, question: &str) -> Result<bool, PromptError>;

    /// Says a line on stderr.
    fn say(&self, line: &str);

    /// What reads one line from standard input, terminal or not: for what is pasted or piped in. At most 64 KiB. It can
    /// be handed to a thread of its own, because standard input knows no deadline.
    fn line_reader(&self) -> LineReader;

    /// A text of several lines, typed or pasted at the terminal until Ctrl-D, at most `limit` bytes of it; `None` where there
    /// is no terminal of this process.
    fn text(&self, limit: usize) -> Option<Vec<u8>>;

    /// What takes pastes at the terminal while something else is waited for; `None` where there is no terminal of ours.
    fn paste_reader(&self) -> Option<PasteReader>;
}

/// Reads one line; an error is what reading answers, the end of input before any line among it.
pub type LineReader = fn() -> io::Result<SecretString>;

fn read_line() -> io::Result<SecretString> {
    const LIMIT: u64 = 64 * 1024;
    let mut line = Zeroizing::new(String::new());
    let read = io::Read::take(io::stdin().lock(), LIMIT).read_line(&mut line)?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(SecretString::from(line.as_str()))
}

/// Why a question has no answer.
#[derive(Debug)]
pub enum PromptError {
    /// There is no terminal.
    NoTerminal,
    /// Ctrl-C, Escape, or the end of input.
    Cancelled,
}

/// Asks at the controlling terminal, on stderr.
pub struct TerminalPrompter {
    _private: (),
}

impl TerminalPrompter {
    /// A prompter; it touches the terminal only when it asks.
    #[must_use]
    pub fn new() -> Self {
        Self { _private: () }
    }

    fn ready(&self) -> Result<(), PromptError> {
        if !self.is_interactive() {
            return Err(PromptError::NoTerminal);
        }
        super::interrupt::asks();
        Ok(())
    }
}

impl Default for TerminalPrompter {
    fn default() -> Self {
        Self::new()
    }
}

/// Enter alone is a no.
fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "" | "n" | "no" => Some(false),
        _ => None,
    }
}

fn cancelled<T>(answer: Result<T, dialoguer::Error>) -> Result<T, PromptError> {
    answer.map_err(|_| PromptError::Cancelled)
}

impl Prompter for TerminalPrompter {
    fn is_interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    fn ask(
        &self,
        question: &str,
        default: Option<&str>,
        accept: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<String, PromptError> {
        self.ready()?;
        // An empty answer is an answer: `accept` decides.
        let mut input = dialoguer::Input::<String>::new().with_prompt(question).allow_empty(true);
        if let Some(default) = default {
            input = input.default(default.to_owned());
        }
        cancelled(input.validate_with(|text: &String| accept(text.trim())).interact_text())
            .map(|text| text.trim().to_owned())
    }

    fn secret(&self, question: &str) -> Result<SecretString, PromptError> {
        self.ready()?;
        cancelled(dialoguer::Password::new().with_prompt(question).allow_empty_password(true).interact())
            .map(SecretString::from)
    }

    fn choose(&self, question: &str, items: &[&str]) -> Result<usize, PromptError> {
        self.ready()?;
        let answer = cancelled(dialoguer::Select::new().with_prompt(question).items(items).default(0).interact_opt())?;
        answer.ok_or(PromptError::Cancelled)
    }

    fn confirm(&self, question: &str) -> Result<bool, PromptError> {
        self.ready()?;
        // An answer that was typed before the question was read is an answer to something else.
        super::terminal::forget_input();
        let accept = |text: &String| yes_or_no(text).map(drop).ok_or("Type y or n, and Enter");
        let input = dialoguer::Input::<String>::new().with_prompt(format!("{question} [y/N]")).allow_empty(true);
        let text = cancelled(input.validate_with(accept).interact_text())?;
        Ok(yes_or_no(&text).unwrap_or(false))
    }

    fn say(&self, line: &str) {
        // A closed standard error does not stop the command.
        let _ = writeln!(anstream::stderr(), "{line}");
    }

    fn line_reader(&self) -> LineReader {
        read_line
    }

    fn text(&self, limit: usize) -> Option<Vec<u8>> {
        super::interrupt::asks();
        super::terminal::read_text(limit)
    }

    fn paste_reader(&self) -> Option<PasteReader> {
        // Before the modes change: Ctrl-C puts back what it finds now.
        super::interrupt::asks();
        PasteReader::open()
    }
}
