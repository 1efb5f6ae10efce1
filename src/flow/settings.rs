//! The effective settings of a mailbox, and the state of its sign-in and its secrets.

use super::workspace::Workspace;
use super::{describe, secret_expiry};
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::FailureKind;
use crate::profile::{EndpointSource, Mailbox, registration};
use crate::report::{ClientSecretValue, Report, State, Step};
use crate::secrets::{ClientSecret, load_app};
use crate::text::Shown;

/// The effective settings of a mailbox.
pub struct Settings {
    /// The settings.
    pub report: Report,
    /// The steps to an authorized mailbox.
    pub next: Vec<Step>,
}

/// The settings of `mailbox`.
///
/// # Errors
/// If the store cannot be read.
pub fn of(workspace: &Workspace<'_>, mailbox: &Mailbox) -> Result<Settings, CommandError> {
    let app = workspace.app_of(mailbox);
    let mut report = describe::mailbox(app, mailbox, workspace.clock.now());
    // An app that is let in by itself sends no one to a page.
    let needs_person = mailbox.access.needs_person();
    match &app.sign_in {
        EndpointSource::Known { authorization, token, .. } => {
            if needs_person {
                report.fact("authorization_endpoint", authorization);
            }
            report.fact("token_endpoint", token);
        }
        EndpointSource::Discovered { issuer } => report.fact("issuer", issuer),
    }
    if needs_person {
        report.fact("redirect_uri", &app.redirect_uri);
    }
    let scopes = app.scopes.for_channels(mailbox.channels());
    report.fact("scopes_wanted", Shown::join(scopes, " "));
    if let Some(way) = app.client_authentication {
        report.fact("client_authentication", way.key());
    }
    if let Some(ca_file) = &mailbox.ca_file {
        report.fact("ca_file", ca_file);
    }
    report.fact("secrets_in", workspace.store.describe());
    let record = load_app(workspace.store, &app.name)?.filter(|record| record.is_of(app));
    if let Some(record) = record.as_ref().filter(|_| app.credential.has_secret()) {
        let stored = |secret: &Option<ClientSecret>| if secret.is_some() { "stored" } else { "none" };
        report.fact("client_secret", stored(&record.active));
        report.fact("previous_client_secret", stored(&record.previous));
    }
    if app.credential.has_secret() {
        let day = secret_expiry::of(app, record.as_ref());
        if let Some(day) = day {
            report.fact("client_secret_expires", day);
        }
        let is_stored = record.as_ref().is_some_and(|record| record.active.is_some());
        let today = secret_expiry::day_of(workspace.clock.now());
        report.values.client_secret = Some(ClientSecretValue::new(Some(is_stored), day, today));
    }
    let mut next: Vec<Step> = registration::steps(app, mailbox).into_iter().map(Step::from).collect();
    match workspace.session(mailbox).grant() {
        Ok(grant) => describe::grant(&mut report, &grant, workspace.clock.now()),
        Err(failure) => match failure.kind {
            FailureKind::NotAuthorized { why } => {
                report.fact("status", shown!("not authorized: {}", why));
                report.values.state = Some(State::NotAuthorized);
            }
            FailureKind::GrantLost { .. } | FailureKind::GrantOfAnother { .. } => {
                let about = FailureContext::of_mailbox(app, mailbox);
                let finding = diagnosis::finding(&failure, about);
                report.fact("status", shown!("not authorized: {}", finding.cause));
                report.values.state = Some(State::NotAuthorized);
                report.fact("finding", finding.code);
                if let Some(words) = finding.server_said {
                    report.fact("server_said", words);
                }
                next = finding.fix;
            }
            _ => return Err(failure.into()),
        },
    }
    Ok(Settings { report, next })
}
