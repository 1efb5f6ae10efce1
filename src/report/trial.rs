//! What came of trying one protocol for one side of a mailbox. Field names in JSON are public API.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::finding::Finding;
use crate::profile::{Protocol, Side};
use crate::text::Shown;

/// What came of trying one protocol for one side of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The protocol.
    pub protocol: Protocol,
    /// The side.
    pub side: Side,
    /// Whether the profile has it for this mailbox.
    pub in_profile: bool,
    /// Whether it works.
    pub result: TrialResult,
    /// What was seen, or why nothing was tried, in a few words; a finding says it where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Shown>,
    /// Why it does not work, or what has to be done before it can be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<Box<Finding>>,
}

/// Whether a protocol works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialResult {
    /// It does.
    Works,
    /// It is switched off, for this mailbox or for all.
    Off,
    /// The server refuses something else.
    Refused,
    /// There was no way to the server.
    NotReached,
    /// It was not tried.
    NotTried,
}

impl Trial {
    /// Whether it works.
    #[must_use]
    pub fn works(&self) -> bool {
        self.result == TrialResult::Works
    }
}

impl TrialResult {
    /// The result in a word or two.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Off => "off",
            Self::Refused => "refused",
            Self::NotReached => "not reached",
            Self::NotTried => "not tried",
        }
    }
}

pub(super) fn protocol_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": Protocol::ALL.map(Protocol::key) })
}

pub(super) fn side_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": [Side::Incoming.key(), Side::Outgoing.key()] })
}
