//! Message submission over SMTP (RFC 6409, RFC 5321, RFC 4954).

use super::{ProbeOutcome, Target, TokenSource};
use crate::profile::Address;

/// What to try once signed in.
#[derive(Debug, Clone, Copy)]
pub struct SmtpAsk<'a> {
    /// For MAIL FROM.
    pub sender: &'a Address,
    /// For RCPT TO.
    pub recipient: &'a Address,
    /// The message to send, with CRLF line endings and not dot-stuffed. None: stop after RCPT and reset.
    pub message: Option<&'a [u8]>,
}

/// Connects, signs in, and tries sender and recipient; sends the message where there is one.
#[must_use]
pub fn run(target: &Target<'_>, token: TokenSource<'_>, ask: &SmtpAsk<'_>) -> ProbeOutcome {
    let _ = (target, token, ask);
    ProbeOutcome::default()
}
