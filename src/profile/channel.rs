//! What a permission is for.

use super::{Protocol, Side};

/// One side of a mailbox over one protocol. Providers give a permission for each: a protocol that reads and sends needs
/// two, and a mailbox that someone else opens than its owner may need others than the owner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Channel {
    /// The protocol; it serves the side.
    pub protocol: Protocol,
    /// The side.
    pub side: Side,
    /// Who opens it.
    pub by: Opener,
}

/// Who opens a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opener {
    /// The mailbox's own user.
    Owner,
    /// Another user, whom it is shared with.
    Delegate,
    /// The app, without a user.
    App,
}

impl Opener {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Delegate, Self::App];
}

impl Channel {
    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        let sides =
            Protocol::ALL.into_iter().flat_map(|protocol| protocol.sides().iter().map(move |side| (protocol, *side)));
        sides.flat_map(|(protocol, side)| Opener::ALL.map(|by| Self { protocol, side, by }))
    }

    /// The channel of a user's own mailbox.
    #[must_use]
    pub fn own(protocol: Protocol, side: Side) -> Self {
        Self { protocol, side, by: Opener::Owner }
    }
}
