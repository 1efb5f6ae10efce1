//! The state of a service, and what makes it one.

use crate::report::{Document, ExitCode, Report, Warning, WarningCode};

/// A state, with the exit status that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// All is well.
    Ok = 0,
    /// It works, and needs attention.
    Warning = 1,
    /// It does not work.
    Critical = 2,
    /// Nothing can be said of it.
    Unknown = 3,
}

impl State {
    /// The worst of all that the document says.
    pub(super) fn of(document: &Document) -> Self {
        let error = document.error.as_ref().map(|error| Self::of_code(error.exit));
        let warning = document.warnings.iter().any(needs_attention).then_some(Self::Warning);
        let worst = Self::of_reports(document).or_worse(Self::of_code(document.exit_code()));
        [error, warning].into_iter().flatten().fold(worst, Self::or_worse)
    }

    /// The worst of the reports.
    pub(super) fn of_reports(document: &Document) -> Self {
        document.reports.iter().map(Self::of_report).fold(Self::Ok, Self::or_worse)
    }

    /// What a report has come to.
    pub(super) fn of_report(report: &Report) -> Self {
        Self::of_code(report.exit_code())
    }

    /// What a command has come to. Of a name that cannot be looked up and a server that does not answer, plugins say that it
    /// is critical; unknown is what keeps the plugin itself from looking.
    fn of_code(code: ExitCode) -> Self {
        match code {
            ExitCode::AllPassed => Self::Ok,
            ExitCode::RotationUnfinished => Self::Warning,
            ExitCode::CheckFailed | ExitCode::AuthorizationNeeded | ExitCode::Network => Self::Critical,
            ExitCode::Usage
            | ExitCode::Profile
            | ExitCode::SecretStore
            | ExitCode::Busy
            | ExitCode::Bug
            | ExitCode::Cancelled => Self::Unknown,
        }
    }

    /// As it is written.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    fn or_worse(self, other: Self) -> Self {
        let rank = |state| match state {
            Self::Ok => 0,
            Self::Unknown => 1,
            Self::Warning => 2,
            Self::Critical => 3,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

/// Whether a warning is more than a notice of what was done or is meant to be so.
pub(super) fn needs_attention(warning: &Warning) -> bool {
    let notices = [
        WarningCode::ExpiryWritten,
        WarningCode::StoreOverridden,
        WarningCode::RecordSetElsewhere,
        WarningCode::KeepSafe,
        WarningCode::PracticeNoted,
    ];
    !notices.contains(&warning.code)
}
