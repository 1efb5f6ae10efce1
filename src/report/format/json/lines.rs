//! A line of JSON for each report as soon as it is made, and one for all of them at the end.

use std::io::{self, Write};

use serde::Serialize;

use super::super::interface::Format;
use super::document::{After, Before};
use super::event::{JsonLine, Rest};
use super::report::JsonReport;
use crate::report::{Document, Report, View};

/// One JSON object a line (JSON Lines): an event of kind `report` each, and `summary` at the end.
pub(in super::super) struct JsonLines;

impl Format for JsonLines {
    fn name(&self) -> &'static str {
        "json-lines"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        for report in document.reports.iter().filter(|report| !report.is_told) {
            self.write_report(report, out)?;
        }
        let rest = Rest { before: Before::of(document), after: After::of(document) };
        line(&JsonLine::Summary(Box::new(rest)), out)
    }

    fn streams(&self) -> bool {
        true
    }

    fn write_report(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        line(&JsonLine::Report { report: Box::new(JsonReport::of(report)) }, out)
    }

    fn is_for_programs(&self) -> bool {
        true
    }
}

/// Written whole, so that a reader never sees half of it.
fn line(event: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}
