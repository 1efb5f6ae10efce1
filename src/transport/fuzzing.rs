//! What fuzzing reaches of this room: the probes, against a server that follows a script in memory.

pub use super::script::Heard;

use secrecy::SecretString;

use super::imap::{self, ImapAsk};
use super::pop3::{self, Pop3Ask};
use super::smtp::{self, SmtpAsk};
use super::{ProbeOutcome, Target, handshake, script};

/// Runs the IMAP probe against a server that says the first of `turns`, and one more each time it has heard something.
pub fn imap<'a>(
    target: &Target<'_>,
    token: &SecretString,
    ask: &ImapAsk,
    turns: impl Iterator<Item = &'a [u8]>,
) -> (ProbeOutcome, Heard) {
    script::prepare(turns);
    (imap::run(target, Box::new(|| Some(token.clone())), ask), script::heard())
}

/// The same for POP3.
pub fn pop3<'a>(
    target: &Target<'_>,
    token: &SecretString,
    ask: &Pop3Ask,
    turns: impl Iterator<Item = &'a [u8]>,
) -> (ProbeOutcome, Heard) {
    script::prepare(turns);
    (pop3::run(target, Box::new(|| Some(token.clone())), ask), script::heard())
}

/// The same for SMTP.
pub fn smtp<'a>(
    target: &Target<'_>,
    token: &SecretString,
    ask: &SmtpAsk<'_>,
    turns: impl Iterator<Item = &'a [u8]>,
) -> (ProbeOutcome, Heard) {
    script::prepare(turns);
    (smtp::run(target, Box::new(|| Some(token.clone())), ask), script::heard())
}

/// Reads the beginning of a TLS handshake: its version, the length of its certificate, its alert.
#[must_use]
pub fn tls_hello(bytes: &[u8]) -> (Option<u16>, Option<usize>, Option<u8>) {
    let seen = handshake::look_at(bytes);
    (seen.version, seen.certificate.map(|certificate| certificate.len()), seen.alert)
}
