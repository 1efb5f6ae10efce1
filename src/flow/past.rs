//! Documents that earlier runs have written as JSON.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::error::CommandError;
use crate::report::format::{self, Past, Unreadable};
use crate::report::{Document, Finding, FindingCode, Warning, WarningCode};
use crate::text::Shown;

/// Larger than the report on a hundred thousand mailboxes that work.
const LIMIT: u64 = 512 * 1024 * 1024;

/// A document that an earlier run has written.
pub struct File {
    /// What its file is called in messages.
    called: Shown,
    past: Past,
}

impl File {
    /// What is to be said of a document of another version.
    #[must_use]
    pub fn other_version(&self) -> Option<Warning> {
        let ours = env!("CARGO_PKG_VERSION");
        let text = shown!(
            "{} was written by mailgrant {}, and this is {}: fields that {} does not know are left out.",
            self.called,
            self.past.version,
            ours,
            ours
        );
        (self.past.version != ours).then(|| Warning::new(WarningCode::OtherVersion, text))
    }

    /// What its file is called in messages.
    #[must_use]
    pub fn called(&self) -> &Shown {
        &self.called
    }

    /// The document.
    #[must_use]
    pub fn into_document(self) -> Document {
        self.past.document
    }
}

/// Reads `paths` one after the other, and gives each document to `take` as soon as it is whole; `-` is standard input.
///
/// # Errors
/// If one cannot be read, is named twice, or is not a document that mailgrant has written.
pub fn read_each(paths: &[PathBuf], mut take: impl FnMut(File)) -> Result<(), CommandError> {
    let mut seen = BTreeSet::new();
    for path in paths {
        // What cannot be found is told when it is read.
        if !seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())) {
            return Err(CommandError::usage(
                shown!("{} is named twice.", called(path)),
                "Name each file once: its mailboxes would count twice",
            ));
        }
    }
    paths.iter().try_for_each(|path| read(path, &mut take))
}

/// Reads the one document in the file at `path`; `-` is standard input.
///
/// # Errors
/// If it cannot be read, or is not a document that mailgrant has written.
pub fn read_one(path: &Path) -> Result<File, CommandError> {
    let mut files = Vec::new();
    read(path, &mut |file| files.push(file))?;
    match (files.pop(), files.is_empty()) {
        (Some(only), true) => Ok(only),
        (_, _) => Err(CommandError::usage(
            shown!("{} holds the reports of several runs.", called(path)),
            shown!("Make one of them: `mailgrant report merge {} --report json=FILE`", path),
        )),
    }
}

/// Reads what is in the file at `path`: one document, or those of several runs.
fn read(path: &Path, take: &mut dyn FnMut(File)) -> Result<(), CommandError> {
    let called = called(path);
    let not_given = |problem: Shown| {
        CommandError::usage(shown!("{}: {}.", called, problem), "Name a file that can be read, or - for standard input")
    };
    let mut text = open(path).map_err(|error| not_given(Shown::of(&error)))?.take(LIMIT + 1);
    let mut printed = None;
    let read = format::read(BufReader::new(&mut text), |past| match past.document.text {
        Some(_) => printed = Some(past.document.command),
        None => take(File { called: called.clone(), past }),
    });
    if text.limit() == 0 {
        return Err(CommandError::usage(
            shown!("{} is larger than {} bytes.", called, LIMIT),
            "Run with --shard, and put smaller files together",
        ));
    }
    let problem = match (read, printed) {
        (Ok(()), None) => return Ok(()),
        (Ok(()), Some(command)) => refused(&called, "text").with("command", command),
        (Err(Unreadable::Empty), _) => refused(&called, "empty"),
        (Err(Unreadable::NotGiven(problem)), _) => return Err(not_given(problem)),
        (Err(Unreadable::Wrong(what)), _) => refused(&called, "wrong").with("what", what),
        (Err(Unreadable::OtherSchema(schema)), _) => refused(&called, "schema").with("schema", schema),
        (Err(Unreadable::Token), _) => refused(&called, "token"),
        (Err(Unreadable::CutOff), _) => refused(&called, "cut"),
    };
    Err(problem.into())
}

fn called(path: &Path) -> Shown {
    if path == Path::new("-") { "Standard input".into() } else { Shown::of(path) }
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if path == Path::new("-") { Ok(Box::new(io::stdin().lock())) } else { Ok(Box::new(fs::File::open(path)?)) }
}

fn refused(called: &Shown, case: &'static str) -> crate::diagnosis::Told<'static> {
    Finding::of(FindingCode::REPORT_UNREADABLE).case(case).with("file", called)
}
