//! `test`: the whole chain in one command, and the one thing to do first.

use clap::Args as ClapArgs;

use crate::arguments::mailboxes::MailboxSelection;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::chain;
use crate::flow::checks::{self, Tester};
use crate::flow::parallel::{self, Limits};
use crate::flow::workspace::Workspace;
use crate::profile::Mailbox;
use crate::report::{Document, Finding, FindingCode};

/// Test the whole chain: store, token endpoint, incoming and outgoing side; says what to do first
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(flatten)]
    which: MailboxSelection,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailboxes = args.which.mailboxes(&profile)?;
    if mailboxes.is_empty() {
        return Err(Finding::of(FindingCode::NOTHING_TO_TEST).into());
    }
    for mailbox in &mailboxes {
        context.trust.begin(mailbox.ca_file.as_deref());
    }
    let mut tester = Tester::new(Workspace::open(context, &profile)?);
    tester.mechanism = args.which.mechanism;
    let mut document = Document::new("test");
    let whole = |mailbox: &&Mailbox| chain::whole(&tester, mailbox);
    document.reports = parallel::each(&mailboxes, Limits::USUAL, host, whole, checks::fallen);
    Ok(document)
}

fn host(mailbox: &&Mailbox) -> String {
    let incoming = mailbox.incoming.as_ref().map(|side| &side.server.host);
    let server = incoming.or(mailbox.outgoing.as_ref().map(|side| &side.server.host));
    server.map_or(String::new(), ToString::to_string)
}
