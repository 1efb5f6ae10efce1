//! The flags that all tests share: which mailboxes, and by which mechanism.

use clap::Args as ClapArgs;

use super::baseline::BaselineFlag;
use super::fleet::{Fleet, Selection};
use super::typed;
use super::unlisted::{Subjects, Unlisted};
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::profile::{Mailbox, Profile, Protocol, Reference, Side};
use crate::report::{Finding, FindingCode, Report};
use crate::sasl::SaslMechanism;
use crate::text::Shown;

/// Which mailboxes are tested, and how.
#[derive(Debug, ClapArgs)]
pub struct MailboxSelection {
    /// The mailboxes' names or addresses
    #[arg(required_unless_present_any = ["all", "address", "provider", "token_stdin", "token_env"],
          conflicts_with = "all", value_name = "NAME", value_parser = typed::<Reference>())]
    names: Vec<Reference>,
    /// Test every enabled mailbox
    #[arg(long)]
    all: bool,
    /// Use this SASL mechanism
    #[arg(long)]
    pub mechanism: Option<SaslMechanism>,
    /// How many at once, and which share of them.
    #[command(flatten)]
    pub fleet: Fleet,
    /// What the tests are compared with.
    #[command(flatten)]
    pub baseline: BaselineFlag,
    #[command(flatten)]
    unlisted: Unlisted,
}

/// The mailboxes that are tested.
pub struct Selected<'a> {
    /// Those that there are, each once.
    pub mailboxes: Vec<&'a Mailbox>,
    /// A report on each that there is not.
    pub missing: Vec<Report>,
    /// What is to be said of the selection.
    pub selection: Selection,
}

impl MailboxSelection {
    /// The profile, or the mailbox that the flags describe instead.
    ///
    /// # Errors
    /// If the profile cannot be read, or the flags do not fit together.
    pub fn subjects(&self, context: &Context) -> Result<Subjects, CommandError> {
        self.unlisted.subjects(self.all || !self.names.is_empty(), context)
    }

    /// The mailboxes.
    ///
    /// # Errors
    /// If there is none of those that are named, or none at all.
    pub fn mailboxes<'a>(&self, profile: &'a Profile) -> Result<Selected<'a>, CommandError> {
        self.which(None, profile)
    }

    /// Whether every mailbox is meant, of which this run may have a share alone.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.all
    }

    /// Whether the command line describes a mailbox that is not in the profile.
    #[must_use]
    pub fn is_unlisted(&self) -> bool {
        self.unlisted.has_mailbox()
    }

    /// The mailboxes to test on `side`.
    ///
    /// # Errors
    /// If a mailbox that is named does not have that side, or none of all has it.
    pub fn with<'a>(&self, side: Side, profile: &'a Profile) -> Result<Selected<'a>, CommandError> {
        let selected = self.which(Some(side), profile)?;
        require(side, &selected.mailboxes)?;
        Ok(selected)
    }

    fn which<'a>(&self, side: Option<Side>, profile: &'a Profile) -> Result<Selected<'a>, CommandError> {
        let (mut mailboxes, mut missing) = match self.all || self.unlisted.has_mailbox() {
            true => (lookup::mailboxes(profile, &self.names, true)?, Vec::new()),
            false => lookup::those_there(profile, &self.names)?,
        };
        if self.all {
            mailboxes.retain(|mailbox| side.is_none_or(|side| mailbox.service(side).is_some()));
        }
        if mailboxes.is_empty() {
            // A test of nothing is not a success.
            let with_side = side.map_or_else(Shown::default, |side| shown!(" with an {} side", side.key()));
            return Err(Finding::of(FindingCode::NOTHING_TO_TEST).with("with_side", with_side).into());
        }
        // One of several shares may be empty: the others have the mailboxes.
        let selection = self.fleet.share(self.all, &mut mailboxes, &mut missing)?;
        Ok(Selected { mailboxes, missing, selection })
    }
}

/// Refuses mailboxes that do not have `side`.
///
/// # Errors
/// If there is one.
pub fn require(side: Side, mailboxes: &[&Mailbox]) -> Result<(), CommandError> {
    let Some(mailbox) = mailboxes.iter().find(|mailbox| mailbox.service(side).is_none()) else { return Ok(()) };
    if !mailbox.is_in_profile() {
        return Err(CommandError::usage(
            shown!("The mailbox {} is described without an {} side.", mailbox.address, side.key()),
            shown!("Give --{}-host HOST, or --{} with a protocol", side.key(), side.key()),
        ));
    }
    let protocol = Protocol::of(side).next().map_or("", Protocol::key);
    let line = shown!("{} = {{ protocol = \"{}\" }}", side.key(), protocol);
    let told = Finding::of(FindingCode::NO_SUCH_SIDE);
    Err(told.with("name", &mailbox.name).with("side", side.key()).with("line", line).into())
}
