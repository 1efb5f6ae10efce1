//! `authorize`: somebody signs in, and the mailbox is authorized, or it is said why not.
//!
//! `by_browser` and `by_device_code` bring tokens, `attempt` does with them what is the same for both.

mod attempt;
mod by_browser;
mod by_device_code;
mod how;
mod paste;

pub use how::SignInOptions;

use std::time::{Duration, Instant};

use clap::Args as ClapArgs;

use crate::clock::valid_until;
use crate::context::Context;
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::flow::lookup;
use crate::flow::session::Replaced;
use crate::flow::workspace::Workspace;
use crate::loopback::{FailurePage, PendingPage, SuccessPage};
use crate::oauth;
use crate::profile::{App, Mailbox};
use crate::report::{Check, Document, Finding, Report, Stage};
use crate::secrets::{MailboxRecord, load_mailbox};
use attempt::{Attempt, scopes_missing, stage_of};

/// Sign in as the mailbox's user, in a browser or with a code, and keep the grant
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailbox's name
    name: String,
    #[command(flatten)]
    how: SignInOptions,
}

/// Runs the command.
///
/// # Errors
/// If the profile, the store or the sign-in server cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailbox = lookup::mailbox(&profile, &args.name)?;
    context.trust.begin(profile.app_of(mailbox).ca_file.as_deref());
    // Opened before anybody signs in: a sign-in that cannot be kept helps nobody.
    let workspace = Workspace::open(context, &profile)?;
    let mut document = Document::new("authorize");
    let report = sign_in(&workspace, profile.app_of(mailbox), mailbox, &args.how, context)?;
    let passed = report.first_finding().is_none();
    document.reports.push(report);
    if passed {
        document.next.push(format!("mailgrant test {}", mailbox.name));
    }
    Ok(document)
}

/// Signs `mailbox` in and reports on it.
pub(super) fn sign_in(
    workspace: &Workspace<'_>,
    app: &App,
    mailbox: &Mailbox,
    how: &SignInOptions,
    context: &Context,
) -> Result<Report, CommandError> {
    let about = FailureContext::of_mailbox(app, mailbox);
    let explained = |failure: Failure| CommandError::explained(&failure, about);
    // --timeout bounds the search for the endpoints, and then the person's time; a code that comes at the last moment
    // must still be redeemed.
    let bounded = workspace.http(app);
    let unbounded = Workspace { deadline: None, ..workspace.clone() };
    let session = unbounded.session(mailbox);
    // Read again when the code has come: it may be rotated while the person signs in.
    session.client_credential().map_err(explained)?;
    let replaced = if how.replace { Replaced::Any } else { Replaced::Own };
    if replaced == Replaced::Own {
        session.refuse_foreign().map_err(explained)?;
    }
    let before = load_mailbox(session.store, &mailbox.name)?;
    // Nobody should sign in for a store that cannot take what comes of it.
    session.check_store().map_err(explained)?;

    let mut report = Report::of_mailbox(mailbox);
    let started = Instant::now();
    let endpoints = oauth::endpoints(&bounded, app).map_err(explained)?;
    let asked = app.scopes.for_protocols(mailbox.protocols());
    let attempt = Attempt {
        app,
        mailbox,
        session: &session,
        bounded: &bounded,
        endpoints: &endpoints,
        asked: &asked,
        how,
        replaced,
        before: before.as_ref(),
        context,
    };
    let (tokens, mut page) = if how.device_code {
        (by_device_code::tokens(&attempt, &mut report)?, None)
    } else {
        by_browser::tokens(&attempt, &mut report)?
    };
    match tokens.and_then(|tokens| attempt.finish(tokens, &mut report)) {
        Ok((grant, missing)) => {
            describe(&mut report, &grant, context);
            if let Some(page) = page.take() {
                page.succeed(&SuccessPage {
                    mailbox: mailbox.name.to_string(),
                    address: mailbox.address.to_string(),
                    signed_in_as: grant.identity.map_or_else(|| "unknown".to_owned(), |identity| identity.label),
                });
            }
            if !missing.is_empty() {
                report.checks.push(Check::failed(Stage::Token, Duration::ZERO, scopes_missing(&missing, app, mailbox)));
            }
        }
        Err(failure) => {
            let finding = diagnosis::finding(&failure, about);
            answer_browser(page.take(), &finding);
            report.checks.push(Check::failed(stage_of(&failure), started.elapsed(), finding));
        }
    }
    Ok(report)
}

fn answer_browser(page: Option<PendingPage>, finding: &Finding) {
    let Some(page) = page else { return };
    page.fail(&FailurePage {
        title: "The mailbox is not authorized".to_owned(),
        cause: finding.cause.clone(),
        steps: finding.fix.clone(),
    });
}

/// What a grant says, without its tokens.
pub(super) fn describe(report: &mut Report, grant: &MailboxRecord, context: &Context) {
    report.fact("status", "authorized");
    if let Some(identity) = &grant.identity {
        report.fact("signed_in_as", identity.label.clone());
        if let Some(tenant) = &identity.tenant {
            report.fact("signed_in_tenant", tenant.clone());
        }
    }
    report.fact("authorized_since", grant.obtained.strftime("%Y-%m-%d %H:%M UTC").to_string());
    report.fact("scopes", grant.scopes.join(" "));
    if let Some(access) = grant.access.iter().max_by_key(|access| access.received) {
        report.fact("access_token", valid_until(access.expires, context.clock.now()));
    }
}
