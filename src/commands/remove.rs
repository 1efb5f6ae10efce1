//! `remove`: a mailbox leaves the profile and the store; with the last mailbox of an app goes the app.

use clap::Args as ClapArgs;

use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::flow::removal::Removal;
use crate::profile::Reference;
use crate::report::Document;

/// Remove a mailbox from the profile, and its tokens from the store
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant remove shop\n  \
    mailgrant remove shop --yes   for scripts: does not ask")]
pub struct Args {
    /// The mailbox's name or address, or the name of an app that no mailbox uses
    #[arg(value_parser = typed::<Reference>())]
    name: Reference,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Remove from the store what seems to be another profile's, too
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used, or the answer is no.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let removal = Removal::plan(&profile, lookup::name(&profile, &args.name)?)?;
    if !args.yes {
        let answer = context.prompter.confirm(&removal.question());
        if !answer.map_err(|error| CommandError::unasked(&error, "--yes"))? {
            return Err(CommandError::cancelled());
        }
    }
    removal.run(context, args.force)
}
