//! What has to be done before a mailbox works: the tasks of a set-up.

use super::super::credential::ClientType;
use super::super::protocol::Protocol;
use super::page::By;

/// A task. In its texts `{portal}`, `{client_id}`, `{redirect_uri}`, `{scopes}`, `{permissions}`, `{address}`, `{user}`,
/// `{mailbox}`, `{app}` and `{delegated_scopes}` are filled in; a command is between backquotes, and `{page:secrets}` is a page.
#[derive(Debug)]
pub struct Task {
    /// What comes of it.
    pub title: &'static str,
    /// Why it is needed.
    pub why: &'static str,
    /// Who has the right to do it.
    pub by: By,
    /// What shows that it was done.
    pub proof: Proof,
    /// How it is done.
    pub steps: &'static [TaskStep],
}

/// A step of a task.
#[derive(Debug)]
pub struct TaskStep {
    /// What to do.
    pub text: &'static str,
    /// Where it is one.
    pub needed: Needed,
}

/// Where a step is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// Everywhere.
    Always,
    /// For clients of this type.
    By(ClientType),
    /// Where the mailbox has this protocol.
    Over(Protocol),
    /// Where the mailbox has a mail server.
    Servers,
    /// Where another account signs in for the mailbox.
    Shared,
    /// Where another account signs in for the mailbox, to send.
    SharedToSend,
    /// Once for each permission whose number is known: `{permission}` and `{permission_id}` are filled in.
    EachPermission,
}

/// What shows that a task was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A sign-in that was granted.
    SignIn,
    /// A client secret in the store.
    Secret,
    /// A token of the app's own, whatever it permits.
    Token,
    /// The permission in the registration, or in a token of the app's own.
    Permission,
    /// The permission in a token of the app's own, or the consent to it.
    Role,
    /// A mail server that knows the app.
    Enrolment,
    /// A mailbox that opens for the app.
    MailboxRight,
    /// The mailbox's switches for its protocols, or a test.
    Switches,
    /// Only a test.
    Test,
}

/// A step that is one everywhere.
pub(super) const fn always(text: &'static str) -> TaskStep {
    TaskStep { text, needed: Needed::Always }
}

/// A step that is one there.
pub(super) const fn only(needed: Needed, text: &'static str) -> TaskStep {
    TaskStep { text, needed }
}
