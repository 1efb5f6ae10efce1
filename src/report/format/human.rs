//! A document as people read it: aligned text, coloured where the terminal wants it.

mod faults;
mod style;
mod trials;

use std::io::{self, Write};
use std::time::Duration;

use secrecy::ExposeSecret;

use self::style::{BAD, DIM, GOOD, STRONG, WARN};
use super::interface::Format;
use crate::report::{Check, Confidence, Document, Explanation, Finding, Outcome, Report, Subject, TrialResult, View};

/// Text for people; `anstream` strips the colours where the output is not a terminal.
pub(super) struct Human;

impl Format for Human {
    fn name(&self) -> &'static str {
        "text"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        match (&document.token, &document.error) {
            (Some(token), _) => writeln!(out, "{}", token.access_token.expose_secret()),
            // The error is for standard error; reports made before it are shown all the same.
            (None, Some(_)) if document.reports.is_empty() => Ok(()),
            (None, _) => write_document(document, out),
        }
    }

    fn leaves_error_to_stderr(&self) -> bool {
        true
    }

    fn may_hold_token(&self) -> bool {
        true
    }
}

fn write_document(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    for (index, report) in document.reports.iter().enumerate() {
        if let Subject::Fault(name) = &report.subject {
            faults::write(name, &report.facts, out)?;
            continue;
        }
        if index > 0 {
            writeln!(out)?;
        }
        write_report(report, out)?;
    }
    match document.explanations.as_slice() {
        [] => {}
        [only] => write_explanation(only, out)?,
        several => {
            for explanation in several {
                write_listed(explanation, out)?;
            }
        }
    }
    let mut gap = !document.reports.is_empty() || !document.explanations.is_empty();
    for warning in &document.warnings {
        if std::mem::take(&mut gap) {
            writeln!(out)?;
        }
        writeln!(out, "{WARN}warning:{WARN:#} {warning}")?;
    }
    if !document.next.is_empty() {
        if gap || !document.warnings.is_empty() {
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
        Subject::Mailbox(name)
        | Subject::VaultKey(name)
        | Subject::Machine(name)
        | Subject::Host(name)
        | Subject::Fault(name) => {
            writeln!(out, "{STRONG}{name}{STRONG:#}")?;
        }
        Subject::App(name) => writeln!(out, "{STRONG}{name}{STRONG:#} {DIM}(app){DIM:#}")?,
    }
    let width = report.facts.iter().map(|fact| fact.name.len()).max().unwrap_or(0);
    for fact in &report.facts {
        writeln!(out, "  {DIM}{:<width$}{DIM:#}  {}", fact.name.replace('_', " "), fact.value)?;
    }
    let first = report.checks.iter().find_map(|check| check.protocol);
    // Where one protocol is spoken, every line would say the same.
    let are_several = report.checks.iter().any(|check| check.protocol.is_some() && check.protocol != first);
    let titles: Vec<String> = report.checks.iter().map(|check| title(check, are_several)).collect();
    let width = titles.iter().map(String::len).max().unwrap_or(0);
    for (check, title) in report.checks.iter().zip(&titles) {
        write_check(check, title, width, check.is_told_by(report.verdict.as_deref()), out)?;
    }
    trials::write(&report.trials, out)?;
    for trial in report.trials.iter().filter(|trial| trial.result == TrialResult::NotTried) {
        let Some(finding) = &trial.finding else { continue };
        writeln!(out, "\n  {DIM}To {} over {}:{DIM:#}", trial.side.verb(), trial.protocol)?;
        write_finding(finding, "  ", out)?;
    }
    if let Some(verdict) = &report.verdict {
        writeln!(out, "\n  {STRONG}Do this first:{STRONG:#} {}", verdict.cause)?;
        write_finding(verdict, "  ", out)?;
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

/// One answer explained in full.
fn write_explanation(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let finding = &explanation.finding;
    let place: Vec<&str> =
        [&explanation.provider, &explanation.stage].into_iter().filter_map(|known| known.as_deref()).collect();
    let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) };
    writeln!(out, "{DIM}{place}{DIM:#}{STRONG}{}{STRONG:#}", finding.cause)?;
    write_finding(finding, "  ", out)?;
    if let Some(example) = &explanation.example {
        writeln!(out, "  {DIM}as in:{DIM:#} {example}")?;
    }
    if let Some(note) = &explanation.note {
        writeln!(out, "  {DIM}note:{DIM:#} {note}")?;
    }
    let sure = match finding.confidence {
        Confidence::Certain => "documented",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    writeln!(
        out,
        "  {DIM}how sure:{DIM:#} {sure}{}",
        finding.source.map_or(String::new(), |source| format!(" ({source})"))
    )?;
    if !finding.also.is_empty() {
        let also: Vec<&str> = finding.also.iter().map(|code| code.as_str()).collect();
        writeln!(out, "  {DIM}it may mean as well:{DIM:#} {}", also.join(", "))?;
    }
    Ok(())
}

/// One answer on one line.
fn write_listed(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    let finding = &explanation.finding;
    let stage = explanation.stage.as_deref().unwrap_or_default();
    let first = finding.cause.split_inclusive(". ").next().unwrap_or_default().trim_end();
    writeln!(out, "{STRONG}{:<44}{STRONG:#} {DIM}{stage:<15}{DIM:#} {}", finding.code, first)
}

/// "TLS", or "SMTP TLS" where several protocols are spoken.
fn title(check: &Check, are_several: bool) -> String {
    match check.protocol.filter(|_| are_several) {
        Some(protocol) => format!("{protocol} {}", check.stage.title()),
        None => check.stage.title().to_owned(),
    }
}

/// `is_told`: the steps follow below, and are given only there.
fn write_check(check: &Check, title: &str, width: usize, is_told: bool, out: &mut dyn Write) -> io::Result<()> {
    match &check.outcome {
        Outcome::Passed { detail } => {
            let time = Elapsed(check.elapsed);
            writeln!(out, "  {GOOD}ok  {GOOD:#} {title:<width$}  {detail}{DIM}{time}{DIM:#}")
        }
        Outcome::Skipped { because } => {
            writeln!(out, "  {DIM}skip {title:<width$}  {because}{DIM:#}")
        }
        Outcome::Failed { finding } => {
            let time = Elapsed(check.elapsed);
            if is_told {
                return writeln!(
                    out,
                    "  {BAD}FAIL{BAD:#} {title:<width$}  see below{DIM}{time}  [{}]{DIM:#}",
                    finding.code
                );
            }
            writeln!(out, "  {BAD}FAIL{BAD:#} {title:<width$}  {}{DIM}{time}{DIM:#}", finding.cause)?;
            write_finding(finding, "         ", out)
        }
    }
}

/// Writes why a command could not do its job.
pub(super) fn write_error(finding: &Finding, _: &View, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{BAD}mailgrant:{BAD:#} {}", finding.cause)?;
    write_finding(finding, "  ", out)
}

/// Writes what belongs to a finding below its cause, each line behind `indent`.
fn write_finding(finding: &Finding, indent: &str, out: &mut dyn Write) -> io::Result<()> {
    if let Some(words) = &finding.server_said {
        for (index, line) in words.lines().enumerate() {
            let lead = if index == 0 { "the server said:" } else { "                " };
            writeln!(out, "{indent}{DIM}{lead}{DIM:#} {line}")?;
        }
    }
    for (index, step) in finding.fix.iter().enumerate() {
        writeln!(out, "{indent}{}. {}", index + 1, step)?;
    }
    let doubt = match finding.confidence {
        Confidence::Certain => "",
        Confidence::Likely => " likely",
        Confidence::Possible => " possibly",
    };
    writeln!(out, "{indent}{DIM}[{}]{doubt}{DIM:#}", finding.code)
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
