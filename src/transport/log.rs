//! How the steps of a probe are written down.

use std::time::Instant;

use super::stream::Wire;
use super::{Observation, ProbeOutcome, Target, TokenSource};
use crate::failure::{Failure, FailureKind};
use crate::report::Stage;
use crate::sasl::SaslMechanism;
use secrecy::SecretString;

/// The probe is over; why is in the last observation, or there was no token.
#[derive(Debug)]
pub(super) struct Stop;

/// Runs one step and writes down what became of it.
pub(super) fn observe<T>(
    outcome: &mut ProbeOutcome,
    stage: Stage,
    step: impl FnOnce() -> Result<(T, String), Failure>,
) -> Result<T, Stop> {
    let start = Instant::now();
    let result = step();
    let elapsed = start.elapsed();
    let (value, result) = match result {
        Ok((value, detail)) => (Ok(value), Ok(detail)),
        Err(failure) => (Err(Stop), Err(failure)),
    };
    outcome.observations.push(Observation { stage, began: start, elapsed, result });
    value
}

/// The mechanisms that a server tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    /// It lists these.
    Listed(Vec<String>),
    /// It lists none anywhere, and may know some all the same.
    Untold,
}

impl Offer {
    /// The same, fit to be shown.
    pub(super) fn cleaned(self, wire: &Wire) -> Self {
        match self {
            Self::Listed(names) => Self::Listed(names.iter().map(|name| wire.clean(name)).collect()),
            Self::Untold => Self::Untold,
        }
    }
}

/// Picks the mechanism from the server's offer, and waits for the token. A missing offer is an observation. Where the
/// server tells nothing, the mechanism that was asked for is tried, or the one that we prefer.
pub(super) fn choose(
    target: &Target<'_>,
    token: TokenSource<'_>,
    outcome: &mut ProbeOutcome,
    offer: Offer,
) -> Result<(SaslMechanism, SecretString), Stop> {
    let chosen = match offer {
        Offer::Listed(offered) => {
            outcome.mechanisms_offered = offered;
            SaslMechanism::choose(&outcome.mechanisms_offered, target.mechanism)
        }
        Offer::Untold => Ok(target.mechanism.unwrap_or(SaslMechanism::ALL[0])),
    };
    let mechanism = match chosen {
        Ok(mechanism) => mechanism,
        Err(failure) => return observe(outcome, Stage::Authentication, || Err(failure)),
    };
    let token = token().ok_or(Stop)?;
    target.transcript.redactor().learn(&token);
    Ok((mechanism, token))
}

/// "XOAUTH2 (offered: XOAUTH2, OAUTHBEARER, PLAIN)".
pub(super) fn describe_sign_in(mechanism: SaslMechanism, offered: &[String]) -> String {
    if offered.is_empty() {
        return format!("{mechanism} (the server lists no mechanisms)");
    }
    format!("{mechanism} (offered: {})", offered.join(", "))
}

/// Takes leave where the server still listens: after success, after its own "no", and where we want nothing more.
pub(super) fn leave_politely(outcome: &ProbeOutcome, wire: Option<Wire>, farewell: &str) {
    let is_listening = outcome.observations.last().is_some_and(|last| match &last.result {
        Ok(_) => true,
        Err(failure) => {
            matches!(
                failure.kind,
                FailureKind::Rejected(_) | FailureKind::MechanismNotOffered { .. } | FailureKind::StartTlsNotOffered
            )
        }
    });
    if let Some(mut wire) = wire.filter(|_| is_listening) {
        wire.leave(farewell);
    }
}
