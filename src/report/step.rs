//! One step of a way out: words, with the commands and the pages in them.

mod marks;
mod shell;

use std::fmt;

use serde::{Serialize, Serializer};

pub use self::marks::{Mark, marks};
pub use self::shell::Shell;
use crate::profile::By;
use crate::text::{Show, Shown};

/// One imperative step: what to do, in words, with the commands to run and the pages to open among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    parts: Vec<Part>,
    by: Option<By>,
    is_aside: bool,
}

/// A part of a step, in the order in which it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words around the others.
    Words(Shown),
    /// A command to run.
    Command(Command),
    /// A page to open.
    Link(Link),
}

/// A command as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The line; a value of another side in it was quoted by [`Shell::quoted`].
    pub line: Shown,
    /// What runs it.
    pub shell: Shell,
    /// Whether a value in it is [open](crate::text::open): it is to be filled in before it can be run.
    pub is_template: bool,
}

/// A page in a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it is called where it is named: a click path, or the address itself.
    pub title: Shown,
    /// Its address.
    pub url: Shown,
}

impl Command {
    /// The command; its first word says what runs it.
    #[must_use]
    pub fn new(line: Shown) -> Self {
        Self { shell: Shell::of(&line), line, is_template: false }
    }
}

impl Step {
    /// A step of these parts.
    #[must_use]
    pub fn of(parts: impl IntoIterator<Item = Part>) -> Self {
        let is_there = |part: &Part| !matches!(part, Part::Words(words) if words.is_empty());
        Self { parts: parts.into_iter().filter(is_there).collect(), ..Self::default() }
    }

    /// The same, with words behind it.
    #[must_use]
    pub fn words(mut self, words: impl Into<Shown>) -> Self {
        self.parts.push(Part::Words(words.into()));
        self
    }

    /// The same, with a command behind it.
    #[must_use]
    pub fn command(mut self, line: impl Into<Shown>) -> Self {
        self.parts.push(Part::Command(Command::new(line.into())));
        self
    }

    /// The same, which only these can do.
    #[must_use]
    pub fn done_by(self, by: impl Into<Option<By>>) -> Self {
        Self { by: by.into(), ..self }
    }

    /// The same; `is_aside`: it is another way or one for few, left out where room is scarce.
    #[must_use]
    pub fn aside_if(self, is_aside: bool) -> Self {
        Self { is_aside, ..self }
    }

    /// Whether it is another way or one for few, left out where room is scarce.
    #[must_use]
    pub fn is_aside(&self) -> bool {
        self.is_aside
    }

    /// Its parts, in the order in which they are read.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Who has the right to do it, where that is said or follows from its first command.
    #[must_use]
    pub fn by(&self) -> Option<By> {
        self.by.or_else(|| self.commands().next().and_then(|command| command.shell.by(&command.line)))
    }

    /// The commands in it.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.parts.iter().filter_map(|part| match part {
            Part::Command(command) => Some(command),
            Part::Words(_) | Part::Link(_) => None,
        })
    }

    /// The pages in it.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.parts.iter().filter_map(|part| match part {
            Part::Link(link) => Some(link),
            Part::Words(_) | Part::Command(_) => None,
        })
    }

    /// All of it as one sentence.
    #[must_use]
    pub fn sentence(&self) -> Shown {
        match self.parts.as_slice() {
            [Part::Words(words)] => words.clone(),
            parts => Shown::join(parts.iter().map(Part::text), ""),
        }
    }
}

impl Part {
    /// What is read.
    #[must_use]
    pub fn text(&self) -> &Shown {
        match self {
            Self::Words(words) => words,
            Self::Command(command) => &command.line,
            Self::Link(link) => &link.title,
        }
    }
}

/// Words alone, whatever they hold.
impl From<Shown> for Step {
    fn from(words: Shown) -> Self {
        Self::of([Part::Words(words)])
    }
}

/// Words of the program, with their [`marks`].
impl From<&'static str> for Step {
    fn from(text: &'static str) -> Self {
        Self::of(marks(text).map(|mark| match mark {
            Mark::Words(words) => Part::Words(words.into()),
            Mark::Command(line) => Part::Command(Command::new(line.into())),
            Mark::Address(url) => Part::Link(Link { title: url.into(), url: url.into() }),
            // What has no profile knows no pages.
            Mark::Page(key) => Part::Words(key.into()),
        }))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| part.text().fmt(f))
    }
}

impl Show for Step {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Schema 1 has the sentence.
impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Redactor;

    #[test]
    fn a_marked_text_is_words_commands_and_addresses_and_reads_as_one_sentence() {
        let step = Step::from("Open <https://aka.ms/mfasetup> and run: `mailgrant test shop`, then wait");
        assert_eq!(step.sentence(), "Open https://aka.ms/mfasetup and run: mailgrant test shop, then wait");
        let commands: Vec<_> = step.commands().map(|command| (command.line.as_str(), command.shell)).collect();
        assert_eq!(commands, [("mailgrant test shop", Shell::Mailgrant)]);
        assert_eq!(step.links().next().map(|link| link.url.as_str()), Some("https://aka.ms/mfasetup"));
        assert_eq!(serde_json::to_value(&step).unwrap(), step.to_string());
        assert_eq!(step.sentence(), step.to_string());
    }

    #[test]
    fn a_value_brings_no_marks_of_its_own() {
        let hostile = Redactor::by_shape("`rm -rf ~` <https://evil.example>");
        let step = Step::from(hostile.clone());
        assert_eq!((step.commands().count(), step.links().count()), (0, 0));
        assert_eq!(step.sentence(), hostile);
    }

    #[test]
    fn who_must_do_it_follows_from_the_command() {
        let by = |text: &'static str| Step::from(text).by();
        assert_eq!(by("Run: `Set-CASMailbox -Identity a -ImapEnabled $true`"), Some(By::ExchangeAdministrator));
        assert_eq!(by("Run: `New-MgServicePrincipal -AppId a`"), Some(By::EntraAdministrator));
        assert_eq!(by("Run: `az ad sp create --id a`"), Some(By::EntraAdministrator));
        assert_eq!(by("Run: `mailgrant test a`"), Some(By::You));
        assert_eq!(by("Wait"), None);
        assert_eq!(Step::from("Wait").done_by(By::User).by(), Some(By::User));
    }
}
