//! `test-mailbox`: signs in to the incoming side and opens the mailbox, without changing anything.

use clap::Args as ClapArgs;

use crate::arguments::mailboxes::{MailboxSelection, Selected};
use crate::arguments::unlisted::Subjects;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::check;
use crate::flow::plan::Plan;
use crate::profile::Side;
use crate::report::{Baseline, Document};
use crate::transport::Task;

/// Test the incoming side: sign in and open the inbox, read-only
///
/// Over the protocol that the profile has for it.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant test-mailbox shop\n  \
    mailgrant test-mailbox shop --latest 5   also lists the newest messages")]
pub struct Args {
    /// Show the newest N messages (at most 50)
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=50))]
    latest: u8,
    // Last: the headings in it go on.
    #[command(flatten)]
    which: MailboxSelection,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used, or a mailbox has no incoming side.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let Subjects { profile, given } = args.which.subjects(context)?;
    let given = given.as_ref();
    let Selected { mailboxes, missing, selection } = args.which.with(Side::Incoming, &profile)?;
    let read = Task::Read { latest: args.latest.into() };
    let mut document = Document::new("test-mailbox");
    let limits = args.which.fleet.limits();
    let baseline = args.which.baseline.read("test-mailbox")?;
    check::each(context, &profile, &mailboxes, limits, &mut document, |workspace, mailbox| {
        let plan = Plan { mechanism: args.which.mechanism, given, ..Plan::of(mailbox, [read]) };
        Baseline::marked(baseline.as_ref(), check::run(workspace, &plan))
    })?;
    document.reports.extend(missing);
    selection.tell(&mut document, baseline);
    Ok(document)
}
