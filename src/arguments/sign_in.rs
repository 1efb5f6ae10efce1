//! How somebody signs in, as flags.

use clap::Args as ClapArgs;

/// How somebody signs in.
#[derive(Debug, Default, ClapArgs)]
pub struct SignInOptions {
    /// Open no browser and no listener: show the address, and take the one that the browser ends on from standard input
    #[arg(long)]
    pub no_browser: bool,
    /// Show an address and a short code to enter there, in a browser on any machine, and wait for that (RFC 8628)
    ///
    /// Prefer a browser, or --no-browser, where you can: many organisations block sign-ins by code, because a stranger
    /// who talks somebody into entering a code gets their mailbox. Google grants no mail scopes this way.
    #[arg(long, conflicts_with = "no_browser")]
    pub device_code: bool,
    /// Accept another account than the mailbox's own (an alias, a renamed user)
    #[arg(long)]
    pub allow_other_account: bool,
    /// Replace the sign-in of another mailbox that the store holds by the same name, as of another profile
    #[arg(long)]
    pub replace: bool,
    /// The environment variable that holds a secret, which the browser must not inherit
    #[arg(skip)]
    pub hidden_variable: Option<String>,
}
