//! `guide`: the whole set-up of a mailbox, for those who have the rights.

use clap::Args as ClapArgs;

use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::check;
use crate::flow::guide::{self, Known};
use crate::flow::lookup;
use crate::flow::plan::Plan;
use crate::flow::workspace::Workspace;
use crate::profile::Reference;
use crate::report::Document;

/// Tell what has to be set up for a mailbox, by whom, how and why
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant guide shop                                   the whole set-up, with this mailbox's values\n  \
    mailgrant guide shop --format markdown                 for a ticket\n  \
    mailgrant guide shop --test --html guide.html          for the administrator who has the rights, after a test")]
pub struct Args {
    /// The mailbox's name or address
    #[arg(value_parser = typed::<Reference>())]
    name: Reference,
    /// Test the mailbox first, and mark what that proves done; nothing is sent
    #[arg(long)]
    test: bool,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailbox = lookup::mailbox(&profile, &args.name)?;
    let workspace = Workspace::open(context, &profile)?;
    let known = match args.test {
        // First the test: it may be what finds that a sign-in no longer holds.
        true => {
            let (report, ladder) = check::climb(&workspace, &Plan::end_to_end(mailbox));
            Known::of(&workspace, mailbox)?.tested(&report).climbed(ladder)
        }
        false => Known::of(&workspace, mailbox)?,
    };
    let mut document = Document::new("guide");
    document.reports.push(guide::of(profile.app_of(mailbox), mailbox, &known));
    Ok(document)
}
