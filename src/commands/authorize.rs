//! `authorize`: a person signs in, and the mailbox is authorized, or it is said why not.

use clap::Args as ClapArgs;

use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::flow::session::Replaced;
use crate::flow::sign_in::{self, SignInOptions, Way, Window};
use crate::flow::workspace::Workspace;
use crate::profile::Reference;
use crate::report::Document;

/// Sign in as the mailbox's user, in a browser or with a code, and store the tokens
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant authorize shop\n  \
    mailgrant authorize shop --device-code   with a short code, from any machine")]
pub struct Args {
    /// The mailbox's name or address
    #[arg(value_parser = typed::<Reference>())]
    name: Reference,
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
}

/// Runs the command.
///
/// # Errors
/// If the profile, the store or the sign-in server cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailbox = lookup::mailbox(&profile, &args.name)?;
    context.trust.begin(profile.app_of(mailbox).ca_file.as_deref());
    // Opened before the sign-in: one that cannot be stored is of no use.
    let workspace = Workspace::open(context, &profile)?;
    let report = sign_in::sign_in(&workspace, mailbox, &args.options(), context)?;
    let mut document = Document::new("authorize");
    if report.first_finding().is_none() {
        document.next.push(sign_in::next(mailbox));
    }
    document.reports.push(report);
    Ok(document)
}
