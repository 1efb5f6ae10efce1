//! What fuzzing reaches of this module: the transports, against a server that follows a script in memory.

pub use super::script::Heard;

use secrecy::SecretString;

use super::{Account, Log, Target, Task, handshake, of, script};
use crate::profile::Protocol;

/// Does `task` at a server that says the first of `turns`, and one more each time it has heard something.
pub fn exercise<'a>(
    protocol: Protocol,
    target: &Target<'_>,
    account: Account<'_>,
    token: &SecretString,
    task: &Task<'_>,
    turns: impl Iterator<Item = &'a [u8]>,
) -> (Log, Heard) {
    script::prepare(turns);
    let mut log = Log::default();
    of(protocol).exercise(target, account, Box::new(|| Some(token.clone())), task, &mut log);
    (log, script::heard())
}

/// Reads the beginning of a TLS handshake: its version, the length of its certificate, its alert.
#[must_use]
pub fn tls_hello(bytes: &[u8]) -> (Option<u16>, Option<usize>, Option<u8>) {
    let seen = handshake::look_at(bytes);
    (seen.version, seen.certificate.map(|certificate| certificate.len()), seen.alert)
}
