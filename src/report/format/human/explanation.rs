//! Answers of servers, explained.

use std::io;

use super::finding::{self, Telling};
use super::line::Line;
use super::page::Page;
use crate::report::{Confidence, Explanation};

/// Writes one answer in full, several on a line each.
pub(super) fn write(explanations: &[Explanation], page: &mut Page<'_>) -> io::Result<()> {
    match explanations {
        [only] => write_one(only, page),
        several => several.iter().try_for_each(|listed| write_listed(listed, page)),
    }
}

fn write_one(explanation: &Explanation, page: &mut Page<'_>) -> io::Result<()> {
    let finding = &explanation.finding;
    let place: Vec<&str> =
        [&explanation.provider, &explanation.stage].into_iter().filter_map(|known| known.as_deref()).collect();
    let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) };
    let (first, rest) = finding::sentences(&finding.cause);
    page.text(0, &Line::default().dim(place).strong(first).plain(" ").plain(rest))?;
    if !finding.fix.is_empty() {
        page.gap()?;
    }
    finding::write(finding, Telling::Whole, 2, page)?;
    let mut more: Vec<(&str, String)> = Vec::new();
    more.extend(explanation.example.as_ref().map(|example| ("as in", example.to_string())));
    more.extend(explanation.note.as_ref().map(|note| ("note", note.to_string())));
    let sure = match finding.confidence {
        Confidence::Certain => "documented",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    more.push(("how sure", finding.source.map_or(sure.to_owned(), |source| format!("{sure} ({source})"))));
    if !finding.also.is_empty() {
        let also: Vec<&str> = finding.also.iter().map(|code| code.as_str()).collect();
        more.push(("it may mean as well", also.join(", ")));
    }
    for (name, value) in more {
        page.led(2, &Line::default().dim(format!("{name}: ")), &Line::default().plain(value))?;
    }
    Ok(())
}

/// One answer on one line.
fn write_listed(explanation: &Explanation, page: &mut Page<'_>) -> io::Result<()> {
    let finding = &explanation.finding;
    let stage = explanation.stage.as_deref().unwrap_or_default();
    let lead = Line::default().strong(format!("{:<44} ", finding.code)).dim(format!("{stage:<15} "));
    page.led(0, &lead, &Line::default().plain(finding::sentences(&finding.cause).0))
}
