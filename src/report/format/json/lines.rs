//! A line of JSON for each report as soon as it is made, and one for all of them at the end.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::interface::Format;
use super::document::JsonDocument;
use super::report::JsonReport;
use crate::report::{Document, Report, View};

/// One JSON object a line (JSON Lines): an event of kind `report` each, and `summary` at the end.
pub(in super::super) struct JsonLines;

/// A report.
#[derive(Serialize)]
struct ReportEvent {
    event: &'static str,
    report: JsonReport,
}

/// What a document has beside its reports.
#[derive(Serialize)]
struct SummaryEvent {
    event: &'static str,
    #[serde(flatten)]
    document: Map<String, Value>,
}

impl Format for JsonLines {
    fn name(&self) -> &'static str {
        "json-lines"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        for report in document.reports.iter().filter(|report| !report.is_told) {
            self.write_report(report, out)?;
        }
        let Value::Object(mut rest) = serde_json::to_value(JsonDocument::without_reports(document))? else {
            return Ok(());
        };
        rest.remove("reports");
        line(&SummaryEvent { event: "summary", document: rest }, out)
    }

    fn streams(&self) -> bool {
        true
    }

    fn write_report(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        line(&ReportEvent { event: "report", report: JsonReport::of(report) }, out)
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
