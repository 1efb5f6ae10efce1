//! What a command is doing and what it has seen, for who looks on: the terminal while it runs, and Ctrl-C when it ends before
//! its time. Where it is not looked at it is written down all the same, and shown nowhere.

mod watch;
mod words;

pub use watch::{Beginning, Observation, Running, Step, Wait, Watch};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::report::{ExitCode, Report, Tally};
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
    /// Those that were passed on and are not kept.
    streamed: Tally,
    listener: Option<Listener>,
    /// Whether nothing more is to come.
    is_over: bool,
}

/// Hears of each report as soon as it is made.
struct Listener {
    hear: Box<dyn Fn(&Report) + Send>,
    /// Whether the reports are needed afterwards.
    keeps: bool,
}

/// The reports of all subjects.
pub struct Taken {
    /// Those that are kept, in the order of the subjects.
    pub reports: Vec<Report>,
    /// The others, which were passed on.
    pub streamed: Tally,
}

/// What there is when a command is cancelled.
pub struct SoFar {
    /// The reports, whole or as far as they are known, in the order of the subjects.
    pub reports: Vec<Report>,
    /// Those that were passed on and are not kept.
    pub streamed: Tally,
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

impl Places {
    fn end(&mut self, number: usize, report: Report) {
        self.count(number, &report);
        self.done.insert(number, Box::new(report));
    }

    fn let_go(&mut self, number: usize, report: &Report) {
        self.count(number, report);
        self.streamed.add(report.exit_code(), report.since, &report.checks);
    }

    fn count(&mut self, number: usize, report: &Report) {
        self.running.remove(&number);
        self.failed += usize::from(report.exit_code() != ExitCode::AllPassed);
    }
}

impl Progress {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many subjects are looked at from now on.
    pub fn expect(&self, count: usize) {
        let mut places = self.places();
        let listener = places.listener.take();
        *places = Places { all: count, listener, ..Places::default() };
    }

    /// From now on `hear` is told of each report that is [told](Self::tell), as soon as it is made; `keeps` says whether the
    /// reports are needed afterwards too.
    pub fn pass_on(&self, hear: impl Fn(&Report) + Send + 'static, keeps: bool) {
        self.places().listener = Some(Listener { hear: Box::new(hear), keeps });
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
        self.places().end(number, report);
    }

    /// The same, where the report is whole and can be written. One that is needed no more is let go.
    pub fn tell(&self, number: usize, mut report: Report) {
        let mut places = self.places();
        // What was delivered as it stood is not followed by more.
        if places.is_over {
            return;
        }
        let Some(listener) = &places.listener else { return places.end(number, report) };
        (listener.hear)(&report);
        report.is_told = true;
        match listener.keeps {
            true => places.end(number, report),
            false => places.let_go(number, &report),
        }
    }

    /// What has come of the subjects. Nothing is looked at any more.
    #[must_use]
    pub fn take(&self) -> Taken {
        let mut places = self.places();
        let listener = places.listener.take();
        let Places { done, streamed, .. } = std::mem::replace(&mut *places, Places { listener, ..Places::default() });
        Taken { reports: done.into_values().map(|report| *report).collect(), streamed }
    }

    /// What there is, where nothing more is to come. `None` where no subject was looked at.
    #[must_use]
    pub fn so_far(&self) -> Option<SoFar> {
        let mut places = self.places();
        if places.all == 0 {
            return None;
        }
        places.is_over = true;
        let mut reports: BTreeMap<usize, Report> =
            places.done.iter().map(|(number, report)| (*number, (**report).clone())).collect();
        let running = places.running.iter().filter_map(|(number, subject)| Some((*number, subject.report()?)));
        reports.extend(running);
        let begun = places.done.len() + places.streamed.reports + places.running.len();
        let streamed = places.streamed.clone();
        Some(SoFar { reports: reports.into_values().collect(), streamed, untouched: places.all.saturating_sub(begun) })
    }

    /// Where the command stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let places = self.places();
        let aside = Some(self.aside.running()).filter(|aside| !aside.waits.is_empty());
        let running = places.running.values().map(|subject| subject.running());
        Standing {
            all: places.all,
            done: places.done.len() + places.streamed.reports,
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
        let SoFar { reports, untouched, .. } = progress.so_far().unwrap();
        let counts: Vec<usize> = reports.iter().map(|report| report.checks.len()).collect();
        assert_eq!((counts.as_slice(), untouched), (&[3, 11, 0][..], 1));
        let standing = progress.standing();
        assert_eq!((standing.all, standing.done, standing.failed, standing.running.len()), (4, 1, 0, 2));
        assert_eq!(standing.running[0].waits[0].to_string(), "SMTP: waiting for the greeting of mail.example");
        drop(beginning);
        assert!(progress.standing().running[0].waits.is_empty());
        progress.end(1, report("second", 2));
        assert_eq!(progress.take().reports.len(), 2);
        assert!(progress.take().reports.is_empty() && progress.so_far().is_none());
        assert_eq!(progress.standing(), Standing::default());
    }

    #[test]
    fn a_report_that_is_passed_on_is_kept_only_where_it_is_needed() {
        for keeps in [false, true] {
            let (progress, heard) = (Progress::default(), Arc::new(Mutex::new(0)));
            let hearing = Arc::clone(&heard);
            progress.pass_on(move |_| *hearing.lock().unwrap() += 1, keeps);
            progress.expect(4);
            for number in 0..3 {
                progress.tell(number, report("one", 2));
            }
            assert_eq!((*heard.lock().unwrap(), progress.standing().done), (3, 3));
            let so_far = progress.so_far().unwrap();
            assert_eq!((so_far.reports.len() + so_far.streamed.reports, so_far.untouched), (3, 1));
            progress.tell(3, report("late", 2));
            assert_eq!(*heard.lock().unwrap(), 3, "what there was is delivered: nothing may follow");
            let Taken { reports, streamed } = progress.take();
            let expected = if keeps { (3, 0, 0) } else { (0, 3, 6) };
            assert_eq!((reports.len(), streamed.reports, streamed.passed), expected);
            assert!(reports.iter().all(|report| report.is_told));
        }
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
