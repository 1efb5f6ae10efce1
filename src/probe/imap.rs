//! IMAP (RFC 9051, RFC 3501).

use super::{ProbeOutcome, Target, TokenSource};

/// What to look at once signed in, beside opening INBOX.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImapAsk {
    /// How many of the newest messages to list.
    pub latest: usize,
}

/// Connects, signs in and opens INBOX read-only.
#[must_use]
pub fn run(target: &Target<'_>, token: TokenSource<'_>, ask: &ImapAsk) -> ProbeOutcome {
    let _ = (target, token, ask);
    ProbeOutcome::default()
}
