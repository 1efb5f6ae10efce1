//! A rotation as a command runs it: from the source of the new secret to the reports.

use std::time::Duration;

use jiff::civil::Date;

use super::at_directory::{AtDirectory, Stop};
use super::job::{Job, report, tell_changed};
use super::prover::Tested;
use super::{Ending, Force, NewSecret, Proof, ProofResult, Rotation, RotationRequest, Standing};
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::flow::enrol;
use crate::flow::secret_source::SecretSource;
use crate::profile::App;
use crate::report::{Check, Document, Finding, FindingCode, Report, Stage, WarningCode};
use crate::secrets::load_app;

/// Records are found by name alone, and another profile may have left one of this name for another client.
pub(super) fn refuse_foreign(rotation: &Rotation<'_>, force: Force) -> Result<(), CommandError> {
    for app in rotation.apps {
        let foreign = load_app(rotation.store, &app.name)?
            .filter(|record| !record.is_of(app) && record.secrets().next().is_some());
        if let Some(record) = foreign.filter(|_| force == Force::No) {
            let named = &rotation.app.name;
            let other = enrol::owner(&record, app);
            return Err(Finding::of(FindingCode::SECRET_OF_ANOTHER)
                .case("rotated")
                .case_if(app.credential.is_service_account(), "service-account")
                .with("store", rotation.store.describe())
                .with("name", &app.name)
                .with("other", other)
                .with("named", named)
                .into());
        }
    }
    Ok(())
}

/// Rotates, and says whether the secret that was given is the one in use now.
///
/// # Errors
/// If the store or the profile cannot be used, or the new secret cannot be one.
pub fn rotate(
    job: Job<'_>,
    source: &SecretSource,
    expires: Option<Date>,
    force: Force,
) -> Result<(Document, bool), CommandError> {
    refuse_foreign(job.rotation, force)?;
    let request = request(&job, source, expires, force)?;
    let mut report = report(job.rotation);
    report.fact("client_id", &job.rotation.app.client_id);
    carry_out(job, request, expires.is_some(), Document::new("rotate-secret"), report, None)
}

/// Carries a rotation out. Where the directory issues its secrets, it removes the old one.
///
/// # Errors
/// If the store or the profile cannot be used.
pub(super) fn carry_out(
    mut job: Job<'_>,
    request: RotationRequest,
    is_dated: bool,
    mut document: Document,
    mut report: Report,
    at_directory: Option<&AtDirectory<'_>>,
) -> Result<(Document, bool), CommandError> {
    let rotation = job.rotation;
    let had_secret = rotation.records()?.iter().any(|record| record.active.is_some());
    let resumes = matches!(request, RotationRequest::Finish { .. });
    let answer = rotation.run(request)?;
    if resumes {
        report.fact("resumed", "the rotation that was started before");
    }
    let is_settled = matches!(answer.ending, Ending::Activated | Ending::Unchanged);
    let is_clean = match at_directory {
        Some(at_directory) => remove_old(&job, at_directory, &answer, &mut report, &mut document)?,
        None => true,
    };
    if at_directory.is_none() {
        report.changed = Some(matches!(answer.ending, Ending::Activated | Ending::Unfinished));
    }
    match &answer.ending {
        Ending::Activated => {
            report.fact("client_secret", "the new one is in use");
            report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, "activated"));
            job.finish(is_clean, &mut document)?;
            if !answer.proofs.iter().flatten().any(Proof::is_good) {
                document.warn(
                    WarningCode::Unproven,
                    "no mailbox of this app is authorized, so the new secret could not be proven; authorize will show",
                );
            }
            if had_secret && at_directory.is_none() {
                job.advise(&mut document)?;
            } else if had_secret {
                job.advise_issued(&mut document)?;
            }
        }
        Ending::Unchanged => {
            report.fact("client_secret", "it is in use already");
            report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, "nothing to prove"));
            if resumes || is_dated || rotation.standing()? != Standing::Idle {
                job.finish(is_clean, &mut document)?;
            }
        }
        Ending::Refused(failure) => {
            report.fact("client_secret", "unchanged; the old one is in use");
            let about = FailureContext::of_app(rotation.app);
            report.checks.push(Check::failed(Stage::Rotation, Duration::ZERO, diagnosis::finding(failure, about)));
        }
        Ending::Unfinished => {
            report.fact("client_secret", "unchanged; the old one is in use, the new one is stored until it is proven");
            report.checks.push(Check::failed(Stage::Rotation, Duration::ZERO, unfinished(rotation.app)));
        }
    }
    document.reports.push(report);
    if matches!(answer.ending, Ending::Activated | Ending::Unfinished) {
        document.reports.extend(mailbox_reports(&job, answer.proofs, answer.connections));
    }
    Ok((document, is_settled))
}

/// Has the directory remove what is due: the old secret, or a new one that was refused. Answers whether nothing is left that
/// should be gone.
fn remove_old(
    job: &Job<'_>,
    at_directory: &AtDirectory<'_>,
    answer: &ProofResult,
    report: &mut Report,
    document: &mut Document,
) -> Result<bool, CommandError> {
    let removed = at_directory.remove_due(job, report, document);
    let is_activated = matches!(answer.ending, Ending::Activated);
    tell_changed(report, is_activated || at_directory.has_changed());
    match removed {
        Ok(is_clean) => Ok(is_clean),
        Err(Stop::Store(fault)) => Err(fault.into()),
        Err(Stop::Said(finding)) => {
            report.checks.push(Check::failed(Stage::Rotation, Duration::ZERO, *finding));
            Ok(false)
        }
    }
}

/// What this run is for: the end of an earlier rotation, where no source of a secret is named, or a new secret.
fn request(
    job: &Job<'_>,
    source: &SecretSource,
    expires: Option<Date>,
    force: Force,
) -> Result<RotationRequest, CommandError> {
    let standing = job.rotation.standing()?;
    if !source.is_given() && matches!(standing, Standing::Pending | Standing::Activated { recently: true }) {
        return Ok(RotationRequest::Finish { expires });
    }
    if let Standing::Activated { recently: false } = standing {
        // Nothing of that rotation is left to prove, and what was given now is about the next one.
        job.rotation.settle()?;
    }
    let value = source.read("New client secret", job.rotation.app, job.context, force == Force::Yes)?;
    Ok(RotationRequest::New(NewSecret { value, expires, issued: None }))
}

fn unfinished(app: &App) -> Finding {
    Finding::of(FindingCode::ROTATION_UNFINISHED).with("name", &app.name).finding()
}

/// What the proofs and the tests of connections showed, mailbox by mailbox.
pub(super) fn mailbox_reports(job: &Job<'_>, proofs: Vec<Option<Proof>>, connections: Vec<Tested>) -> Vec<Report> {
    let new = job.rotation.app.rotated();
    let pairs = proofs.into_iter().zip(connections);
    job.rotation
        .mailboxes
        .iter()
        .zip(pairs)
        .map(|(mailbox, (proof, connections))| {
            let mut report = Report::of_mailbox(mailbox);
            let about = FailureContext {
                app: Some(job.profile.app_of(mailbox)),
                mailbox: Some(mailbox),
                ..FailureContext::default()
            };
            let failed =
                |failure: &Failure| Check::failed(Stage::Token, Duration::ZERO, diagnosis::finding(failure, about));
            report.checks.push(match &proof {
                None => Check::skipped(Stage::Token, "not reached"),
                Some(Proof::Accepted) => Check::passed(Stage::Token, Duration::ZERO, shown!("the new {} is good", new)),
                Some(Proof::NotAuthorized(_)) => {
                    Check::skipped(Stage::Token, shown!("not authorized, nothing to prove the {} with", new))
                }
                Some(Proof::GrantLost(failure) | Proof::Unknown(failure) | Proof::Refused(failure)) => failed(failure),
            });
            report.checks.extend(connections.checks);
            report.sides = connections.sides;
            report
        })
        .collect()
}
