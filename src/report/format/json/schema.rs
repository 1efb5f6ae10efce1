//! The JSON Schema of all that is printed as JSON.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::document::{JsonDocument, JsonToken};
use super::event::JsonLine;

/// What `--json` may print, and each line of `--json-lines`.
#[derive(JsonSchema)]
#[schemars(untagged, title = "mailgrant --json and --json-lines, schema 2")]
#[expect(dead_code, reason = "it is described, never made")]
enum Printed<'a> {
    Document(Box<JsonDocument<'a>>),
    Token(JsonToken<'a>),
    Line(Box<JsonLine>),
}

/// The JSON Schema (draft 2020-12) of what `--json` prints, made from these types.
pub(super) fn schema() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Printed<'_>>()
}
