//! This machine and the servers that it was asked about, a line for each thing that is well.

use std::io;

use super::checks::{self, Mark, Row};
use super::line::Line;
use super::page::Page;
use crate::report::{Check, Fact, Finding, Outcome, Report, Stage, Subject};

/// Whether the report is one of these.
pub(super) fn is_one(report: &Report) -> bool {
    matches!(report.subject, Subject::Machine(_) | Subject::Host(_))
}

/// Writes the reports: a heading, then the lines. What fails is told in full, and once.
pub(super) fn write(reports: &[&Report], page: &mut Page<'_>) -> io::Result<()> {
    let mut told: Vec<&Finding> = Vec::new();
    let (mut own, mut hosts) = (Vec::new(), Vec::new());
    for report in reports {
        match &report.subject {
            Subject::Host(label) => hosts.extend(of_host(report, label, &mut told)),
            Subject::Machine(name) => {
                let fact = |fact: &Fact| format!("{} {}", fact.name.replace('_', " "), fact.value);
                let facts: Vec<String> = report.facts.iter().map(fact).collect();
                page.hanging(0, 2, &Line::default().strong(name.as_str()).dim(format!(": {}", facts.join("; "))))?;
                own.extend(of_machine(report, &mut told));
            }
            Subject::Mailbox(_)
            | Subject::App(_)
            | Subject::Certificate(_)
            | Subject::VaultKey(_)
            | Subject::Vault(_)
            | Subject::Fault(_)
            | Subject::Catalogue(_)
            | Subject::Shard(_) => {}
        }
    }
    // Apart: a long name of a host leaves no room beside it.
    checks::write_rows(&own, page)?;
    checks::write_rows(&hosts, page)
}

/// A line for each stage that is well, and for each check that is not.
fn of_machine<'r>(report: &'r Report, told: &mut Vec<&'r Finding>) -> Vec<Row<'r>> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut rows = Vec::new();
    for check in &report.checks {
        let title = check.stage.title().to_owned();
        if !check.has_passed() {
            rows.push(checks::row(check, title, told));
        } else if !stages.contains(&check.stage) {
            stages.push(check.stage);
            let same = || report.checks.iter().filter(|other| other.stage == check.stage && other.has_passed());
            let text = match same().count() {
                1 => Line::default().plain(check.detail().map_or("", |detail| detail.as_str())),
                several => Line::default().plain(format!("{several} were looked at, and all are well")),
            };
            let took = same().map(|check| check.elapsed).sum();
            rows.push(Row { mark: Mark::Ok, title, text, took, below: None });
        }
    }
    rows
}

/// A line for a server that is well, and for each check that is not.
fn of_host<'r>(report: &'r Report, label: &str, told: &mut Vec<&'r Finding>) -> Vec<Row<'r>> {
    let is_well = |check: &Check| !matches!(check.outcome, Outcome::Failed { .. });
    if !report.checks.iter().all(is_well) {
        let bad = report.checks.iter().filter(|check| !is_well(check));
        return bad.map(|check| checks::row(check, format!("{label} {}", check.stage.title()), told)).collect();
    }
    let role = report.facts.iter().find(|fact| fact.name == "role").map_or("", |fact| fact.value.as_str());
    let stages = report.checks.iter().filter(|check| check.has_passed());
    let stages: Vec<&str> = stages.map(|check| check.stage.title()).collect();
    let text = Line::default().plain(format!("{role}: {}", stages.join(", ")));
    let took = report.checks.iter().map(|check| check.elapsed).sum();
    vec![Row { mark: Mark::Ok, title: label.to_owned(), text, took, below: None }]
}
