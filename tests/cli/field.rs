//! `explain` on what people posted when they asked for help: `field/reports.toml`, with sources and true causes.
//!
//! None of these texts was used while the rules were written. The first rate is in `field/README.md`. What was right then
//! stays right: each report has the code that must come first. Those that were not right have none, and may only get better.

use std::collections::BTreeSet;

use mailgrant::diagnosis::catalogue::Hint;
use mailgrant::diagnosis::explain;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reports {
    report: Vec<Report>,
}

#[derive(Deserialize)]
struct Report {
    id: String,
    /// What was posted; personal data is replaced.
    text: String,
    /// The finding that must come first, where the first measure found it right.
    first: Option<String>,
}

#[test]
fn what_was_right_stays_right() {
    let reports = toml::from_str::<Reports>(include_str!("field/reports.toml")).unwrap().report;
    let names: BTreeSet<&str> = reports.iter().map(|report| report.id.as_str()).collect();
    assert_eq!(names.len(), reports.len(), "two reports have one name");
    assert!(reports.len() >= 150, "only {} reports", reports.len());
    let wrong: Vec<String> = reports
        .iter()
        .filter_map(|report| {
            let first = report.first.as_ref()?;
            let found = explain::explain(&report.text, Hint::default());
            let code = found.first().map(|found| found.finding.code.as_str()).unwrap_or_default();
            (code != first).then(|| format!("{}: {code}, not {first}", report.id))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), reports.len());
}
