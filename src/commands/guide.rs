//! `guide`: the whole set-up of a mailbox, for those who have the rights.

use clap::Args as ClapArgs;

use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::guide::{self, Known};
use crate::flow::lookup;
use crate::flow::workspace::Workspace;
use crate::profile::Reference;
use crate::report::Document;

/// Tell what has to be set up for a mailbox, by whom, how and why
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant guide shop                                   the whole set-up, with this mailbox's values\n  \
    mailgrant guide shop --format markdown                 for a ticket\n  \
    mailgrant guide shop --html guide.html                 for the administrator who has the rights")]
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
    let known = Known::of(&Workspace::open(context, &profile)?, mailbox)?;
    let mut document = Document::new("guide");
    document.reports.push(guide::of(profile.app_of(mailbox), mailbox, &known));
    Ok(document)
}
