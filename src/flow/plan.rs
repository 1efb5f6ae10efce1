//! What is tried with a mailbox.

use super::given::Given;
use super::tenant::Administrator;
use crate::oauth::ClientCredential;
use crate::profile::Mailbox;
use crate::sasl::SaslMechanism;
use crate::transport::Task;

/// What is tried with one mailbox.
#[derive(Clone)]
pub struct Plan<'a> {
    /// The mailbox.
    pub mailbox: &'a Mailbox,
    /// How much of the way to its mail is looked at.
    pub depth: Depth,
    /// Which protocols are tried.
    pub protocols: Protocols,
    /// What is asked of the mail servers, side by side. A task for a side that the mailbox does not have is left out.
    pub tasks: Vec<Task<'a>>,
    /// What is asked once a message was accepted.
    pub afterwards: Option<Task<'a>>,
    /// The mechanism that the command line forces.
    pub mechanism: Option<SaslMechanism>,
    /// A new client secret that is being proven, to be used instead of the active one.
    pub proving: Option<&'a ClientCredential>,
    /// Who reads the app's set-up in the tenant, where that is asked for.
    pub administrator: Option<&'a Administrator>,
    /// What there is of an access token, where no profile has the mailbox: no store and no token endpoint is asked.
    pub given: Option<&'a Given>,
}

/// How much of the way from the profile to the mailbox is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// A valid token, wherever it comes from, and the mail servers.
    Servers,
    /// The profile, the store and the token endpoint too, each a check of its own, and what all of it means together.
    EndToEnd,
}

/// Which protocols are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocols {
    /// Those that the profile has for the mailbox.
    OfProfile,
    /// After them, the others that the provider has for its sides.
    All,
}

impl<'a> Plan<'a> {
    /// A plan to do `tasks` with `mailbox`, and no more.
    #[must_use]
    pub fn of(mailbox: &'a Mailbox, tasks: impl IntoIterator<Item = Task<'a>>) -> Self {
        let tasks = tasks.into_iter().collect();
        let (depth, protocols) = (Depth::Servers, Protocols::OfProfile);
        Self {
            mailbox,
            depth,
            protocols,
            tasks,
            afterwards: None,
            mechanism: None,
            proving: None,
            administrator: None,
            given: None,
        }
    }

    /// A plan to test all of `mailbox`, and what all of it means together.
    #[must_use]
    pub fn end_to_end(mailbox: &'a Mailbox) -> Self {
        Self { depth: Depth::EndToEnd, ..Self::of(mailbox, each_side(mailbox)) }
    }
}

/// Tries whether `mailbox` may send: with its own address as the recipient, and without a message.
#[must_use]
pub fn send_nothing(mailbox: &Mailbox) -> Task<'_> {
    Task::Send { recipient: &mailbox.address, message: None }
}

/// What tests each side that `mailbox` has: opening the inbox, and trying to send nothing.
#[must_use]
pub fn each_side(mailbox: &Mailbox) -> Vec<Task<'_>> {
    let tasks = [Task::Read { latest: 0 }, send_nothing(mailbox)];
    tasks.into_iter().filter(|task| mailbox.service(task.side()).is_some()).collect()
}
