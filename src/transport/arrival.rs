//! Waits until a message that was sent shows up on the incoming side.

use std::thread;
use std::time::{Duration, Instant};

use super::{Log, Target};
use crate::failure::{Failure, FailureKind};
use crate::progress::Observation;
use crate::report::{Detail, Stage};

/// How long to wait between two looks. The first ones come quickly, as most mail does.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];
/// What the last look may take.
const LAST_LOOK: Duration = Duration::from_millis(300);
/// Another look sooner than this would see the same.
const SHORTEST: Duration = Duration::from_millis(50);

/// Has `find` look for the message until it is there or `patience` has passed: at a target that ends by then, with the
/// pauses between its looks. One step in the log.
pub(super) fn wait<E>(
    target: &Target<'_, E>,
    patience: Duration,
    log: &mut Log,
    find: impl FnOnce(&Target<'_, E>, &mut Pauses) -> Result<bool, Failure>,
) {
    let start = Instant::now();
    let own = start + patience;
    let deadline = target.overall.map_or(own, |overall| overall.min(own));
    let target = Target { overall: Some(deadline), ..*target };
    let beginning = log.watch.begins(Stage::Arrival);
    let found = find(&target, &mut Pauses { looks: 0, deadline });
    drop(beginning);
    let elapsed = start.elapsed();
    let result = match found {
        Ok(true) => Ok(shown!("in INBOX after {:.1} s", elapsed.as_secs_f64())),
        Ok(false) => Err(FailureKind::NotArrived { after: elapsed }.into()),
        // The last look met the deadline: what has not arrived is the message.
        Err(failure) if matches!(failure.kind, FailureKind::TimedOut { .. }) && Instant::now() >= deadline => {
            Err(FailureKind::NotArrived { after: elapsed }.into())
        }
        Err(failure) => Err(failure),
    };
    log.write(Observation { stage: Stage::Arrival, began: start, elapsed, result: result.map(Detail::from) });
}

/// The time between two looks.
pub(super) struct Pauses {
    looks: usize,
    deadline: Instant,
}

impl Pauses {
    /// Waits before the next look; false when there is no time for one. The last one comes shortly before the deadline.
    pub(super) fn next(&mut self) -> bool {
        let pause = PAUSES[self.looks.min(PAUSES.len() - 1)];
        let left = self.deadline.saturating_duration_since(Instant::now()).saturating_sub(LAST_LOOK);
        if left < SHORTEST {
            return false;
        }
        self.looks += 1;
        thread::sleep(pause.min(left));
        true
    }
}
