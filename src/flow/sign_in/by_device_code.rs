//! Signing in with a code that is entered in a browser on any machine (RFC 8628).

use std::time::{Duration, Instant};

use super::attempt::{Attempt, Tokens};
use super::{events, qr};
use crate::clock::{in_words, time_of_day};
use crate::context::interrupt;
use crate::error::CommandError;
use crate::failure::Failure;
use crate::oauth::device_poll::poll;
use crate::oauth::{self, Client, DeviceAuthorization, PollEnd, Waiter};
use crate::profile::{EndpointUrl, Scope};
use crate::report::{Check, Report, Stage, View};
use crate::text::Shown;

/// How long Ctrl-C may go unseen.
const FLAG_INTERVAL: Duration = Duration::from_millis(50);

/// Shows the code, and waits until it was used to sign in.
///
/// # Errors
/// If it was cancelled.
pub(super) fn tokens<'a>(
    attempt: &Attempt<'a>,
    report: &mut Report,
) -> Result<Result<Tokens<'a>, Failure>, CommandError> {
    let Attempt { endpoints, context, .. } = *attempt;
    let started = Instant::now();
    let requested = attempt.session.client_credential().and_then(|credential| {
        let client = Client { http: attempt.bounded, ..attempt.session.client(&endpoints.token, &credential) };
        oauth::request_device_code(&client, endpoints, attempt.of_first_token())
    });
    let authorization = match requested {
        Ok(authorization) => authorization,
        Err(failure) => return Ok(Err(failure)),
    };
    let clock = WallClock::start();
    for line in announcement(attempt, &authorization) {
        context.prompter.say(&line);
    }
    events::code(context, attempt.mailbox, &authorization);
    open(attempt, &authorization);
    let ask = || {
        // Each answer may be the one with the tokens. In between, other processes may have the mailbox.
        let ready = attempt.session.make_ready(attempt.how.replaced)?;
        // It may have been rotated while the person signs in.
        let credential = attempt.session.client_credential()?;
        let asked = Instant::now();
        let client = attempt.session.client(&endpoints.token, &credential);
        let answer = oauth::redeem_device_code(&client, &authorization)?;
        Ok(Tokens { ready, answer, nonce: None, elapsed: asked.elapsed() })
    };
    match poll(&authorization, context.timeout, &clock, ask) {
        Ok(tokens) => {
            let waited = started.elapsed().saturating_sub(tokens.elapsed);
            report.checks.push(Check::passed(Stage::Authorize, waited, "the code was entered"));
            Ok(Ok(tokens))
        }
        Err(PollEnd::Failed(failure)) => Ok(Err(failure)),
        Err(PollEnd::Cancelled) => Err(CommandError::cancelled()),
    }
}

/// What the person needs, and needs to know: "the user should be made aware of the device they are authorizing"
/// (RFC 8628 §5.4), and of what it asks for.
fn announcement(attempt: &Attempt<'_>, authorization: &DeviceAuthorization) -> Vec<String> {
    let Attempt { app, mailbox, asked, context, .. } = *attempt;
    // First, so that what is read stays on the screen.
    let mut lines = qr::lines(page(authorization).as_url().as_str(), context.view);
    lines.extend([
        format!("Sign in as {}, in a browser on any machine, at:", mailbox.signs_in_as()),
        format!("  {}", authorization.verification_uri),
        "and enter this code there:".to_owned(),
    ]);
    lines.extend(boxed(&authorization.user_code, context.view));
    if let Some(complete) = &authorization.verification_uri_complete {
        lines.push("This address has the code in it; compare it with the one that the page shows:".to_owned());
        lines.push(format!("  {complete}"));
    }
    let scopes = asked.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
    let good_for = in_words(authorization.good_for(context.timeout).as_secs());
    lines.extend([
        format!("  app     client ID {}", app.client_id),
        format!("  tenant  {}", app.tenant_label()),
        format!("  scopes  {scopes}"),
        "Signing in with this code opens a mailbox to this machine: never give it to another person, and never enter one that you were sent."
            .to_owned(),
    ]);
    lines.extend(app.provider.quirks.device.advice.map(str::to_owned));
    let end = context.clock.now().checked_add(authorization.good_for(context.timeout));
    let until = end.map_or_else(|_| Shown::default(), |end| shown!(", until {}", time_of_day(end)));
    lines.push(format!("The code is valid for {good_for}{until}. Waiting; Ctrl-C ends it."));
    lines
}

/// The page to open: the one with the code in it, where there is one.
fn page(authorization: &DeviceAuthorization) -> &EndpointUrl {
    authorization.verification_uri_complete.as_ref().unwrap_or(&authorization.verification_uri)
}

/// The code, on a terminal in a box: it is what the eye looks for.
fn boxed(code: &Shown, view: View) -> Vec<String> {
    if view.width.is_none() {
        return vec![format!("  {code}")];
    }
    let (line, corners, side) = match view.unicode {
        true => ('\u{2500}', ['\u{250c}', '\u{2510}', '\u{2514}', '\u{2518}'], '\u{2502}'),
        false => ('-', ['+'; 4], '|'),
    };
    let edge = line.to_string().repeat(code.chars().count() + 2);
    let [left, right, below_left, below_right] = corners;
    vec![
        format!("  {left}{edge}{right}"),
        format!("  {side} {code} {side}"),
        format!("  {below_left}{edge}{below_right}"),
    ]
}

/// Opens the page in this machine's browser, where it has one; elsewhere the address is shown, and that is all.
fn open(attempt: &Attempt<'_>, authorization: &DeviceAuthorization) {
    let Attempt { context, how, .. } = *attempt;
    if !context.opens_browser {
        return;
    }
    let (open, url, hide) = (context.browser, page(authorization).as_url().clone(), how.hidden_variable.clone());
    std::thread::spawn(move || open(&url, &hide.iter().map(String::as_str).collect::<Vec<_>>()));
}

/// This machine's time. Ctrl-C ends a wait, and with it the sign-in. While the token endpoint is asked nothing is caught:
/// there Ctrl-C ends the process, which no server can then hold up.
struct WallClock(());

impl WallClock {
    /// From now on Ctrl-C ends with 130, also between two waits.
    fn start() -> Self {
        drop(interrupt::catch());
        Self(())
    }
}

impl Waiter for WallClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wait(&self, pause: Duration) -> bool {
        let caught = interrupt::catch();
        let end = Instant::now() + pause;
        while !caught.is_set() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(FLAG_INTERVAL));
        }
        false
    }
}
