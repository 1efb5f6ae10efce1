//! Looking for one message among the newest of a maildrop: POP3 cannot search.

use secrecy::SecretString;

use super::session::{FAREWELL, enter};
use crate::failure::{Failure, FailureKind};
use crate::transport::arrival::Pauses;
use crate::transport::log::Log;
use crate::transport::mark::Mark;
use crate::transport::{Account, ServerTarget};

/// A message is looked for among this many of the newest: POP3 cannot search.
const DEPTH: usize = 10;

/// Looks for the message with `mark` until it is there. The maildrop is as it was at sign-in (RFC 1939 §8), so each look
/// is a session of its own.
pub(super) fn find(
    target: &ServerTarget<'_>,
    account: Account<'_>,
    token: &SecretString,
    mark: &Mark,
    pauses: &mut Pauses,
) -> Result<bool, Failure> {
    loop {
        match look(target, account, token, mark) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            // The maildrop is still locked by the session before, or the server asks for patience (RFC 2449 §8.1).
            Err(failure) if is_passing(&failure) => {}
            Err(failure) => return Err(failure),
        }
        if !pauses.next() {
            return Ok(false);
        }
    }
}

/// Looks once, in a session of its own.
fn look(target: &ServerTarget<'_>, account: Account<'_>, token: &SecretString, mark: &Mark) -> Result<bool, Failure> {
    let mut log = Log::default();
    let mut slot = None;
    let maildrop = enter(target, account, Box::new(|| Some(token.clone())), &mut log, &mut slot);
    let Ok(mut maildrop) = maildrop else {
        log.leave_politely(slot, FAREWELL);
        return Err(log.failure());
    };
    let Some(mut wire) = slot else { return Err(log.failure()) };
    for number in maildrop.newest(DEPTH) {
        if maildrop.head(&mut wire, number)?.is_some_and(|head| mark.is_on(&head)) {
            wire.leave(FAREWELL);
            return Ok(true);
        }
    }
    wire.leave(FAREWELL);
    Ok(false)
}

/// Whether the server refuses for now only.
fn is_passing(failure: &Failure) -> bool {
    match &failure.kind {
        FailureKind::Rejected(rejection) => rejection.detail_code.as_deref().is_some_and(|code| {
            ["IN-USE", "LOGIN-DELAY", "SYS/TEMP"].iter().any(|known| code.eq_ignore_ascii_case(known))
        }),
        _ => false,
    }
}
