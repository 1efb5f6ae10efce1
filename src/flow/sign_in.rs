//! A sign-in: a person lets a mailbox be opened, and the grant is stored, or it is said why not.
//!
//! `reach` asks the provider before a person begins, `by_browser` (with `by_paste`) and `by_device_code` bring tokens,
//! `attempt` does with them what is the same for both. `events` tells other programs of it.

mod attempt;
mod by_browser;
mod by_device_code;
mod by_paste;
mod events;
mod options;
mod paste;
mod patience;
mod preview;
mod qr;
mod reach;

pub use options::{SignInOptions, Way, Window};
pub use preview::preview;

use std::time::{Duration, Instant};

use super::describe;
use super::session::Replaced;
use super::workspace::Workspace;
use crate::context::Context;
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::loopback::{FailurePage, PendingPage, SuccessPage};
use crate::profile::Mailbox;
use crate::report::{Check, Finding, Report, Stage, Step};
use crate::secrets::{RecordKey, load_mailbox};
use attempt::{Attempt, scopes_missing, stage_of};

/// Signs `mailbox` in and reports on it.
///
/// # Errors
/// If the store or the sign-in server cannot be used, or the person gave up.
pub fn sign_in(
    workspace: &Workspace<'_>,
    mailbox: &Mailbox,
    how: &SignInOptions,
    context: &Context,
) -> Result<Report, CommandError> {
    let app = workspace.app_of(mailbox);
    let about = FailureContext::of_mailbox(app, mailbox).signing_in();
    workspace.store.check_writable(&RecordKey::Mailbox(mailbox.name.clone()))?;
    if by_browser::listens(app, how.way) {
        by_browser::refuse_unopened(context)?;
    }
    let explained = |failure: Failure| CommandError::explained(&failure, about);
    // --timeout bounds the search for the endpoints, and then the person's time; a code that comes at the last moment
    // must still be redeemed.
    let bounded = workspace.http(app);
    let unbounded = Workspace { deadline: None, ..workspace.clone() };
    let session = unbounded.session(mailbox);
    // Read again when the code has come: it may be rotated while the person signs in.
    session.client_credential().map_err(explained)?;
    if how.replaced == Replaced::Own {
        session.refuse_foreign().map_err(explained)?;
    }
    let before = load_mailbox(session.store, &mailbox.name)?;
    // No one should sign in for a store that cannot take the tokens.
    session.check_store().map_err(explained)?;

    let mut report = Report::of_mailbox(mailbox);
    report.changed = Some(false);
    let started = Instant::now();
    let endpoints = reach::endpoints(&bounded, app, how.way, about, context)?;
    let asked = app.scopes.for_channels(mailbox.channels());
    let first = app.scopes.of_first_token(mailbox.channels());
    let attempt = Attempt {
        app,
        mailbox,
        session: &session,
        bounded: &bounded,
        endpoints: &endpoints,
        asked: &asked,
        first: &first,
        how,
        before: before.as_ref(),
        context,
    };
    let (tokens, mut page) = match how.way {
        Way::DeviceCode => (by_device_code::tokens(&attempt, &mut report)?, None),
        Way::Browser | Way::PastedAddress => by_browser::tokens(&attempt, &mut report)?,
    };
    match tokens.and_then(|tokens| attempt.finish(tokens, &mut report)) {
        Ok((grant, missing)) => {
            describe::grant(&mut report, &grant, context.clock.now());
            report.changed = Some(true);
            if let Some(page) = page.take() {
                page.succeed(&SuccessPage {
                    mailbox: mailbox.name.to_string(),
                    address: mailbox.address.to_string(),
                    signed_in_as: grant.identity.map_or_else(|| "unknown".to_owned(), |identity| identity.label),
                    next: next(mailbox).to_string(),
                });
            }
            if missing.is_empty() {
                report.conclusion = Some(shown!("{} is authorized", mailbox.address));
            } else {
                report.checks.push(Check::failed(Stage::Token, Duration::ZERO, scopes_missing(&missing, app, mailbox)));
            }
        }
        Err(failure) => {
            let finding = diagnosis::finding(&failure, about);
            answer_browser(page.take(), mailbox, &finding);
            report.checks.push(Check::failed(stage_of(&failure), started.elapsed(), finding));
        }
    }
    events::ended(context, mailbox, &report);
    Ok(report)
}

/// A report on a sign-in that was stopped, for where others go on.
#[must_use]
pub fn stopped(mailbox: &Mailbox, error: &CommandError, context: &Context) -> Report {
    let mut report = Report::of_mailbox(mailbox);
    report.changed = Some(false);
    report.checks.push(Check::failed(Stage::Authorize, Duration::ZERO, error.finding().clone()));
    events::ended(context, mailbox, &report);
    report
}

/// The command that comes after a sign-in.
#[must_use]
pub fn next(mailbox: &Mailbox) -> Step {
    Step::default().command(shown!("mailgrant test {}", mailbox.name))
}

fn answer_browser(page: Option<PendingPage>, mailbox: &Mailbox, finding: &Finding) {
    let Some(page) = page else { return };
    page.fail(&FailurePage {
        title: format!("{} is not authorized", mailbox.address),
        cause: finding.cause.to_string(),
        steps: finding.fix.clone(),
    });
}
