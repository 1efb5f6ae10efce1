//! A document as programs read it. Field names are public API; [`schema`] describes them.
//!
//! ```text
//! document    the whole, in schema 2
//! report      a report, its checks and protocols
//! finding     a finding, its steps, an explanation
//! event       a line of --json-lines
//! lines       a line for each report as it is made
//! words       words by their names
//! schema      the JSON Schema of all of it
//! read        what was written before, read back
//! schema_1    the layout of before, for programs that ask for it
//! ```

mod document;
mod event;
mod finding;
mod lines;
mod read;
mod report;
mod schema;
mod schema_1;
mod words;

use std::io::{self, Write};

use schemars::Schema;

pub(super) use self::lines::JsonLines;
pub use self::read::{Past, Unreadable, read};

use self::document::{JsonDocument, JsonToken};
use super::interface::Format;
use crate::report::{Document, View};

/// One JSON document in schema 2, with a newline at its end.
pub(super) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        match &document.token {
            Some(token) => serde_json::to_writer(&mut *out, &JsonToken::of(document, token))?,
            None => serde_json::to_writer_pretty(&mut *out, &JsonDocument::of(document))?,
        }
        writeln!(out)
    }

    fn may_hold_token(&self) -> bool {
        true
    }

    fn is_for_programs(&self) -> bool {
        true
    }
}

/// One JSON document in schema 1: `--json=1`, for one version more.
pub(super) struct Json1;

impl Format for Json1 {
    fn name(&self) -> &'static str {
        "json=1"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        schema_1::write(document, out)
    }

    fn may_hold_token(&self) -> bool {
        true
    }

    fn is_for_programs(&self) -> bool {
        true
    }
}

/// The JSON Schema of what [`Json`] writes.
pub(super) fn schema() -> Schema {
    schema::schema()
}
