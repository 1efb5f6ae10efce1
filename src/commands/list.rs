//! `list`: what the profile has.

use clap::Args as ClapArgs;

use crate::context::Context;
use crate::error::CommandError;
use crate::flow::describe;
use crate::report::{Document, Report, Subject};

/// List the profile's mailboxes; touches neither store nor network
#[derive(Debug, ClapArgs)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// If the profile cannot be used.
pub fn run(_: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mut document = Document::new("list");
    for mailbox in profile.mailboxes.values() {
        let mut report = Report::new(Subject::Mailbox(mailbox.name.to_string()));
        describe::mailbox(&mut report, profile.app_of(mailbox), mailbox);
        document.reports.push(report);
    }
    if document.reports.is_empty() {
        document.next.push("The profile has no mailbox yet. Add one: mailgrant add NAME".to_owned());
    }
    Ok(document)
}
