//! `schema`: the JSON Schema of what `--json` prints.

use clap::Args as ClapArgs;

use crate::error::CommandError;
use crate::failure::{Failure, FailureKind};
use crate::report::{Document, format};

/// Print the JSON Schema of what --json prints
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant schema > mailgrant.schema.json")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// None that can be met: a schema is always JSON.
pub fn run(_: &Args) -> Result<Document, CommandError> {
    let schema = serde_json::to_string_pretty(&format::json_schema()).map_err(|_| Failure::from(FailureKind::Bug))?;
    let mut document = Document::new("schema");
    document.text = Some(format!("{schema}\n"));
    Ok(document)
}
