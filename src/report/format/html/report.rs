//! One report in a page.

use std::time::Duration;

use maud::{Markup, html};

use super::finding::{first, told};
use super::tasks;
use crate::report::{Check, Outcome, Report, Trial};
use crate::text::html::Text;

/// One report: its verdict, what is known, and each check on a line of time. `index` is its place in the document, and
/// `is_common` that its verdict is told for several above.
pub(super) fn section(index: usize, report: &Report, is_common: bool) -> Markup {
    let finding = report.first_finding();
    let (class, state) = match finding {
        Some(_) => ("bad", "failed"),
        // A list of tasks is not a test.
        None if !report.tasks.is_empty() => ("plain", ""),
        None => ("good", "passed"),
    };
    html! {
        section.card.(class) id={ "r" (index) } {
            h2 { (Text(&report.subject.called())) " " span.state { (state) } }
            @if let Some(finding) = finding {
                @if is_common { p { (Text(&finding.cause)) " What to do is told above, for all that have it." } }
                @else { (first("Do this first", finding)) }
            }
            @if !report.facts.is_empty() {
                dl {
                    @for fact in &report.facts {
                        dt { (Text(&fact.name.replace('_', " "))) }
                        dd { (Text(&fact.value)) }
                    }
                }
            }
            (tasks::all(&report.tasks))
            @if !report.checks.is_empty() {
                @let scale = Scale::of(&report.checks);
                ul.checks {
                    @for check in &report.checks { (row(check, &scale, check.is_told_by(finding))) }
                }
            }
            (protocols(&report.trials))
            @if !report.latest.is_empty() {
                dl {
                    @for message in &report.latest {
                        dt { (Text(&message.date)) }
                        dd { (Text(&message.subject)) " (" (Text(&message.from)) ")" }
                    }
                }
            }
        }
    }
}

/// The protocols that were tried, and why those do not work that do not.
fn protocols(trials: &[Trial]) -> Markup {
    html! {
        @if !trials.is_empty() {
            h3 { "Protocols" }
            dl {
                @for trial in trials {
                    dt { (trial.protocol.title()) ", " (trial.side.verb()) ": " (trial.result.title()) }
                    dd {
                        @if let Some(detail) = &trial.detail { (Text(detail)) }
                        @if let Some(finding) = &trial.finding { (told(finding, false)) }
                    }
                }
            }
        }
    }
}

/// From the first check's beginning to the last one's end.
struct Scale {
    begin: Duration,
    length: f64,
}

impl Scale {
    fn of(checks: &[Check]) -> Self {
        let timed = || checks.iter().filter_map(|check| Some((check.began?, check.began? + check.elapsed)));
        let begin = timed().map(|(begin, _)| begin).min().unwrap_or_default();
        let end = timed().map(|(_, end)| end).max().unwrap_or_default();
        Self { begin, length: end.saturating_sub(begin).as_secs_f64().max(0.001) }
    }

    /// The check's bar: where it begins and how long it is, in hundredths of the whole.
    fn bar(&self, check: &Check) -> Option<(f64, f64)> {
        let start = check.began?.saturating_sub(self.begin).as_secs_f64() / self.length * 100.0;
        let width = (check.elapsed.as_secs_f64() / self.length * 100.0).max(0.7);
        Some((start.min(99.3), width))
    }
}

fn row(check: &Check, scale: &Scale, is_told: bool) -> Markup {
    let (class, mark) = match &check.outcome {
        Outcome::Passed { .. } => (Some("good"), "\u{2713}"),
        Outcome::Failed { .. } => (Some("bad"), "\u{2717}"),
        Outcome::Skipped { .. } => (None, "\u{2013}"),
    };
    let millis = check.elapsed.as_secs_f64() * 1000.0;
    html! {
        li class=[class] {
            span.mark { (mark) }
            span {
                @if let Some(protocol) = check.protocol { (protocol.title()) " " }
                (Text(check.stage.title()))
            }
            @match scale.bar(check) {
                Some((start, width)) => {
                    svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                        rect.track width="100" height="10" rx="1" {}
                        rect x=(format!("{start:.2}")) width=(format!("{width:.2}")) height="10" rx="1" {}
                    }
                }
                None => { span {} }
            }
            span.time { @if millis >= 0.5 { (format!("{millis:.0} ms")) } }
            div.detail { (detail(&check.outcome, is_told)) }
        }
    }
}

fn detail(outcome: &Outcome, is_told: bool) -> Markup {
    html! {
        @match outcome {
            Outcome::Passed { detail } => { (Text(detail)) }
            Outcome::Skipped { because } => { "not tried: " (Text(because)) }
            Outcome::Failed { finding } if is_told => {
                p { "See above." }
                p.code { (Text(finding.code.as_str())) }
            }
            Outcome::Failed { finding } => { (told(finding, false)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::format::html::tests::document;

    #[test]
    fn the_bars_stand_where_the_times_are() {
        let document = document("fine");
        let checks = &document.reports[0].checks;
        let scale = Scale::of(checks);
        let bars: Vec<_> =
            checks.iter().map(|check| scale.bar(check).map(|(x, width)| (x.round(), width.round()))).collect();
        assert_eq!(bars, [Some((0.0, 33.0)), Some((33.0, 67.0)), None]);
    }
}
