//! The time of day, from one place, so that a test can hand in its own. Deadlines use `std::time::Instant` instead.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::text::Shown;

/// Where the time of day comes from.
#[derive(Debug, Clone, Copy)]
pub struct Clock(fn() -> Timestamp);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
        Self(Timestamp::now)
    }

    /// A clock that asks `source`.
    #[must_use]
    pub fn from_fn(source: fn() -> Timestamp) -> Self {
        Self(source)
    }

    /// The time now.
    #[must_use]
    pub fn now(self) -> Timestamp {
        (self.0)()
    }
}

/// "valid until 2026-11-22 14:05 UTC (59 minutes)", or "expired at …".
#[must_use]
pub fn valid_until(expires: Timestamp, now: Timestamp) -> Shown {
    let minutes = expires.duration_since(now).as_mins();
    let when = expires.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
    if minutes < 0 { shown!("expired at {}", when) } else { shown!("valid until {} ({} minutes)", when, minutes) }
}

/// "14:35" by this machine's time zone; where that is not known, "13:35 UTC".
#[must_use]
pub fn time_of_day(when: Timestamp) -> Shown {
    match TimeZone::try_system() {
        Ok(zone) => shown!("{}", when.to_zoned(zone).strftime("%H:%M")),
        Err(_) => shown!("{}", when.to_zoned(TimeZone::UTC).strftime("%H:%M UTC")),
    }
}

/// A span of time as people say it: "90 seconds", "12 minutes", "3 hours", "5 days".
#[must_use]
pub fn in_words(seconds: u64) -> Shown {
    match seconds {
        1 => "1 second".into(),
        0..120 => shown!("{} seconds", seconds),
        120..7_200 => shown!("{} minutes", seconds / 60),
        7_200..172_800 => shown!("{} hours", seconds / 3_600),
        172_800.. => shown!("{} days", seconds / 86_400),
    }
}
