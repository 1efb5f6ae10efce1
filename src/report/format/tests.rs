//! Every form with hostile text in every place that takes text.

use std::time::Duration;

use super::*;
use crate::profile::{By, Protocol, Side};
use crate::report::step::{Command, Link, Part};
use crate::report::{
    Changes, Check, Document, ExitCode, Explanation, Fact, FindingCode, Headline, Report, Share, SideResult, SideState,
    Since, Slower, Stage, Step, Subject, Table, Task, Thresholds, Token, Trial, TrialResult, WarningCode,
};
use crate::text::{Redactor, Shown, is_unprintable};

/// OSC with a title and with a link (OSC 8), CSI in its long and its short form, NUL, BEL, DEL, an override of the
/// direction, a zero-width blank, a tag, and a replacement for bad UTF-8.
const HOSTILE: &str = "\x1b]0;owned\x07\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\\x1b[2J\u{9b}31m\u{9d}0;x\u{9c}\
                       \0\x7f\r\u{202e}\u{2066}\u{61c}\u{200b}\u{2028}\u{feff}\u{e0041}\u{fffd}end";

/// `text` in every field that a document has.
pub(super) fn everywhere(text: &str) -> Document {
    let clean = Redactor::by_shape(text);
    let shown = || clean.clone();
    let mut finding = Finding::new(FindingCode::TLS_FAILED, shown(), ExitCode::CheckFailed);
    finding.fix = vec![shown().into()];
    finding.server_said = Some(shown());
    let mut report = Report::new(Subject::Machine(shown()));
    report.fact("signed_in_as", shown());
    report.checks = vec![
        Check::passed(Stage::Greeting, Duration::ZERO, shown()),
        Check::skipped(Stage::Folder, shown()),
        Check::failed(Stage::Tls, Duration::ZERO, finding.clone()),
    ];
    report.latest = vec![Headline { date: shown(), from: shown(), subject: shown() }];
    let mut document = Document::new("test-mailbox");
    let mut tested =
        Report { subject: Subject::Mailbox(shown()), verdict: Some(Box::new(finding.clone())), ..report.clone() };
    tested.sides = vec![SideResult {
        side: Side::Incoming,
        protocol: Protocol::Imap,
        server: shown(),
        state: SideState::Failed,
        code: None,
        sent: false,
        arrived: false,
    }];
    document.reports.extend([report, tested]);
    document.explanations = vec![explanation(text), explanation(text)];
    document.notes.push(shown());
    document.warn(WarningCode::TextCut, shown());
    document.next.push(shown().into());
    document.error = Some(finding);
    document
}

/// One of several problems of a text.
fn explanation(text: &str) -> Explanation {
    let clean = Redactor::by_shape(text);
    let shown = || clean.clone();
    let mut finding = Finding::new(FindingCode::TLS_FAILED, shown(), ExitCode::CheckFailed);
    finding.fix = vec![shown().into()];
    finding.server_said = Some(shown());
    finding.also = vec![FindingCode::BUG];
    Explanation {
        provider: Some(shown()),
        stage: Some(shown()),
        finding,
        example: Some(shown()),
        note: Some(shown()),
        line: Some(3),
        follows: vec![FindingCode::BUG],
        harmless: vec![FindingCode::BUG],
        titles: vec![(FindingCode::BUG, shown())],
        support: vec![Fact { name: "correlation_id".into(), value: shown() }],
        is_recognised: true,
    }
}

pub(super) fn written(format: &dyn Format, text: &str) -> String {
    written_for(&View::of_file(true), format, text)
}

fn written_for(view: &View, format: &dyn Format, text: &str) -> String {
    let mut out = Vec::new();
    let document = everywhere(text);
    format.write(&document, view, &mut out).unwrap();
    if format.leaves_error_to_stderr() {
        write_error(document.error.as_ref().unwrap(), view, &mut out).unwrap();
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn no_format_passes_on_what_a_terminal_obeys_in_any_place() {
    let human = anstream::adapter::strip_str(&written(TEXT, "harmless")).to_string();
    // In the first report, the second with its verdict and its server, eleven in each of two problems, and the document.
    assert_eq!(human.matches("harmless").count(), 49, "{human}");
    // Our own colours come and go in pairs; anything beyond them would be theirs.
    let theirs = |text: String| text.replace(['\n'], "").chars().filter(|c| is_unprintable(*c)).count();
    let views = [View::of_file(true), View { links: true, ..View::default() }];
    for (format, view) in ALL.into_iter().flat_map(|format| views.map(|view| (format, view))) {
        let (hostile, harmless) = (written_for(&view, format, HOSTILE), written_for(&view, format, "harmless"));
        assert_eq!(theirs(hostile), theirs(harmless), "{format:?} {view:?}");
    }
    let json = written(JSON, HOSTILE);
    assert_eq!(json.replace('\n', "").chars().find(|c| is_unprintable(*c)), None, "{json}");
}

#[test]
fn each_problem_of_a_text_has_its_section_with_its_line_and_what_follows() {
    let mut document = Document::new("explain");
    document.explanations = vec![explanation("it is so"), explanation("it is so")];
    for (format, head) in
        [(TEXT, "2. "), (HTML, "Problem 2, line 3"), (named("markdown").unwrap(), "Problem 2, line 3")]
    {
        let mut out = Vec::new();
        format.write(&document, &View::default(), &mut out).unwrap();
        let text = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        for words in [
            head,
            "Other lines follow from it: it is so",
            "It may also be: it is so",
            "support: correlation ID it is so",
        ] {
            assert!(text.contains(words), "{format:?}: no {words:?} in {text}");
        }
    }
    document.explanations.truncate(1);
    let mut out = Vec::new();
    HTML.write(&document, &View::default(), &mut out).unwrap();
    assert!(!String::from_utf8(out).unwrap().contains("Problem"), "one problem has no number");
}

/// Every field that a document has, `text` in those that take text.
fn with_everything(text: &str) -> Document {
    let clean = Redactor::by_shape(text);
    let shown = || clean.clone();
    let mut document = everywhere(text);
    document.table = Some(Table { rows: vec![vec![shown(), "here".into()]], ..Table::of(&["NAME", "STATE"]) });
    document.thresholds = Thresholds { warning: "30:".parse().ok(), critical: "@0:5".parse().ok() };
    document.is_dry_run = true;
    document.diff = vec!["+ same".into(), "- it".into(), "+ same".into()];
    document.shards = vec![Share { of: 3, index: 2 }];
    document.next.push(Step::from("Run: `mailgrant test a`, then `mailgrant test b`").aside_if(true));
    let link = |title: &'static str| Part::Link(Link { title: title.into(), url: "https://example.com/a".into() });
    let command = |line: Shown| Part::Command(Command { is_template: true, ..Command::new(line) });
    let parts = [link("A page"), Part::Words(shown()), link("again"), command(shown!("mailgrant test {}", shown()))];
    let step = Step::of(parts).done_by(By::ExchangeAdministrator);
    for report in &mut document.reports {
        report.conclusion = Some(shown!("{} is done", shown()));
        report.changed = Some(true);
        report.since = Some(Since::Slower);
        let (before, after) = (Duration::from_millis(100), Duration::from_millis(150));
        report.slower = vec![Slower { stage: Stage::Tls, protocol: Some(Protocol::Imap), before, after }];
        report.checks[0] = report.checks[0].clone().over(Protocol::Imap).begun(Duration::from_nanos(1_449_999));
        report.checks.push(
            Check::passed(Stage::Folder, Duration::from_nanos(2_950_001), shown())
                .over(Protocol::Imap)
                .begun(Duration::from_secs(1))
                .in_brief(shown!("{} in brief", shown())),
        );
        report.tasks = vec![Task {
            title: shown(),
            why: shown(),
            by: By::EntraAdministrator,
            done: Some(shown()),
            steps: vec![step.clone(), Step::from("Wait").aside_if(true)],
        }];
        let finding = report.findings().next().cloned().map(Box::new);
        report.trials = vec![Trial {
            protocol: Protocol::Graph,
            side: Side::Incoming,
            in_profile: true,
            result: TrialResult::Off,
            detail: Some(shown()),
            finding,
        }];
    }
    if let Some(verdict) = &mut document.reports[1].verdict {
        verdict.fix.push(step);
    }
    let time = document.time;
    document.changes = Some(Changes::of(&document.tally(), time, vec![shown()]));
    document
}

#[test]
fn a_document_that_is_read_back_says_the_same_in_every_form() {
    for text in ["harmless", HOSTILE, "a > b: `c` <d> \\ \"e\" | f"] {
        let document = with_everything(text);
        for json in [JSON, JSON_LINES] {
            let mut written = Vec::new();
            json.write(&document, &View::default(), &mut written).unwrap();
            let mut past = Vec::new();
            read(written.as_slice(), |one| past.push(one.document)).unwrap();
            let [past] = past.as_slice() else { panic!("it is one") };
            for (format, details) in ALL.into_iter().flat_map(|format| [(format, false), (format, true)]) {
                for changes in [&None, &document.changes] {
                    let told = |document: &Document| {
                        let mut out = Vec::new();
                        let document = Document { changes: changes.clone(), ..document.clone() };
                        format.write(&document, &View { details, ..View::of_file(details) }, &mut out).unwrap();
                        String::from_utf8(out).unwrap()
                    };
                    assert_eq!(told(past), told(&document), "{format:?} {details}");
                }
            }
        }
    }
}

#[test]
fn a_format_is_found_by_its_name() {
    for format in ALL {
        assert_eq!(named(format.name()).map(Format::name), Some(format.name()));
    }
    assert!(named("xml").is_none());
}

#[test]
fn only_forms_for_programs_hold_a_token() {
    let mut document = Document::new("token");
    let expires = "2027-01-01T00:00:00Z".parse().unwrap();
    document.token = Some(Token { access_token: "the-token".into(), printed: None, expires });
    for format in ALL.into_iter().filter(|format| format.may_hold_token()) {
        let mut out = Vec::new();
        format.write(&document, &View::default(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("the-token") && text.lines().count() == 1, "{format:?}: {text}");
    }
    assert!(!HTML.may_hold_token() && !format!("{document:?}").contains("the-token"));
}

#[test]
fn json_says_what_the_document_holds() {
    let json: serde_json::Value = serde_json::from_str(&written(JSON, HOSTILE)).unwrap();
    assert_eq!(json["reports"][0]["facts"]["signed_in_as"], Redactor::by_shape(HOSTILE).as_str());
    assert_eq!(json["error"]["cause"], Redactor::by_shape(HOSTILE).as_str());
    let plain = everywhere("Grüße, \"Жук\"\\");
    let mut out = Vec::new();
    JSON_1.write(&plain, &View::default(), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&plain).unwrap() + "\n");
}
