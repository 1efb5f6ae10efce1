//! `--rollback` and `--discard-previous`: what becomes of the previous secret.

use std::time::Duration;

use jiff::civil::Date;

use super::job::{Job, report, tell_holders};
use super::{Force, Proof, Restored, RolledBack};
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::profile::Name;
use crate::report::{Check, Document, Finding, FindingCode, Stage, Step, Warning, WarningCode};
use crate::text::Shown;

/// Brings the previous secret back.
///
/// # Errors
/// If the store cannot be used.
pub fn roll_back(job: Job<'_>, force: Force) -> Result<Document, CommandError> {
    let mut document = Document::new("rotate-secret");
    let mut report = report(job.rotation);
    let app = job.rotation.app;
    let passed = |detail: &'static str| Check::passed(Stage::Rotation, Duration::ZERO, detail);
    let failed = |finding| Check::failed(Stage::Rotation, Duration::ZERO, finding);
    let came_to = job.rotation.roll_back(force)?;
    report.changed = Some(matches!(came_to, RolledBack::Restored(_) | RolledBack::Dropped));
    match came_to {
        RolledBack::Restored(restored) => {
            report.fact("client_secret", "the previous one is in use again");
            report.checks.push(passed("rolled back"));
            document.warnings.extend(restored.iter().filter_map(doubt));
            job.note_date_again(&mut document);
        }
        RolledBack::Already => {
            report.fact("client_secret", "the previous one is in use again");
            report.checks.push(passed("rolled back already"));
            job.note_date_again(&mut document);
        }
        RolledBack::Dropped => {
            report.fact("client_secret", "unchanged; the new one that was not in use yet is forgotten");
            report.checks.push(passed("the rotation was given up"));
        }
        RolledBack::Nothing => report.checks.push(failed(nothing(&app.name))),
        RolledBack::Expired { app: of, day } => {
            report.fact("client_secret", "unchanged");
            report.checks.push(failed(expired(&app.name, &of, day)));
        }
        RolledBack::Refused(failure) => {
            report.fact("client_secret", "unchanged");
            let mut finding = diagnosis::finding(&failure, FailureContext::of_app(app));
            finding.cause =
                shown!("The provider refuses the previous client secret; nothing was changed. {}", finding.cause);
            finding.fix = vec![
                "It was probably removed, or has expired: see the app in the provider's portal".into(),
                Step::from("Issue a new one there and run: ")
                    .command(shown!("mailgrant rotate-secret {} --expires DATE", app.name)),
                Step::from("To bring it back all the same: ")
                    .command(shown!("mailgrant rotate-secret {} --rollback --force", app.name)),
            ];
            report.checks.push(failed(finding));
        }
    }
    document.reports.push(report);
    Ok(document)
}

/// What makes it unwise to rely on a secret that was brought back.
fn doubt(restored: &Restored) -> Option<Warning> {
    let app = &restored.app;
    let until = match restored.expires {
        Some(day) => shown!("it expires on {}", day),
        None => "its expiry date is not recorded".into(),
    };
    match &restored.proof {
        Some(Proof::Accepted | Proof::GrantLost(_)) => None,
        Some(Proof::Refused(_)) => Some(Warning::new(
            WarningCode::PreviousRefused,
            shown!(
                "the provider refuses the previous client secret of app '{}' ({}): its mailboxes stop working within the hour",
                app,
                until
            ),
        )),
        Some(Proof::Unknown(failure)) => {
            let why = failure.server_said.clone().unwrap_or_else(|| Shown::of(failure));
            let told = shown!("the previous client secret of app '{}' could not be proven ({}); {}", app, why, until);
            Some(Warning::new(WarningCode::PreviousUnproven, told))
        }
        Some(Proof::NotAuthorized(_)) | None => Some(Warning::new(
            WarningCode::PreviousUnproven,
            shown!(
                "the previous client secret of app '{}' could not be proven, since no mailbox of the app is authorized; {}",
                app,
                until
            ),
        )),
    }
}

pub(super) fn nothing(app: &Name) -> Finding {
    Finding::of(FindingCode::NOTHING_TO_ROLL_BACK).with("name", app).finding()
}

pub(super) fn expired(named: &Name, app: &Name, day: Date) -> Finding {
    Finding::of(FindingCode::PREVIOUS_SECRET_EXPIRED).with("name", app).with("named", named).with("day", day).finding()
}

/// Forgets the previous secret.
///
/// # Errors
/// If the store cannot be used.
pub fn discard(job: &Job<'_>) -> Result<Document, CommandError> {
    let mut document = Document::new("rotate-secret");
    let mut report = report(job.rotation);
    let holders = job.holders()?;
    let is_forgotten = job.rotation.discard_previous()?;
    report.changed = Some(is_forgotten);
    if is_forgotten {
        report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, "the previous client secret is forgotten"));
        if holders.is_empty() {
            document.next.push("Remove it in the portal too, once no other profile or program uses it".into());
        } else {
            tell_holders(&holders, job.profile, &mut document);
        }
    } else {
        report.checks.push(Check::skipped(Stage::Rotation, "there is no previous client secret; nothing was changed"));
    }
    document.reports.push(report);
    Ok(document)
}
