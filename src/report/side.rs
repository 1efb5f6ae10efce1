//! Whether a side of a mailbox works: what a test was for. Field names in JSON are public API.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::trial::{protocol_schema, side_schema};
use crate::finding_code::FindingCode;
use crate::profile::{Protocol, Side};
use crate::text::Shown;

/// What a test showed of one side of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideResult {
    /// The side.
    #[schemars(schema_with = "side_schema")]
    pub side: Side,
    /// The protocol that was spoken.
    #[schemars(schema_with = "protocol_schema")]
    pub protocol: Protocol,
    /// Where it was spoken.
    pub server: Shown,
    /// Whether it works.
    pub state: SideState,
    /// What stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<FindingCode>,
    /// Whether a message was accepted.
    pub sent: bool,
    /// Whether that message was seen to arrive.
    pub arrived: bool,
}

/// Whether a side works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideState {
    /// It does.
    Works,
    /// It does not.
    Failed,
    /// It was not tried to its end, for want of an access token.
    NotTried,
}

impl SideResult {
    /// Whether it works.
    #[must_use]
    pub fn works(&self) -> bool {
        self.state == SideState::Works
    }
}
