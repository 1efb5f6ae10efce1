//! Reports: what a command found, and how it is shown.
//!
//! `document`, `check` and `finding` are ground floor: every room may make checks and findings. The renderers are the only
//! code that writes results.

mod check;
mod document;
mod finding;
mod human;
mod json;
mod page;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

pub use check::{Check, Outcome, Stage};
pub use document::{Document, Explanation, Fact, Headline, Report, SCHEMA, Subject};
pub use finding::{Confidence, ExitCode, Finding, Retry};

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

/// Writes `document` to `out`.
///
/// # Errors
/// What writing answers; a closed pipe among it.
pub fn write(document: &Document, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(document, out),
        Format::Json => json::write(document, out),
    }
}

/// `document` as one self-contained HTML page, made at `when` (shown as it is).
#[must_use]
pub fn page(document: &Document, when: &str) -> String {
    page::page(document, when)
}

/// Writes why a command could not do its job, for people.
///
/// # Errors
/// What writing answers.
pub fn write_error(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    human::write_error(finding, out)
}
