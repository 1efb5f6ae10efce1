//! Questions to a person at a terminal.

mod dialogue;
mod line;

use std::fmt;
use std::io::{self, BufRead, IsTerminal};

use dialoguer::theme::{SimpleTheme, Theme};
use secrecy::SecretString;
use zeroize::Zeroizing;

pub use self::dialogue::PromptError;
use self::dialogue::Question;
use super::terminal::PasteReader;

/// Asks a person. Without a terminal every question is refused, never waited for (SECURITY.md N1).
pub trait Prompter: Sync {
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

    /// Asks for a secret, which may be empty: asterisks are shown in its place, and then how long it was.
    ///
    /// # Errors
    /// If there is no terminal, or the question was cancelled.
    fn secret(&self, question: &str) -> Result<SecretString, PromptError>;

    /// Asks for one of `items`, the first of which is the usual one; answers its index.
    ///
    /// # Errors
    /// If there is no terminal, or the question was cancelled.
    fn choose(&self, question: &str, items: &[&str]) -> Result<usize, PromptError>;

    /// Asks for yes or no; Enter alone is a no.
    ///
    /// # Errors
    /// If there is no terminal, or the question was cancelled.
    fn confirm(&self, question: &str) -> Result<bool, PromptError>;

    /// Asks for yes or no; Enter alone is a yes.
    ///
    /// # Errors
    /// If there is no terminal, or the question was cancelled.
    fn offer(&self, question: &str) -> Result<bool, PromptError>;

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

    /// Asks until `read` makes something of the answer, and says why where it does not.
    fn until<T>(
        &self,
        prompt: &str,
        choices: &[String],
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, PromptError> {
        self.ready()?;
        loop {
            let text = Question::new(prompt, false, choices).answer()?;
            match read(text.trim()) {
                Ok(value) => return Ok(value),
                Err(problem) => self.say(&look(|theme, out| theme.format_error(out, &problem))),
            }
        }
    }

    fn yes_or_no(&self, question: &str, usual: bool) -> Result<bool, PromptError> {
        self.ready()?;
        // An answer that was typed before the question was read is an answer to something else.
        super::terminal::forget_input();
        let prompt = look(|theme, out| theme.format_confirm_prompt(out, question, Some(usual)));
        self.until(&prompt, &[], |text| yes_or_no(text, usual))
    }
}

impl Default for TerminalPrompter {
    fn default() -> Self {
        Self::new()
    }
}

/// A part of a question as dialoguer writes it.
fn look(write: impl FnOnce(&SimpleTheme, &mut dyn fmt::Write) -> fmt::Result) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write(&SimpleTheme, &mut text);
    text
}

fn yes_or_no(text: &str, usual: bool) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(true),
        "n" | "no" => Ok(false),
        "" => Ok(usual),
        _ => Err("Type y or n, and Enter".to_owned()),
    }
}

/// The index of the item that `text` names by its number or by how it begins.
fn chosen(text: &str, items: &[&str]) -> Result<usize, String> {
    if text.is_empty() {
        return Ok(0);
    }
    if let Ok(number @ 1..) = text.parse::<usize>()
        && number <= items.len()
    {
        return Ok(number - 1);
    }
    let lower = text.to_lowercase();
    let mut fitting = (0..items.len()).filter(|at| items[*at].to_lowercase().starts_with(&lower));
    match (fitting.next(), fitting.next()) {
        (Some(at), None) => Ok(at),
        _ => Err(format!("Type a number from 1 to {}, and Enter", items.len())),
    }
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
        let prompt = look(|theme, out| theme.format_input_prompt(out, question, default));
        self.until(&prompt, &[], |text| {
            // Where there is no default an empty answer is an answer: `accept` decides.
            let text = default.filter(|_| text.is_empty()).unwrap_or(text);
            accept(text).map(|()| text.to_owned())
        })
    }

    fn secret(&self, question: &str) -> Result<SecretString, PromptError> {
        self.ready()?;
        let prompt = look(|theme, out| theme.format_password_prompt(out, question));
        // It may be asked for while progress is shown.
        let text = super::live::aside(|| Question::new(&prompt, true, &[]).answer())?;
        match text.chars().count() {
            0 => {}
            1 => self.say("  received 1 character"),
            count => self.say(&format!("  received {count} characters")),
        }
        Ok(SecretString::from(text.as_str()))
    }

    fn choose(&self, question: &str, items: &[&str]) -> Result<usize, PromptError> {
        self.ready()?;
        self.say(&look(|theme, out| theme.format_select_prompt(out, question)));
        let numbers: Vec<String> = (1..=items.len()).map(|number| number.to_string()).collect();
        for (number, item) in numbers.iter().zip(items) {
            self.say(&format!("  {number}  {item}"));
        }
        let prompt = look(|theme, out| theme.format_input_prompt(out, "Number", Some("1")));
        self.until(&prompt, &numbers, |text| chosen(text, items))
    }

    fn confirm(&self, question: &str) -> Result<bool, PromptError> {
        self.yes_or_no(question, false)
    }

    fn offer(&self, question: &str) -> Result<bool, PromptError> {
        self.yes_or_no(question, true)
    }

    fn say(&self, line: &str) {
        super::live::say(line);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_chosen_by_number_or_by_its_first_letters() {
        let items = ["Microsoft 365", "Outlook.com", "Google", "OpenID provider"];
        for (text, index) in [("", 0), ("1", 0), ("4", 3), ("goo", 2), ("Outlook.com", 1), ("op", 3)] {
            assert_eq!(chosen(text, &items), Ok(index), "{text}");
        }
        for text in ["0", "5", "o", "yahoo", "-1"] {
            assert!(chosen(text, &items).is_err(), "{text}");
        }
    }

    #[test]
    fn enter_alone_is_the_usual_answer() {
        for usual in [true, false] {
            assert_eq!(yes_or_no("", usual), Ok(usual));
            assert_eq!((yes_or_no("YES", usual), yes_or_no("n", usual)), (Ok(true), Ok(false)));
            assert!(yes_or_no("maybe", usual).is_err());
        }
    }
}
