//! Signing in with a browser: this machine's, whose answer a listener catches, or any other, whose last address is pasted.

use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use super::attempt::{Attempt, Tokens};
use crate::commands::CommandError;
use crate::context::{Context, interrupt};
use crate::diagnosis::About;
use crate::failure::{Failure, FailureKind};
use crate::oauth::{self, AuthorizationRequest, Callback, LoopbackListener, PendingPage};
use crate::profile::{App, Mailbox, RedirectUri};
use crate::report::{Check, Report, Stage};

/// How long somebody may take at the sign-in page. Entra's own page gives up after about ten minutes.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is said while the browser shows an error of its own (SECURITY.md L7).
const HTTPS_INSTEAD: &str = "The browser opened the redirect address with https instead of http: switch off its HTTPS-only mode \
                              for localhost, then load that page again with http:// in front.";

/// The tokens or why there are none, and the browser's page where one waits for an answer.
type Brought = (Result<Tokens, Failure>, Option<PendingPage>);

/// Lets somebody sign in, and redeems the code.
///
/// # Errors
/// If it was cancelled, or the listener cannot listen.
pub(super) fn tokens(attempt: &Attempt<'_>, report: &mut Report) -> Result<Brought, CommandError> {
    let Attempt { app, mailbox, context, how, .. } = *attempt;
    let started = Instant::now();
    let begin = |redirect: &RedirectUri| {
        let hint = mailbox.signs_in_as();
        AuthorizationRequest::begin(app, attempt.endpoints, redirect, attempt.asked, hint, attempt.is_first())
    };
    let (request, callback, page) = if how.no_browser || !app.redirect_uri.is_loopback() {
        let request = begin(&app.redirect_uri);
        let callback = pasted(&request, app, mailbox, context);
        (request, callback, None)
    } else {
        let about = About { app: Some(app), mailbox: Some(mailbox), protocol: None, ..About::default() };
        let say = context.say;
        let listener = LoopbackListener::bind(&app.redirect_uri, context.transcript.clone())
            .map_err(|failure| CommandError::explained(&failure, about))?
            .on_tls(move || say(HTTPS_INSTEAD));
        let request = begin(listener.redirect_uri());
        announce(&request, mailbox, context);
        let deadline = Instant::now() + context.timeout.unwrap_or(PATIENCE);
        if context.opens_browser {
            let (open, say, url) = (context.browser, context.say, request.url().clone());
            let hide = how.hidden_variable.clone();
            // Starting a browser takes a while, and nobody needs to wait for it: a fast one is back before that.
            std::thread::spawn(move || {
                if let Err(reason) = open(&url, &hide.iter().map(String::as_str).collect::<Vec<_>>()) {
                    say(&format!("No browser could be opened ({reason}): open the address above yourself."));
                }
            });
        }
        let cancelled = interrupt::catch();
        match listener.wait(&request, deadline, cancelled.flag()) {
            Ok((callback, page)) => (request, Ok(callback), Some(page)),
            Err(_) if cancelled.is_set() => return Err(CommandError::cancelled()),
            Err(failed) => (request, Err(failed.failure), Some(failed.page)),
        }
    };
    let tokens = callback.and_then(|callback| {
        report.checks.push(Check::passed(Stage::Authorize, started.elapsed(), "the browser came back with a code"));
        redeem(attempt, &request, callback)
    });
    Ok((tokens, page))
}

fn redeem(attempt: &Attempt<'_>, request: &AuthorizationRequest, callback: Callback) -> Result<Tokens, Failure> {
    let ready = attempt.session.make_ready()?;
    let started = Instant::now();
    let Attempt { app, http, endpoints, secret, .. } = *attempt;
    let answer = oauth::exchange_code(http, app, endpoints, request, callback.code, secret)?;
    Ok(Tokens { ready, answer, nonce: Some(request.nonce().clone()), elapsed: started.elapsed() })
}

fn announce(request: &AuthorizationRequest, mailbox: &Mailbox, context: &Context) {
    let say = |line: &str| context.prompter.say(line);
    say(&format!("Sign in as {} at:", mailbox.signs_in_as()));
    say(&format!("  {}", request.url()));
}

/// Shows the address and takes the one that the browser ends on.
fn pasted(
    request: &AuthorizationRequest,
    app: &App,
    mailbox: &Mailbox,
    context: &Context,
) -> Result<Callback, Failure> {
    announce(request, mailbox, context);
    context.prompter.say(&format!(
        "The browser will end on an address that begins with {}; the page itself may not load.\nPaste that address here:",
        app.redirect_uri
    ));
    let patience = context.timeout.unwrap_or(PATIENCE);
    let (send, receive) = std::sync::mpsc::channel();
    let read = context.prompter.line_reader();
    std::thread::spawn(move || send.send(read()));
    let line = receive.recv_timeout(patience).map_err(|_| FailureKind::SignInTimedOut { after: patience })?;
    let line = line.map_err(|error| FailureKind::Local {
        what: "Reading the pasted address".to_owned(),
        reason: error.to_string(),
    })?;
    context.transcript.redactor().learn(&line);
    request.parse_pasted(line.expose_secret(), context.transcript.redactor())
}
