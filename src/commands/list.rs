//! `list`: what the profile has.

use clap::Args as ClapArgs;

use crate::context::Context;
use crate::error::CommandError;
use crate::flow::describe;
use crate::report::Document;

/// List the profile's mailboxes
///
/// Neither store nor network is touched.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant list")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// If the profile cannot be used.
pub fn run(_: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mut document = Document::new("list");
    document.reports = describe::mailboxes(&profile, context.clock.now());
    if document.reports.is_empty() {
        document.next.push(describe::no_mailbox());
    } else {
        document.table = Some(describe::table(&profile));
    }
    Ok(document)
}
