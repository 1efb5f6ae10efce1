//! Token endpoints that have asked to be left alone for a while (Retry-After, RFC 9110 §10.2.3): said to one mailbox, obeyed by
//! all of the tenant.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, FailureKind};

/// A longer Retry-After is for another run.
const LONGEST: Duration = Duration::from_secs(60);

/// What token endpoints have said, by tenant.
pub struct Throttle {
    said: Mutex<HashMap<String, Said>>,
    wait: fn(Duration),
}

struct Said {
    until: Instant,
    /// As the mailbox that asked was told.
    failure: Failure,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { said: Mutex::default(), wait: thread::sleep }
    }
}

impl Throttle {
    fn said(&self) -> MutexGuard<'_, HashMap<String, Said>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears what the token endpoint of `tenant` says: whether it wants to be left alone.
    pub fn hear(&self, tenant: &str, failure: &Failure) {
        let Some(pause) = pause(failure) else { return };
        let said = Said { until: Instant::now() + pause, failure: failure.clone() };
        let mut all = self.said();
        if all.get(tenant).is_none_or(|before| before.until < said.until) {
            all.insert(tenant.to_owned(), said);
        }
    }

    /// Until when the token endpoint of `tenant` is left alone, where that is worth waiting for in a command that ends by
    /// `deadline`.
    #[must_use]
    pub fn until(&self, tenant: &str, deadline: Option<Instant>) -> Option<Instant> {
        let until = self.said().get(tenant)?.until;
        let left = until.checked_duration_since(Instant::now())?;
        let is_worth_it = left <= LONGEST && deadline.is_none_or(|deadline| until < deadline);
        (is_worth_it && !left.is_zero()).then_some(until)
    }

    /// Waits until the token endpoint of `tenant` may be asked.
    ///
    /// # Errors
    /// What it said, where the wait is not over by `deadline` or would be too long.
    pub fn admit(&self, tenant: &str, deadline: Option<Instant>) -> Result<(), Failure> {
        let mut waited = Duration::ZERO;
        loop {
            let (left, failure) = match self.said().get(tenant) {
                None => return Ok(()),
                Some(said) => (said.until.saturating_duration_since(Instant::now()), said.failure.clone()),
            };
            if left.is_zero() {
                return Ok(());
            }
            if waited + left > LONGEST || deadline.is_some_and(|deadline| Instant::now() + left >= deadline) {
                return Err(with_pause(failure, left));
            }
            (self.wait)(left);
            waited += left;
        }
    }
}

/// How long the endpoint wants to be left alone.
fn pause(failure: &Failure) -> Option<Duration> {
    match &failure.kind {
        FailureKind::OAuth(fault) => fault.retry_after,
        FailureKind::NotOAuth { retry_after, .. } => *retry_after,
        _ => None,
    }
}

/// The same words, with what is left of the pause.
fn with_pause(mut failure: Failure, left: Duration) -> Failure {
    // Whole seconds, as the endpoint counts; none too few.
    let left = Some(Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0)));
    match &mut failure.kind {
        FailureKind::OAuth(fault) => fault.retry_after = left,
        FailureKind::NotOAuth { retry_after, .. } => *retry_after = left,
        _ => {}
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::OAuthFault;

    fn throttled(seconds: u64) -> Failure {
        let retry_after = Some(Duration::from_secs(seconds));
        FailureKind::OAuth(OAuthFault { status: 429, retry_after, ..OAuthFault::default() }).into()
    }

    fn told(throttle: &Throttle, tenant: &str, deadline: Option<Instant>) -> Option<Duration> {
        throttle.admit(tenant, deadline).err().as_ref().and_then(pause)
    }

    /// Waits no longer than it takes to look at the clock again.
    fn impatient() -> Throttle {
        Throttle { wait: |_| (), ..Throttle::default() }
    }

    #[test]
    fn what_one_mailbox_is_told_counts_for_its_tenant_alone() {
        let throttle = impatient();
        throttle.hear("contoso", &throttled(3_000));
        assert_eq!(told(&throttle, "contoso", None), Some(Duration::from_secs(3_000)));
        assert_eq!(throttle.until("contoso", None), None, "that is for another run");
        throttle.hear("contoso", &throttled(30));
        assert_eq!(told(&throttle, "contoso", None), Some(Duration::from_secs(3_000)), "the longer one counts");
        throttle.hear("fabrikam", &FailureKind::Bug.into());
        assert_eq!((told(&throttle, "fabrikam", None), throttle.until("fabrikam", None)), (None, None));
    }

    #[test]
    fn a_short_pause_is_waited_for_unless_the_command_ends_before() {
        let throttle = impatient();
        throttle.hear("contoso", &throttled(20));
        let left = throttle.until("contoso", None).unwrap().saturating_duration_since(Instant::now());
        assert!(left > Duration::from_secs(19) && left <= Duration::from_secs(20), "{left:?}");
        let soon = Instant::now() + Duration::from_secs(5);
        assert_eq!(told(&throttle, "contoso", Some(soon)), Some(Duration::from_secs(20)));
        assert_eq!(throttle.until("contoso", Some(soon)), None);
        // The clock does not move here, so that the wait is never over: it is given up before it is too long.
        assert_eq!(told(&throttle, "contoso", None), Some(Duration::from_secs(20)));
        assert_eq!(told(&throttle, "fabrikam", Some(soon)), None);
    }
}
