//! What has changed on one report since an earlier run. Its names in JSON are public API.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Stage;
use crate::profile::Protocol;
use crate::text::Shown;

/// What has changed since an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "since")]
pub enum Since {
    /// It fails, and did not, or in another way.
    NewFailure,
    /// It fails as it did: that does not fail the command.
    KnownFailure,
    /// It failed, and does not any more.
    Repaired,
    /// It works, and a step takes at least half as long again.
    Slower,
    /// It works, as it did.
    Same,
    /// It works, and the earlier run did not have it.
    Added,
}

/// A step that takes at least half as long again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slower {
    /// The step.
    pub stage: Stage,
    /// Over which protocol, where one is spoken.
    pub protocol: Option<Protocol>,
    /// How long it took in the earlier run.
    pub before: Duration,
    /// How long it takes now.
    pub after: Duration,
}

impl Slower {
    /// "IMAP TLS 480 ms instead of 120 ms"
    #[must_use]
    pub fn words(&self) -> Shown {
        let protocol = self.protocol.map_or("", Protocol::title);
        let blank = if protocol.is_empty() { "" } else { " " };
        let times = [self.after, self.before].map(|time| time.as_millis());
        shown!("{}{}{} {} ms instead of {} ms", protocol, blank, self.stage.title(), times[0], times[1])
    }
}

impl Since {
    /// In a word or two.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::NewFailure => "new failure",
            Self::KnownFailure => "known failure",
            Self::Repaired => "repaired",
            Self::Slower => "slower",
            Self::Same => "as before",
            Self::Added => "added",
        }
    }

    /// Whether there is something new to tell.
    #[must_use]
    pub fn is_news(self) -> bool {
        match self {
            Self::NewFailure | Self::Repaired | Self::Slower | Self::Added => true,
            Self::KnownFailure | Self::Same => false,
        }
    }
}
