//! `remove`: a mailbox leaves the profile and the store; with the last mailbox of an app goes the app.

use clap::Args as ClapArgs;

use super::{CommandError, subject};
use crate::config::ProfileDocument;
use crate::context::Context;
use crate::report::{Document, Report, Subject};
use crate::secrets::{LOCK_WAIT, RecordKey, RecordLock};

/// Remove a mailbox from the profile, and its tokens from the store
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailbox's name
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used, or the answer is no.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let mut document = ProfileDocument::open(&context.profile_path)?;
    let profile = document.profile().clone();
    let mailbox = subject::mailbox(&profile, &args.name)?;
    let is_last = profile.mailboxes.values().filter(|other| other.app == mailbox.app).count() == 1;
    if !args.yes {
        let what = if is_last {
            format!(
                "Remove '{}' ({}), its tokens, and app '{}' with its client secret?",
                mailbox.name, mailbox.address, mailbox.app
            )
        } else {
            format!("Remove '{}' ({}) and its tokens?", mailbox.name, mailbox.address)
        };
        let yes = context.prompter.confirm(&what).map_err(|error| CommandError::unasked(&error, "--yes"))?;
        if !yes {
            return Err(CommandError::cancelled());
        }
    }
    let store = context.store(&profile.secrets)?;
    let mut keys = vec![RecordKey::Mailbox(mailbox.name.clone())];
    document.remove_mailbox(&mailbox.name);
    if is_last {
        keys.push(RecordKey::App(mailbox.app.clone()));
        document.remove_app(&mailbox.app);
    }
    let mut report = Report::new(Subject::Mailbox(mailbox.name.to_string()));
    report.fact("address", mailbox.address.to_string());
    // The secrets first: were the profile first and the store failed, nobody would remember that they are there.
    let mut locks = Vec::new();
    for key in &keys {
        locks.push(RecordLock::acquire(context.locks(), key, LOCK_WAIT)?);
        store.delete(key)?;
    }
    document.save()?;
    report.fact(
        "removed",
        if is_last {
            "mailbox and app, from the profile and the store"
        } else {
            "mailbox, from the profile and the store"
        },
    );
    let mut answer = Document::new("remove");
    answer.reports.push(report);
    answer.next.push(format!(
        "The provider still lists the sign-in: to end it there too, let {} remove the app at the provider's account page",
        mailbox.signs_in_as()
    ));
    Ok(answer)
}
