//! A document in the Test Anything Protocol, version 14, as far as readers of version 13 take it: a flat list, with what was
//! found in a block of YAML.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::interface::Format;
use crate::report::{Check, Document, Finding, Outcome, Report, View};

/// Lines that begin with `ok` and `not ok`.
pub(super) struct Tap;

impl Format for Tap {
    fn name(&self) -> &'static str {
        "tap"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(text(document).as_bytes())
    }
}

/// One line of a result, with what is wrong.
struct Point<'a> {
    name: String,
    skipped: Option<&'a str>,
    finding: Option<&'a Finding>,
}

fn text(document: &Document) -> String {
    let points: Vec<Point<'_>> = document.reports.iter().flat_map(|report| points(document, report)).collect();
    let mut text = format!("TAP version 14\n1..{}\n", points.len());
    for (index, point) in points.iter().enumerate() {
        let result = if point.finding.is_some() { "not ok" } else { "ok" };
        let _ = write!(text, "{result} {} - {}", index + 1, described(&point.name));
        // Writing to a String cannot fail, here and below.
        let _ = match point.skipped {
            Some(because) => writeln!(text, " # SKIP {}", described(because)),
            None => writeln!(text),
        };
        if let Some(finding) = point.finding {
            diagnostics(finding, &mut text);
        }
    }
    for note in &document.notes {
        let _ = writeln!(text, "# {}", line(note));
    }
    for warning in &document.warnings {
        let _ = writeln!(text, "# warning: {}", line(&warning.text));
    }
    if let Some(error) = &document.error {
        let _ = writeln!(text, "Bail out! {} [{}]", line(&error.cause), error.code);
    }
    text
}

/// The checks of a report; where it has none, what it comes to.
fn points<'a>(document: &'a Document, report: &'a Report) -> Vec<Point<'a>> {
    let subject = report.subject.called();
    let of_check = |check: &'a Check| {
        let protocol = check.protocol.map_or_else(String::new, |protocol| format!("{} ", protocol.title()));
        let skipped = match &check.outcome {
            Outcome::Skipped { because } => Some(because.as_str()),
            Outcome::Passed { .. } | Outcome::Failed { .. } => None,
        };
        Point { name: format!("{subject}: {protocol}{}", check.stage.title()), skipped, finding: check.finding() }
    };
    let mut points: Vec<Point<'_>> = report.checks.iter().map(of_check).collect();
    let verdict = report.verdict.as_deref().filter(|verdict| report.findings().all(|found| found.code != verdict.code));
    if verdict.is_some() || points.is_empty() {
        points.push(Point { name: format!("{subject}: {}", document.command), skipped: None, finding: verdict });
    }
    points
}

/// What is wrong, in YAML; a string in it is one of JSON, which YAML 1.2 holds.
fn diagnostics(finding: &Finding, text: &mut String) {
    let quoted = |words: &str| serde_json::Value::from(words).to_string();
    let _ = writeln!(text, "  ---\n  code: {}\n  message: {}", finding.code, quoted(&finding.cause));
    if !finding.fix.is_empty() {
        text.push_str("  fix:\n");
    }
    for step in &finding.fix {
        let _ = writeln!(text, "    - {}", quoted(&step.sentence()));
    }
    if let Some(words) = &finding.server_said {
        let _ = writeln!(text, "  server_said: {}", quoted(words));
    }
    text.push_str("  ...\n");
}

/// A description without a hash: it would begin a directive, and readers of version 13 know no way to write it otherwise.
fn described(text: &str) -> String {
    line(text).replace('#', "_")
}

fn line(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::profile::Protocol;
    use crate::report::format::tests::written;
    use crate::report::{ExitCode, FindingCode, Stage, Step, Subject};

    #[test]
    fn a_check_is_a_line_and_what_was_found_a_block_below_it() {
        let mut report = Report::new(Subject::Mailbox("shop #1".into()));
        let mut finding = Finding::new(FindingCode::TLS_FAILED, "It is \"off\".", ExitCode::CheckFailed);
        finding.fix = vec![Step::from("Wait")];
        report.checks = vec![
            Check::passed(Stage::Tcp, Duration::ZERO, "fine").over(Protocol::Imap),
            Check::failed(Stage::Tls, Duration::ZERO, finding.clone()).over(Protocol::Imap),
            Check::skipped(Stage::Folder, "the one before failed"),
        ];
        let reports = vec![report, Report::new(Subject::Mailbox("other".into()))];
        let document = Document { reports, error: Some(finding), ..Document::new("test") };
        assert_eq!(
            text(&document),
            "TAP version 14\n1..4\nok 1 - shop _1: IMAP TCP\nnot ok 2 - shop _1: IMAP TLS\n  ---\n  code: tls-failed\n  \
             message: \"It is \\\"off\\\".\"\n  fix:\n    - \"Wait\"\n  ...\nok 3 - shop _1: folder # SKIP the one before \
             failed\nok 4 - other: test\nBail out! It is \"off\". [tls-failed]\n"
        );
    }

    #[test]
    fn strangers_words_make_neither_results_nor_directives() {
        for words in ["x\nok 1 - fine", "a # TODO later", "Bail out!", "\\# SKIP", &"#\n".repeat(50_000)] {
            let (hostile, harmless) = (written(&Tap, words), written(&Tap, "harmless"));
            let heads = |text: &str| -> Vec<String> {
                let results = text.lines().filter(|line| !line.starts_with(' '));
                // What follows the mark of a comment is for people alone.
                results.map(|line| line.chars().take(if line.starts_with('#') { 1 } else { 4 }).collect()).collect()
            };
            assert_eq!(heads(&hostile), heads(&harmless), "{words:.80}");
            let names = hostile.lines().filter(|line| line.starts_with("ok") || line.starts_with("not ok"));
            let directives = names.filter(|line| line.split('#').skip(1).any(|rest| !rest.starts_with(" SKIP ")));
            assert_eq!(directives.count(), 0, "{hostile:.500}");
        }
    }
}
