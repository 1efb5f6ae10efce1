//! A mailbox: whose mail, through which servers.

use std::path::PathBuf;

use super::{Address, Name, Protocol, ServerEndpoint, Side};

/// One mailbox of the profile. It has an incoming side, an outgoing side, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Its name in the profile.
    pub name: Name,
    /// The app it signs in with.
    pub app: Name,
    /// Whose mail it is.
    pub address: Address,
    /// Who signs in, where that is somebody else: the delegate of a shared mailbox.
    pub sign_in_as: Option<Address>,
    /// How its mail is read.
    pub incoming: Option<Incoming>,
    /// How its mail is sent.
    pub outgoing: Option<Outgoing>,
    /// Whether commands that walk over all mailboxes include it.
    pub enabled: bool,
    /// A private CA (PEM) for its mail servers, trusted beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// The side that reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// One of [`super::Side::Incoming`].
    pub protocol: Protocol,
    /// Where.
    pub server: ServerEndpoint,
}

/// The side that sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// One of [`super::Side::Outgoing`].
    pub protocol: Protocol,
    /// Where.
    pub server: ServerEndpoint,
}

impl Mailbox {
    /// Who is expected at the sign-in page.
    #[must_use]
    pub fn signs_in_as(&self) -> &Address {
        self.sign_in_as.as_ref().unwrap_or(&self.address)
    }

    /// The protocol and the server of `side`, where it has that side.
    #[must_use]
    pub fn service(&self, side: Side) -> Option<(Protocol, &ServerEndpoint)> {
        match side {
            Side::Incoming => self.incoming.as_ref().map(|incoming| (incoming.protocol, &incoming.server)),
            Side::Outgoing => self.outgoing.as_ref().map(|outgoing| (outgoing.protocol, &outgoing.server)),
        }
    }

    /// The mail protocols it uses.
    pub fn protocols(&self) -> impl Iterator<Item = Protocol> {
        let incoming = self.incoming.as_ref().map(|side| side.protocol);
        let outgoing = self.outgoing.as_ref().map(|side| side.protocol);
        incoming.into_iter().chain(outgoing)
    }
}
