//! Reports, counted.

use std::collections::BTreeMap;

use super::check::{Check, Outcome};
use super::finding::ExitCode;
use super::since::Since;

/// Reports, counted as they were made: what is left of those that nothing needs any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many reports there were.
    pub reports: usize,
    /// How many of them went well.
    pub ok: usize,
    /// How many of their checks went well.
    pub passed: usize,
    /// How many of their checks did not.
    pub failed: usize,
    /// How many of their checks were not tried.
    pub skipped: usize,
    /// How many of them have changed in which way since an earlier run.
    pub since: BTreeMap<Since, usize>,
    exit: Option<ExitCode>,
}

impl Tally {
    /// Counts a report too: what it comes to, what has changed since an earlier run, and its checks. A failure that was known
    /// before fails no command.
    pub fn add(&mut self, exit: ExitCode, since: Option<Since>, checks: &[Check]) {
        self.reports += 1;
        self.ok += usize::from(exit == ExitCode::AllPassed);
        let counts = if since == Some(Since::KnownFailure) { ExitCode::AllPassed } else { exit };
        self.exit = Some(ExitCode::most_lasting([self.exit_code(), counts]));
        if let Some(since) = since {
            *self.since.entry(since).or_default() += 1;
        }
        for check in checks {
            match check.outcome {
                Outcome::Passed { .. } => self.passed += 1,
                Outcome::Failed { .. } => self.failed += 1,
                Outcome::Skipped { .. } => self.skipped += 1,
            }
        }
    }

    /// The most lasting of their exit codes.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        self.exit.unwrap_or(ExitCode::AllPassed)
    }
}
