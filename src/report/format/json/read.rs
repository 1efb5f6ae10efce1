//! JSON that was written before, read back: a document, or the lines of `--json-lines`. A file is another side's text, so all of
//! it passes redaction.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::document::{JsonDocument, SCHEMA};
use super::event::{JsonLine, Rest};
use crate::report::{Document, Report};
use crate::text::{Redactor, Shown};

/// A document that was written before.
pub struct Past {
    /// The document.
    pub document: Document,
    /// The version of mailgrant that has written it.
    pub version: Shown,
}

/// Why a text is not a document that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is empty.
    Empty,
    /// It is not JSON, or not what mailgrant writes: what, and at which line and column.
    Wrong(Shown),
    /// It has another layout.
    OtherSchema(u64),
    /// It is of a command that prints an access token.
    Token,
    /// Its lines end before the summary.
    CutOff,
}

/// As much of a value as says what it is.
#[derive(Deserialize)]
struct Probe {
    schema: Option<u64>,
    event: Option<IgnoredAny>,
    access_token: Option<IgnoredAny>,
}

/// Reads `text`: a document, or the lines of one run or of several, one after the other.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &[u8]) -> Result<Vec<Past>, Unreadable> {
    // Editors of Windows put a byte order mark before UTF-8.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(Unreadable::Empty);
    }
    let first = serde_json::Deserializer::from_slice(text).into_iter::<Probe>().next();
    let Some(probe) = first.transpose().map_err(|error| wrong(&error, 0))? else { return Err(Unreadable::Empty) };
    match probe {
        Probe { access_token: Some(_), .. } => Err(Unreadable::Token),
        Probe { event: Some(_), .. } => lines(text),
        Probe { schema: Some(schema), .. } if schema != u64::from(SCHEMA) => Err(Unreadable::OtherSchema(schema)),
        Probe { .. } => {
            let document: JsonDocument<'_> = serde_json::from_slice(text).map_err(|error| wrong(&error, 0))?;
            let version = document.version().clone();
            Ok(vec![Past { document: document.into_document(), version }])
        }
    }
}

/// Reads the lines of `--json-lines`: each a report, the last one of a run the rest.
fn lines(text: &[u8]) -> Result<Vec<Past>, Unreadable> {
    let mut runs: Vec<Past> = Vec::new();
    let mut reports: Vec<Report> = Vec::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice(line).map_err(|error| wrong(&error, index))? {
            JsonLine::Report { report } => {
                let report = report.into_report();
                reports.push(report.map_err(|problem| Unreadable::Wrong(shown!("line {}: {}", index + 1, problem)))?);
            }
            JsonLine::Summary(rest) => {
                let Rest { before, after } = *rest;
                let version = before.version().clone();
                let document = Document { reports: std::mem::take(&mut reports), ..Document::new(Shown::default()) };
                runs.push(Past { document: after.into_document(before.into_document(document)), version });
            }
        }
    }
    if runs.is_empty() || !reports.is_empty() { Err(Unreadable::CutOff) } else { Ok(runs) }
}

/// The words of the parser, with line and column; `above` lines were before what it has seen.
fn wrong(error: &serde_json::Error, above: usize) -> Unreadable {
    let words = error.to_string();
    let problem = words.split(" at line ").next().unwrap_or_default();
    let place = shown!("line {}, column {}", error.line().max(1) + above, error.column());
    Unreadable::Wrong(shown!("{}: {}", place, Redactor::by_shape(problem)))
}
