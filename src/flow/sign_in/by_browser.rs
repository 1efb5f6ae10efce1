//! Signing in with a browser: this machine's, whose answer a listener catches, or any other, whose last address is pasted.

use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use super::attempt::{Attempt, Tokens};
use super::options::Way;
use super::paste::Paste;
use crate::context::{Context, interrupt};
use crate::diagnosis::{FailureContext, callback};
use crate::error::CommandError;
use crate::failure::{CallbackRefusal, Failure, FailureKind};
use crate::loopback::{LoopbackListener, PendingPage};
use crate::oauth::{AuthorizationRequest, AuthorizationResponse, grant};
use crate::profile::{App, Mailbox, RedirectUri};
use crate::report::{Check, Report, Stage};
use crate::text::Shown;

/// How long a person may take at the sign-in page. Entra's own page gives up after about ten minutes.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often the terminal is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The tokens or why there are none, and the browser's page where one waits for an answer.
type Brought<'a> = (Result<Tokens<'a>, Failure>, Option<PendingPage>);

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
    let (request, response, page) = if how.way == Way::PastedAddress || !app.redirect_uri.is_loopback() {
        let request = begin(&app.redirect_uri);
        let response = pasted(&request, app, mailbox, context)?;
        (request, response, None)
    } else {
        let about = FailureContext::of_mailbox(app, mailbox);
        let say = context.say;
        let listener = LoopbackListener::bind(&app.redirect_uri, context.transcript.clone())
            .map_err(|failure| CommandError::explained(&failure, about))?
            .on_refusal(move |refusal| say(&told(refusal)));
        let request = begin(listener.redirect_uri());
        announce(&request, mailbox, context);
        let deadline = Instant::now() + context.timeout.unwrap_or(PATIENCE);
        // Caught before the terminal's modes change, so that Ctrl-C puts back the right ones.
        let cancelled = interrupt::catch();
        let mut paste = Paste::beside(context, &request);
        if context.opens_browser {
            let (open, say, url) = (context.browser, context.say, request.url().clone());
            let hide = how.hidden_variable.clone();
            // Starting a browser takes a while, and nothing needs to wait for it: a fast one is back before that.
            std::thread::spawn(move || {
                if let Err(reason) = open(&url, &hide.iter().map(String::as_str).collect::<Vec<_>>()) {
                    say(&format!("No browser could be opened ({reason}): open the address above yourself."));
                }
            });
        }
        let redactor = context.transcript.redactor();
        let read = |query: &str| request.read_query(query, redactor);
        match listener.wait(&read, deadline, cancelled.flag(), &mut || paste.as_mut().and_then(Paste::look)) {
            Ok((response, page)) => (request, Ok(response), Some(page)),
            Err(_) if cancelled.is_set() => return Err(CommandError::cancelled()),
            Err(failed) => (request, Err(failed.failure), Some(failed.page)),
        }
    };
    let tokens = response.and_then(|response| {
        report.checks.push(Check::passed(Stage::Authorize, started.elapsed(), "the browser came back with a code"));
        redeem(attempt, &request, response)
    });
    Ok((tokens, page))
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

fn announce(request: &AuthorizationRequest, mailbox: &Mailbox, context: &Context) {
    let say = |line: &str| context.prompter.say(line);
    say(&format!("Sign in as {} at:", mailbox.signs_in_as()));
    say(&format!("  {}", request.url()));
}

/// Shows the address and takes the one that the browser ends on.
///
/// # Errors
/// If it was cancelled.
fn pasted(
    request: &AuthorizationRequest,
    app: &App,
    mailbox: &Mailbox,
    context: &Context,
) -> Result<Result<AuthorizationResponse, Failure>, CommandError> {
    announce(request, mailbox, context);
    context.prompter.say(&format!(
        "The browser will end on an address that begins with {}; the page itself may not load.\nPaste that address here:",
        app.redirect_uri
    ));
    let patience = context.timeout.unwrap_or(PATIENCE);
    let cancelled = interrupt::catch();
    if let Some(mut paste) = Paste::alone(context, request) {
        let deadline = Instant::now() + patience;
        loop {
            if cancelled.is_set() || paste.has_ended {
                return Err(CommandError::cancelled());
            }
            if let Some(result) = paste.look() {
                return Ok(result);
            }
            if Instant::now() >= deadline {
                return Ok(Err(FailureKind::SignInTimedOut { after: patience, refused: Vec::new() }.into()));
            }
            std::thread::sleep(LOOK);
        }
    }
    // Without a terminal: one line, and no one to ask again. Ctrl-C ends the process.
    drop(cancelled);
    let (send, receive) = std::sync::mpsc::channel();
    let read = context.prompter.line_reader();
    std::thread::spawn(move || send.send(read()));
    let Ok(line) = receive.recv_timeout(patience) else {
        return Ok(Err(FailureKind::SignInTimedOut { after: patience, refused: Vec::new() }.into()));
    };
    Ok(line
        .map_err(|error| {
            let (what, reason) = ("Reading the pasted address".into(), Shown::of(error));
            FailureKind::Local { what, reason }.into()
        })
        .and_then(|line| request.parse_pasted(line.expose_secret(), context.transcript.redactor())))
}
