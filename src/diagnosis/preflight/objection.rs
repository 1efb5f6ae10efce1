//! Something that speaks against a token, and what it means.

use crate::diagnosis::about::About;
use crate::diagnosis::{catalogue, known};
use crate::report::{Confidence, ExitCode, Finding};

/// Something in a token for which a server would refuse it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The catalogue's entry.
    pub code: &'static str,
    /// What was seen, in one sentence. It holds the token's own words, bounded and without control characters.
    pub observed: String,
    /// Whether it is only a guess, which a server that did not even look at the token leaves as open as before.
    pub is_doubt: bool,
}

impl Objection {
    pub(super) fn new(code: &'static str, observed: String) -> Self {
        Self { code, observed, is_doubt: false }
    }

    pub(super) fn doubt(code: &'static str, observed: String) -> Self {
        Self { code, observed, is_doubt: true }
    }

    /// What it means, with what was seen before it.
    #[must_use]
    pub fn finding(&self, about: About<'_>) -> Finding {
        let mut finding = match catalogue::entry(self.code) {
            Some(entry) => known::explained(entry, about),
            None => Finding::new(self.code, "", ExitCode::CheckFailed),
        };
        finding.cause = format!("{} {}", self.observed, finding.cause);
        if self.is_doubt && finding.confidence == Confidence::Certain {
            finding.confidence = Confidence::Likely;
        }
        finding
    }
}
