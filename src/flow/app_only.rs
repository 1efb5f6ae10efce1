//! `authorize` of a mailbox that no person signs in for: the app's own token is fetched, which is all the proof there is.

use std::time::Instant;

use super::preflight::{Acceptance, Inspection};
use super::workspace::Workspace;
use crate::clock::valid_until;
use crate::diagnosis::{self, FailureContext};
use crate::profile::Mailbox;
use crate::report::{Check, Report, Stage};

/// Fetches a token for `mailbox` and reports on it.
#[must_use]
pub fn prove(workspace: &Workspace<'_>, mailbox: &Mailbox) -> Report {
    let app = workspace.app_of(mailbox);
    let mut report = Report::of_mailbox(mailbox);
    let about = FailureContext::of_mailbox(app, mailbox);
    let began = Instant::now();
    match workspace.session(mailbox).refreshed_token() {
        Ok(token) => {
            let until = valid_until(token.expires, workspace.clock.now());
            report.checks.push(Check::passed(Stage::TokenEndpoint, began.elapsed(), until));
            let inspection = Inspection::of(&token, workspace, mailbox, mailbox.protocols());
            report.checks.extend(inspection.checks(|_| Acceptance::NotTried, about));
            report.conclusion = Some(shown!(
                "There is nothing to sign in for {}: {} proves itself, and got a token",
                mailbox.address,
                app.name
            ));
        }
        Err(failure) => {
            let finding = diagnosis::finding(&failure, about);
            report.checks.push(Check::failed(Stage::TokenEndpoint, began.elapsed(), finding));
        }
    }
    report
}
