//! Why a command could not do its job. A server that says no is no such error but a finding in the report.

use crate::config::{ConfigError, OpenError};
use crate::context::{NoHome, PromptError};
use crate::diagnosis::{self, About};
use crate::failure::{Failure, FailureKind, StoreFault};
use crate::report::{ExitCode, Finding};

/// A command that could not do its job: what happened, why, what to do next, and the exit code.
#[derive(Debug)]
pub struct CommandError(Box<Finding>);

impl CommandError {
    /// `cause` says what happened, `fix` what to do.
    pub fn new(code: &'static str, exit: ExitCode, cause: impl Into<String>, fix: Vec<String>) -> Self {
        let mut finding = Finding::new(code, cause, exit);
        finding.fix = fix;
        Self(Box::new(finding))
    }

    /// A failure that stops the command, explained.
    #[must_use]
    pub fn explained(failure: &Failure, about: About<'_>) -> Self {
        Self(Box::new(diagnosis::finding(failure, about)))
    }

    /// Something on the command line that does not fit.
    pub fn usage(cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new("usage", ExitCode::Usage, cause, vec![fix.into()])
    }

    /// The user said no.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new("cancelled", ExitCode::Cancelled, "Cancelled; nothing was changed.", Vec::new())
    }

    /// The whole of it.
    #[must_use]
    pub fn finding(&self) -> &Finding {
        &self.0
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> ExitCode {
        self.0.exit
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::new("profile", ExitCode::Profile, error.to_string(), Vec::new())
    }
}

impl From<NoHome> for CommandError {
    fn from(NoHome(error): NoHome) -> Self {
        let cause = format!("This user has no home folder: {error}.");
        Self::new("no-home", ExitCode::Profile, cause, vec!["Set HOME".into()])
    }
}

impl From<OpenError> for CommandError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Lock(Failure { kind: FailureKind::File { what, path, reason, kind }, .. }) => Self::new(
                "profile",
                ExitCode::Profile,
                format!("The profile cannot be locked for an edit: {what}: {reason}."),
                diagnosis::disk_steps(&path, kind),
            ),
            OpenError::Lock(failure) => failure.into(),
            OpenError::Profile(error) => error.into(),
        }
    }
}

impl From<StoreFault> for CommandError {
    fn from(fault: StoreFault) -> Self {
        Self::explained(&fault.into(), About::default())
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        Self::explained(&failure, About::default())
    }
}

impl CommandError {
    /// A question without an answer; `flags` says how to answer it on the command line.
    #[must_use]
    pub fn unasked(error: &PromptError, flags: &str) -> Self {
        match error {
            PromptError::NoTerminal => Self::usage(
                "Something is missing on the command line, and there is no terminal to ask at.",
                format!("Give {flags}"),
            ),
            PromptError::Cancelled => Self::cancelled(),
        }
    }
}
