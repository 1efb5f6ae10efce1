//! What is asked of a server.

use std::time::Duration;

use super::log::Log;
use super::mark::Mark;
use crate::profile::{Address, Mailbox, Opener, Side};
use crate::report::Stage;

/// What to do once signed in.
#[derive(Debug, Clone, Copy)]
pub enum Task<'a> {
    /// Open the inbox, read-only.
    Read {
        /// How many of the newest messages to list.
        latest: usize,
    },
    /// Try whether the mailbox may send.
    Send {
        /// To this address.
        recipient: &'a Address,
        /// The message to send. None: stop once the server has taken sender and recipient.
        message: Option<&'a [u8]>,
    },
    /// Look for one message in the inbox until it is there.
    Find {
        /// What it is known by.
        mark: &'a Mark,
        /// How long to look.
        patience: Duration,
    },
}

/// One task, and what is seen of it.
#[derive(Debug)]
pub struct Errand<'a> {
    /// The task.
    pub task: Task<'a>,
    /// The steps taken for it.
    pub log: Log,
}

/// Whose mailbox it is, and who signs in for it. Each transport knows which of the two its server wants to hear.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The mailbox's address.
    pub mailbox: &'a Address,
    /// The user whom the token is for; another than the mailbox's owner where the mailbox is shared.
    pub user: &'a Address,
    /// Who opens the mailbox.
    pub by: Opener,
}

impl Task<'_> {
    /// The step that it is about.
    #[must_use]
    pub fn aim(&self) -> Stage {
        match self {
            Self::Read { .. } => Stage::Folder,
            Self::Send { .. } => Stage::Recipient,
            Self::Find { .. } => Stage::Arrival,
        }
    }

    /// The side of a mailbox that it belongs to.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            Self::Read { .. } | Self::Find { .. } => Side::Incoming,
            Self::Send { .. } => Side::Outgoing,
        }
    }
}

impl<'a> From<&'a Mailbox> for Account<'a> {
    fn from(mailbox: &'a Mailbox) -> Self {
        Self { mailbox: &mailbox.address, user: mailbox.signs_in_as(), by: mailbox.opener() }
    }
}
