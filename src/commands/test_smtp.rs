//! `test-smtp`: signs in to the outgoing side and proves that the mailbox may send; with `--to` it sends.

use std::time::Duration;

use clap::Args as ClapArgs;
use lettre::message::header::{Header, HeaderName, HeaderValue};

use super::test_mailbox::{no_side, some};
use crate::arguments::mailboxes::MailboxSelection;
use crate::clock::Clock;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::checks::{self, Outgoing, Side, Tester};
use crate::flow::parallel::{self, Limits};
use crate::flow::workspace::Workspace;
use crate::profile::{Address, Invalid, Mailbox};
use crate::report::{Check, Document, ExitCode, Finding, FindingCode, Outcome, Report, Stage};
use crate::transport::mark::{self, Mark};

/// Test the outgoing side: sign in over SMTP, try sender and recipient; nothing is sent without --to
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(flatten)]
    which: MailboxSelection,
    /// Send a real test mail to this address
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// Wait until the test mail stands in the mailbox's own inbox, at most this many seconds; --to must be its address
    #[arg(long, value_name = "SECONDS", requires = "to", num_args = 0..=1, default_missing_value = "60", require_equals = true)]
    wait_arrival: Option<u16>,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used, or a mailbox has no outgoing side.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mut mailboxes = args.which.mailboxes(&profile)?;
    if args.which.all {
        mailboxes.retain(|mailbox| mailbox.outgoing.is_some());
        some(&mailboxes, "outgoing")?;
    } else if let Some(mailbox) = mailboxes.iter().find(|mailbox| mailbox.outgoing.is_none()) {
        return Err(no_side(mailbox, "outgoing", "outgoing = { protocol = \"smtp\" }"));
    }
    let recipient = args
        .to
        .as_deref()
        .map(str::parse::<Address>)
        .transpose()
        .map_err(|invalid: Invalid| CommandError::usage(format!("--to: {}.", invalid.problem), invalid.instead))?;
    if let (Some(to), Some(_)) = (&recipient, args.wait_arrival)
        && let Some(mailbox) = mailboxes.iter().find(|mailbox| !mailbox.address.matches(to.as_str()))
    {
        return Err(CommandError::usage(
            format!("--wait-arrival reads the mail back from '{}', but --to sends it to {to}.", mailbox.name),
            format!("Write --to {}, or leave --wait-arrival out", mailbox.address),
        ));
    }
    if args.wait_arrival.is_some()
        && let Some(mailbox) = mailboxes.iter().find(|mailbox| mailbox.incoming.is_none())
    {
        return Err(no_side(mailbox, "incoming", "incoming = { protocol = \"imap\" }"));
    }
    for mailbox in &mailboxes {
        context.trust.begin(mailbox.ca_file.as_deref());
    }
    let mut tester = Tester::new(Workspace::open(context, &profile)?);
    tester.mechanism = args.which.mechanism;
    let mut document = Document::new("test-smtp");
    let clock = context.clock;
    document.reports = parallel::each(
        &mailboxes,
        Limits::USUAL,
        host,
        |mailbox| one(&tester, mailbox, recipient.as_ref(), args.wait_arrival, clock),
        checks::fallen,
    );
    if recipient.is_none() {
        document.next.push("To send a real mail and see it arrive: add --to ADDRESS, and --wait-arrival".to_owned());
    }
    if document.exit_code() != ExitCode::AllPassed {
        document.next.clear();
    }
    Ok(document)
}

fn host(mailbox: &&Mailbox) -> String {
    mailbox.outgoing.as_ref().map_or(String::new(), |side| side.server.host.to_string())
}

fn one(tester: &Tester<'_>, mailbox: &Mailbox, to: Option<&Address>, wait: Option<u16>, clock: Clock) -> Report {
    let mut report = Report::of_mailbox(mailbox);
    let Some(to) = to else {
        tester.side(mailbox, &Side::outgoing_of(mailbox), &mut report);
        return report;
    };
    let TestMail { mark, message_id, message } = match message(mailbox, to, clock) {
        Ok(message) => message,
        Err(error) => {
            report.checks.push(Check::failed(Stage::Message, Duration::ZERO, error.finding().clone()));
            return report;
        }
    };
    tester.side(mailbox, &Side::Outgoing(Outgoing { recipient: to, message: Some(&message) }), &mut report);
    report.fact("message_id", message_id);
    let accepted = |check: &Check| check.stage == Stage::Message && matches!(check.outcome, Outcome::Passed { .. });
    if let Some(seconds) = wait
        && report.checks.iter().any(accepted)
    {
        report.checks.push(tester.arrival(mailbox, &mark, Duration::from_secs(seconds.into())));
    }
    report
}

/// A test mail, and what it is known by.
struct TestMail {
    mark: Mark,
    message_id: String,
    message: Vec<u8>,
}

fn message(mailbox: &Mailbox, to: &Address, clock: Clock) -> Result<TestMail, CommandError> {
    let cannot = |error: &dyn std::fmt::Display| {
        CommandError::from(Finding::of(FindingCode::MESSAGE).with("reason", error).bare())
    };
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|error| cannot(&error))?;
    let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let message_id = format!("<{token}@{}>", mailbox.address.domain());
    let now = clock.now();
    let subject = format!("mailgrant test mail {} [{token}]", now.strftime("%Y-%m-%d %H:%M:%S UTC"));
    let mark = Mark::new(&token, &subject, &message_id).ok_or_else(|| cannot(&"it would not be known again"))?;
    let text = format!(
        "This is a test mail from mailgrant, sent at {now} for the mailbox '{}' ({}).\r\n\
         Nobody needs to answer it; it can be deleted.\r\n",
        mailbox.name, mailbox.address
    );
    let message = lettre::Message::builder()
        .from(mailbox.address.as_str().parse().map_err(|error: lettre::address::AddressError| cannot(&error))?)
        .to(to.as_str().parse().map_err(|error: lettre::address::AddressError| cannot(&error))?)
        .subject(subject)
        .date(now.into())
        .message_id(Some(message_id.clone()))
        .header(AutoSubmitted)
        .header(TestToken(token))
        .header(lettre::message::header::ContentType::TEXT_PLAIN)
        .body(text)
        .map_err(|error| cannot(&error))?;
    Ok(TestMail { mark, message_id, message: message.formatted() })
}

/// The header by which a test mail is known where Message-ID is replaced.
#[derive(Debug, Clone)]
struct TestToken(String);

impl Header for TestToken {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str(mark::HEADER)
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// RFC 3834 §5: keeps vacation responders quiet.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
