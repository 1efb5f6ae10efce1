//! A report on something else than a test of a mailbox: what it is about, its facts, its checks.

use std::io;

use super::checks;
use super::finding::{self, Telling};
use super::line::Line;
use super::page::Page;
use super::{tasks, trials};
use crate::report::{Finding, Headline, Report, Subject};

/// Writes the report. What `told` holds is not told again.
pub(super) fn write<'r>(report: &'r Report, told: &mut Vec<&'r Finding>, page: &mut Page<'_>) -> io::Result<()> {
    let heading = Line::default().strong(report.subject.called().to_string());
    let heading = if let Subject::App(_) = report.subject { heading.dim(" (app)") } else { heading };
    page.text(0, &heading)?;
    write_facts(report, page)?;
    let verdict = report.verdict.as_deref();
    told.extend(verdict);
    checks::write_each(report, told, page)?;
    tasks::write(&report.tasks, page)?;
    trials::write(&report.trials, page)?;
    if let Some(verdict) = verdict {
        page.gap()?;
        page.text(2, &Line::default().strong("Do this first: ").plain(verdict.cause.as_str()))?;
        finding::write(verdict, Telling::Whole, 2, page)?;
    }
    write_latest(&report.latest, page)?;
    match &report.conclusion {
        Some(conclusion) => page.text(0, &Line::default().strong(conclusion.as_str())),
        None => Ok(()),
    }
}

/// What is so.
pub(super) fn write_facts(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let width = report.facts.iter().map(|fact| fact.name.len()).max().unwrap_or(0);
    for fact in &report.facts {
        let lead = Line::default().dim(format!("{:<width$}", fact.name.replace('_', " "))).plain("  ");
        page.led(2, &lead, &Line::default().plain(page.own_time(fact.value.as_str())))?;
    }
    Ok(())
}

/// The newest messages.
pub(super) fn write_latest(latest: &[Headline], page: &mut Page<'_>) -> io::Result<()> {
    for message in latest {
        let date = message.date.as_str();
        let lead = Line::default().dim(date).plain("  ");
        page.led(2, &lead, &Line::default().plain(message.subject.as_str()))?;
        let below = Line::default().plain(" ".repeat(lead.width().saturating_sub(6))).dim("from  ");
        page.led(2, &below, &Line::default().plain(message.from.as_str()))?;
    }
    Ok(())
}
