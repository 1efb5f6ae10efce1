//! `test`: the whole chain in one command, and the one thing to do first.

use clap::Args as ClapArgs;

use super::checks::Tester;
use super::{CommandError, chain, subject};
use crate::context::Context;
use crate::fleet::{self, Limits};
use crate::profile::Mailbox;
use crate::report::{Document, ExitCode};
use crate::sasl::SaslMechanism;

/// Test the whole chain: store, token endpoint, incoming and outgoing side; says what to do first
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailboxes' names
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "NAME")]
    names: Vec<String>,
    /// Test every enabled mailbox
    #[arg(long)]
    all: bool,
    /// Use this SASL mechanism
    #[arg(long)]
    mechanism: Option<SaslMechanism>,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailboxes = subject::mailboxes(&profile, &args.names, args.all)?;
    if mailboxes.is_empty() {
        return Err(CommandError::new(
            "nothing-to-test",
            ExitCode::Profile,
            "The profile has no enabled mailbox.",
            vec!["Look at: mailgrant list".to_owned(), "Add one: mailgrant add NAME".to_owned()],
        ));
    }
    let mut tester = Tester::new(context, &profile)?;
    tester.mechanism = args.mechanism;
    let clock = context.clock;
    let mut document = Document::new("test");
    document.reports = fleet::each(&mailboxes, Limits::USUAL, host, |mailbox| chain::whole(&tester, mailbox, clock));
    Ok(document)
}

fn host(mailbox: &&Mailbox) -> String {
    let incoming = mailbox.incoming.as_ref().map(|side| &side.server.host);
    let server = incoming.or(mailbox.outgoing.as_ref().map(|side| &side.server.host));
    server.map_or(String::new(), ToString::to_string)
}
