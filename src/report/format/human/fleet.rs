//! Several tested mailboxes: a line each, what failed in full, and a summary.

use std::io;
use std::time::Duration;

use super::line::Line;
use super::page::{Page, in_brackets};
use super::screen;
use crate::report::format::headline::Called;
use crate::report::format::{headline, title};
use crate::report::{Finding, FindingCode, Report, Subject};

/// Writes the reports of a test.
pub(super) fn write(reports: &[&Report], all: &[Report], page: &mut Page<'_>) -> io::Result<()> {
    write_lines(reports, &Called::among(all), page)?;
    write_failures(reports, all, page)?;
    page.gap()?;
    write_summary(reports, all, page)
}

/// What failed, each finding once.
pub(super) fn write_failures(reports: &[&Report], all: &[Report], page: &mut Page<'_>) -> io::Result<()> {
    let called = Called::among(all);
    let mut told: Vec<FindingCode> = Vec::new();
    for report in reports {
        let Some(finding) = report.first_finding().filter(|finding| !told.contains(&finding.code)) else { continue };
        told.push(finding.code);
        page.gap()?;
        write_failure(report, finding, reports, &called, page)?;
    }
    Ok(())
}

/// A line each.
fn write_lines(reports: &[&Report], called: &Called<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let width = reports.iter().map(|report| called.who(report).chars().count()).max().unwrap_or(0);
    for report in reports {
        let who = called.who(report);
        let (mark, text) = match report.first_finding() {
            None => {
                let mut protocols: Vec<&str> = report.sides.iter().map(|side| side.protocol.title()).collect();
                protocols.dedup();
                (Line::default().good("ok").plain("    "), Line::default().plain(protocols.join(", ")))
            }
            Some(finding) => {
                let text = Line::default().plain(headline::trouble(report)).plain(" ");
                (Line::default().bad("FAIL").plain("  "), text.dim(format!("[{}]", finding.code)))
            }
        };
        page.timed(0, &mark.plain(format!("{who:<width$}  ")), &text, time_of(report))?;
    }
    Ok(())
}

/// From its first check to its last.
fn time_of(report: &Report) -> Duration {
    let began = report.checks.iter().filter_map(|check| check.began).min().unwrap_or_default();
    headline::took([report]).saturating_sub(began)
}

/// What failed, told once for all mailboxes that it is the first finding of.
fn write_failure(
    report: &Report,
    finding: &Finding,
    reports: &[&Report],
    called: &Called<'_>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    screen::write_verdict(report, finding, page)?;
    let same = |other: &&&Report| {
        other.subject != report.subject && other.first_finding().is_some_and(|found| found.code == finding.code)
    };
    let others: Vec<&str> = reports.iter().filter(same).map(|other| called.who(other)).collect();
    if !others.is_empty() {
        page.led(2, &Line::default().dim("the same at: "), &Line::default().plain(others.join(", ")))?;
    }
    Ok(())
}

/// "48 work, 2 do not: info, sales (12.3 s)"
pub(super) fn write_summary(reports: &[&Report], all: &[Report], page: &mut Page<'_>) -> io::Result<()> {
    let (fails, works): (Vec<&Report>, Vec<&Report>) =
        reports.iter().copied().partition(|report| report.first_finding().is_some());
    let count = |count: usize| if count == 1 { format!("{count} works") } else { format!("{count} work") };
    let missing: Vec<&Report> = all.iter().filter(|report| matches!(report.subject, Subject::Shard(_))).collect();
    let missing = title::missing_shards(&missing);
    let line = match (works.len(), fails.as_slice()) {
        (all, []) if missing.is_none() => Line::default().strong(format!("All {all} work")),
        (some, []) => Line::default().strong(count(some)),
        (some, fails) => {
            let called = Called::among(all);
            let names: Vec<&str> = fails.iter().map(|report| called.who(report)).collect();
            let verb = if fails.len() == 1 { "does not" } else { "do not" };
            Line::default()
                .strong(format!("{}, {} {verb}", count(some), fails.len()))
                .plain(format!(": {}", names.join(", ")))
        }
    };
    let line = missing.iter().fold(line, |line, missing| line.strong(format!("; {missing}")));
    page.text(0, &line.plain(" ").time(in_brackets(headline::took(reports.iter().copied()))))
}
