//! What a document says in one line: a page as its title, a plugin as its answer.

use super::headline::trouble;
use crate::report::{Document, ExitCode, Finding, Report};
use crate::text::Shown;

/// The verdict of the whole document.
pub(super) fn of(document: &Document) -> Shown {
    if let Some(error) = document.error.as_ref().filter(|_| document.reports.is_empty()) {
        return sentence(error);
    }
    let failed = document.reports.iter().filter(|report| report.first_finding().is_some()).count();
    match (document.reports.as_slice(), document.explanations.as_slice()) {
        ([], [only]) => sentence(&only.finding),
        ([], []) => shown!("mailgrant {}", document.command),
        ([], all) if all.iter().all(|problem| problem.line.is_some()) => {
            shown!("{} problems in this text", all.len())
        }
        ([], all) => shown!("{} answers explained", all.len()),
        ([only], _) => of_report(only),
        (all, _) if failed == 0 => shown!("{} mailboxes: all is well", all.len()),
        (all, _) => shown!("{} of {} mailboxes: something is wrong", failed, all.len()),
    }
}

/// The verdict of one report.
pub(super) fn of_report(report: &Report) -> Shown {
    match report.first_finding() {
        None if !report.tasks.is_empty() => shown!("What has to be set up for {}", who(report)),
        // "shop@contoso.com cannot send: SMTP is off for the organisation"
        Some(finding) if !report.sides.is_empty() => {
            shown!("{} {}: {}", who(report), trouble(report), sentence(finding))
        }
        Some(finding) => shown!("{}: {}", who(report), sentence(finding)),
        None => shown!("{}: all is well", who(report)),
    }
}

/// Whose report it is, as an administrator knows it: the address, where it has one.
pub(super) fn who(report: &Report) -> Shown {
    report.address().unwrap_or_else(|| report.subject.name()).clone()
}

/// The first sentence of a cause, without its full stop.
pub(super) fn sentence(finding: &Finding) -> Shown {
    finding.cause.part(|cause| cause.split_inclusive(". ").next().unwrap_or(cause).trim_end().trim_end_matches('.'))
}

/// All reports with their places in the document, those first that have failed.
pub(super) fn failures_first(reports: &[Report]) -> impl Iterator<Item = (usize, &Report)> {
    let (failed, well): (Vec<_>, Vec<_>) =
        reports.iter().enumerate().partition(|(_, report)| report.first_finding().is_some());
    failed.into_iter().chain(well)
}

/// What a command ended with, where it failed; one that passed, and an explanation, say nothing of it.
pub(super) fn ending(document: &Document) -> Option<String> {
    let exit = document.exit_code();
    let meaning = ExitCode::TABLE.iter().find(|(code, _)| *code == exit).map_or("", |(_, meaning)| meaning);
    // What follows the semicolon is about explain, which has no such line.
    let meaning = meaning.split(';').next().unwrap_or_default();
    let is_told = exit != ExitCode::AllPassed && document.explanations.is_empty();
    is_told.then(|| format!("exit code {}: {meaning}", exit as u8))
}
