//! Why a command could not do its job. A server that says no is no such error but a finding in the report.

use crate::config::{ConfigError, OpenError};
use crate::context::{NoHome, PromptError};
use crate::diagnosis::{self, FailureContext, Told};
use crate::failure::{Failure, FailureKind, StoreFault};
use crate::report::{ExitCode, Finding, FindingCode, Step};
use crate::text::{Redactor, Shown};

/// A command that could not do its job: what happened, why, what to do next, and the exit code.
#[derive(Debug)]
pub struct CommandError(Box<Finding>);

impl CommandError {
    /// A failure that stops the command, explained.
    #[must_use]
    pub fn explained(failure: &Failure, about: FailureContext<'_>) -> Self {
        Self(Box::new(diagnosis::finding(failure, about)))
    }

    /// Something on the command line that does not fit.
    pub fn usage(cause: impl Into<Shown>, fix: impl Into<Step>) -> Self {
        let told = Finding::of(FindingCode::USAGE).case("said").with("what", cause.into()).bare();
        Self(Box::new(Finding { fix: vec![fix.into()], ..told.finding() }))
    }

    /// The user said no.
    #[must_use]
    pub fn cancelled() -> Self {
        Finding::of(FindingCode::CANCELLED).bare().into()
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

impl From<Told<'_>> for CommandError {
    fn from(told: Told<'_>) -> Self {
        Self(Box::new(told.finding()))
    }
}

impl From<Finding> for CommandError {
    fn from(finding: Finding) -> Self {
        Self(Box::new(finding))
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Finding::of(FindingCode::PROFILE).case("said").with("what", error).bare().into()
    }
}

impl From<NoHome> for CommandError {
    fn from(NoHome(error): NoHome) -> Self {
        Finding::of(FindingCode::NO_HOME).with("reason", Redactor::by_shape(&error)).into()
    }
}

impl From<OpenError> for CommandError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Lock(Failure { kind: FailureKind::File { what, path, reason, kind }, .. }) => {
                let told = Finding::of(FindingCode::PROFILE).case("lock").with("what", what).with("reason", reason);
                Self(Box::new(Finding { fix: diagnosis::disk_steps(&path, kind), ..told.finding() }))
            }
            OpenError::Lock(failure) => failure.into(),
            OpenError::Profile(error) => error.into(),
        }
    }
}

impl From<StoreFault> for CommandError {
    fn from(fault: StoreFault) -> Self {
        Self::explained(&fault.into(), FailureContext::default())
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        Self::explained(&failure, FailureContext::default())
    }
}

impl CommandError {
    /// A question without an answer; `flags` says how to answer it on the command line.
    #[must_use]
    pub fn unasked(error: &PromptError, flags: impl Into<Shown>) -> Self {
        match error {
            PromptError::NoTerminal => Self::usage(
                "Something is missing on the command line, and there is no terminal, so mailgrant cannot ask.",
                shown!("Give {}", flags.into()),
            ),
            PromptError::Cancelled => Self::cancelled(),
        }
    }
}
