//! What a document says in one line: a page as its title, a plugin as its answer.

use super::headline::trouble;
use crate::report::{Document, ExitCode, Finding, Report, Subject};
use crate::text::Shown;

/// So many shares of the mailboxes are named in one line.
const MOST_NAMED: usize = 5;

/// The verdict of the whole document.
pub(super) fn of(document: &Document) -> Shown {
    if let Some(error) = document.error.as_ref().filter(|_| document.reports.is_empty()) {
        return sentence(error);
    }
    let (missing, reports): (Vec<&Report>, Vec<&Report>) =
        document.reports.iter().partition(|report| matches!(report.subject, Subject::Shard(_)));
    match (missing_shards(&missing), of_reports(document, &reports)) {
        (None, told) => told,
        (Some(missing), _) if reports.is_empty() => missing,
        (Some(missing), told) => shown!("{}; {}", missing, told),
    }
}

/// Which shares of the mailboxes nothing is known of: "shard 2/4 is missing"; none where that is none.
pub(super) fn missing_shards(missing: &[&Report]) -> Option<Shown> {
    let names = missing.iter().take(MOST_NAMED).map(|report| report.subject.name());
    let names = Shown::join(names, ", ");
    match missing.len() {
        0 => None,
        1 => Some(shown!("shard {} is missing", names)),
        2..=MOST_NAMED => Some(shown!("shards {} are missing", names)),
        more => Some(shown!("shards {} and {} more are missing", names, more - MOST_NAMED)),
    }
}

fn of_reports(document: &Document, reports: &[&Report]) -> Shown {
    let failed = reports.iter().filter(|report| report.first_finding().is_some()).count();
    match (reports, document.explanations.as_slice()) {
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
    report.address().cloned().unwrap_or_else(|| report.subject.called())
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
