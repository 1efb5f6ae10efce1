//! `guide`: the whole set-up of a mailbox, for those who have the rights.

use clap::Args as ClapArgs;

use crate::arguments::admin::AdminFlags;
use crate::arguments::typed;
use crate::context::Context;
use crate::diagnosis::verdict::Ladder;
use crate::error::CommandError;
use crate::flow::check;
use crate::flow::guide::{self, Known};
use crate::flow::lookup;
use crate::flow::plan::Plan;
use crate::flow::workspace::Workspace;
use crate::profile::Reference;
use crate::report::{Document, Report, Stage};

/// Tell what has to be set up for a mailbox, by whom, how and why
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant guide shop                                   the whole set-up, with this mailbox's values\n  \
    mailgrant guide shop --test --html guide.html          for the administrator who has the rights, after a test\n  \
    mailgrant guide shop --admin az                        as that administrator: what the tenant itself shows is marked done")]
pub struct Args {
    /// The mailbox's name or address
    #[arg(value_parser = typed::<Reference>())]
    name: Reference,
    /// Test the mailbox first, and mark what that proves done; nothing is sent
    #[arg(long)]
    test: bool,
    #[command(flatten)]
    admin: AdminFlags,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailbox = lookup::mailbox(&profile, &args.name)?;
    let administrator = args.admin.administrator_of(&[mailbox], &profile, context)?;
    let workspace = Workspace::open(context, &profile)?;
    let (known, checks) = match args.test {
        // First the test: it may be what finds that a sign-in no longer holds.
        true => {
            let plan = Plan { administrator: administrator.as_ref(), ..Plan::end_to_end(mailbox) };
            let (report, ladder) = check::climb(&workspace, &plan);
            let known = Known::of(&workspace, mailbox)?.tested(&report).climbed(ladder, mailbox);
            (known, report.checks.into_iter().filter(|check| check.stage == Stage::Directory).collect())
        }
        false => {
            let read = administrator.and_then(|administrator| administrator.read(&workspace, mailbox));
            let checks = read.iter().flat_map(|read| read.checks(workspace.started)).collect();
            let ladder = read.map(|read| Ladder::read(read.setup));
            (Known::of(&workspace, mailbox)?.climbed(ladder, mailbox), checks)
        }
    };
    let mut document = Document::new("guide");
    // What could not be read is said.
    document.reports.push(Report { checks, ..guide::of(profile.app_of(mailbox), mailbox, &known) });
    Ok(document)
}
