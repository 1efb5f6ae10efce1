//! A document as people read it: aligned text, coloured where the terminal wants it.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::{Check, Document, Finding, Outcome, Report, Subject};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();
const WARN: Style = AnsiColor::Yellow.on_default();

/// Writes `document` to `out`, which strips the colours where they do not belong (`anstream`).
///
/// # Errors
/// What writing answers; a closed pipe among it.
pub(super) fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    for (index, report) in document.reports.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_report(report, out)?;
    }
    let mut gap = !document.reports.is_empty();
    for warning in &document.warnings {
        if std::mem::take(&mut gap) {
            writeln!(out)?;
        }
        writeln!(out, "{WARN}warning:{WARN:#} {warning}")?;
    }
    if !document.next.is_empty() {
        if !document.reports.is_empty() || !document.warnings.is_empty() {
            writeln!(out)?;
        }
        writeln!(out, "{STRONG}Next:{STRONG:#}")?;
        for step in &document.next {
            writeln!(out, "  {}", step.replace('\n', "\n  "))?;
        }
    }
    Ok(())
}

fn write_report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    match &report.subject {
        Subject::Mailbox(name) | Subject::Profile(name) => writeln!(out, "{STRONG}{name}{STRONG:#}")?,
        Subject::App(name) => writeln!(out, "{STRONG}{name}{STRONG:#} {DIM}(app){DIM:#}")?,
    }
    let width = report.facts.iter().map(|fact| fact.name.len()).max().unwrap_or(0);
    for fact in &report.facts {
        writeln!(out, "  {DIM}{:<width$}{DIM:#}  {}", fact.name.replace('_', " "), safe(&fact.value))?;
    }
    let width = report.checks.iter().map(|check| check.stage.title().len()).max().unwrap_or(0);
    for check in &report.checks {
        write_check(check, width, out)?;
    }
    for message in &report.latest {
        writeln!(out, "  {DIM}{}{DIM:#}  {}", message.date, message.subject)?;
        writeln!(
            out,
            "  {DIM}{:>width$}  from{DIM:#}  {}",
            "",
            message.from,
            width = message.date.chars().count().saturating_sub(6)
        )?;
    }
    Ok(())
}

fn write_check(check: &Check, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let title = check.stage.title();
    match &check.outcome {
        Outcome::Passed { detail } => {
            let time = Elapsed(check.elapsed);
            writeln!(out, "  {GOOD}ok  {GOOD:#} {title:<width$}  {}{DIM}{time}{DIM:#}", safe(detail))
        }
        Outcome::Skipped { because } => {
            writeln!(out, "  {DIM}skip {title:<width$}  {because}{DIM:#}")
        }
        Outcome::Failed { finding } => {
            let time = Elapsed(check.elapsed);
            writeln!(out, "  {BAD}FAIL{BAD:#} {title:<width$}  {}{DIM}{time}{DIM:#}", safe(&finding.cause))?;
            write_finding(finding, "         ", out)
        }
    }
}

/// Writes why a command could not do its job.
pub(super) fn write_error(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{BAD}mailgrant:{BAD:#} {}", safe(&finding.cause))?;
    write_finding(finding, "  ", out)
}

/// Writes what belongs to a finding below its cause, each line behind `indent`.
fn write_finding(finding: &Finding, indent: &str, out: &mut dyn Write) -> io::Result<()> {
    if let Some(words) = &finding.server_said {
        for (index, line) in words.lines().enumerate() {
            let lead = if index == 0 { "the server said:" } else { "                " };
            writeln!(out, "{indent}{DIM}{lead}{DIM:#} {}", safe(line))?;
        }
    }
    for (index, step) in finding.fix.iter().enumerate() {
        writeln!(out, "{indent}{}. {}", index + 1, safe(step))?;
    }
    writeln!(out, "{indent}{DIM}[{}]{DIM:#}", finding.code)
}

struct Elapsed(Duration);

impl std::fmt::Display for Elapsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_millis() {
            0 => Ok(()),
            millis @ 1..10_000 => write!(f, "  ({millis} ms)"),
            millis => write!(f, "  ({:.1} s)", millis as f64 / 1000.0),
        }
    }
}

/// The last door before the terminal: whoever filled a value in, no control character gets through (SECURITY.md P2).
/// A line break in a text of ours stays one.
fn safe(text: &str) -> Cow<'_, str> {
    let is_bad =
        |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().flat_map(|c| if is_bad(c) { c.escape_default().collect() } else { vec![c] }).collect())
}
