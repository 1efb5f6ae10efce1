//! What has changed on one report since an earlier run. Its names in JSON are public API.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
