//! `test-mailbox`: signs in to the incoming side and opens the mailbox, without changing anything.

use clap::Args as ClapArgs;

use crate::arguments::mailboxes::MailboxSelection;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::checks::{self, Side, Tester};
use crate::flow::parallel::{self, Limits};
use crate::flow::workspace::Workspace;
use crate::profile::Mailbox;
use crate::report::{Document, Finding, FindingCode, Report};

/// Test the incoming side: sign in over IMAP or POP3 and open the inbox, read-only
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(flatten)]
    which: MailboxSelection,
    /// Show the newest N messages (at most 50)
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=50))]
    latest: u8,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used, or a mailbox has no incoming side.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mut mailboxes = args.which.mailboxes(&profile)?;
    if args.which.all {
        mailboxes.retain(|mailbox| mailbox.incoming.is_some());
        some(&mailboxes, "incoming")?;
    } else if let Some(mailbox) = mailboxes.iter().find(|mailbox| mailbox.incoming.is_none()) {
        return Err(no_side(mailbox, "incoming", "incoming = { protocol = \"imap\" }"));
    }
    for mailbox in &mailboxes {
        context.trust.begin(mailbox.ca_file.as_deref());
    }
    let mut tester = Tester::new(Workspace::open(context, &profile)?);
    tester.mechanism = args.which.mechanism;
    let mut document = Document::new("test-mailbox");
    document.reports = parallel::each(
        &mailboxes,
        Limits::USUAL,
        host,
        |mailbox| {
            let mut report = Report::of_mailbox(mailbox);
            tester.side(mailbox, &Side::Incoming { latest: usize::from(args.latest) }, &mut report);
            report
        },
        checks::fallen,
    );
    Ok(document)
}

fn host(mailbox: &&Mailbox) -> String {
    mailbox.incoming.as_ref().map_or(String::new(), |side| side.server.host.to_string())
}

/// Refuses to call it a success that nothing was tested.
pub(super) fn some(mailboxes: &[&Mailbox], side: &str) -> Result<(), CommandError> {
    if !mailboxes.is_empty() {
        return Ok(());
    }
    Err(Finding::of(FindingCode::NOTHING_TO_TEST).with("with_side", format_args!(" with an {side} side")).into())
}

/// The mailbox lacks the side that was to be tested.
pub(super) fn no_side(mailbox: &Mailbox, side: &str, line: &str) -> CommandError {
    let told = Finding::of(FindingCode::NO_SUCH_SIDE);
    told.with("name", &mailbox.name).with("side", side).with("line", line).into()
}
