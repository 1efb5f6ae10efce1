//! The answer to a sign-in whose browser is anywhere: the address that it ends on is pasted.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::attempt::Attempt;
use super::events;
use super::paste::Paste;
use super::patience::Patience;
use crate::context::interrupt;
use crate::error::CommandError;
use crate::failure::{Failure, FailureKind, Heard};
use crate::oauth::{AuthorizationRequest, AuthorizationResponse};
use crate::text::Shown;

/// How often the terminal is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Takes the address that the browser ends on.
///
/// # Errors
/// If it was cancelled.
pub(super) fn response(
    attempt: &Attempt<'_>,
    request: &AuthorizationRequest,
) -> Result<Result<AuthorizationResponse, Failure>, CommandError> {
    let context = attempt.context;
    let patience = Patience::begin(context);
    context.prompter.say(&format!(
        "The browser will end on an address that begins with {}; the page itself may not load.\n\
         If a page shows an error, its text can be pasted too. Waiting {}.\n\
         Paste that address here:",
        attempt.app.redirect_uri,
        patience.in_words()
    ));
    events::address(context, attempt.mailbox, request, patience.whole);
    let timed_out = |patience: &Patience| {
        let (after, heard) = (patience.whole, Heard::NotListening);
        Failure::from(FailureKind::SignInTimedOut { after, heard, refused: Vec::new() })
    };
    let cancelled = interrupt::catch();
    if let Some(mut paste) = Paste::open(attempt, request, &patience) {
        loop {
            if cancelled.is_set() || paste.has_ended {
                return Err(CommandError::cancelled());
            }
            if let Some(result) = paste.look() {
                return Ok(result);
            }
            if patience.is_over() {
                return Ok(Err(timed_out(&patience)));
            }
            std::thread::sleep(LOOK);
        }
    }
    // Without a terminal: one line, and no one to ask again. Ctrl-C ends the process.
    drop(cancelled);
    let (send, receive) = std::sync::mpsc::channel();
    let read = context.prompter.line_reader();
    std::thread::spawn(move || send.send(read()));
    let Ok(line) = receive.recv_timeout(patience.whole) else { return Ok(Err(timed_out(&patience))) };
    Ok(line
        .map_err(|error| {
            let (what, reason) = ("Reading the pasted address".into(), Shown::of(error));
            FailureKind::Local { what, reason }.into()
        })
        .and_then(|line| request.parse_pasted(line.expose_secret(), context.transcript.redactor())))
}
