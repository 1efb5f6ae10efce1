//! Asking a directory again: where it says that it was asked too often, and where asking twice does no harm.

use std::time::{Duration, Instant};

use crate::directory;
use crate::failure::{Failure, FailureKind, ReplyCode};

/// A longer Retry-After is for another run.
const LONGEST: Duration = Duration::from_secs(60);
/// So many times the same is asked.
const TRIES: u32 = 4;
/// The first pause after trouble; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);

/// What may be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Only what was refused for the number of requests, and so has changed nothing.
    WhereRefused,
    /// What had no answer too: done twice, it comes to the same.
    WhereverItFailed,
}

/// How long to wait for a directory.
pub struct Patience<'a> {
    /// Tells the person who waits what is being waited for.
    pub say: fn(&str),
    /// When everything must be over.
    pub deadline: Option<Instant>,
    /// Waits.
    pub wait: &'a (dyn Fn(Duration) + Sync),
}

impl Patience<'_> {
    /// Asks, and asks again where that may help.
    ///
    /// # Errors
    /// The last failure.
    pub fn ask<T>(&self, again: Again, mut ask: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
        let mut own = FIRST;
        for _ in 1..TRIES {
            let failure = match ask() {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let pause = match directory::throttled(&failure) {
                Some(pause) if pause <= LONGEST => pause,
                None if again == Again::WhereverItFailed && is_passing(&failure) => own,
                Some(_) | None => return Err(failure),
            };
            if self.deadline.is_some_and(|deadline| Instant::now() + pause >= deadline) {
                return Err(failure);
            }
            (self.say)(&format!("The directory does not answer yet; asking again in {} seconds.", pause.as_secs()));
            (self.wait)(pause);
            own *= 2;
        }
        ask()
    }
}

/// Whether the same request may be answered in a moment.
fn is_passing(failure: &Failure) -> bool {
    match &failure.kind {
        FailureKind::ConnectionLost { .. } => true,
        FailureKind::Rejected(rejection) => {
            matches!(rejection.code, Some(code @ ReplyCode::Http(_)) if code.is_passing())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::failure::Rejection;

    fn refused(status: u16, retry_after: Option<u64>) -> Failure {
        let retry_after = retry_after.map(Duration::from_secs);
        let code = Some(ReplyCode::Http(status));
        FailureKind::Rejected(Rejection { code, retry_after, ..Rejection::default() }).into()
    }

    /// How many times it was asked, and how long was waited in all.
    fn asked(again: Again, failures: &[Failure], deadline: Option<Duration>) -> (usize, u64, bool) {
        let waited = Mutex::new(Duration::ZERO);
        let wait = |pause| *waited.lock().unwrap() += pause;
        let deadline = deadline.map(|limit| Instant::now() + limit);
        let patience = Patience { say: |_| (), deadline, wait: &wait };
        let mut count = 0;
        let answer = patience.ask(again, || {
            count += 1;
            failures.get(count - 1).cloned().map_or(Ok(()), Err)
        });
        (count, waited.lock().unwrap().as_secs(), answer.is_ok())
    }

    #[test]
    fn what_was_refused_for_its_number_is_asked_again_after_the_time_that_was_named() {
        use Again::{WhereRefused, WhereverItFailed};
        assert_eq!(asked(WhereRefused, &[refused(429, Some(7))], None), (2, 7, true));
        assert_eq!(asked(WhereRefused, &[refused(429, Some(61))], None), (1, 0, false));
        assert_eq!(asked(WhereRefused, &[refused(429, Some(7))], Some(Duration::from_secs(5))), (1, 0, false));
        assert_eq!(asked(WhereRefused, &vec![refused(429, Some(1)); 9], None), (4, 3, false));
        assert_eq!(asked(WhereRefused, &[refused(503, None)], None), (1, 0, false), "it may have been done");
        assert_eq!(asked(WhereverItFailed, &[refused(503, None), refused(502, None)], None), (3, 3, true));
        assert_eq!(asked(WhereverItFailed, &[refused(403, None)], None), (1, 0, false));
    }
}
