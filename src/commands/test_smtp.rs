//! `test-smtp`: signs in to the outgoing side and proves that the mailbox may send; with `--to` it sends.

use std::time::Duration;

use clap::Args as ClapArgs;

use crate::arguments::mailboxes::{self, MailboxSelection, Selected};
use crate::arguments::typed;
use crate::arguments::unlisted::Subjects;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::check;
use crate::flow::given::Given;
use crate::flow::plan::{Plan, send_nothing};
use crate::flow::test_mail::TestMail;
use crate::flow::workspace::Workspace;
use crate::profile::{Address, Mailbox, Side};
use crate::report::{Baseline, Check, Document, ExitCode, Report, Stage};
use crate::text::Redactor;
use crate::transport::Task;

/// Test the outgoing side: sign in and try; --to sends a mail
///
/// Over the protocol that the profile has for it. Nothing is sent without --to.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant test-smtp shop\n  \
    mailgrant test-smtp shop --to shop@contoso.com --wait-arrival   sends a mail and sees it arrive")]
pub struct Args {
    /// Send a real test mail to this address
    #[arg(long, value_name = "ADDRESS", value_parser = typed::<Address>())]
    to: Option<Address>,
    /// Wait until the test mail is in the mailbox's own inbox, at most this many seconds; --to must be its address
    #[arg(long, value_name = "SECONDS", requires = "to", num_args = 0..=1, default_missing_value = "60", require_equals = true)]
    wait_arrival: Option<u16>,
    // Last: the headings in it go on.
    #[command(flatten)]
    which: MailboxSelection,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used, or a mailbox has no outgoing side.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let Subjects { profile, given } = args.which.subjects(context)?;
    let given = given.as_ref();
    let Selected { mailboxes, missing, selection } = args.which.with(Side::Outgoing, &profile)?;
    args.allow_waiting(&mailboxes)?;
    let mut document = Document::new("test-smtp");
    let limits = args.which.fleet.limits();
    let baseline = args.which.baseline.read("test-smtp")?;
    check::each(context, &profile, &mailboxes, limits, &mut document, |workspace, mailbox| {
        let report = match &args.to {
            Some(recipient) => args.send(workspace, given, mailbox, recipient),
            None => check::run(workspace, &args.plan(given, mailbox, send_nothing(mailbox))),
        };
        Baseline::marked(baseline.as_ref(), report)
    })?;
    document.reports.extend(missing);
    selection.tell(&mut document, baseline);
    if args.to.is_none() && document.exit_code() == ExitCode::AllPassed {
        document.next.push("To send a real mail and see it arrive: add --to ADDRESS, and --wait-arrival".into());
    }
    Ok(document)
}

impl Args {
    /// Refuses to wait for a mail that goes elsewhere, or to a mailbox that is not read.
    fn allow_waiting(&self, mailboxes: &[&Mailbox]) -> Result<(), CommandError> {
        let (Some(to), Some(_)) = (&self.to, self.wait_arrival) else { return Ok(()) };
        if let Some(mailbox) = mailboxes.iter().find(|mailbox| !mailbox.address.matches(to.as_str())) {
            return Err(CommandError::usage(
                shown!("--wait-arrival reads the mail back from '{}', but --to sends it to {}.", mailbox.name, to),
                shown!("Write --to {}, or leave --wait-arrival out", mailbox.address),
            ));
        }
        mailboxes::require(Side::Incoming, mailboxes)
    }

    fn plan<'a>(&self, given: Option<&'a Given>, mailbox: &'a Mailbox, task: Task<'a>) -> Plan<'a> {
        Plan { mechanism: self.which.mechanism, given, ..Plan::of(mailbox, [task]) }
    }

    /// Sends a test mail, and waits for it where that was asked for.
    fn send(&self, workspace: &Workspace<'_>, given: Option<&Given>, mailbox: &Mailbox, recipient: &Address) -> Report {
        let mail = match TestMail::new(mailbox, recipient, workspace.clock.now()) {
            Ok(mail) => mail,
            Err(finding) => {
                let mut report = Report::of_mailbox(mailbox);
                report.checks.push(Check::failed(Stage::Message, Duration::ZERO, finding));
                return report;
            }
        };
        let find = |seconds: u16| Task::Find { mark: &mail.mark, patience: Duration::from_secs(seconds.into()) };
        let send = Task::Send { recipient, message: Some(&mail.message) };
        let plan = Plan { afterwards: self.wait_arrival.map(find), ..self.plan(given, mailbox, send) };
        let mut report = check::run(workspace, &plan);
        report.fact("message_id", Redactor::by_shape(&mail.message_id));
        report
    }
}
