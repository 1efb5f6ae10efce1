//! The flags that all tests share: which mailboxes, and by which mechanism.

use clap::Args as ClapArgs;

use crate::error::CommandError;
use crate::flow::lookup;
use crate::profile::{Mailbox, Profile};
use crate::sasl::SaslMechanism;

/// Which mailboxes are tested, and how.
#[derive(Debug, ClapArgs)]
pub struct MailboxSelection {
    /// The mailboxes' names
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "NAME")]
    names: Vec<String>,
    /// Test every enabled mailbox
    #[arg(long)]
    pub all: bool,
    /// Use this SASL mechanism
    #[arg(long)]
    pub mechanism: Option<SaslMechanism>,
}

impl MailboxSelection {
    /// The mailboxes, each once.
    pub fn mailboxes<'a>(&self, profile: &'a Profile) -> Result<Vec<&'a Mailbox>, CommandError> {
        lookup::mailboxes(profile, &self.names, self.all)
    }
}
