//! A document as a job's log at GitHub, whose commands make annotations: one for each report that has failed, the worst first,
//! as a step may make ten of a kind.

use std::io::{self, Write};

use super::interface::Format;
use super::{headline, title};
use crate::report::{Document, ExitCode, Finding, Report, Since, Step, View};
use crate::text::Shown;

/// The annotations of one kind that a step can make; GitHub drops the others.
const MOST: usize = 10;

/// The longest annotation, in characters; what is longer is folded away unread.
const LONGEST: usize = 2000;

/// Commands for GitHub's runner.
pub(super) struct Github;

impl Format for Github {
    fn name(&self) -> &'static str {
        "github"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(text(document).as_bytes())
    }
}

/// What becomes an annotation.
struct Annotation {
    title: Shown,
    text: Shown,
}

fn text(document: &Document) -> String {
    let mut text = String::new();
    for report in &document.reports {
        // A word is before the others: a line of the log that begins with a command is one.
        text.push_str(&match report.first_finding() {
            Some(_) => format!("FAIL  {}\n", line(&title::of_report(report))),
            None if report.sides.is_empty() => format!("ok    {}\n", line(&title::of_report(report))),
            None => format!("ok    {} {}\n", line(&title::who(report)), headline::closing(report, true)),
        });
    }
    for note in &document.notes {
        text.push_str(&format!("note: {}\n", line(note)));
    }
    write("error", errors(document), &mut text);
    let title = || shown!("mailgrant {}", document.command);
    let warnings = document.warnings.iter().map(|warning| Annotation { title: title(), text: warning.text.clone() });
    write("warning", warnings.collect(), &mut text);
    for step in &document.next {
        text.push_str(&format!("next: {}\n", line(&step.sentence())));
    }
    text
}

/// The command's own error, and then the reports that have failed, the most lasting trouble first.
fn errors(document: &Document) -> Vec<Annotation> {
    let own = document.error.iter().map(|error| {
        let title = shown!("mailgrant {}", document.command);
        Annotation { title, text: told(&error.cause, error) }
    });
    // What was known before fails no job.
    let is_news = |report: &&Report| report.since.is_none_or(Since::is_news);
    let mut failed: Vec<(&Report, &Finding)> =
        document.reports.iter().filter(is_news).filter_map(|report| Some((report, report.first_finding()?))).collect();
    failed.sort_by_key(|(_, finding)| rank(finding.exit));
    let failed = failed
        .into_iter()
        .map(|(report, finding)| Annotation { title: title::of_report(report), text: told(&finding.cause, finding) });
    let unknown = document
        .explanations
        .iter()
        .map(|one| Annotation { title: one.finding.title(), text: told(&one.finding.cause, &one.finding) });
    own.chain(failed).chain(unknown).collect()
}

fn rank(exit: ExitCode) -> usize {
    ExitCode::MOST_LASTING_FIRST.iter().position(|other| *other == exit).unwrap_or(usize::MAX)
}

fn told(cause: &Shown, finding: &Finding) -> Shown {
    let steps = finding.fix.iter().map(Step::sentence);
    let ending = std::iter::once(shown!("[{}]", finding.code));
    Shown::join(std::iter::once(cause.clone()).chain(steps).chain(ending), "\n")
}

/// Writes annotations of one kind; where there are too many, the last one names the rest.
fn write(kind: &str, mut all: Vec<Annotation>, text: &mut String) {
    if all.len() > MOST {
        let rest = all.split_off(MOST - 1);
        let title = shown!("{} more", rest.len());
        all.push(Annotation { title, text: Shown::join(rest.iter().map(|one| &one.title), "\n") });
    }
    for Annotation { title, text: words } in all {
        let (title, words) = (property(&title), data(&words.cut(LONGEST)));
        text.push_str(&format!("::{kind} title={title}::{words}\n"));
    }
}

/// What follows the second `::` (actions/toolkit, `escapeData`).
fn data(text: &str) -> String {
    defused(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command (`escapeProperty`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A line of the log.
fn line(text: &str) -> String {
    defused(text).replace(['\r', '\n'], " ")
}

/// `text` without the older form of commands, which the runner obeys anywhere in a line.
fn defused(text: &str) -> String {
    text.replace("##[", "# #[")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::format::tests::written;
    use crate::report::{Check, FindingCode, Stage, Subject, Warning, WarningCode};
    use crate::text::Redactor;

    /// The commands in a log, as actions/runner finds them: `ActionCommand.TryParseV2` and `TryParse`.
    fn commands(log: &str) -> Vec<&str> {
        log.lines().filter(|line| line.trim_start().starts_with("::") || line.contains("##[")).collect()
    }

    fn failed(name: &str, exit: ExitCode) -> Report {
        let mut report = Report::new(Subject::Mailbox(Redactor::by_shape(name)));
        let mut finding = Finding::new(FindingCode::TLS_FAILED, "It is off: 100%.", exit);
        finding.fix = vec![Step::from("Run: `mailgrant test shop`")];
        report.checks.push(Check::failed(Stage::Tls, Duration::ZERO, finding));
        report
    }

    #[test]
    fn a_failed_mailbox_is_an_annotation_and_a_good_one_a_line() {
        let reports = vec![Report::new(Subject::Mailbox("ok".into())), failed("shop", ExitCode::CheckFailed)];
        let warnings = vec![Warning::new(WarningCode::ExpiresSoon, "soon")];
        let log = text(&Document { reports, warnings, ..Document::new("test") });
        assert_eq!(
            log,
            "ok    ok: all is well\nFAIL  shop: It is off: 100%\n::error title=shop%3A It is off%3A 100%25::It is off: \
             100%25.%0ARun: mailgrant test shop%0A[tls-failed]\n::warning title=mailgrant test::soon\n"
        );
    }

    #[test]
    fn there_are_ten_at_most_the_most_lasting_first_and_the_rest_is_named() {
        let mut reports: Vec<Report> = (0..30).map(|n| failed(&format!("box{n}"), ExitCode::Network)).collect();
        reports.push(failed("worst", ExitCode::AuthorizationNeeded));
        let log = text(&Document { reports, ..Document::new("test") });
        let errors = commands(&log);
        assert_eq!(errors.len(), MOST, "{log}");
        assert!(errors[0].starts_with("::error title=worst%3A "), "{log}");
        assert!(errors[9].starts_with("::error title=22 more::box8: ") && errors[9].contains("%0Abox29: "), "{log}");
    }

    #[test]
    fn strangers_words_never_become_commands() {
        let harmless = commands(&written(&Github, "harmless")).len();
        for words in [
            "::add-mask::x",
            "x\n::stop-commands::y",
            "##[set-env name=PATH]x",
            "a%0A::error::b",
            &"##[".repeat(40_000),
        ] {
            let log = written(&Github, words);
            assert_eq!(commands(&log).len(), harmless, "{words:.80}");
            assert!(commands(&log).iter().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")));
        }
    }
}
