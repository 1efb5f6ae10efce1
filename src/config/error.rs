//! What is wrong with a profile: file, line, what is there, what to write.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::mask::masked_line;
use crate::failure::Failure;
use crate::profile::{Invalid, Side};
use crate::text::{Shown, escape};

/// A profile that cannot be used.
#[derive(Debug)]
pub struct ConfigError {
    path: PathBuf,
    place: Option<Place>,
    problem: String,
    instead: Option<String>,
}

#[derive(Debug)]
struct Place {
    line: usize,
    column: usize,
    /// The line, where it may be quoted.
    text: Option<String>,
}

/// A text that is read, and its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub path: &'a Path,
    pub source: &'a str,
    pub quotes: Quotes,
}

/// What messages quote of a text. What masks its lines knows TOML alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// Its lines, masked.
    Lines,
    /// Nothing.
    Nothing,
}

impl Text<'_> {
    /// A problem with the bytes at `span`.
    pub(super) fn error(self, span: Range<usize>, problem: String, instead: Option<String>) -> ConfigError {
        let place = Some(Place::find(self, span.start));
        ConfigError { path: self.path.to_owned(), place, problem, instead }
    }

    /// Whether the line that holds `offset` may be shown whole, and with it the value.
    pub(super) fn is_shown(self, offset: usize) -> bool {
        let before = self.source.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        self.quotes == Quotes::Lines && !masked_line(self.source, start).is_cut
    }
}

/// A profile that could not be opened for an edit.
#[derive(Debug)]
pub enum OpenError {
    /// Its lock could not be had.
    Lock(Failure),
    /// It is not a profile.
    Profile(ConfigError),
}

/// A value that is not what it should be, before it is known whether it comes from a file or from a flag: the key, where,
/// and why.
#[derive(Debug)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// The key, as in `client_id`.
    pub key: &'static str,
    /// Bytes of the file; empty where the value came from a flag.
    pub span: Range<usize>,
    /// What is wrong.
    pub invalid: Invalid,
}

/// What kind of problem it is: a flag is told otherwise than a line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// A value does not fit, or is missing.
    Value,
    /// The mailbox has neither an incoming nor an outgoing side.
    NoSide,
    /// The side's server is not given, and the provider has none of its own.
    NoServer(Side),
}

/// A value that was checked, or what is wrong with it.
pub(super) type Checked<T> = Result<T, Problem>;

/// The problem that a table at `place` lacks `key`.
pub(super) fn missing(key: &'static str, place: &Range<usize>, instead: &str) -> Problem {
    Problem::new(key, place.clone(), Invalid::new(format!("{key} is missing"), instead))
}

impl Problem {
    /// A problem with the value of `key` at `span`.
    pub fn new(key: &'static str, span: Range<usize>, invalid: Invalid) -> Self {
        Self { kind: ProblemKind::Value, key, span, invalid }
    }

    /// The same, of another kind.
    #[must_use]
    pub fn of_kind(self, kind: ProblemKind) -> Self {
        Self { kind, ..self }
    }
}

impl ConfigError {
    /// A problem with the file as a whole.
    pub(super) fn whole(path: &Path, problem: impl Into<String>, instead: Option<String>) -> Self {
        Self { path: path.to_owned(), place: None, problem: problem.into(), instead }
    }
}

impl Place {
    fn find(Text { source, quotes, .. }: Text<'_>, offset: usize) -> Self {
        let before = source.get(..offset).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            text: (quotes == Quotes::Lines).then(|| masked_line(source, line_start).text),
        }
    }
}

show_as_displayed!(ConfigError);

/// What is quoted of the file is masked where it is taken (`mask`); here nothing is left that a terminal obeys.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, problem) = (Shown::of(&self.path), escape(&self.problem));
        match &self.place {
            Some(place) => {
                write!(f, "{path}:{}:{}: {problem}", place.line, place.column)?;
                if let Some(text) = &place.text {
                    write!(f, "\n  {:>4} | {}", place.line, escape(text))?;
                }
            }
            None => write!(f, "{path}: {problem}")?,
        }
        match &self.instead {
            Some(instead) => write!(f, "\n  {}", escape(instead)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}
