//! `test`: the whole way from the profile to the mailbox in one command, and the one thing to do first.

use std::sync::OnceLock;
use std::thread;

use clap::Args as ClapArgs;

use crate::arguments::admin::{self, AdminFlags};
use crate::arguments::mailboxes::{MailboxSelection, Selected};
use crate::arguments::thresholds::ThresholdFlags;
use crate::arguments::unlisted::Subjects;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::check;
use crate::flow::parallel::survive;
use crate::flow::plan::{Plan, Protocols};
use crate::flow::status::{self, Asked};
use crate::flow::workspace::Workspace;
use crate::profile::Mailbox;
use crate::report::{Baseline, Document};

/// Test a mailbox end to end, and say what to do first
///
/// The whole way: profile, store, token endpoint, incoming and outgoing side. Nothing is changed, and nothing is sent.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant test shop\n  \
    mailgrant test --all --jobs 32 --report html=page.html   all of them, and a page to send\n  \
    mailgrant test --address shop@contoso.com --provider google --token-env TOKEN   without a profile")]
pub struct Args {
    /// Also try the provider's other protocols for the mailbox, and show which of them work; nothing is sent
    #[arg(long)]
    all_protocols: bool,
    #[command(flatten)]
    admin: AdminFlags,
    #[command(flatten)]
    thresholds: ThresholdFlags,
    // Last: the headings in it go on.
    #[command(flatten)]
    which: MailboxSelection,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    if args.admin.is_given() && args.which.is_unlisted() {
        return Err(admin::nothing_to_read());
    }
    let Subjects { profile, given } = args.which.subjects(context)?;
    let given = given.as_ref();
    let Selected { mailboxes, missing, selection } = args.which.mailboxes(&profile)?;
    let limits = args.which.fleet.limits();
    let baseline = args.which.baseline.read("test")?;
    let protocols = if args.all_protocols { Protocols::All } else { Protocols::OfProfile };
    let all: Vec<&Mailbox> = profile.mailboxes.values().collect();
    let meant = if args.which.is_all() { &all } else { &mailboxes };
    let administrator = args.admin.administrator_of(meant, &profile, context)?;
    let administrator = administrator.as_ref();
    let workspace = Workspace::open(context, &profile)?;
    let thresholds = args.thresholds.thresholds();
    let mut document = Document { thresholds, ..Document::new("test") };
    let asked = OnceLock::new();
    thread::scope(|scope| {
        scope.spawn(|| asked.set(survive(|| Asked::again(&mailboxes, &workspace)).unwrap_or_default()));
        check::each(context, &profile, &mailboxes, limits, &mut document, |workspace, mailbox| {
            let mechanism = args.which.mechanism;
            let plan = Plan { mechanism, protocols, given, administrator, ..Plan::end_to_end(mailbox) };
            let mut report = check::run(workspace, &plan);
            asked.wait().tell_end(workspace.app_of(mailbox), workspace.clock.now(), &mut report);
            status::weigh_end(&mut report, workspace.app_of(mailbox), workspace, asked.wait(), thresholds);
            Baseline::marked(baseline.as_ref(), report)
        })
    })?;
    status::warn_of_ends(&mut document, &mailboxes, &workspace, asked.wait());
    document.reports.extend(missing);
    selection.tell(&mut document, baseline);
    Ok(document)
}
