//! The forms in which a document is written: one file for each, and a row in [`ALL`].
//!
//! Only this folder knows which forms there are. The rest of the program asks a [`Format`] for what it needs to know.

mod calendar;
mod github;
mod headline;
mod html;
mod human;
mod interface;
mod json;
mod junit;
mod markdown;
mod nagios;
mod prometheus;
mod quiet;
mod tap;
#[cfg(test)]
mod tests;
mod title;

pub use interface::Format;
pub use json::{Past, Unreadable, read};

use std::io::{self, Write};

use super::{Document, Finding, View};

/// All forms, in the order of the help.
pub static ALL: [&dyn Format; 10] = [
    &human::Human,
    &json::Json,
    &json::JsonLines,
    &html::Html,
    &markdown::Markdown,
    &github::Github,
    &nagios::Nagios,
    &junit::Junit,
    &prometheus::Prometheus,
    &tap::Tap,
];

/// Text for people, the form where none was asked for.
pub static TEXT: &dyn Format = &human::Human;
/// The form that `--json` asks for.
pub static JSON: &dyn Format = &json::Json;
/// The form that `--json=1` asks for, the layout of before. It is not among [`ALL`]: it goes with the next version.
pub static JSON_1: &dyn Format = &json::Json1;
/// The form that `--json-lines` asks for.
pub static JSON_LINES: &dyn Format = &json::JsonLines;
/// The form that `--html` asks for.
pub static HTML: &dyn Format = &html::Html;

/// The form that `--quiet` asks for. It is not among [`ALL`]: a file that says nothing is not a report.
pub static QUIET: &dyn Format = &quiet::Quiet;

/// The form that `--ics` asks for. It is not among [`ALL`]: it holds days and no report, and one command alone knows days.
pub static CALENDAR: &dyn Format = &calendar::Calendar;

/// The JSON Schema of [`JSON`].
#[must_use]
pub fn json_schema() -> schemars::Schema {
    json::schema()
}

/// The form of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn Format> {
    ALL.into_iter().find(|format| format.name() == name)
}

/// Writes the warnings of `document` alone, for people, as `view` has room for them.
///
/// # Errors
/// The error of `out`.
pub fn write_warnings(document: &Document, view: &View, out: &mut dyn Write) -> io::Result<()> {
    human::write_warnings(document, view, out)
}

/// Writes why a command could not do its job, for people, as `view` has room for it.
///
/// # Errors
/// The error of `out`.
pub fn write_error(finding: &Finding, view: &View, out: &mut dyn Write) -> io::Result<()> {
    human::write_error(finding, view, out)
}
