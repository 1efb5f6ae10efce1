//! The forms in which a document is written: one file for each, and a row in [`ALL`].
//!
//! Only this folder knows which forms there are. The rest of the program asks a [`Format`] for what it needs to know.

mod html;
mod human;
mod json;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write};

use super::{Document, Finding};

/// A form in which a document is written.
pub trait Format: Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// Writes the whole document. `out` takes colours away where they do not belong.
    ///
    /// # Errors
    /// The error of `out`; a closed pipe among others.
    fn write(&self, document: &Document, out: &mut dyn Write) -> io::Result<()>;

    /// The word for what is written, in messages.
    fn noun(&self) -> &'static str {
        "report"
    }

    /// Whether the error of a command belongs on standard error, in words, where this form goes to standard output.
    fn leaves_error_to_stderr(&self) -> bool {
        false
    }

    /// Whether a document with an access token can be written in this form. A report never holds one.
    fn may_hold_token(&self) -> bool {
        false
    }
}

/// All forms, in the order of the help.
pub static ALL: [&dyn Format; 3] = [&human::Human, &json::Json, &html::Html];

/// Text for people, the form where none was asked for.
pub static TEXT: &dyn Format = &human::Human;
/// The form that `--json` asks for.
pub static JSON: &dyn Format = &json::Json;
/// The form that `--html` asks for.
pub static HTML: &dyn Format = &html::Html;

/// The form of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn Format> {
    ALL.into_iter().find(|format| format.name() == name)
}

/// Writes why a command could not do its job, for people.
///
/// # Errors
/// The error of `out`.
pub fn write_error(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    human::write_error(finding, out)
}

impl fmt::Debug for dyn Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
