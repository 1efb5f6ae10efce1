//! Answers of servers, explained.

use std::io;

use super::finding::{self, Telling};
use super::line::Line;
use super::page::Page;
use crate::report::{Confidence, Explanation};

/// The most characters of a line of the text that are shown again.
const LINE: usize = 150;

/// Writes one answer in full, the problems of one text in a section each, and a list on a line each.
pub(super) fn write(explanations: &[Explanation], page: &mut Page<'_>) -> io::Result<()> {
    match explanations {
        [only] => write_one("", only, page),
        several if several.iter().all(|problem| problem.line.is_some()) => write_problems(several, page),
        several => several.iter().try_for_each(|listed| write_listed(listed, page)),
    }
}

fn write_problems(problems: &[Explanation], page: &mut Page<'_>) -> io::Result<()> {
    let lead = format!("{} problems in this text. Begin with the first.", problems.len());
    page.text(0, &Line::default().strong(lead))?;
    for (number, problem) in (1..).zip(problems) {
        page.gap()?;
        write_one(&format!("{number}. "), problem, page)?;
    }
    Ok(())
}

/// One answer behind its `number`, where it is one of several.
fn write_one(number: &str, explanation: &Explanation, page: &mut Page<'_>) -> io::Result<()> {
    let finding = &explanation.finding;
    let place: Vec<&str> =
        [&explanation.provider, &explanation.stage].into_iter().filter_map(|known| known.as_deref()).collect();
    let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) };
    let (first, rest) = finding.sentences();
    let head = Line::default().strong(number.to_owned()).dim(place).strong(first).plain(" ").plain(rest);
    page.text(0, &head)?;
    write_line(explanation, page)?;
    if !finding.fix.is_empty() {
        page.gap()?;
    }
    // Of a text the most telling is wanted, on one screen; of a code everything.
    let is_whole = explanation.line.is_none() || page.view.details;
    let telling = if is_whole { Telling::Whole } else { Telling::Short };
    finding::write_steps(finding, telling, 2, page)?;
    finding::write_code(finding, 2, page)?;
    write_more(explanation, telling, page)
}

/// The line of the text that says it.
fn write_line(explanation: &Explanation, page: &mut Page<'_>) -> io::Result<()> {
    let Some(words) = &explanation.finding.server_said else { return Ok(()) };
    let dots = if page.view.unicode { "…" } else { "..." };
    let words = match words.char_indices().nth(LINE) {
        Some((at, _)) => format!("{}{dots}", &words[..at]),
        None => words.to_string(),
    };
    let lead = explanation.line.map_or_else(|| "the text says: ".to_owned(), |line| format!("line {line}: "));
    page.hanging(2, 2, &Line::default().dim(lead).plain(words))
}

fn write_more(explanation: &Explanation, telling: Telling, page: &mut Page<'_>) -> io::Result<()> {
    let finding = &explanation.finding;
    let mut more: Vec<(&str, String)> = Vec::new();
    more.extend(explanation.example.as_ref().map(|example| ("as in", example.to_string())));
    more.extend(explanation.note.as_ref().filter(|_| telling == Telling::Whole).map(|note| ("note", note.to_string())));
    let source = match telling {
        Telling::Short => finding.source.as_ref().and_then(|source| source.split("; ").next()),
        Telling::Whole => finding.source.as_deref(),
    };
    // What is less sure says so behind its code.
    match (finding.confidence, source) {
        (Confidence::Certain, source) => {
            more.push(("how sure", source.map_or("documented".to_owned(), |source| format!("documented ({source})"))));
        }
        (Confidence::Likely | Confidence::Possible, source) => {
            more.extend(source.map(|source| ("source", source.to_owned())));
        }
    }
    for (name, value) in more {
        page.led(2, &Line::default().dim(format!("{name}: ")), &Line::default().plain(value))?;
    }
    for remark in explanation.for_support().into_iter().chain(explanation.remarks()) {
        page.hanging(2, 2, &Line::default().plain(remark.to_string()))?;
    }
    Ok(())
}

/// One answer on one line.
fn write_listed(explanation: &Explanation, page: &mut Page<'_>) -> io::Result<()> {
    let finding = &explanation.finding;
    let stage = explanation.stage.as_deref().unwrap_or_default();
    let lead = Line::default().strong(format!("{:<44} ", finding.code)).dim(format!("{stage:<15} "));
    page.led(0, &lead, &Line::default().plain(finding.sentences().0))
}
