//! The choices for a sign-in.

use crate::flow::session::Replaced;

/// The way in which a person signs in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Way {
    /// In this machine's browser; a listener takes the answer.
    #[default]
    Browser,
    /// In a browser anywhere; the address that it ends on is pasted.
    PastedAddress,
    /// With a code that is entered in a browser anywhere (RFC 8628).
    DeviceCode,
}

/// The window of this machine's browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    /// With the accounts that the browser is signed in with.
    #[default]
    Usual,
    /// A private one, which knows no account.
    Private,
}

/// The choices for a sign-in.
#[derive(Debug, Default)]
pub struct SignInOptions {
    /// The way in which the person signs in.
    pub way: Way,
    /// The window of the browser.
    pub window: Window,
    /// Whether another account than the mailbox's own is accepted.
    pub allow_other_account: bool,
    /// What this sign-in may replace in the store.
    pub replaced: Replaced,
    /// The environment variable that holds a secret, which the browser must not inherit.
    pub hidden_variable: Option<String>,
}
