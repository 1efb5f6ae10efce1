//! `authorize` of a mailbox that no person signs in for: the app's own token is fetched, and the servers are asked how much of
//! the set-up it proves.

use super::check;
use super::guide::{self, Known};
use super::plan::Plan;
use super::workspace::Workspace;
use crate::failure::Failure;
use crate::profile::Mailbox;
use crate::report::{Check, Report, Stage};

/// Fetches a token for `mailbox` and reports on it, with the whole set-up and what of it is proven.
///
/// # Errors
/// If the store cannot be read.
pub fn prove(workspace: &Workspace<'_>, mailbox: &Mailbox) -> Result<Report, Failure> {
    let app = workspace.app_of(mailbox);
    let (tested, ladder) = check::climb(workspace, &Plan::end_to_end(mailbox));
    let known = Known::of(workspace, mailbox)?.tested(&tested).climbed(ladder, mailbox);
    let mut report = Report::of_mailbox(mailbox);
    // The token that was fetched is gone within the hour.
    report.changed = Some(false);
    // What the servers say is told by the steps that it proves.
    report.checks = tested.checks.into_iter().filter(is_of_token).collect();
    report.tasks = guide::of(app, mailbox, &known).tasks;
    if report.first_finding().is_none() {
        report.conclusion = Some(shown!(
            "There is nothing to sign in for {}: {} proves itself, and got a token",
            mailbox.address,
            app.name
        ));
    }
    Ok(report)
}

fn is_of_token(check: &Check) -> bool {
    matches!(check.stage, Stage::Profile | Stage::SecretStore | Stage::TokenEndpoint | Stage::Token | Stage::Preflight)
}
