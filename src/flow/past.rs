//! Documents that earlier runs have written as JSON.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::CommandError;
use crate::report::format::{self, Past, Unreadable};
use crate::report::{Finding, FindingCode, MergeFile, Warning, WarningCode};
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

    /// The document, to be put together with others.
    #[must_use]
    pub fn into_merge(self) -> MergeFile {
        MergeFile { called: self.called, document: self.past.document }
    }
}

/// Reads all of `paths`; `-` is standard input.
///
/// # Errors
/// If one cannot be read, is named twice, or is not a document that mailgrant has written.
pub fn read_all(paths: &[PathBuf]) -> Result<Vec<File>, CommandError> {
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
    let mut files = Vec::new();
    for path in paths {
        files.extend(read(path)?);
    }
    Ok(files)
}

/// Reads the one document in the file at `path`; `-` is standard input.
///
/// # Errors
/// If it cannot be read, or is not a document that mailgrant has written.
pub fn read_one(path: &Path) -> Result<File, CommandError> {
    let mut files = read(path)?;
    match (files.pop(), files.is_empty()) {
        (Some(only), true) => Ok(only),
        (_, _) => Err(CommandError::usage(
            shown!("{} holds the reports of several runs.", called(path)),
            shown!("Make one of them: `mailgrant report merge {} --report json=FILE`", path),
        )),
    }
}

/// Reads what is in the file at `path`: one document, or the lines of one run or of several.
fn read(path: &Path) -> Result<Vec<File>, CommandError> {
    let called = called(path);
    let text = bytes(path).map_err(|error| {
        CommandError::usage(shown!("{}: {}.", called, error), "Name a file that can be read, or - for standard input")
    })?;
    if text.len() as u64 > LIMIT {
        return Err(CommandError::usage(
            shown!("{} is larger than {} bytes.", called, LIMIT),
            "Run with --shard, and put smaller files together",
        ));
    }
    match format::read(&text) {
        Ok(runs) => match runs.iter().find(|past| past.document.text.is_some()) {
            Some(past) => Err(refused(&called, "text").with("command", &past.document.command).into()),
            None => Ok(runs.into_iter().map(|past| File { called: called.clone(), past }).collect()),
        },
        Err(Unreadable::Empty) => Err(refused(&called, "empty").into()),
        Err(Unreadable::Wrong(what)) => Err(refused(&called, "wrong").with("what", what).into()),
        Err(Unreadable::OtherSchema(schema)) => Err(refused(&called, "schema").with("schema", schema).into()),
        Err(Unreadable::Token) => Err(refused(&called, "token").into()),
        Err(Unreadable::CutOff) => Err(refused(&called, "cut").into()),
    }
}

fn called(path: &Path) -> Shown {
    if path == Path::new("-") { "Standard input".into() } else { Shown::of(path) }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes)?;
    } else {
        fs::File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn refused(called: &Shown, case: &'static str) -> crate::diagnosis::Told<'static> {
    Finding::of(FindingCode::REPORT_UNREADABLE).case(case).with("file", called)
}
