//! What was seen of a server, step by step.

use std::time::Instant;

use super::headers::Message;
use super::stream::Wire;
use crate::failure::{Failure, FailureKind};
use crate::progress::{Observation, Watch};
use crate::report::{Detail, Stage};
use crate::sasl::SaslMechanism;
use crate::text::Shown;

/// The steps taken at a server, and what they showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// The steps in order. A failed one is the last.
    pub observations: Vec<Observation>,
    /// The SASL mechanisms that the server listed, after TLS.
    pub mechanisms_offered: Vec<Shown>,
    /// The mechanism that was used.
    pub mechanism_used: Option<SaslMechanism>,
    /// The newest messages, newest first, where they were asked for.
    pub latest: Vec<Message>,
    /// Who looks on.
    pub watch: Watch,
}

/// The conversation is over; why is in the last observation, or there was no token.
#[derive(Debug)]
pub(super) struct Stop;

impl Log {
    /// A log that `watch` looks at.
    #[must_use]
    pub fn watched(watch: Watch) -> Self {
        Self { watch, ..Self::default() }
    }

    /// Takes one step and writes down what became of it.
    pub(super) fn observe<T, D: Into<Detail>>(
        &mut self,
        stage: Stage,
        step: impl FnOnce() -> Result<(T, D), Failure>,
    ) -> Result<T, Stop> {
        let start = Instant::now();
        let beginning = self.watch.begins(stage);
        let result = step();
        drop(beginning);
        let elapsed = start.elapsed();
        let (value, result) = match result {
            Ok((value, detail)) => (Ok(value), Ok(detail.into())),
            Err(failure) => (Err(Stop), Err(failure)),
        };
        self.write(Observation { stage, began: start, elapsed, result });
        value
    }

    /// Writes down a step that was taken.
    pub(super) fn write(&mut self, observation: Observation) {
        self.watch.saw(&observation);
        self.observations.push(observation);
    }

    /// Whether a message was accepted.
    #[must_use]
    pub fn has_sent(&self) -> bool {
        self.observations.iter().any(|step| step.stage == Stage::Message && step.result.is_ok())
    }

    /// Writes down that this program failed by a fault of its own, on its way to `stage` since then.
    pub fn fault(&mut self, stage: Stage, began: Instant) {
        let (elapsed, result) = (began.elapsed(), Err(FailureKind::Bug.into()));
        self.write(Observation { stage, began, elapsed, result });
    }

    /// Takes leave where the server still listens: after success, after its own "no", and where we want nothing more.
    pub(super) fn leave_politely(&self, wire: Option<Wire>, farewell: &str) {
        let is_listening = self.observations.last().is_some_and(|last| match &last.result {
            Ok(_) => true,
            Err(failure) => {
                matches!(
                    failure.kind,
                    FailureKind::Rejected(_)
                        | FailureKind::MechanismNotOffered { .. }
                        | FailureKind::StartTlsNotOffered
                )
            }
        });
        if let Some(mut wire) = wire.filter(|_| is_listening) {
            wire.leave(farewell);
        }
    }

    /// Why the conversation did not come to what was asked for: the failure of the last step.
    pub(super) fn failure(mut self) -> Failure {
        match self.observations.pop().map(|last| last.result) {
            Some(Err(failure)) => failure,
            _ => FailureKind::ConnectionLost { during: "signing in".into() }.into(),
        }
    }
}
