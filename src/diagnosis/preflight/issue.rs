//! A reason why a server may refuse a token, and what it means.

use crate::diagnosis::about::FailureContext;
use crate::report::{Confidence, Finding, FindingCode};
use crate::text::Shown;

/// Something in a token for which a server would refuse it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The catalogue's entry.
    pub code: FindingCode,
    /// What was seen, in one sentence. It holds the token's own words, bounded and without control characters.
    pub observed: Shown,
    /// Whether it is only a guess, which a server that did not even look at the token leaves as open as before.
    pub is_uncertain: bool,
    /// What is filled into the entry.
    pub values: Vec<(&'static str, Shown)>,
}

impl Issue {
    pub(super) fn new(code: FindingCode, observed: Shown) -> Self {
        Self { code, observed, is_uncertain: false, values: Vec::new() }
    }

    pub(super) fn doubt(code: FindingCode, observed: Shown) -> Self {
        Self { is_uncertain: true, ..Self::new(code, observed) }
    }

    /// Fills in `value` for `{name}`.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Shown>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// What it means, with what was seen before it.
    #[must_use]
    pub fn finding(&self, about: FailureContext<'_>) -> Finding {
        let told = Finding::of(self.code).about(about);
        let mut finding = self.values.iter().fold(told, |told, (name, value)| told.with(name, value)).in_general();
        finding.cause = shown!("{} {}", self.observed, finding.cause);
        if self.is_uncertain && finding.confidence == Confidence::Certain {
            finding.confidence = Confidence::Likely;
        }
        finding
    }
}
