//! The lines of checks: one for each, or folded to one for the token and one for each protocol.

use std::io;
use std::time::Duration;

use super::finding::{self, Telling};
use super::line::Line;
use super::page::Page;
use crate::profile::Protocol;
use crate::report::{Check, Finding, Outcome, Report, Stage};

/// One line.
pub(super) struct Row<'a> {
    pub(super) mark: Mark,
    pub(super) title: String,
    pub(super) text: Line<'a>,
    pub(super) took: Duration,
    /// What is told below the line.
    pub(super) below: Option<&'a Finding>,
}

/// How it went.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    Ok,
    Fail,
    Skip,
}

impl Mark {
    /// The mark, as wide as the widest and its gap.
    fn lead(self) -> Line<'static> {
        let line = Line::default();
        match self {
            Self::Ok => line.good("ok").plain("    "),
            Self::Fail => line.bad("FAIL").plain("  "),
            Self::Skip => line.dim("skip").plain("  "),
        }
    }
}

/// A line for each check. A finding that is in `told` is not told again; what is told here is added to it.
pub(super) fn write_each<'r>(report: &'r Report, told: &mut Vec<&'r Finding>, page: &mut Page<'_>) -> io::Result<()> {
    let first = report.checks.iter().find_map(|check| check.protocol);
    // Where one protocol is spoken, every line would say the same.
    let are_several = report.checks.iter().any(|check| check.protocol.is_some() && check.protocol != first);
    let title = |check: &Check| match check.protocol.filter(|_| are_several) {
        Some(protocol) => format!("{protocol} {}", check.stage.title()),
        None => check.stage.title().to_owned(),
    };
    let rows: Vec<Row<'_>> = report.checks.iter().map(|check| row(check, title(check), told)).collect();
    write_rows(&rows, page)
}

/// The line of one check. A finding that is in `told` is not told again; one that is told here is added to it.
pub(super) fn row<'r>(check: &'r Check, title: String, told: &mut Vec<&'r Finding>) -> Row<'r> {
    let (mark, text, below) = match &check.outcome {
        Outcome::Passed { detail } => (Mark::Ok, Line::default().plain(detail.as_str()), None),
        Outcome::Skipped { because } => (Mark::Skip, Line::default().dim(because.as_str()), None),
        Outcome::Failed { finding } if is_among(finding, told) => (Mark::Fail, see_above(finding), None),
        Outcome::Failed { finding } => {
            told.push(finding);
            (Mark::Fail, Line::default().plain(finding.cause.as_str()), Some(&**finding))
        }
    };
    Row { mark, title, text, took: check.elapsed, below }
}

/// Whether `told` has said the same, but perhaps of another server.
fn is_among(finding: &Finding, told: &[&Finding]) -> bool {
    told.iter().any(|told| told.code == finding.code && told.fix == finding.fix)
}

fn see_above(finding: &Finding) -> Line<'_> {
    Line::default().plain("see above ").dim(format!("[{}]", finding.code))
}

/// A line for the token and one for each protocol. What `told` says is only pointed at; of every other finding there is its
/// first sentence.
pub(super) fn write_folded(report: &Report, told: Option<&Finding>, page: &mut Page<'_>) -> io::Result<()> {
    let mut groups: Vec<(Option<Protocol>, Vec<&Check>)> = Vec::new();
    // What a directory says is about the app; each says something else.
    let (of_directory, others): (Vec<&Check>, Vec<&Check>) =
        report.checks.iter().partition(|check| check.stage == Stage::Directory);
    for check in others {
        // What a token says of itself is about the token, whichever server it is for.
        let about = check.protocol.filter(|_| check.stage != Stage::Preflight);
        match groups.iter_mut().find(|(known, _)| *known == about) {
            Some((_, checks)) => checks.push(check),
            None => groups.push((about, vec![check])),
        }
    }
    let mut rows: Vec<Row<'_>> = groups.iter().flat_map(|(about, checks)| fold(report, *about, checks, told)).collect();
    let mut told: Vec<&Finding> = told.into_iter().collect();
    rows.extend(of_directory.into_iter().map(|check| row(check, check.stage.title().to_owned(), &mut told)));
    write_rows(&rows, page)
}

/// The lines for checks about one thing.
fn fold<'r>(report: &'r Report, about: Option<Protocol>, checks: &[&'r Check], told: Option<&Finding>) -> Vec<Row<'r>> {
    let title = || about.map_or("token", Protocol::title).to_owned();
    let took = checks.iter().map(|check| check.elapsed).sum();
    let mut failed: Vec<&Check> = checks.iter().filter(|check| check.finding().is_some()).copied().collect();
    failed.dedup_by_key(|check| check.finding().map(|finding| finding.code));
    if !failed.is_empty() {
        let row = |check: &&'r Check| {
            let finding = check.finding()?;
            // The token's own steps are named after it: its line says that once.
            let stage = check.stage.title();
            let place = stage.strip_prefix(title().as_str()).unwrap_or(stage).trim_start();
            let words = match (place, check.is_told_by(told)) {
                ("", true) => "see above ".to_owned(),
                ("", false) => String::new(),
                (place, true) => format!("{place}: see above "),
                (place, false) => format!("{place} "),
            };
            let text = Line::default().plain(words).dim(format!("[{}]", finding.code));
            Some(Row { mark: Mark::Fail, title: title(), text, took: check.elapsed, below: None })
        };
        return failed.iter().filter_map(row).collect();
    }
    if let Some(skipped) = checks.iter().find(|check| !check.has_passed()) {
        // The verdict says why.
        let because = skipped.detail().filter(|_| told.is_none());
        let row = |text| Row { mark: Mark::Skip, title: title(), text, took, below: None };
        return because.map(|because| row(Line::default().dim(because.as_str()))).into_iter().collect();
    }
    vec![Row { mark: Mark::Ok, title: title(), text: passed(report, about, checks), took, below: None }]
}

/// Where it was and what was seen, as in "outlook.office365.com:993: INBOX, 3 messages".
fn passed<'r>(report: &'r Report, about: Option<Protocol>, checks: &[&'r Check]) -> Line<'r> {
    let mut seen: Vec<&str> = Vec::new();
    for brief in checks.iter().filter_map(|check| check.brief.as_deref()) {
        if !seen.contains(&brief) {
            seen.push(brief);
        }
    }
    if seen.is_empty() {
        seen.extend(checks.iter().rev().find_map(|check| check.detail()).map(|detail| detail.as_str()));
    }
    let server = report.sides.iter().find(|side| Some(side.protocol) == about).map(|side| side.server.as_str());
    let line = match server {
        Some(server) => Line::default().plain(format!("{server}: ")),
        None => Line::default(),
    };
    line.plain(seen.join("; "))
}

/// Writes the lines, their texts below each other.
pub(super) fn write_rows(rows: &[Row<'_>], page: &mut Page<'_>) -> io::Result<()> {
    let width = rows.iter().map(|row| row.title.len()).max().unwrap_or(0);
    for row in rows {
        let lead = row.mark.lead().plain(format!("{:<width$}  ", row.title));
        page.timed(2, &lead, &row.text, row.took)?;
        if let Some(finding) = row.below {
            finding::write(finding, Telling::Whole, 8, page)?;
        }
    }
    Ok(())
}
