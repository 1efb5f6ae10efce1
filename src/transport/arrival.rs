//! Waits until a message that was sent shows up on the incoming side.

use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::mark::Mark;
use super::log::leave_politely;
use super::{Observation, ProbeOutcome, Target, imap, pop3};
use crate::failure::{Failure, FailureKind};
use crate::profile::Protocol;
use crate::report::Stage;

/// How long to wait between two looks. The first ones come quickly, as most mail does.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];
/// What the last look may take.
const LAST_LOOK: Duration = Duration::from_millis(300);
/// Another look sooner than this would see the same.
const SHORTEST: Duration = Duration::from_millis(50);
/// POP3 cannot search: this many of the newest messages are looked at.
const POP3_DEPTH: usize = 10;

/// Looks for the message with `mark` in INBOX until it is there or `timeout` has passed. IMAP looks again and again on one
/// session; POP3 shows the state at sign-in (RFC 1939 §8), so each look is a session of its own.
#[must_use]
pub fn wait(
    target: &Target<'_>,
    protocol: Protocol,
    token: &SecretString,
    mark: &Mark,
    timeout: Duration,
) -> Observation {
    let start = Instant::now();
    let own = start + timeout;
    let deadline = target.overall.map_or(own, |overall| overall.min(own));
    let target = Target { overall: Some(deadline), transcript: target.transcript, ..*target };
    let found = match protocol {
        Protocol::Imap => wait_imap(&target, token, mark, deadline),
        Protocol::Pop3 => wait_pop3(&target, token, mark, deadline),
        // Nothing can be read with it.
        Protocol::Smtp => Err(FailureKind::Bug.into()),
    };
    let elapsed = start.elapsed();
    let result = match found {
        Ok(true) => Ok(format!("in INBOX after {:.1} s", elapsed.as_secs_f64())),
        Ok(false) => Err(FailureKind::NotArrived { after: elapsed }.into()),
        // The last look met the deadline: what has not arrived is the message.
        Err(failure) if matches!(failure.kind, FailureKind::TimedOut { .. }) && Instant::now() >= deadline => {
            Err(FailureKind::NotArrived { after: elapsed }.into())
        }
        Err(failure) => Err(failure),
    };
    Observation { stage: Stage::Arrival, began: start, elapsed, result }
}

/// Waits before the next look; false when there is no time for one. The last one comes shortly before the deadline.
fn pause(look: usize, deadline: Instant) -> bool {
    let pause = PAUSES[look.min(PAUSES.len() - 1)];
    let left = deadline.saturating_duration_since(Instant::now()).saturating_sub(LAST_LOOK);
    if left < SHORTEST {
        return false;
    }
    thread::sleep(pause.min(left));
    true
}

fn wait_imap(target: &Target<'_>, token: &SecretString, mark: &Mark, deadline: Instant) -> Result<bool, Failure> {
    let mut outcome = ProbeOutcome::default();
    let mut inbox =
        imap::enter(target, Box::new(|| Some(token.clone())), &mut outcome).map_err(|_| last(&mut outcome))?;
    let mut found = inbox.has(mark);
    let mut look = 0;
    while matches!(found, Ok(false)) && pause(look, deadline) {
        look += 1;
        found = inbox.has(mark);
    }
    if found.is_ok() {
        inbox.leave(&outcome);
    }
    found
}

fn wait_pop3(target: &Target<'_>, token: &SecretString, mark: &Mark, deadline: Instant) -> Result<bool, Failure> {
    let mut look = 0;
    loop {
        match look_pop3(target, token, mark) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            // The maildrop is still locked by the session before, or the server asks for patience (RFC 2449 §8.1).
            Err(failure) if is_passing(&failure) => {}
            Err(failure) => return Err(failure),
        }
        if !pause(look, deadline) {
            return Ok(false);
        }
        look += 1;
    }
}

fn look_pop3(target: &Target<'_>, token: &SecretString, mark: &Mark) -> Result<bool, Failure> {
    let mut outcome = ProbeOutcome::default();
    let mut slot = None;
    let maildrop = pop3::enter(target, Box::new(|| Some(token.clone())), &mut outcome, &mut slot);
    let Ok(mut maildrop) = maildrop else {
        leave_politely(&outcome, slot, pop3::FAREWELL);
        return Err(last(&mut outcome));
    };
    let Some(mut wire) = slot else { return Err(last(&mut outcome)) };
    for number in maildrop.newest(POP3_DEPTH) {
        if maildrop.head(&mut wire, number)?.is_some_and(|head| mark.is_on(&head)) {
            wire.leave(pop3::FAREWELL);
            return Ok(true);
        }
    }
    wire.leave(pop3::FAREWELL);
    Ok(false)
}

fn is_passing(failure: &Failure) -> bool {
    match &failure.kind {
        FailureKind::Rejected(rejection) => rejection.detail_code.as_deref().is_some_and(|code| {
            ["IN-USE", "LOGIN-DELAY", "SYS/TEMP"].iter().any(|known| code.eq_ignore_ascii_case(known))
        }),
        _ => false,
    }
}

/// Why a session did not come about.
fn last(outcome: &mut ProbeOutcome) -> Failure {
    match outcome.observations.pop().map(|last| last.result) {
        Some(Err(failure)) => failure,
        _ => FailureKind::ConnectionLost { during: "signing in".to_owned() }.into(),
    }
}
