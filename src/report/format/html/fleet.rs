//! Several mailboxes in one page: a table of contents, and what many have in common told once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use maud::{Markup, html};

use super::finding::steps;
use crate::report::format::title::{self, failures_first, who};
use crate::report::step::Part;
use crate::report::{Document, FindingCode, Report, Step};
use crate::text::Shown;
use crate::text::html::Text;

/// What several reports say in the same words, but for the mailbox's own name and address.
pub(super) struct Common<'a> {
    code: FindingCode,
    cause: Shown,
    /// In their order.
    reports: Vec<(usize, &'a Report)>,
}

/// The findings that more than one report has in common, in the order in which they come.
pub(super) fn common(document: &Document) -> Vec<Common<'_>> {
    let mut all: Vec<Common<'_>> = Vec::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    for (index, report) in document.reports.iter().enumerate() {
        let Some(finding) = report.first_finding() else { continue };
        let cause = in_general(&finding.cause, report);
        let words: Vec<Shown> = finding.fix.iter().flat_map(|step| words(step, report)).collect();
        match places.entry((finding.code, cause, words)) {
            Entry::Occupied(place) => all[*place.get()].reports.push((index, report)),
            Entry::Vacant(place) => {
                let cause = place.key().1.clone();
                place.insert(all.len());
                all.push(Common { code: finding.code, cause, reports: vec![(index, report)] });
            }
        }
    }
    all.retain(|one| one.reports.len() > 1);
    all
}

impl Common<'_> {
    /// Whether it tells what the report at `index` has.
    pub(super) fn has(&self, index: usize) -> bool {
        self.reports.binary_search_by_key(&index, |(of, _)| *of).is_ok()
    }

    /// The finding, with the commands for every mailbox.
    pub(super) fn section(&self) -> Markup {
        let fixes: Vec<&[Step]> =
            self.reports.iter().filter_map(|(_, report)| Some(report.first_finding()?.fix.as_slice())).collect();
        let Some((first, others)) = fixes.split_first() else { return html! {} };
        let general: Vec<Step> = match self.reports.first() {
            Some((_, report)) => first.iter().map(|step| step_in_general(step, report)).collect(),
            None => Vec::new(),
        };
        html! {
            section.card.bad {
                h2 { (self.reports.len()) " mailboxes " span.state { "the same" } }
                div.first {
                    p { (Text(&self.cause)) }
                    (steps(&general, others, None))
                    p.code { (Text(self.code.as_str())) }
                }
                p.many {
                    @for (index, report) in &self.reports { a href={ "#r" (index) } { (Text(&who(report))) } " " }
                }
            }
        }
    }
}

/// All reports by name and state.
pub(super) fn contents(document: &Document) -> Markup {
    html! {
        @if document.reports.len() > 1 {
            nav.card {
                h2 { "Contents" }
                ul.contents {
                    @for (index, report) in failures_first(&document.reports) {
                        @let (class, mark) = if report.first_finding().is_some() { ("bad", "\u{2717}") } else { ("good", "\u{2713}") };
                        li.(class) {
                            span.mark { (mark) } " "
                            a href={ "#r" (index) } { (Text(&title::of_report(report))) }
                        }
                    }
                }
            }
        }
    }
}

/// The words of a step, without its commands and pages.
fn words<'a>(step: &'a Step, report: &'a Report) -> impl Iterator<Item = Shown> + 'a {
    let is_words = |part: &&Part| matches!(part, Part::Words(_));
    step.parts().iter().filter(is_words).map(|part| in_general(part.text(), report))
}

fn step_in_general(step: &Step, report: &Report) -> Step {
    let parts = step.parts().iter().map(|part| match part {
        Part::Words(words) => Part::Words(in_general(words, report)),
        other => other.clone(),
    });
    Step::of(parts).done_by(step.by()).aside_if(step.is_aside())
}

/// `text` with the mailbox's address and its name in quotes left open.
fn in_general(text: &Shown, report: &Report) -> Shown {
    text.replaced(&who(report), "ADDRESS").replaced(&format!("'{}'", report.subject.name()), "'NAME'")
}
