//! The stable name of a finding: public interface, in the order of the alphabet.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

/// The stable kebab-case name of a finding. There is a constant for each entry of the catalogue, and no other code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FindingCode(&'static str);

include!(concat!(env!("OUT_DIR"), "/codes.rs"));

impl FindingCode {
    /// The code that is written as `text`.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.binary_search_by(|code| code.0.cmp(text)).ok().map(|at| Self::ALL[at])
    }

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// A string: the codes are more than a schema should list, and `mailgrant explain --list` has them.
impl JsonSchema for FindingCode {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[a-z0-9-]+$" })
    }
}

show_as_displayed!(FindingCode);

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl<'de> Deserialize<'de> for FindingCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::find(&text).ok_or_else(|| de::Error::custom(format_args!("there is no code '{text}'")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_text_and_no_other_is() {
        for code in FindingCode::ALL {
            assert_eq!(FindingCode::find(code.as_str()), Some(*code));
        }
        assert_eq!(FindingCode::find("no-such-code"), None);
    }
}
