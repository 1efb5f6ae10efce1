//! The flags that all tests share: which mailboxes, and by which mechanism.

use clap::Args as ClapArgs;

use super::typed;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::profile::{Mailbox, Name, Profile, Protocol, Side};
use crate::report::{Finding, FindingCode};
use crate::sasl::SaslMechanism;

/// Which mailboxes are tested, and how.
#[derive(Debug, ClapArgs)]
pub struct MailboxSelection {
    /// The mailboxes' names
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "NAME", value_parser = typed::<Name>())]
    names: Vec<Name>,
    /// Test every enabled mailbox
    #[arg(long)]
    all: bool,
    /// Use this SASL mechanism
    #[arg(long)]
    pub mechanism: Option<SaslMechanism>,
}

impl MailboxSelection {
    /// The mailboxes, each once.
    pub fn mailboxes<'a>(&self, profile: &'a Profile) -> Result<Vec<&'a Mailbox>, CommandError> {
        lookup::mailboxes(profile, &self.names, self.all)
    }

    /// The mailboxes to test on `side`, each once.
    ///
    /// # Errors
    /// If a mailbox that is named does not have that side, or none of all has it.
    pub fn with<'a>(&self, side: Side, profile: &'a Profile) -> Result<Vec<&'a Mailbox>, CommandError> {
        let mut mailboxes = self.mailboxes(profile)?;
        if self.all {
            mailboxes.retain(|mailbox| mailbox.service(side).is_some());
        }
        if mailboxes.is_empty() {
            // A test of nothing is not a success.
            let with_side = shown!(" with an {} side", side.key());
            return Err(Finding::of(FindingCode::NOTHING_TO_TEST).with("with_side", with_side).into());
        }
        require(side, &mailboxes)?;
        Ok(mailboxes)
    }
}

/// Refuses mailboxes that do not have `side`.
///
/// # Errors
/// If there is one.
pub fn require(side: Side, mailboxes: &[&Mailbox]) -> Result<(), CommandError> {
    let Some(mailbox) = mailboxes.iter().find(|mailbox| mailbox.service(side).is_none()) else { return Ok(()) };
    let protocol = Protocol::of(side).next().map_or("", Protocol::key);
    let line = shown!("{} = {{ protocol = \"{}\" }}", side.key(), protocol);
    let told = Finding::of(FindingCode::NO_SUCH_SIDE);
    Err(told.with("name", &mailbox.name).with("side", side.key()).with("line", line).into())
}
