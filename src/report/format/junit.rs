//! A document as a JUnit report, in the form that Jenkins, GitLab and the reporters of GitHub read: a suite for each report, a
//! case for each check.

mod case;
mod xml;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::iter;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use self::case::{Case, Verdict};
use self::xml::{Tag, seconds};
use super::headline;
use super::interface::Format;
use crate::report::{Document, Report, Subject, View};
use crate::text::Shown;

/// XML in the form of Ant's JUnit task.
pub(super) struct Junit;

impl Format for Junit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        let took = SignedDuration::try_from(headline::took(&document.reports)).unwrap_or_default();
        let began = document.time.checked_sub(took).unwrap_or(document.time);
        // Made twice, and not kept: those of thousands of reports would take more memory than the reports do.
        let suites = || {
            let of_reports = document.reports.iter().map(move |report| of_report(document, report, began));
            of_reports.chain(iter::once_with(move || of_command(document, began)))
        };
        let total = suites().fold(Counts::default(), |total, suite| total.and(&suite.counts()));
        // No `skipped` here: the schema of Jenkins' xUnit plugin refuses it.
        let root = Tag::new("testsuites")
            .with("name", &format!("mailgrant {}", document.command))
            .with("tests", &total.tests.to_string())
            .with("failures", &total.failures.to_string())
            .with("errors", &total.errors.to_string())
            .with("time", &seconds(total.time));
        write!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", root.open())?;
        suites().try_for_each(|suite| out.write_all(suite.text().as_bytes()))?;
        out.write_all(b"</testsuites>\n")
    }
}

/// A suite: what a report says, or the command itself.
struct Suite {
    name: String,
    properties: Vec<(String, String)>,
    cases: Vec<Case>,
    /// What was seen, a line each.
    seen: Vec<String>,
    began: Timestamp,
}

/// The cases of a suite, or of all.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    time: Duration,
}

impl Counts {
    fn and(self, other: &Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
            time: self.time + other.time,
        }
    }
}

impl Suite {
    fn counts(&self) -> Counts {
        let count = |is_one: fn(&Verdict) -> bool| self.cases.iter().filter(|case| is_one(&case.verdict)).count();
        Counts {
            tests: self.cases.len(),
            failures: count(Verdict::is_failure),
            errors: count(Verdict::is_error),
            skipped: count(Verdict::is_skipped),
            time: self.cases.iter().map(|case| case.time).sum(),
        }
    }

    fn text(&self) -> String {
        let counts = self.counts();
        let tag = Tag::new("testsuite")
            .with("name", &self.name)
            .with("package", "mailgrant")
            .with("tests", &counts.tests.to_string())
            .with("failures", &counts.failures.to_string())
            .with("errors", &counts.errors.to_string())
            .with("skipped", &counts.skipped.to_string())
            .with("time", &seconds(counts.time))
            .with("timestamp", &self.began.strftime("%Y-%m-%dT%H:%M:%S").to_string())
            // Ant's word where the name of the machine is not told.
            .with("hostname", "localhost");
        let mut text = tag.open();
        if !self.properties.is_empty() {
            text.push_str("<properties>\n");
            for (name, value) in &self.properties {
                text.push_str(&Tag::new("property").with("name", name).with("value", value).empty());
            }
            text.push_str("</properties>\n");
        }
        self.cases.iter().for_each(|case| case.write(&mut text));
        if !self.seen.is_empty() {
            text.push_str(&xml::element("system-out", &self.seen.join("\n")));
        }
        text.push_str("</testsuite>\n");
        text
    }
}

/// The checks of a report; where it has none, what it comes to.
fn of_report(document: &Document, report: &Report, began: Timestamp) -> Suite {
    let name = report.subject.called().to_string();
    let mut cases: Vec<Case> = report.checks.iter().map(|check| Case::of_check(&name, check)).collect();
    let verdict = report.verdict.as_deref().filter(|verdict| report.findings().all(|found| found.code != verdict.code));
    if verdict.is_some() || cases.is_empty() {
        let case = Case::of_whole(&name, &document.command, verdict.or_else(|| report.first_finding()));
        // What was not looked at has not failed a test.
        let is_untested = matches!(report.subject, Subject::Shard(_));
        cases.push(if is_untested { case.into_error() } else { case });
    }
    let seen = report.checks.iter().filter_map(|check| {
        let protocol = check.protocol.map_or_else(String::new, |protocol| format!("{} ", protocol.title()));
        Some(format!("{protocol}{}: {}", check.stage.title(), check.detail()?))
    });
    let properties = report.facts.iter().map(|fact| (fact.name.to_string(), fact.value.to_string())).collect();
    number(&mut cases);
    Suite { seen: seen.collect(), name, properties, cases, began }
}

/// The command itself: a file without a single case says nothing, and some readers refuse it.
fn of_command(document: &Document, began: Timestamp) -> Suite {
    let name = format!("mailgrant {}", document.command);
    let case = Case::of_whole("", &name, document.error.as_ref()).into_error();
    let warnings = document.warnings.iter().map(|warning| format!("warning: {}", warning.text));
    let notes = document.notes.iter().map(Shown::to_string);
    let next = document.next.iter().map(|step| format!("next: {step}"));
    Suite { name, properties: Vec::new(), cases: vec![case], seen: notes.chain(warnings).chain(next).collect(), began }
}

/// Cases of the same name are one to GitLab, which drops the others: they are told apart by a number.
fn number(cases: &mut [Case]) {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for case in cases {
        let count = seen.entry((case.class.clone(), case.name.clone())).or_default();
        *count += 1;
        if *count > 1 {
            case.name = format!("{} ({count})", case.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Protocol;
    use crate::report::format::tests::written;
    use crate::report::{Check, ExitCode, Finding, FindingCode, Stage};

    fn finding(exit: ExitCode) -> Finding {
        Finding::new(FindingCode::TLS_FAILED, "It is off. Really.", exit)
    }

    fn sample() -> Document {
        let mut report = Report::new(Subject::Mailbox("shop".into()));
        let at = Duration::from_millis;
        report.fact("address", crate::text::Shown::from("shop@contoso.com"));
        report.checks = vec![
            Check::passed(Stage::Tcp, at(30), "192.0.2.1").over(Protocol::Imap).begun(at(0)),
            Check::passed(Stage::Tcp, at(10), "192.0.2.2").over(Protocol::Imap).begun(at(30)),
            Check::failed(Stage::Tls, at(60), finding(ExitCode::CheckFailed)).over(Protocol::Imap).begun(at(40)),
            Check::failed(Stage::Dns, at(900), finding(ExitCode::Network)).over(Protocol::Smtp).begun(at(100)),
            Check::skipped(Stage::Folder, "the one before failed").over(Protocol::Imap),
        ];
        let time = "2026-11-28T10:00:01Z".parse().unwrap();
        Document { reports: vec![report], time, ..Document::new("test") }
    }

    fn text(document: &Document) -> String {
        let mut out = Vec::new();
        Junit.write(document, &View::of_file(true), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_report_is_a_suite_and_a_check_a_case() {
        let text = text(&sample());
        for words in [
            "<testsuites name=\"mailgrant test\" tests=\"6\" failures=\"1\" errors=\"1\" time=\"1.000\">\n",
            "<testsuite name=\"shop\" package=\"mailgrant\" tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"1\" \
             time=\"1.000\" timestamp=\"2026-11-28T10:00:00\" hostname=\"localhost\">\n",
            "<property name=\"address\" value=\"shop@contoso.com\"/>",
            "<testcase classname=\"mailgrant.shop.imap\" name=\"TCP\" time=\"0.030\"/>",
            "<testcase classname=\"mailgrant.shop.imap\" name=\"TCP (2)\" time=\"0.010\"/>",
            "<failure message=\"It is off\" type=\"tls-failed\">It is off. Really.</failure>",
            "<error message=\"It is off\" type=\"tls-failed\">",
            "<skipped message=\"the one before failed\"/>",
            "<system-out>IMAP TCP: 192.0.2.1&#10;IMAP TCP: 192.0.2.2&#10;",
            "<testcase classname=\"mailgrant\" name=\"mailgrant test\" time=\"0.000\"/>",
        ] {
            assert!(text.contains(words), "no {words} in {text}");
        }
    }

    #[test]
    fn a_report_without_checks_and_a_command_that_stopped_are_cases_too() {
        let document = Document {
            reports: vec![Report::new(Subject::Mailbox("shop".into()))],
            error: Some(finding(ExitCode::Profile)),
            ..Document::new("status")
        };
        let text = text(&document);
        assert!(text.contains("<testcase classname=\"mailgrant.shop\" name=\"status\" time=\"0.000\"/>"), "{text}");
        assert!(text.contains("errors=\"1\"") && text.contains("<error message=\"It is off\""), "{text}");
    }

    #[test]
    fn strangers_words_never_become_markup() {
        let tags = |text: &str| written(&Junit, text).matches('<').count();
        for words in ["]]></failure><testcase/>", "\"><x y='", "&lt;<!-- ", "\u{ffff}\u{1f4eb}", &"<".repeat(100_000)] {
            assert_eq!(tags(words), tags("harmless"), "{words:.80}");
            assert!(!written(&Junit, words).contains(['\u{ffff}', '\0']));
        }
        assert!(written(&Junit, "\u{1f4eb}").contains('\u{1f4eb}'));
    }
}
