//! A finding of our own in the making: the code decides what is said, the values and cases what is filled in.

use super::about::FailureContext;
use super::catalogue::own::{self, Words};
use super::catalogue::{self, Step};
use super::pieces;
use super::resolve;
use crate::failure::CredentialFault;
use crate::report::{self, ExitCode, Finding, FindingCode};
use crate::text::{Show, Shown};

/// A finding in the making.
#[derive(Debug)]
pub struct Told<'a> {
    code: FindingCode,
    about: FailureContext<'a>,
    values: Vec<(&'static str, Shown)>,
    cases: Vec<&'static str>,
    is_bare: bool,
    /// Whether a name without a value is a mistake; otherwise it is left open.
    is_live: bool,
}

impl Finding {
    /// The finding that the catalogue has under `code`, to be filled in.
    #[must_use]
    pub fn of(code: FindingCode) -> Told<'static> {
        Told {
            code,
            about: FailureContext::default(),
            values: Vec::new(),
            cases: Vec::new(),
            is_bare: false,
            is_live: true,
        }
    }
}

impl<'a> Told<'a> {
    /// Of an app and a mailbox, whose values are filled in.
    #[must_use]
    pub fn about<'b>(self, about: FailureContext<'b>) -> Told<'b> {
        let Self { code, values, cases, is_bare, is_live, .. } = self;
        Told { code, about, values, cases, is_bare, is_live }
    }

    /// Fills in `value` for `{name}`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Show) -> Self {
        self.values.push((name, Shown::of(value)));
        self
    }

    /// Says what is said in this case.
    #[must_use]
    pub fn case(mut self, case: &'static str) -> Self {
        self.cases.push(case);
        self
    }

    /// The same, where `is_so`.
    #[must_use]
    pub fn case_if(self, is_so: bool, case: &'static str) -> Self {
        if is_so { self.case(case) } else { self }
    }

    /// Leaves the steps out: what was said says what to do.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.is_bare = true;
        self
    }

    /// The steps alone.
    #[must_use]
    pub fn steps(&self) -> Vec<report::Step> {
        self.words().map_or_else(Vec::new, |words| self.fix(&words.fix))
    }

    /// The finding in the words of the catalogue's entry, which fit wherever it is noticed.
    #[must_use]
    pub fn in_general(self) -> Finding {
        match catalogue::entry(self.code) {
            Some(entry) => resolve::filled(entry, self.about, &|name| self.value(name)),
            None => self.finding(),
        }
    }

    /// The finding.
    #[must_use]
    pub fn finding(self) -> Finding {
        let Some(words) = self.words() else {
            return match catalogue::entry(self.code) {
                Some(_) => self.in_general(),
                None => Finding::new(self.code, self.code.as_str(), ExitCode::Bug),
            };
        };
        // What is said live may have no words of its own but those for cases.
        let entry = catalogue::entry(self.code);
        let usual = entry.filter(|_| words.cause.is_empty()).map_or(&words.cause, |entry| &entry.cause);
        let cause = self.cases.iter().find_map(|case| words.cases.get(*case)).unwrap_or(usual);
        let mut finding = Finding::new(self.code, self.fill(cause), words.exit);
        if !self.is_bare {
            finding.fix = self.fix(entry.filter(|_| words.fix.is_empty()).map_or(&words.fix, |entry| &entry.fix));
        }
        finding.confidence = words.confidence;
        finding.source = words.source.as_deref().map(Shown::from);
        finding
    }

    fn words(&self) -> Option<&'static Words> {
        own::words(self.code).or_else(|| catalogue::entry(self.code)?.live.as_ref())
    }

    fn fix(&self, steps: &'static [Step]) -> Vec<report::Step> {
        let is_given = |step: &Step| self.about.is_given(step, &|name| self.value(name));
        let is_needed = |step: &&Step| {
            let may_be_needed = self.about.may_need(step.only) && !self.about.is_sign_in_of_none(step);
            step.is_for(&self.cases) && may_be_needed && is_given(step)
        };
        let filled = |step: &'static Step| {
            self.must_be_given(&step.text);
            self.about.fill_step(step, &|name| self.value(name))
        };
        steps.iter().filter(is_needed).map(filled).collect()
    }

    fn fill(&self, text: &'static str) -> Shown {
        self.must_be_given(text);
        self.about.fill(text, &|name| self.value(name))
    }

    fn must_be_given(&self, text: &'static str) {
        let has_value = |name: &str| self.value(name).is_some() || FailureContext::knows(name);
        let mut missing = pieces::required(text).filter(|name| self.is_live && !has_value(name));
        debug_assert_eq!(missing.next(), None, "{} was not given it", self.code);
    }

    fn value(&self, name: &str) -> Option<Shown> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }
}

impl From<Told<'_>> for Finding {
    fn from(told: Told<'_>) -> Self {
        told.finding()
    }
}

/// What keeps an app from proving itself.
pub(super) fn credential(fault: &CredentialFault, about: FailureContext<'_>) -> Finding {
    let CredentialFault { code, values, cases } = fault.clone();
    Told { values, cases, ..Finding::of(code).about(about) }.finding()
}

/// What is told of `code` where it is looked up, if it is one of our own.
pub(super) fn looked_up(code: FindingCode, about: FailureContext<'_>) -> Option<Finding> {
    own::words(code).map(|_| Told { is_live: false, ..Finding::of(code).about(about) }.finding())
}
