//! What a permission is for.

use super::{Protocol, Side};

/// One side of a mailbox over one protocol. Providers give a permission for each: a protocol that reads and sends needs
/// two, and a mailbox that is shared with the user may need others than the user's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Channel {
    /// The protocol; it serves the side.
    pub protocol: Protocol,
    /// The side.
    pub side: Side,
    /// Whether another user signs in than the mailbox's own.
    pub is_shared: bool,
}

impl Channel {
    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        let sides =
            Protocol::ALL.into_iter().flat_map(|protocol| protocol.sides().iter().map(move |side| (protocol, *side)));
        sides.flat_map(|(protocol, side)| [false, true].map(|is_shared| Self { protocol, side, is_shared }))
    }

    /// The channel of a user's own mailbox.
    #[must_use]
    pub fn own(protocol: Protocol, side: Side) -> Self {
        Self { protocol, side, is_shared: false }
    }
}
