//! Whether a stored access token is still good, and good for long enough.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A token with less time left than this is refreshed before it is handed out, or with less than half of its life, where
/// that is less: many providers issue tokens for five minutes.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// When a token came and when it ends, by this machine's clock of then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    /// When it came from the token endpoint.
    pub(super) received: Timestamp,
    /// When it ends.
    pub(super) expires: Timestamp,
}

impl Life {
    /// Whether the token is good at `now`. One that came in the future was stored by a clock that was ahead (another
    /// system on the same machine, a resumed virtual machine), so that its end says nothing either.
    #[must_use]
    pub(super) fn is_good(self, now: Timestamp) -> bool {
        self.received <= now && now < self.expires
    }

    /// Whether it is good for a while yet.
    #[must_use]
    pub(super) fn is_fresh(self, now: Timestamp) -> bool {
        let margin = SignedDuration::try_from(MARGIN).unwrap_or(SignedDuration::MAX);
        let half = self.expires.duration_since(self.received) / 2;
        self.is_good(now) && self.expires.duration_since(now) > margin.min(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_fresh_for_half_of_its_life_or_until_five_minutes_before_its_end() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        // Its life in seconds, and for how long it is fresh, good.
        for (life, fresh, good) in
            [(3_600, 3_300, 3_600), (601, 301, 601), (600, 300, 600), (300, 150, 300), (60, 30, 60), (2, 1, 2)]
        {
            let token = Life { received: at(0), expires: at(life) };
            assert!(token.is_fresh(at(0)) && token.is_fresh(at(fresh - 1)), "{life}");
            assert!(!token.is_fresh(at(fresh)) && token.is_good(at(good - 1)), "{life}");
            assert!(!token.is_good(at(good)), "{life}");
            // A clock that was ahead when it came.
            assert!(!token.is_good(at(-1)) && !token.is_fresh(at(-1)), "{life}");
        }
        for life in [0, -5] {
            let token = Life { received: at(0), expires: at(life) };
            assert!(!token.is_fresh(at(0)) && !token.is_good(at(0)), "{life}");
        }
    }
}
