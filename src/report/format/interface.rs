//! The interface of the forms.

use std::fmt;
use std::io::{self, Write};

use crate::report::{Document, ExitCode, Report, View};

/// A form in which a document is written.
pub trait Format: Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// Writes the whole document, as `view` has room for it. `out` takes colours away where they do not belong.
    ///
    /// # Errors
    /// The error of `out`; a closed pipe among others.
    fn write(&self, document: &Document, view: &View, out: &mut dyn Write) -> io::Result<()>;

    /// Whether each report can be written as soon as it is made.
    fn streams(&self) -> bool {
        false
    }

    /// Writes one report, where they are written as they are made.
    ///
    /// # Errors
    /// The error of `out`.
    fn write_report(&self, _report: &Report, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// The word for what is written, in messages.
    fn noun(&self) -> &'static str {
        "report"
    }

    /// Whether the error of a command belongs on standard error, in words, where this form goes to standard output.
    fn leaves_error_to_stderr(&self) -> bool {
        false
    }

    /// Whether what is written of `document` is for another program as it is, and its warnings belong on standard error.
    fn leaves_warnings_to_stderr(&self, _document: &Document) -> bool {
        false
    }

    /// Whether it holds the report; what holds something else leaves the report to standard error.
    fn is_report(&self) -> bool {
        true
    }

    /// Whether it can hold something of this document; where it cannot, the file of before stays.
    fn has_place_for(&self, _document: &Document) -> bool {
        true
    }

    /// Whether a program reads it while the command runs: it gets events beside it.
    fn is_for_programs(&self) -> bool {
        false
    }

    /// The status that the process ends with, where `code` is what the command has come to.
    fn exit_status(&self, _document: &Document, code: ExitCode) -> u8 {
        code as u8
    }

    /// Whether a scheduler runs the command as its plugin: it has an answer whatever ends the command, and in time.
    fn is_plugin(&self) -> bool {
        false
    }

    /// Whether a command that went well has nothing to say, on standard error neither.
    fn is_quiet(&self) -> bool {
        false
    }

    /// Whether a file of it is closed to other users: there are addresses and servers' words in it.
    fn is_private(&self) -> bool {
        true
    }

    /// Whether a document with an access token can be written in this form. A report never holds one.
    fn may_hold_token(&self) -> bool {
        false
    }
}

impl fmt::Debug for dyn Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
