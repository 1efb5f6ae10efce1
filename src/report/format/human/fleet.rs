//! Several tested mailboxes: a line each, what failed in full, and a summary.

use std::io;
use std::time::Duration;

use super::line::Line;
use super::page::{Page, in_brackets};
use super::screen;
use crate::report::format::headline::Called;
use crate::report::format::{headline, title};
use crate::report::{Finding, FindingCode, Report, Subject};

/// Reports on tested mailboxes, beside what else the document reports.
pub(super) struct Fleet<'a> {
    reports: &'a [&'a Report],
    all: &'a [Report],
    called: Called<'a>,
}

impl<'a> Fleet<'a> {
    /// `reports`, some of `all` that the document has.
    pub(super) fn of(reports: &'a [&'a Report], all: &'a [Report]) -> Self {
        Self { reports, all, called: Called::among(all) }
    }

    /// Writes the reports of a test.
    pub(super) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.write_lines(page)?;
        self.write_failures(page)?;
        page.gap()?;
        self.write_summary(page)
    }

    /// What failed, each finding once.
    pub(super) fn write_failures(&self, page: &mut Page<'_>) -> io::Result<()> {
        let mut told: Vec<FindingCode> = Vec::new();
        for report in self.reports {
            let Some(finding) = report.first_finding().filter(|finding| !told.contains(&finding.code)) else {
                continue;
            };
            told.push(finding.code);
            page.gap()?;
            self.write_failure(report, finding, page)?;
        }
        Ok(())
    }

    /// A line each.
    fn write_lines(&self, page: &mut Page<'_>) -> io::Result<()> {
        let width = self.reports.iter().map(|report| self.called.who(report).chars().count()).max().unwrap_or(0);
        for report in self.reports {
            let who = self.called.who(report);
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

    /// What failed, told once for all mailboxes that it is the first finding of.
    fn write_failure(&self, report: &Report, finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
        screen::write_verdict(report, finding, page)?;
        let same = |other: &&&Report| {
            other.subject != report.subject && other.first_finding().is_some_and(|found| found.code == finding.code)
        };
        let others: Vec<&str> = self.reports.iter().filter(same).map(|other| self.called.who(other)).collect();
        if !others.is_empty() {
            page.led(2, &Line::default().dim("the same at: "), &Line::default().plain(others.join(", ")))?;
        }
        Ok(())
    }

    /// "48 work, 2 do not: info, sales (12.3 s)"
    pub(super) fn write_summary(&self, page: &mut Page<'_>) -> io::Result<()> {
        let (fails, works): (Vec<&Report>, Vec<&Report>) =
            self.reports.iter().copied().partition(|report| report.first_finding().is_some());
        let count = |count: usize| if count == 1 { format!("{count} works") } else { format!("{count} work") };
        let missing: Vec<&Report> =
            self.all.iter().filter(|report| matches!(report.subject, Subject::Shard(_))).collect();
        let missing = title::missing_shards(&missing);
        let line = match (works.len(), fails.as_slice()) {
            (all, []) if missing.is_none() => Line::default().strong(format!("All {all} work")),
            (some, []) => Line::default().strong(count(some)),
            (some, fails) => {
                let names: Vec<&str> = fails.iter().map(|report| self.called.who(report)).collect();
                let verb = if fails.len() == 1 { "does not" } else { "do not" };
                Line::default()
                    .strong(format!("{}, {} {verb}", count(some), fails.len()))
                    .plain(format!(": {}", names.join(", ")))
            }
        };
        let line = missing.iter().fold(line, |line, missing| line.strong(format!("; {missing}")));
        page.text(0, &line.plain(" ").time(in_brackets(headline::took(self.reports.iter().copied()))))
    }
}

/// From its first check to its last.
fn time_of(report: &Report) -> Duration {
    let began = report.checks.iter().filter_map(|check| check.began).min().unwrap_or_default();
    headline::took([report]).saturating_sub(began)
}
