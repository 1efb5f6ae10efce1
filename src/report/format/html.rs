//! A document as one page that can be sent to an administrator: it loads nothing, runs nothing, and looks right on a
//! phone, in the dark and on paper.

use std::io::{self, Write};
use std::time::Duration;

use maud::{Markup, PreEscaped, html};

use super::interface::Format;
use crate::report::{Check, Confidence, Document, ExitCode, Finding, Outcome, Report, Subject, Trial, View};
use crate::text::Shown;
use crate::text::html::{DOCTYPE, Text};

/// The style of all pages, and this one's own.
const STYLE: &str = concat!("\n", include_str!("../../text/page.css"), include_str!("page.css"));

/// Nothing is loaded, whatever is in the page; the style is the page's own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// One self-contained page.
pub(super) struct Html;

impl Format for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn noun(&self) -> &'static str {
        "page"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(page(document).as_bytes())
    }

    fn leaves_error_to_stderr(&self) -> bool {
        true
    }
}

fn page(document: &Document) -> String {
    let title = title(document);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (Text(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (header(document, &title))
                    @if let Some(error) = &document.error {
                        section.card.bad { (first("The command could not do its job", error)) }
                    }
                    @for report in &document.reports { (section(report)) }
                    @if !document.explanations.is_empty() {
                        section.card {
                            @for explanation in &document.explanations { (told(&explanation.finding, true)) }
                        }
                    }
                    (list("Warnings", &document.warnings))
                    (list("Next", &document.next))
                    footer {
                        p {
                            "mailgrant " (env!("CARGO_PKG_VERSION")) ". Tokens and secrets are taken out of this page; names, \
                             addresses and servers are not."
                        }
                    }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn header(document: &Document, title: &str) -> Markup {
    html! {
        header {
            h1 { (Text(title)) }
            p {
                "mailgrant " (Text(&document.command)) " \u{b7} " (document.time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
                // An explanation passes nothing and fails nothing.
                @if document.explanations.is_empty() { " \u{b7} " (Text(&meaning(document.exit_code()))) }
            }
        }
    }
}

/// Lines under a heading, where there are any.
fn list(heading: &str, lines: &[Shown]) -> Markup {
    html! {
        @if !lines.is_empty() {
            section.card {
                h2 { (heading) }
                ol { @for line in lines { li { (Text(line)) } } }
            }
        }
    }
}

fn title(document: &Document) -> String {
    let failed = document.reports.iter().filter(|report| report.first_finding().is_some()).count();
    match document.reports.as_slice() {
        [] => format!("mailgrant {}", document.command),
        [only] if failed == 0 => format!("{}: all is well", name(&only.subject)),
        [only] => format!("{}: something is wrong", name(&only.subject)),
        all if failed == 0 => format!("{} mailboxes: all is well", all.len()),
        all => format!("{failed} of {} mailboxes: something is wrong", all.len()),
    }
}

fn name(subject: &Subject) -> &str {
    match subject {
        Subject::Mailbox(name)
        | Subject::App(name)
        | Subject::VaultKey(name)
        | Subject::Machine(name)
        | Subject::Host(name)
        | Subject::Fault(name) => name,
    }
}

fn meaning(exit: ExitCode) -> String {
    let meaning = ExitCode::TABLE.iter().find(|(code, _)| *code == exit).map_or("", |(_, meaning)| meaning);
    // What follows the semicolon is about explain, which has no such line.
    let meaning = meaning.split(';').next().unwrap_or_default();
    format!("exit code {}: {meaning}", exit as u8)
}

fn section(report: &Report) -> Markup {
    let finding = report.first_finding();
    let (class, state) = if finding.is_none() { ("good", "passed") } else { ("bad", "failed") };
    html! {
        section.card.(class) {
            h2 { (Text(name(&report.subject))) " " span.state { (state) } }
            @if let Some(finding) = finding { (first("Do this first", finding)) }
            @if !report.facts.is_empty() {
                dl {
                    @for fact in &report.facts {
                        dt { (Text(&fact.name.replace('_', " "))) }
                        dd { (Text(&fact.value)) }
                    }
                }
            }
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

/// The one thing to do first.
fn first(heading: &str, finding: &Finding) -> Markup {
    html! {
        div.first {
            h3 { (heading) }
            (told(finding, true))
        }
    }
}

fn told(finding: &Finding, in_full: bool) -> Markup {
    let sure = match finding.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    html! {
        p { (Text(&finding.cause)) }
        @if !finding.fix.is_empty() {
            ol { @for step in &finding.fix { li { (Text(&step.sentence())) } } }
        }
        @if let Some(words) = &finding.server_said {
            p { "The server said:" }
            pre {
                @for (number, line) in words.lines().enumerate() {
                    @if number > 0 { "\n" }
                    (Text(line))
                }
            }
        }
        p.code {
            (Text(finding.code.as_str())) " (" (sure)
            @if let Some(source) = finding.source.filter(|_| in_full) { "; from: " (Text(source)) }
            ")"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Protocol, Side};
    use crate::report::{FindingCode, Stage, TrialResult};
    use crate::text::Redactor;

    fn document(text: &str) -> Document {
        let shown = || Redactor::by_shape(text);
        let mut finding = Finding::new(FindingCode::BUG, shown(), ExitCode::CheckFailed);
        finding.fix = vec![shown().into()];
        finding.server_said = Some(shown!("{}\n{}", shown(), shown()));
        let mut report = Report::new(Subject::Mailbox("shop".into()));
        report.fact("address", shown());
        let at = Duration::from_millis;
        report.checks.push(Check::passed(Stage::Tcp, at(30), shown()).over(Protocol::Imap).begun(at(10)));
        report.checks.push(Check::failed(Stage::Tls, at(60), finding.clone()).over(Protocol::Imap).begun(at(40)));
        report.checks.push(Check::skipped(Stage::Authentication, shown()));
        report.trials.push(Trial {
            protocol: Protocol::Graph,
            side: Side::Incoming,
            in_profile: false,
            result: TrialResult::Off,
            detail: Some(shown()),
            finding: Some(Box::new(finding.clone())),
        });
        report.verdict = Some(Box::new(finding));
        let mut document = Document::new("test");
        document.reports.push(report);
        document.warnings.push(shown());
        document.next.push(shown());
        document
    }

    #[test]
    fn nothing_in_it_is_markup_but_our_own() {
        let plain = page(&document("fine"));
        for text in [
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "</style><svg onload=x>",
            "\u{1b}[31m\u{202e}'",
        ] {
            let page = page(&document(text));
            let tags = |page: &str| page.matches('<').count();
            assert_eq!(tags(&page), tags(&plain), "{text}");
            assert!(!page.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{text}");
        }
    }

    #[test]
    fn it_loads_and_runs_nothing() {
        let page = page(&document("fine"));
        for word in ["<script", "<link", "src=", "url(", "@import", "href"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }

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
