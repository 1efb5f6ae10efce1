//! Waits until the user has entered the code (RFC 8628 §3.5): never faster than the server asks, and not without end
//! (SECURITY.md A4).

use std::time::{Duration, Instant};

use super::device_code::DeviceAuthorization;
use crate::failure::{Failure, FailureKind, ProxyFault, ProxyTrouble};

/// RFC 8628 §3.5: slow_down means "the interval MUST be increased by 5 seconds for this and all subsequent requests".
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// Where the network fails, the interval is doubled up to this, or stays what it was where that is longer.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);

/// The time, and how to let it pass; a test brings its own.
pub trait Waiter {
    /// The time now.
    fn now(&self) -> Instant;

    /// Lets `pause` pass. False, and at once, if the user gives up.
    fn wait(&self, pause: Duration) -> bool;
}

/// Why polling ended without tokens.
#[derive(Debug)]
pub enum PollEnd {
    /// The user gave up.
    Cancelled,
    /// The server refused, the code or the time limit ended, or something went wrong that waiting does not solve.
    Failed(Failure),
}

/// Asks again and again until `ask` has tokens, the answer is final, the code has expired, or `patience` is over. The
/// first time is one interval from now.
///
/// # Errors
/// Why it ended: [`FailureKind::DeviceCodeExpired`] if the code was not entered in time.
pub fn poll<T>(
    authorization: &DeviceAuthorization,
    patience: Option<Duration>,
    pace: &dyn Waiter,
    mut ask: impl FnMut() -> Result<T, Failure>,
) -> Result<T, PollEnd> {
    let good_for = authorization.good_for(patience);
    let deadline = pace.now() + good_for;
    let mut interval = authorization.interval;
    let mut pause = interval;
    let mut trouble = None;
    loop {
        let left = deadline.saturating_duration_since(pace.now());
        if !pace.wait(pause.min(left)) {
            return Err(PollEnd::Cancelled);
        }
        if pause >= left {
            // The last thing that went wrong says more than that time is up.
            let expired = || FailureKind::DeviceCodeExpired { after: good_for }.into();
            return Err(PollEnd::Failed(trouble.unwrap_or_else(expired)));
        }
        let failure = match ask() {
            Ok(tokens) => return Ok(tokens),
            Err(failure) => failure,
        };
        let wanted = match &failure.kind {
            FailureKind::OAuth(fault) => fault.retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        match meaning(&failure) {
            Meaning::Pending => trouble = None,
            Meaning::SlowDown => {
                interval = interval.saturating_add(SLOW_DOWN);
                trouble = None;
            }
            Meaning::Passing => {
                // "doubling the polling interval on each such connection timeout" (RFC 8628 §3.5).
                interval = interval.max(interval.saturating_mul(2).min(LONGEST_BACK_OFF));
                trouble = Some(failure);
            }
            Meaning::Final => return Err(PollEnd::Failed(failure)),
        }
        pause = interval.max(wanted);
    }
}

impl DeviceAuthorization {
    /// How long the user has: as long as the code is good, or shorter.
    #[must_use]
    pub fn good_for(&self, patience: Option<Duration>) -> Duration {
        patience.map_or(self.expires_in, |patience| patience.min(self.expires_in))
    }
}

enum Meaning {
    /// The code has not been entered yet.
    Pending,
    /// Nor that, and we are too fast.
    SlowDown,
    /// The next time may go better. Asking twice loses nothing: the device code stays good until it has brought tokens.
    Passing,
    /// Asking again changes nothing.
    Final,
}

fn meaning(failure: &Failure) -> Meaning {
    match &failure.kind {
        FailureKind::OAuth(fault) => match fault.error.as_str() {
            "authorization_pending" => Meaning::Pending,
            "slow_down" => Meaning::SlowDown,
            "server_error" | "temporarily_unavailable" => Meaning::Passing,
            _ if fault.status == 429 || fault.status >= 500 => Meaning::Passing,
            _ => Meaning::Final,
        },
        FailureKind::NotOAuth { status, .. } if *status == 429 || *status >= 500 => Meaning::Passing,
        FailureKind::TimedOut { .. }
        | FailureKind::ConnectionLost { .. }
        | FailureKind::ConnectionRefused { .. }
        | FailureKind::Unreachable { .. }
        | FailureKind::NameNotFound { .. }
        | FailureKind::NameLookupFailed { .. }
        | FailureKind::Busy { .. }
        | FailureKind::Proxy(ProxyTrouble {
            fault: ProxyFault::NotReached(_) | ProxyFault::HostNotReached { .. },
            ..
        }) => Meaning::Passing,
        _ => Meaning::Final,
    }
}

#[cfg(test)]
mod tests;
