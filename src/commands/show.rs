//! `show`: everything about one mailbox, but its secrets.

use clap::Args as ClapArgs;

use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::flow::settings::{self, Settings};
use crate::flow::workspace::Workspace;
use crate::profile::Reference;
use crate::report::Document;

/// Show everything about one mailbox, but its secrets
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant show shop")]
pub struct Args {
    /// The mailbox's name or address
    #[arg(value_parser = typed::<Reference>())]
    name: Reference,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailbox = lookup::mailbox(&profile, &args.name)?;
    let Settings { report, next } = settings::of(&Workspace::open(context, &profile)?, mailbox)?;
    let mut document = Document::new("show");
    document.reports.push(report);
    document.next = next;
    Ok(document)
}
