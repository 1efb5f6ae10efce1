//! The lines of `--json-lines`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{After, Before};
use super::report::JsonReport;

/// An event: one line.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[schemars(rename = "line")]
pub(super) enum JsonLine {
    /// A report, as soon as it is made.
    Report {
        /// The report.
        report: Box<JsonReport>,
    },
    /// What a document has beside its reports, at the end.
    Summary(Box<Rest>),
}

/// What a document has beside its reports.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "rest")]
pub(super) struct Rest {
    #[serde(flatten)]
    pub(super) before: Before,
    #[serde(flatten)]
    pub(super) after: After,
}
