//! How text for people is to be shown: what the place it goes to can show, and how much of it is wanted.

/// How text for people is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct View {
    /// The columns of the terminal; where there is none, nothing is wrapped.
    pub width: Option<usize>,
    /// Whether every check and every finding is wanted in full.
    pub details: bool,
    /// Whether more than ASCII can be shown.
    pub unicode: bool,
    /// Whether an address can be shown as a link that a terminal opens (OSC 8).
    pub links: bool,
    /// The bytes that there is room for, where that is bounded.
    pub room: Option<usize>,
}

impl View {
    /// A file in UTF-8, which has no width and opens no links.
    #[must_use]
    pub fn of_file(details: bool) -> Self {
        Self { width: None, details, unicode: true, links: false, room: None }
    }
}
