//! A mailbox: whose mail, through which servers.

use std::path::PathBuf;

use super::{Access, Address, Channel, Endpoint, Name, Opener, Protocol, Side};

/// One mailbox. It has an incoming side, an outgoing side, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Its name in the profile.
    pub name: Name,
    /// The app it signs in with.
    pub app: Name,
    /// The mailbox's address.
    pub address: Address,
    /// Who is let into it.
    pub access: Access,
    /// The account that signs in, where that is another one: the delegate of a shared mailbox.
    pub sign_in_as: Option<Address>,
    /// How its mail is read.
    pub incoming: Option<Service>,
    /// How its mail is sent.
    pub outgoing: Option<Service>,
    /// Whether commands that walk over all mailboxes include it.
    pub enabled: bool,
    /// A private CA (PEM) for its mail servers, trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Where it is described.
    pub origin: Origin,
}

/// Where a mailbox is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the profile.
    Profile,
    /// On the command line alone: there is no profile to change, and nothing is stored for it.
    CommandLine,
}

/// What one side of a mailbox is used through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// How; it serves the side.
    pub protocol: Protocol,
    /// Where.
    pub endpoint: Endpoint,
}

impl Mailbox {
    /// Who is expected at the sign-in page.
    #[must_use]
    pub fn signs_in_as(&self) -> &Address {
        self.sign_in_as.as_ref().unwrap_or(&self.address)
    }

    /// What `side` is used through, where it is used.
    #[must_use]
    pub fn service(&self, side: Side) -> Option<&Service> {
        match side {
            Side::Incoming => self.incoming.as_ref(),
            Side::Outgoing => self.outgoing.as_ref(),
        }
    }

    /// What its sides are used through.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.incoming.iter().chain(&self.outgoing)
    }

    /// The mail protocols it uses, each once.
    pub fn protocols(&self) -> impl Iterator<Item = Protocol> {
        let first = self.incoming.as_ref().map(|service| service.protocol);
        let second = self.outgoing.as_ref().map(|service| service.protocol);
        first.into_iter().chain(second.filter(|second| Some(*second) != first))
    }

    /// What it needs permissions for.
    pub fn channels(&self) -> impl Iterator<Item = Channel> {
        let by = self.opener();
        let side = move |side: Side| self.service(side).map(|service| Channel { protocol: service.protocol, side, by });
        [Side::Incoming, Side::Outgoing].into_iter().filter_map(side)
    }

    /// Who opens it.
    #[must_use]
    pub fn opener(&self) -> Opener {
        match self.access {
            Access::App => Opener::App,
            Access::User if self.is_shared() => Opener::Delegate,
            Access::User => Opener::Owner,
        }
    }

    /// Whether the profile has it.
    #[must_use]
    pub fn is_in_profile(&self) -> bool {
        match self.origin {
            Origin::Profile => true,
            Origin::CommandLine => false,
        }
    }

    /// Whether another user than its own signs in for it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.sign_in_as.as_ref().is_some_and(|user| !user.matches(self.address.as_str()))
    }
}
