//! How long a person's part of a sign-in is waited for.

use std::time::{Duration, Instant};

use crate::clock::{in_words, time_of_day};
use crate::context::Context;
use crate::text::Shown;

/// How long a person may take at the sign-in page. Entra's own page gives up after about ten minutes.
const USUAL: Duration = Duration::from_secs(300);

/// How long is waited, from when it was begun.
pub(super) struct Patience {
    pub(super) whole: Duration,
    pub(super) deadline: Instant,
    /// The deadline by the clock on the wall.
    until: Shown,
}

impl Patience {
    /// Begins to wait: as long as --timeout says, or as usual.
    pub(super) fn begin(context: &Context) -> Self {
        let whole = context.timeout.unwrap_or(USUAL);
        let until = context.clock.now().checked_add(whole).map_or_else(|_| Shown::default(), time_of_day);
        Self { whole, deadline: Instant::now() + whole, until }
    }

    /// "until 14:35 (5 minutes)"
    pub(super) fn in_words(&self) -> Shown {
        shown!("until {} ({})", self.until, in_words(self.whole.as_secs()))
    }

    /// "14:35"
    pub(super) fn until(&self) -> &Shown {
        &self.until
    }

    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }
}
