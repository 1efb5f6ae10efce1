//! `remove`: a mailbox leaves the profile and the store; with the last mailbox of an app goes the app.

use clap::Args as ClapArgs;

use crate::arguments::dry_run::DryRunFlag;
use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::flow::removal::{Fates, Removal};
use crate::profile::Reference;
use crate::report::{Document, FindingCode, Report, Subject};
use crate::text::Redactor;

/// Remove a mailbox from the profile, and its tokens from the store
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant remove shop\n  \
    mailgrant remove shop --yes                    for scripts: does not ask\n  \
    mailgrant remove shop --yes --ignore-missing   also where it is gone already")]
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
    /// Where the profile has nothing of that name, all is well
    #[arg(long)]
    ignore_missing: bool,
    #[command(flatten)]
    dry_run: DryRunFlag,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used, or the answer is no.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let name = match lookup::name(&profile, &args.name) {
        Ok(name) => name,
        Err(error) if args.ignore_missing && error.finding().code == FindingCode::UNKNOWN_MAILBOX => {
            return Ok(Document { is_dry_run: args.dry_run.is_given, ..nothing(&args.name) });
        }
        Err(error) => return Err(error),
    };
    let removal = Removal::plan(&profile, name)?;
    if !args.yes && !args.dry_run.is_given {
        let answer = context.prompter.confirm(&removal.question());
        if !answer.map_err(|error| CommandError::unasked(&error, "--yes"))? {
            return Err(CommandError::cancelled());
        }
    }
    let fates = if args.force { Fates::AllGo } else { Fates::OwnGo };
    if args.dry_run.is_given { removal.preview(context, fates) } else { removal.run(context, fates) }
}

/// That there was nothing to remove.
fn nothing(name: &Reference) -> Document {
    let mut report = Report::new(Subject::Mailbox(Redactor::by_shape(name.as_ref())));
    report.changed = Some(false);
    report.fact("removed", "nothing; the profile has neither a mailbox nor an app of this name");
    let mut document = Document::new("remove");
    document.reports.push(report);
    document
}
