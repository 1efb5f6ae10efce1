//! A share of all mailboxes, of which a command has looked at no others. Field names in JSON are public API.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

crate::show_as_displayed!(Share);

/// One of several shares of all mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "shard")]
pub struct Share {
    /// How many shares there are.
    pub of: u32,
    /// Which of them it is, from 1.
    pub index: u32,
}

impl Share {
    /// More shares than these are a slip of the hand.
    pub const MOST: u32 = 10_000;

    /// Whether there is such a share.
    #[must_use]
    pub fn is_one(self) -> bool {
        self.of <= Self::MOST && (1..=self.of).contains(&self.index)
    }
}

/// "2/4"
impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}
