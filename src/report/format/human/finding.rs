//! A finding: its steps, the server's words, and its code.

use std::io;

use super::line::Line;
use super::page::Page;
use crate::report::step::Part;
use crate::report::{Confidence, Finding, Step};

/// The most characters of the server's words that are shown where not everything is wanted.
const SAID: usize = 150;

/// The characters of them that make room for a number to look for.
const NUMBER: usize = 50;

/// How much of a finding is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// What helps most, on one screen.
    Short,
    /// All of it.
    Whole,
}

/// The steps of `finding`, numbered.
pub(super) fn write_steps(finding: &Finding, telling: Telling, indent: usize, page: &mut Page<'_>) -> io::Result<()> {
    let is_wanted = |step: &&Step| telling == Telling::Whole || !step.is_aside();
    let wanted: Vec<&Step> = finding.fix.iter().filter(is_wanted).collect();
    // Where all are asides, they are all there is.
    let wanted = if wanted.is_empty() { finding.fix.iter().collect() } else { wanted };
    for (index, step) in wanted.iter().enumerate() {
        page.led(indent, &Line::default().plain(format!("{}. ", index + 1)), &line(step))?;
    }
    let more = finding.fix.len() - wanted.len();
    if more > 0 {
        page.text(indent, &Line::default().dim(format!("({} with --details)", count(more, "more step"))))?;
    }
    Ok(())
}

/// A step, whose commands are not broken and whose pages can be opened.
pub(super) fn line(step: &Step) -> Line<'_> {
    step.parts().iter().fold(Line::default(), |line, part| match part {
        Part::Words(words) => line.plain(words.as_str()),
        Part::Command(command) => line.command(command.line.as_str()),
        Part::Link(link) => line.link(link.title.as_str(), link.url.as_str()),
    })
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// What the server said, and the code.
fn write_evidence(finding: &Finding, telling: Telling, indent: usize, page: &mut Page<'_>) -> io::Result<()> {
    if let Some(words) = &finding.server_said {
        let words = match telling {
            Telling::Short => shortened(words, page.view.unicode),
            Telling::Whole => words.to_string(),
        };
        page.hanging(indent, 2, &Line::default().dim("the server said: ").plain(words))?;
    }
    write_code(finding, indent, page)
}

/// The code, and how sure it is.
pub(super) fn write_code(finding: &Finding, indent: usize, page: &mut Page<'_>) -> io::Result<()> {
    page.text(indent, &Line::default().dim(format!("[{}]{}", finding.code, doubt(finding))))
}

/// The steps, the server's words and the code.
pub(super) fn write(finding: &Finding, telling: Telling, indent: usize, page: &mut Page<'_>) -> io::Result<()> {
    write_steps(finding, telling, indent, page)?;
    write_evidence(finding, telling, indent, page)
}

fn doubt(finding: &Finding) -> &'static str {
    match finding.confidence {
        Confidence::Certain => "",
        Confidence::Likely => " likely",
        Confidence::Possible => " possibly",
    }
}

/// The words that tell most: without a body that a line before it sums up, and no longer than two lines or three.
fn shortened(words: &str, unicode: bool) -> String {
    let is_body = |line: &&str| line.trim_start().starts_with(['{', '<']);
    let telling: Vec<&str> = words.lines().filter(|line| !is_body(line)).collect();
    let telling = if telling.is_empty() { words.to_owned() } else { telling.join(" ") };
    // Microsoft ends with numbers, of which administrators look for this one in their logs.
    let (telling, number) = match telling.split_once(" Trace ID: ") {
        Some((before, numbers)) => (before.to_owned(), correlation(numbers)),
        None => (telling, None),
    };
    let most = if number.is_some() { SAID - NUMBER } else { SAID };
    let told = match telling.char_indices().nth(most) {
        Some((at, _)) => format!("{}{}", &telling[..at], if unicode { "…" } else { "..." }),
        None => telling,
    };
    number.map_or_else(|| told.clone(), |number| format!("{told} Correlation ID: {number}"))
}

/// The correlation ID among the numbers at the end of Microsoft's answers.
fn correlation(numbers: &str) -> Option<&str> {
    numbers.split_once("Correlation ID: ")?.1.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_s_words_are_short_but_the_number_that_is_looked_for_stays() {
        let body = "HTTP 403 ErrorAccessDenied: No.\n{\"error\":{\"code\":\"ErrorAccessDenied\"}}";
        assert_eq!(shortened(body, true), "HTTP 403 ErrorAccessDenied: No.");
        assert_eq!(shortened("{\"error\":1}", true), "{\"error\":1}");
        let long = "word ".repeat(100);
        assert_eq!(shortened(&long, false).len(), SAID + 3);
        let numbered =
            format!("invalid_grant: {long} Trace ID: 1-2 Correlation ID: 3-4 Timestamp: 2026-11-28 12:00:00Z");
        assert!(shortened(&numbered, true).ends_with("… Correlation ID: 3-4"));
        assert_eq!(shortened("No. Trace ID: 1 Correlation ID: 2", true), "No. Correlation ID: 2");
    }
}
