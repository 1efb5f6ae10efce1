//! One tested mailbox: the verdict first, then a line for each thing that was tried, and what it comes to.

use std::io;

use super::block;
use super::checks;
use super::finding::{self, Telling};
use super::line::Line;
use super::page::{Page, in_brackets};
use super::trials;
use crate::report::format::headline;
use crate::report::{Finding, Report};

/// Writes the report of a test.
pub(super) fn write(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let told = report.first_finding();
    if let Some(finding) = told {
        write_verdict(report, finding, page)?;
        page.gap()?;
    }
    if page.view.details {
        block::write_facts(report, page)?;
        checks::write_each(report, &mut told.into_iter().collect(), page)?;
    } else {
        checks::write_folded(report, told, page)?;
    }
    trials::write(&report.trials, page)?;
    block::write_latest(&report.latest, page)?;
    write_closing(report, told.is_none(), page)
}

/// What does not work and why, what works, and what to do.
pub(super) fn write_verdict(report: &Report, finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let (first, rest) = finding.sentences();
    // Without a test the cause itself says whose it is.
    let subject = match report.sides.as_slice() {
        [] => String::new(),
        _ => format!("{} {}: ", headline::who(report), headline::trouble(report)),
    };
    page.text(0, &Line::default().strong(subject).strong(first).plain(" ").plain(rest))?;
    if let Some(consolation) = headline::consolation(report) {
        page.text(0, &Line::default().plain(consolation))?;
    }
    if !finding.fix.is_empty() {
        page.gap()?;
        page.text(0, &Line::default().strong("Do this first:"))?;
    }
    let telling = if page.view.details { Telling::Whole } else { Telling::Short };
    finding::write(finding, telling, 2, page)
}

/// The last line: whether it works.
fn write_closing(report: &Report, is_well: bool, page: &mut Page<'_>) -> io::Result<()> {
    let who = headline::who(report);
    let line = Line::default().strong(who).plain(" ").plain(headline::closing(report, is_well));
    page.text(0, &line.plain(" ").time(in_brackets(headline::took([report]))))
}
