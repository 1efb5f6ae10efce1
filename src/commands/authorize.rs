//! `authorize`: a person signs in, for one mailbox or for several one after another, and each is authorized, or it is said why
//! not.

use std::time::Instant;

use clap::Args as ClapArgs;

use crate::arguments::dry_run::DryRunFlag;
use crate::arguments::typed;
use crate::context::{Context, PromptError};
use crate::error::CommandError;
use crate::flow::session::Replaced;
use crate::flow::sign_in::{self, SignInOptions, Way, Window};
use crate::flow::workspace::Workspace;
use crate::flow::{app_only, lookup};
use crate::profile::{Mailbox, Profile, Reference};
use crate::report::{Document, ExitCode, Report};
use crate::text::Shown;

/// Sign in as the mailbox's user, in a browser or with a code, and store the tokens
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant authorize shop\n  \
    mailgrant authorize shop --device-code   with a short code, from any machine")]
pub struct Args {
    /// The mailboxes' names or addresses; several are signed in one after another
    #[arg(value_name = "NAME", value_parser = typed::<Reference>(), required_unless_present_any = ["all", "pending"])]
    names: Vec<Reference>,
    /// Sign in for every enabled mailbox of the profile
    #[arg(long, conflicts_with_all = ["names", "pending"])]
    all: bool,
    /// Sign in for every enabled mailbox that is not authorized
    #[arg(long, conflicts_with = "names")]
    pending: bool,
    /// Sign in again without asking where a mailbox is authorized already
    #[arg(long)]
    force: bool,
    /// Open no browser and no listener: show the address, and take the one that the browser ends on from standard input
    #[arg(long)]
    no_browser: bool,
    /// Show an address and a short code to enter there, in a browser on any machine, and wait for that (RFC 8628)
    ///
    /// Prefer a browser, or --no-browser, where you can: many organisations block sign-ins by code, because
    /// device codes can be phished. Google grants no mail scopes this way.
    #[arg(long, conflicts_with = "no_browser")]
    device_code: bool,
    /// Open a private window, which does not know the accounts that this machine's browser is signed in with
    #[arg(long, conflicts_with_all = ["no_browser", "device_code"])]
    private: bool,
    /// Accept another account than the mailbox's own (an alias, a renamed user)
    #[arg(long)]
    allow_other_account: bool,
    /// Replace the sign-in of another mailbox that the store holds by the same name, as of another profile
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    dry_run: DryRunFlag,
}

impl Args {
    fn options(&self) -> SignInOptions {
        let way = match (self.no_browser, self.device_code) {
            (_, true) => Way::DeviceCode,
            (true, false) => Way::PastedAddress,
            (false, false) => Way::Browser,
        };
        let replaced = if self.replace { Replaced::Any } else { Replaced::Own };
        let window = if self.private { Window::Private } else { Window::Usual };
        let allow_other_account = self.allow_other_account;
        SignInOptions { way, window, allow_other_account, replaced, hidden_variable: None }
    }

    fn mailboxes<'a>(&self, profile: &'a Profile, workspace: &Workspace<'_>) -> Result<Vec<&'a Mailbox>, CommandError> {
        let mut mailboxes = lookup::mailboxes(profile, &self.names, self.all || self.pending)?;
        if self.pending {
            let mut pending = Vec::new();
            for mailbox in mailboxes {
                if since(workspace, mailbox)?.is_none() {
                    pending.push(mailbox);
                }
            }
            mailboxes = pending;
        }
        Ok(mailboxes)
    }
}

/// Runs the command.
///
/// # Errors
/// If the profile, the store or the sign-in server cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    // Opened before the sign-in: one that cannot be stored is of no use.
    let workspace = Workspace::open(context, &profile)?;
    let mailboxes = args.mailboxes(&profile, &workspace)?;
    if args.dry_run.is_given {
        return preview(args, &mailboxes, &workspace);
    }
    let mut document = Document::new("authorize");
    if mailboxes.is_empty() {
        let said = if args.pending { "Every enabled mailbox is authorized." } else { "There is no enabled mailbox." };
        context.prompter.say(said);
    }
    for (number, mailbox) in (1..).zip(&mailboxes) {
        let turn = Turn { number, count: mailboxes.len(), mailbox };
        match turn.take(args, &workspace, context) {
            Ok(Some(report)) => document.reports.push(report),
            Ok(None) => {}
            Err(error) if turn.count > 1 && error.exit() == ExitCode::Cancelled => {
                document.error = Some(error.finding().clone());
                break;
            }
            Err(error) => return Err(error),
        }
    }
    let is_authorized = |report: &&Report| report.first_finding().is_none();
    document.next = match (mailboxes.as_slice(), document.reports.iter().filter(is_authorized).count()) {
        (_, 0) => Vec::new(),
        ([only], _) => vec![sign_in::next(only)],
        (_, _) => vec!["`mailgrant test --all`".into()],
    };
    Ok(document)
}

/// What would be asked for, mailbox by mailbox.
fn preview(args: &Args, mailboxes: &[&Mailbox], workspace: &Workspace<'_>) -> Result<Document, CommandError> {
    let mut document = Document { is_dry_run: true, ..Document::new("authorize") };
    for mailbox in mailboxes {
        let mut report = sign_in::preview(workspace, mailbox, &args.options())?;
        if let Some(day) = since(workspace, mailbox)?.filter(|_| mailbox.access.needs_person()) {
            report.fact("authorized_since", day);
        }
        document.reports.push(report);
    }
    Ok(document)
}

/// A mailbox whose turn it is.
struct Turn<'a> {
    number: usize,
    count: usize,
    mailbox: &'a Mailbox,
}

impl Turn<'_> {
    /// Signs in, where that is wanted; none where the mailbox is passed over.
    fn take(&self, args: &Args, workspace: &Workspace<'_>, context: &Context) -> Result<Option<Report>, CommandError> {
        if !self.is_wanted(args, workspace, context)? {
            return Ok(None);
        }
        // --timeout is for each of them.
        let deadline = context.timeout.map(|timeout| Instant::now() + timeout);
        let workspace = Workspace { deadline, ..workspace.clone() };
        if !self.mailbox.access.needs_person() {
            return Ok(Some(app_only::prove(&workspace, self.mailbox)?));
        }
        match sign_in::sign_in(&workspace, self.mailbox, &args.options(), context) {
            Ok(report) => Ok(Some(report)),
            Err(error) if self.count == 1 || error.exit() == ExitCode::Cancelled => Err(error),
            Err(error) => Ok(Some(sign_in::stopped(self.mailbox, &error, context))),
        }
    }

    /// Whether to sign in. A person at the terminal is asked where the mailbox is authorized already, and before each that
    /// comes after another.
    fn is_wanted(&self, args: &Args, workspace: &Workspace<'_>, context: &Context) -> Result<bool, CommandError> {
        let Self { number, count, mailbox } = self;
        let is_queue = *count > 1;
        if is_queue {
            context.prompter.say(&format!("\n{number} of {count}: {}", mailbox.address));
        }
        let is_asked = context.prompter.is_interactive();
        if is_asked
            && !args.force
            && mailbox.access.needs_person()
            && let Some(day) = since(workspace, mailbox)?
        {
            let question = format!("{} is authorized since {day}. Sign in again?", mailbox.address);
            let is_wanted =
                context.prompter.confirm(&question).map_err(|error| CommandError::unasked(&error, "--force"))?;
            return if is_wanted || is_queue { Ok(is_wanted) } else { Err(CommandError::cancelled()) };
        }
        if !is_asked || *number == 1 || !mailbox.access.needs_person() {
            return Ok(true);
        }
        let accept = |text: &str| match text.to_ascii_lowercase().as_str() {
            "" | "s" | "skip" => Ok(()),
            _ => Err("Press Enter to sign in, or type s to skip this mailbox".to_owned()),
        };
        let answer = context.prompter.ask("Enter signs in, s skips this mailbox, Ctrl-C ends", None, &accept);
        answer.map(|text| text.is_empty()).map_err(|error: PromptError| CommandError::unasked(&error, "--force"))
    }
}

/// The day since which `mailbox` is authorized; none where a person must sign in.
fn since(workspace: &Workspace<'_>, mailbox: &Mailbox) -> Result<Option<Shown>, CommandError> {
    match workspace.session(mailbox).grant() {
        Ok(grant) => Ok(Some(shown!("{}", grant.obtained.strftime("%Y-%m-%d")))),
        Err(failure) if failure.kind.needs_authorization() => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}
