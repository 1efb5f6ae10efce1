//! What a command is doing and what it has seen, for who looks on: the terminal while it runs, and Ctrl-C when it ends before
//! its time. Where it is not looked at it is written down all the same, and shown nowhere.

mod watch;
mod words;

pub use watch::{Beginning, Observation, Running, Step, Wait, Watch};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::report::{ExitCode, Report};
use crate::text::Shown;
use watch::Subject;

/// What a command is doing and what it has seen. Clones are the same one.
#[derive(Clone, Default)]
pub struct Progress {
    places: Arc<Mutex<Places>>,
    /// What is done for no subject of its own.
    aside: Arc<Subject>,
}

/// Where the subjects stand. What is shown ten times a second is counted as it changes: it takes no longer where there are many.
#[derive(Default)]
struct Places {
    all: usize,
    failed: usize,
    running: BTreeMap<usize, Arc<Subject>>,
    done: BTreeMap<usize, Box<Report>>,
}

/// What there is when a command is cancelled.
pub struct SoFar {
    /// The reports, whole or as far as they are known, in the order of the subjects.
    pub reports: Vec<Report>,
    /// How many subjects were not begun.
    pub untouched: usize,
}

/// Where a command stands.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many subjects there are.
    pub all: usize,
    /// How many of them are done.
    pub done: usize,
    /// How many of those have failed.
    pub failed: usize,
    /// Those that run.
    pub running: Vec<Running>,
}

impl Standing {
    /// Whether anything is looked at or waited for.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.done < self.all || !self.running.is_empty()
    }
}

impl Progress {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many subjects are looked at from now on.
    pub fn expect(&self, count: usize) {
        *self.places() = Places { all: count, ..Places::default() };
    }

    /// Looks at what is done for no subject of its own: what is waited for is seen, and no step is kept.
    #[must_use]
    pub fn aside(&self) -> Watch {
        Watch::over(Arc::clone(&self.aside))
    }

    /// The subject with this number is begun. If the command is cancelled, `report` makes a report of the steps that have
    /// ended and of what was waited for.
    #[must_use]
    pub fn begin(
        &self,
        number: usize,
        name: Shown,
        report: impl Fn(&[Step], &[Wait]) -> Report + Send + Sync + 'static,
    ) -> Watch {
        let subject = Arc::new(Subject::new(name, report));
        self.places().running.insert(number, Arc::clone(&subject));
        Watch::over(subject)
    }

    /// The subject with this number is done.
    pub fn end(&self, number: usize, report: Report) {
        let mut places = self.places();
        places.running.remove(&number);
        places.failed += usize::from(report.exit_code() != ExitCode::AllPassed);
        places.done.insert(number, Box::new(report));
    }

    /// The reports of the subjects that are done, in their order. Nothing is looked at any more.
    #[must_use]
    pub fn take(&self) -> Vec<Report> {
        let places = std::mem::take(&mut *self.places());
        places.done.into_values().map(|report| *report).collect()
    }

    /// What there is, where nothing more is to come. `None` where no subject was looked at.
    #[must_use]
    pub fn so_far(&self) -> Option<SoFar> {
        let places = self.places();
        if places.all == 0 {
            return None;
        }
        let mut reports: BTreeMap<usize, Report> =
            places.done.iter().map(|(number, report)| (*number, (**report).clone())).collect();
        let running = places.running.iter().filter_map(|(number, subject)| Some((*number, subject.report()?)));
        reports.extend(running);
        let untouched = places.all.saturating_sub(places.done.len() + places.running.len());
        Some(SoFar { reports: reports.into_values().collect(), untouched })
    }

    /// Where the command stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let places = self.places();
        let aside = Some(self.aside.running()).filter(|aside| !aside.waits.is_empty());
        let running = places.running.values().map(|subject| subject.running());
        Standing {
            all: places.all,
            done: places.done.len(),
            failed: places.failed,
            running: aside.into_iter().chain(running).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::failure::Failure;
    use crate::failure::FailureKind;
    use crate::profile::Protocol;
    use crate::report::Stage;
    use crate::report::{Check, Detail, Subject};

    fn report(name: &'static str, checks: usize) -> Report {
        let mut report = Report::new(Subject::Host(Shown::of(name)));
        report.checks = (0..checks).map(|_| Check::passed(Stage::Dns, Duration::ZERO, "fine")).collect();
        report
    }

    fn seen(stage: Stage, result: Result<Detail, Failure>) -> Observation {
        Observation { stage, began: Instant::now(), elapsed: Duration::ZERO, result }
    }

    #[test]
    fn what_is_done_and_what_runs_is_there_when_a_command_is_cancelled() {
        let progress = Progress::default();
        assert!(progress.so_far().is_none());
        progress.expect(4);
        let told =
            |name: &'static str| move |steps: &[Step], waits: &[Wait]| report(name, steps.len() * 10 + waits.len());
        let second = progress.begin(1, "second".into(), told("second")).at(Protocol::Smtp, "mail.example", None);
        let _third = progress.begin(2, "third".into(), told("third"));
        second.saw(&seen(Stage::Dns, Ok("192.0.2.1".into())));
        let beginning = second.begins(Stage::Greeting);
        progress.end(0, report("first", 3));
        let SoFar { reports, untouched } = progress.so_far().unwrap();
        let counts: Vec<usize> = reports.iter().map(|report| report.checks.len()).collect();
        assert_eq!((counts.as_slice(), untouched), (&[3, 11, 0][..], 1));
        let standing = progress.standing();
        assert_eq!((standing.all, standing.done, standing.failed, standing.running.len()), (4, 1, 0, 2));
        assert_eq!(standing.running[0].waits[0].to_string(), "SMTP: waiting for the greeting of mail.example");
        drop(beginning);
        assert!(progress.standing().running[0].waits.is_empty());
        progress.end(1, report("second", 2));
        assert_eq!(progress.take().len(), 2);
        assert!(progress.take().is_empty() && progress.so_far().is_none());
        assert_eq!(progress.standing(), Standing::default());
    }

    #[test]
    fn what_is_done_for_no_subject_is_seen_while_it_lasts() {
        let progress = Progress::default();
        let watch = progress.aside().at(None, "login.example", None);
        let wait = watch.begins(Stage::Token);
        let running = progress.standing().running;
        assert_eq!(running[0].waits[0].to_string(), "waiting for a token from login.example");
        drop(wait);
        watch.saw(&seen(Stage::Token, Ok("fine".into())));
        assert!(progress.standing().running.is_empty() && progress.so_far().is_none());
    }

    #[test]
    fn who_does_not_look_on_is_told_nothing() {
        let unwatched = Watch::default();
        unwatched.saw(&seen(Stage::Tcp, Err(FailureKind::Bug.into())));
        let _wait = unwatched.at(Protocol::Imap, "mail.example", None).begins(Stage::Tls);
        assert_eq!(Progress::default().standing(), Standing::default());
    }
}
