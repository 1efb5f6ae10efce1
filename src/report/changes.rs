//! What has changed in all since an earlier run. Field names in JSON are public API.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::since::Since;
use super::tally::Tally;
use crate::text::Shown;

/// What has changed in all since an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "changes")]
pub struct Changes {
    /// When the earlier run ended.
    pub time: Timestamp,
    /// How many fail in a way in which they did not.
    pub new_failures: usize,
    /// How many fail as they did.
    pub known_failures: usize,
    /// How many failed and do not any more.
    pub repaired: usize,
    /// How many have a step that takes at least half as long again.
    pub slower: usize,
    /// How many are as they were.
    pub same: usize,
    /// How many are well that the earlier run did not have.
    pub added: usize,
    /// What the earlier run has and this one does not, though it was to look at it.
    pub gone: Vec<Shown>,
}

impl Changes {
    /// The reports that `tally` has counted.
    #[must_use]
    pub fn of(tally: &Tally, time: Timestamp, gone: Vec<Shown>) -> Self {
        let count = |since| tally.since.get(&since).copied().unwrap_or_default();
        Self {
            time,
            new_failures: count(Since::NewFailure),
            known_failures: count(Since::KnownFailure),
            repaired: count(Since::Repaired),
            slower: count(Since::Slower),
            same: count(Since::Same),
            added: count(Since::Added),
            gone,
        }
    }

    /// The changes of two parts of one run.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut gone = [self.gone, other.gone].concat();
        gone.sort();
        gone.dedup();
        Self {
            time: self.time.min(other.time),
            new_failures: self.new_failures.saturating_add(other.new_failures),
            known_failures: self.known_failures.saturating_add(other.known_failures),
            repaired: self.repaired.saturating_add(other.repaired),
            slower: self.slower.saturating_add(other.slower),
            same: self.same.saturating_add(other.same),
            added: self.added.saturating_add(other.added),
            gone,
        }
    }

    /// Them in one line.
    #[must_use]
    pub fn line(&self) -> Shown {
        let counts = [
            (self.new_failures, "new failures"),
            (self.known_failures, "known failures"),
            (self.repaired, "repaired"),
            (self.slower, "slower"),
            (self.added, "added"),
            (self.gone.len(), "gone"),
        ];
        let told = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| {
            let word = if count == 1 { word.trim_end_matches('s') } else { word };
            shown!("{} {}", count, word)
        });
        let told = told.chain([shown!("{} as before", self.same)]);
        let gone = Shown::join(&self.gone, ", ");
        let gone = if gone.is_empty() { gone } else { shown!("; gone: {}", gone) };
        let time = self.time.strftime("%Y-%m-%d %H:%M");
        shown!("since {} UTC: {}{}", time, Shown::join(told, ", "), gone)
    }
}
