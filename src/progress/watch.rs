//! One subject as it is looked at: what it has shown, and what is waited for.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::words;
use crate::failure::Failure;
use crate::profile::Protocol;
use crate::report::{Detail, Report, Stage};
use crate::text::{Redactor, Shown};

/// One step, and what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Which step.
    pub stage: Stage,
    /// When it began.
    pub began: Instant,
    /// How long it took.
    pub elapsed: Duration,
    /// What was seen, or what went wrong.
    pub result: Result<Detail, Failure>,
}

/// A subject that is looked at just now.
#[derive(Debug, PartialEq, Eq)]
pub struct Running {
    /// Its name; empty for what is done for none.
    pub name: Shown,
    /// The steps that have ended, in that order.
    pub steps: Vec<Step>,
    /// What is waited for.
    pub waits: Vec<Wait>,
}

/// A step that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Over which mail protocol, where one was spoken.
    pub protocol: Option<Protocol>,
    /// What was seen.
    pub seen: Observation,
}

/// A step that has begun and not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Which step.
    pub stage: Stage,
    /// Over which mail protocol, where one is spoken.
    pub protocol: Option<Protocol>,
    /// The server.
    pub host: Shown,
    /// Since when.
    pub since: Instant,
    /// How long it may take, where that is known.
    pub limit: Option<Duration>,
}

/// Makes a report of what is known of a subject.
type Teller = Box<dyn Fn(&[Step], &[Wait]) -> Report + Send + Sync>;

/// A subject that is looked at.
#[derive(Default)]
pub(super) struct Subject {
    name: Shown,
    seen: Mutex<Seen>,
    /// Where there is none, no step is kept.
    teller: Option<Teller>,
}

#[derive(Default)]
struct Seen {
    steps: Vec<Step>,
    waits: Vec<(u64, Wait)>,
    begun: u64,
}

impl Subject {
    pub(super) fn new(name: Shown, teller: impl Fn(&[Step], &[Wait]) -> Report + Send + Sync + 'static) -> Self {
        Self { name, seen: Mutex::default(), teller: Some(Box::new(teller)) }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn running(&self) -> Running {
        let seen = self.seen();
        let waits = seen.waits.iter().map(|(_, wait)| wait.clone()).collect();
        Running { name: self.name.clone(), steps: seen.steps.clone(), waits }
    }

    pub(super) fn report(&self) -> Option<Report> {
        let Running { steps, waits, .. } = self.running();
        self.teller.as_ref().map(|tell| tell(&steps, &waits))
    }
}

/// Tells who looks on what happens at one server. The usual one tells nothing.
#[derive(Clone, Default)]
pub struct Watch(Option<Place>);

#[derive(Clone)]
struct Place {
    subject: Arc<Subject>,
    protocol: Option<Protocol>,
    host: Shown,
    limit: Option<Duration>,
}

impl Watch {
    pub(super) fn over(subject: Arc<Subject>) -> Self {
        Self(Some(Place { subject, protocol: None, host: Shown::default(), limit: None }))
    }

    /// The same for what is spoken over `protocol` with `host`, where each step takes no longer than `limit`.
    #[must_use]
    pub fn at(&self, protocol: impl Into<Option<Protocol>>, host: &str, limit: Option<Duration>) -> Self {
        Self(self.0.as_ref().map(|place| Place {
            subject: Arc::clone(&place.subject),
            protocol: protocol.into(),
            host: Redactor::by_shape(host),
            limit,
        }))
    }

    /// A step begins; it has ended when the answer is dropped.
    #[must_use]
    pub fn begins(&self, stage: Stage) -> Beginning {
        Beginning(self.0.as_ref().map(|place| {
            let Place { subject, protocol, host, limit } = place.clone();
            let wait = Wait { stage, protocol, host, since: Instant::now(), limit };
            let mut seen = subject.seen();
            seen.begun += 1;
            let number = seen.begun;
            seen.waits.push((number, wait));
            drop(seen);
            (subject, number)
        }))
    }

    /// A step has ended.
    pub fn saw(&self, observation: &Observation) {
        if let Some(place) = self.0.as_ref().filter(|place| place.subject.teller.is_some()) {
            place.subject.seen().steps.push(Step { protocol: place.protocol, seen: observation.clone() });
        }
    }
}

/// Who looks on makes no difference to what was seen.
impl PartialEq for Watch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Watch {}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "watched" } else { "unwatched" })
    }
}

/// A step that has begun; dropping it says that it has ended.
pub struct Beginning(Option<(Arc<Subject>, u64)>);

impl Drop for Beginning {
    fn drop(&mut self) {
        if let Some((subject, number)) = &self.0 {
            subject.seen().waits.retain(|(other, _)| other != number);
        }
    }
}

/// "SMTP: waiting for the greeting of smtp.office365.com"
impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(protocol) = self.protocol {
            write!(f, "{protocol}: ")?;
        }
        f.write_str(words::doing(self.stage))?;
        match self.host.is_empty() {
            true => Ok(()),
            false => write!(f, " {}", self.host),
        }
    }
}
