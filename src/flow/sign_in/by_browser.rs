//! Signing in with a browser: this machine's, whose answer a listener catches, or any other, whose last address is pasted.

use std::time::Instant;

use super::attempt::{Attempt, Tokens};
use super::options::{Way, Window};
use super::paste::Paste;
use super::patience::Patience;
use super::{by_paste, events};
use crate::context::{Context, interrupt};
use crate::diagnosis::{FailureContext, callback};
use crate::error::CommandError;
use crate::failure::{CallbackRefusal, Failure};
use crate::loopback::{LoopbackListener, PendingPage};
use crate::oauth::{AuthorizationRequest, AuthorizationResponse, grant};
use crate::profile::{App, Mailbox, RedirectUri};
use crate::report::{Check, Report, Stage};
use crate::text::Shown;

/// The tokens or why there are none, and the browser's page where one waits for an answer.
type Brought<'a> = (Result<Tokens<'a>, Failure>, Option<PendingPage>);

/// Whether a listener takes the answer.
pub(super) fn listens(app: &App, way: Way) -> bool {
    way == Way::Browser && app.redirect_uri.is_loopback()
}

/// Refuses to wait for a browser that no one can open.
///
/// # Errors
/// If there is neither a terminal nor a program that `BROWSER` names.
pub(super) fn refuse_unopened(context: &Context) -> Result<(), CommandError> {
    if context.opens_browser {
        return Ok(());
    }
    Err(CommandError::usage(
        "There is no terminal, and BROWSER names no program, so no browser can be opened here.",
        "Add --no-browser, which shows the address and takes the one that the browser ends on; or --device-code, which \
         shows a code to enter in any browser; or set BROWSER",
    ))
}

/// Lets a person sign in, and redeems the code.
///
/// # Errors
/// If it was cancelled, or the listener cannot listen.
pub(super) fn tokens<'a>(attempt: &Attempt<'a>, report: &mut Report) -> Result<Brought<'a>, CommandError> {
    let Attempt { app, mailbox, context, how, .. } = *attempt;
    let started = Instant::now();
    let begin = |redirect: &RedirectUri| {
        let hint = mailbox.signs_in_as();
        AuthorizationRequest::begin(app, attempt.endpoints, redirect, attempt.asked, hint, attempt.is_first())
    };
    let (request, response, page) = if listens(app, how.way) {
        let about = FailureContext::of_mailbox(app, mailbox);
        let say = context.say;
        let listener = LoopbackListener::bind(&app.redirect_uri, context.transcript.clone())
            .map_err(|failure| CommandError::explained(&failure, about))?
            .on_refusal(move |refusal| say(&told(refusal)));
        let request = begin(listener.redirect_uri());
        announce(&request, mailbox, context);
        let patience = Patience::begin(context);
        // Caught before the terminal's modes change, so that Ctrl-C puts back the right ones.
        let cancelled = interrupt::catch();
        let mut paste = Paste::open(attempt, &request, &patience);
        say_waiting(&patience, paste.is_some(), context);
        events::address(context, mailbox, &request, patience.whole);
        open(&request, attempt);
        let redactor = context.transcript.redactor();
        let read = |query: &str| request.read_query(query, redactor);
        let mut look = || paste.as_mut().and_then(Paste::look);
        match listener.wait(&read, patience.deadline, cancelled.flag(), &mut look) {
            Ok((response, page)) => (request, Ok(response), Some(page)),
            Err(_) if cancelled.is_set() => return Err(CommandError::cancelled()),
            Err(failed) => (request, Err(failed.failure), Some(failed.page)),
        }
    } else {
        let request = begin(&app.redirect_uri);
        announce(&request, mailbox, context);
        let response = by_paste::response(attempt, &request)?;
        (request, response, None)
    };
    let tokens = response.and_then(|response| {
        report.checks.push(Check::passed(Stage::Authorize, started.elapsed(), "the browser came back with a code"));
        redeem(attempt, &request, response)
    });
    Ok((tokens, page))
}

fn announce(request: &AuthorizationRequest, mailbox: &Mailbox, context: &Context) {
    let say = |line: &str| context.prompter.say(line);
    say(&format!("Sign in as {} at:", mailbox.signs_in_as()));
    say(&format!("  {}", request.url()));
}

fn say_waiting(patience: &Patience, takes_pastes: bool, context: &Context) {
    context.prompter.say(&format!("Waiting for the sign-in {}; Ctrl-C ends it.", patience.in_words()));
    if takes_pastes {
        context.prompter.say(
            "If the page shows an error, paste its text here. If the browser is on another machine, it ends on an \
             address that does not load: paste that address here.",
        );
    }
}

/// Opens the address, in the window that is wanted, where a browser may be opened.
fn open(request: &AuthorizationRequest, attempt: &Attempt<'_>) {
    let Attempt { context, how, .. } = *attempt;
    if !context.opens_browser {
        return;
    }
    let (window, say, url) = (how.window, context.say, request.url().clone());
    let open = match window {
        Window::Usual => context.browser,
        Window::Private => context.private_browser,
    };
    let hide = how.hidden_variable.clone();
    // Starting a browser takes a while, and nothing needs to wait for it: a fast one is back before that.
    std::thread::spawn(move || {
        if let Err(reason) = open(&url, &hide.iter().map(String::as_str).collect::<Vec<_>>()) {
            say(&match window {
                Window::Usual => format!("No browser could be opened ({reason}): open the address above yourself."),
                Window::Private => format!(
                    "No private window could be opened ({reason}): open the address above in a private window yourself."
                ),
            });
        }
    });
}

/// What is said of an answer that cannot be used, while the browser shows its own page (SECURITY.md L7).
fn told(refusal: CallbackRefusal) -> Shown {
    let came = callback::finding(refusal);
    shown!("{} {}. Still waiting.", came.cause, Shown::join(came.fix, "; "))
}

fn redeem<'a>(
    attempt: &Attempt<'a>,
    request: &AuthorizationRequest,
    response: AuthorizationResponse,
) -> Result<Tokens<'a>, Failure> {
    let ready = attempt.session.make_ready(attempt.how.replaced)?;
    // Only now: it may have been rotated while the person signed in, and a code is good once.
    let credential = attempt.session.client_credential()?;
    let started = Instant::now();
    let client = attempt.session.client(&attempt.endpoints.token, &credential);
    let answer = client.token(&grant::AuthorizationCode { request, code: &response.code, scopes: attempt.first })?;
    Ok(Tokens { ready, answer, nonce: Some(request.nonce().clone()), elapsed: started.elapsed() })
}
