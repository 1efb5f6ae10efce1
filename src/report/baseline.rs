//! A run beside an earlier one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::changes::Changes;
use super::check::Stage;
use super::document::{Document, Report, Subject};
use super::since::{Since, Slower};
use crate::finding_code::FindingCode;
use crate::profile::Protocol;

/// A step is slower where it takes this many times as long as before …
const TIMES: f64 = 1.5;
/// … and at least so much longer: servers' answers vary by tens of milliseconds by themselves.
const AT_LEAST: Duration = Duration::from_millis(50);

/// An earlier run, to compare with.
pub struct Baseline {
    time: Timestamp,
    reports: BTreeMap<Subject, Earlier>,
    /// The subjects of this run.
    seen: Mutex<BTreeSet<Subject>>,
}

/// What an earlier report is compared by.
struct Earlier {
    codes: BTreeSet<FindingCode>,
    /// How long each step took that went well.
    took: Steps,
}

type Steps = BTreeMap<(Option<Protocol>, Stage), Duration>;

impl Baseline {
    /// Of an earlier run's document.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let earlier = |report: &Report| (report.subject.clone(), Earlier { codes: codes(report), took: took(report) });
        let reports = document.reports.iter().map(earlier).collect();
        Self { time: document.time, reports, seen: Mutex::default() }
    }

    /// Marks `report` with what has changed since. A share that was not looked at is never known to fail as it did.
    pub fn mark(&self, report: &mut Report) {
        if let Subject::Shard(_) = report.subject {
            return;
        }
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(report.subject.clone());
        let now = codes(report);
        let earlier = self.reports.get(&report.subject);
        report.slower = earlier.map_or_else(Vec::new, |earlier| slower(&took(report), &earlier.took));
        report.since = Some(match earlier {
            None if now.is_empty() => Since::Added,
            None => Since::NewFailure,
            Some(earlier) if !now.is_subset(&earlier.codes) => Since::NewFailure,
            Some(_) if !now.is_empty() => Since::KnownFailure,
            Some(earlier) if !earlier.codes.is_empty() => Since::Repaired,
            Some(_) if !report.slower.is_empty() => Since::Slower,
            Some(_) => Since::Same,
        });
    }

    /// `report`, marked where there is an earlier run to compare with.
    #[must_use]
    pub fn marked(baseline: Option<&Self>, mut report: Report) -> Report {
        if let Some(baseline) = baseline {
            baseline.mark(&mut report);
        }
        report
    }

    /// Marks what is not marked yet, and counts. `is_of_this_run` says of a mailbox's name whether this run would have looked at
    /// it if it were there.
    pub fn tell(self, document: &mut Document, is_of_this_run: impl Fn(&str) -> bool) {
        for report in document.reports.iter_mut().filter(|report| report.since.is_none()) {
            self.mark(report);
        }
        let seen = self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let is_gone = |subject: &&Subject| match subject {
            Subject::Mailbox(name) => !seen.contains(*subject) && is_of_this_run(name),
            _ => false,
        };
        let gone = self.reports.keys().filter(is_gone).map(|subject| subject.name().clone()).collect();
        document.changes = Some(Changes::of(&document.tally(), self.time, gone));
    }
}

/// What is wrong, by its codes.
fn codes(report: &Report) -> BTreeSet<FindingCode> {
    report.findings().chain(report.verdict.as_deref()).map(|finding| finding.code).collect()
}

fn took(report: &Report) -> Steps {
    let mut steps = Steps::new();
    for check in report.checks.iter().filter(|check| check.has_passed()) {
        *steps.entry((check.protocol, check.stage)).or_default() += check.elapsed;
    }
    steps
}

/// The steps that take so much longer, in the order of a connection.
fn slower(now: &Steps, before: &Steps) -> Vec<Slower> {
    let one = |((protocol, stage), after): (&(Option<Protocol>, Stage), &Duration)| {
        let before = *before.get(&(*protocol, *stage))?;
        let is_slower = *after >= before.mul_f64(TIMES) && *after >= before + AT_LEAST;
        is_slower.then_some(Slower { stage: *stage, protocol: *protocol, before, after: *after })
    };
    now.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Check, ExitCode, Finding, Format, View, format};

    fn report(name: &'static str, code: Option<FindingCode>, millis: u64) -> Report {
        let mut report = Report::new(Subject::Mailbox(name.into()));
        report.checks.push(Check::passed(Stage::Tls, Duration::from_millis(millis), "fine").over(Protocol::Imap));
        let finding = code.map(|code| Finding::new(code, "It is off.", ExitCode::CheckFailed));
        report.checks.extend(finding.map(|finding| Check::failed(Stage::Folder, Duration::ZERO, finding)));
        report
    }

    fn of(reports: Vec<Report>) -> Document {
        Document { reports, ..Document::new("test") }
    }

    #[test]
    fn a_report_is_new_known_repaired_slower_the_same_or_added() {
        let (tls, bug) = (Some(FindingCode::TLS_FAILED), Some(FindingCode::BUG));
        for (before, now, expected) in [
            (Some((None, 100)), (tls, 100), Since::NewFailure),
            (Some((bug, 100)), (tls, 100), Since::NewFailure),
            (None, (tls, 100), Since::NewFailure),
            (Some((tls, 100)), (tls, 900), Since::KnownFailure),
            (Some((tls, 100)), (None, 900), Since::Repaired),
            (Some((None, 100)), (None, 150), Since::Slower),
            (Some((None, 100)), (None, 149), Since::Same),
            // Three times as long, and no person would notice.
            (Some((None, 10)), (None, 30), Since::Same),
            (Some((None, 1_000)), (None, 1_400), Since::Same),
            (None, (None, 100), Since::Added),
        ] {
            let before = before.map(|(code, millis)| report("shop", code, millis));
            let mut document = of(vec![report("shop", now.0, now.1)]);
            let well = document.exit_code() == ExitCode::AllPassed;
            Baseline::of(&of(before.into_iter().collect())).tell(&mut document, |_| true);
            assert_eq!(document.reports[0].since, Some(expected));
            if expected == Since::Slower {
                assert_eq!(document.reports[0].slower[0].words(), "IMAP TLS 150 ms instead of 100 ms");
            }
            let passes = well || expected == Since::KnownFailure;
            assert_eq!(document.exit_code() == ExitCode::AllPassed, passes, "{expected:?}");
            assert_ne!(document.tally().ok == 1, now.0.is_some(), "a known failure is one");
        }
    }

    #[test]
    fn what_is_slower_is_told_step_by_step_in_words_and_as_values() {
        let (before, mut document) = (of(vec![report("shop", None, 100)]), of(vec![report("shop", None, 480)]));
        Baseline::of(&before).tell(&mut document, |_| true);
        let told = |format: &dyn Format| {
            let mut out = Vec::new();
            format.write(&document, &View::of_file(false), &mut out).unwrap();
            anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
        };
        let text = told(format::TEXT);
        assert!(text.contains("note: slower: shop (IMAP TLS 480 ms instead of 100 ms)\n"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&told(format::JSON)).unwrap();
        let slower = serde_json::json!([{ "stage": "tls", "protocol": "imap", "before_ms": 100.0, "after_ms": 480.0 }]);
        assert_eq!(json["reports"][0]["slower"], slower);
    }

    #[test]
    fn what_is_gone_is_named_where_this_run_was_to_look_at_it() {
        let before = of(vec![report("shop", None, 1), report("sales", None, 1), report("elsewhere", None, 1)]);
        let mut document = of(vec![report("shop", None, 1)]);
        Baseline::of(&before).tell(&mut document, |name| name != "elsewhere");
        let changes = document.changes.unwrap();
        assert_eq!((changes.same, changes.gone.as_slice()), (1, &["sales".into()][..]));
        assert!(changes.line().ends_with("UTC: 1 gone, 1 as before; gone: sales"), "{}", changes.line());
    }
}
