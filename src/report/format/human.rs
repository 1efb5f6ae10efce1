//! A document as people read it: wrapped where it goes to a terminal, coloured where the terminal wants it.
//!
//! ```text
//! screen      one tested mailbox    (headline  what it comes to, beside this folder)
//! fleet       several of them       checks    a line each, or folded
//! machine     this one, its servers
//! block       any other report      finding   steps, the server's words, the code
//! table       a row each            trials    the protocols that were tried
//! tasks       what has to be set up
//! explanation error faults
//! page        lines, hanging indents, times    line  styled words and their wrapping
//! own_time    the reader's time beside that in UTC
//! ```

mod block;
mod checks;
mod error;
mod explanation;
mod faults;
mod finding;
mod fleet;
mod line;
mod machine;
mod own_time;
mod page;
mod screen;
mod style;
mod table;
mod tasks;
mod trials;

use std::borrow::Cow;
use std::io::{self, Write};

use secrecy::ExposeSecret;

use self::fleet::Fleet;
use self::line::Line;
use self::page::Page;
use super::interface::Format;
use crate::report::{Document, Finding, Report, Since, Slower, Step, Subject, View};
use crate::text::Shown;

/// Text for people; `anstream` strips the colours where the output is not a terminal.
pub(super) struct Human;

impl Format for Human {
    fn name(&self) -> &'static str {
        "text"
    }

    fn write(&self, document: &Document, view: &View, out: &mut dyn Write) -> io::Result<()> {
        if let Some(text) = &document.text {
            return out.write_all(text.as_bytes());
        }
        match (&document.token, &document.error) {
            (Some(token), _) => {
                writeln!(out, "{}", token.printed.as_ref().unwrap_or(&token.access_token).expose_secret())
            }
            // The error is for standard error; reports made before it are shown all the same.
            (None, Some(_)) if document.reports.is_empty() => Ok(()),
            (None, _) => write_document(&news(document), &mut Page::new(view, out)),
        }
    }

    fn leaves_error_to_stderr(&self) -> bool {
        true
    }

    fn leaves_warnings_to_stderr(&self, document: &Document) -> bool {
        document.text.is_some() || document.token.is_some()
    }

    fn may_hold_token(&self) -> bool {
        true
    }
}

/// The document without the reports that say the same as an earlier run's, and a line that counts them.
fn news(document: &Document) -> Cow<'_, Document> {
    let Some(changes) = &document.changes else { return Cow::Borrowed(document) };
    let mut news = Document { reports: Vec::new(), table: None, ..document.clone() };
    news.reports.extend(document.reports.iter().filter(|one| one.since.is_none_or(Since::is_news)).cloned());
    for since in [Since::NewFailure, Since::Repaired, Since::Slower, Since::Added] {
        let names = news.reports.iter().filter(|one| one.since == Some(since)).map(named);
        let names = Shown::join(names, ", ");
        if !names.is_empty() {
            news.notes.push(shown!("{}: {}", since.title(), names));
        }
    }
    news.notes.push(changes.line());
    Cow::Owned(news)
}

/// The name of what `report` is on, and which steps take longer than in the earlier run.
fn named(report: &Report) -> Shown {
    let name = report.subject.called();
    if report.since != Some(Since::Slower) {
        return name;
    }
    shown!("{} ({})", name, Shown::join(report.slower.iter().map(Slower::words), "; "))
}

fn write_document(document: &Document, page: &mut Page<'_>) -> io::Result<()> {
    let dry_run = "Dry run: nothing was written, sent or stored. Without --dry-run:";
    if document.is_dry_run {
        page.text(0, &Line::default().strong(dry_run))?;
        page.gap()?;
    }
    let mut has_text = write_reports(document, page)?;
    if !document.diff.is_empty() {
        if std::mem::replace(&mut has_text, true) {
            page.gap()?;
        }
        page.text(0, &Line::default().strong("In the profile:"))?;
        for line in &document.diff {
            page.row(&marked(line))?;
        }
    }
    if !document.explanations.is_empty() {
        explanation::write(&document.explanations, page)?;
        has_text = true;
    }
    if !document.notes.is_empty() || !document.warnings.is_empty() {
        if std::mem::replace(&mut has_text, true) {
            page.gap()?;
        }
        for note in &document.notes {
            page.led(0, &Line::default().dim("note:").plain(" "), &Line::default().plain(note.as_str()))?;
        }
        warnings(document, page)?;
    }
    if !document.next.is_empty() {
        if has_text {
            page.gap()?;
        }
        page.text(0, &Line::default().strong("Next:"))?;
        for sentence in document.next.iter().map(Step::sentence) {
            for line in sentence.lines() {
                let text = line.trim_start();
                page.text(2 + line.len() - text.len(), &Line::default().plain(text))?;
            }
        }
    }
    Ok(())
}

/// A line of a diff.
fn marked(line: &str) -> Line<'_> {
    let indented = Line::default().plain("  ");
    match line.chars().next() {
        Some('+') => indented.good(line),
        Some('-') => indented.bad(line),
        _ => indented.plain(line),
    }
}

/// Writes the reports; whether there were any.
fn write_reports(document: &Document, page: &mut Page<'_>) -> io::Result<bool> {
    if let Some(table) = document.table.as_ref().filter(|_| !page.view.details) {
        table::write(table, page)?;
        let reports: Vec<&Report> = document.reports.iter().collect();
        Fleet::of(&reports, &document.reports).write_failures(page)?;
        return Ok(!table.rows.is_empty());
    }
    let (tests, others): (Vec<&Report>, Vec<&Report>) =
        document.reports.iter().partition(|report| !report.sides.is_empty());
    let (machine, others): (Vec<&Report>, Vec<&Report>) =
        others.into_iter().partition(|report| machine::is_one(report) && !page.view.details);
    if !machine.is_empty() {
        machine::write(&machine, page)?;
    }
    let mut told = Vec::new();
    for (index, report) in others.iter().enumerate() {
        if let Subject::Fault(name) = &report.subject {
            faults::write(name, &report.facts, page)?;
            continue;
        }
        if index > 0 {
            page.gap()?;
        }
        block::write(report, &mut told, page)?;
    }
    if !others.is_empty() && !tests.is_empty() {
        page.gap()?;
    }
    match tests.as_slice() {
        [] => {}
        [only] => screen::write(only, page)?,
        several if page.view.details => {
            for (index, report) in several.iter().enumerate() {
                if index > 0 {
                    page.gap()?;
                }
                screen::write(report, page)?;
            }
            page.gap()?;
            Fleet::of(several, &document.reports).write_summary(page)?;
        }
        several => Fleet::of(several, &document.reports).write(page)?,
    }
    Ok(!document.reports.is_empty())
}

fn warnings(document: &Document, page: &mut Page<'_>) -> io::Result<()> {
    document.warnings.iter().try_for_each(|warning| {
        page.led(0, &Line::default().warn("warning:").plain(" "), &Line::default().plain(warning.text.as_str()))
    })
}

/// Writes the warnings alone.
pub(super) fn write_warnings(document: &Document, view: &View, out: &mut dyn Write) -> io::Result<()> {
    warnings(document, &mut Page::new(view, out))
}

/// Writes why a command could not do its job.
pub(super) fn write_error(finding: &Finding, view: &View, out: &mut dyn Write) -> io::Result<()> {
    error::write(finding, &mut Page::new(view, out))
}
