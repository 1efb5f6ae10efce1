//! How long a new secret is to live: what was asked for, fitted to what the organisation's policy lets it.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::directory::LongestLife;
use crate::profile::{Invalid, date};

/// No secret shorter than this is asked for.
pub(super) const SHORTEST: SignedDuration = SignedDuration::from_hours(24);
/// A policy is obeyed with so much to spare: clocks differ.
const SPARE: SignedDuration = SignedDuration::from_hours(1);

/// How long a new secret is to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// So many days.
    Days(u16),
    /// Until this day begins.
    Until(Date),
}

impl Default for Lifetime {
    /// Half a year: long enough for a rotation that fails to be seen in time, and what strict policies allow.
    fn default() -> Self {
        Self::Days(180)
    }
}

impl FromStr for Lifetime {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.trim().bytes().all(|byte| byte.is_ascii_digit()) {
            let days = text.trim().parse().ok().filter(|days| (1..=3650).contains(days));
            return days.map(Self::Days).ok_or_else(|| {
                Invalid::new("a secret cannot live for that many days", "write 1 to 3650, or a date as in 2027-05-20")
            });
        }
        date::flag(text).map(Self::Until)
    }
}

impl Lifetime {
    /// When a secret ends that is made now.
    fn end(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Days(days) => now + SignedDuration::from_hours(24 * i64::from(days)),
            Self::Until(day) => day.to_zoned(TimeZone::UTC).map_or(now, |start| start.timestamp()),
        }
    }

    /// For how many days what is made now lives: one at least.
    pub(super) fn days(self, now: Timestamp) -> u16 {
        let days = self.end(now).duration_since(now).as_hours() / 24;
        days.clamp(1, 3650).try_into().unwrap_or(1)
    }

    /// When it ends under a policy; with it, whether the policy made that earlier. No end is in the past.
    pub(super) fn fitted(self, longest: LongestLife, now: Timestamp) -> (Timestamp, bool) {
        let wanted = self.end(now).max(now + SHORTEST);
        match latest(longest, now) {
            Some(latest) => (wanted.min(latest), latest < wanted),
            None => (wanted, false),
        }
    }
}

/// The latest end that a policy lets a secret have that is made now.
fn latest(longest: LongestLife, now: Timestamp) -> Option<Timestamp> {
    match longest {
        LongestLife::Is(life) => Some(now + if life > SHORTEST + SPARE { life - SPARE } else { life }),
        LongestLife::Unlimited | LongestLife::Unknown => None,
    }
}

/// An earlier end after a policy has refused `end`: what it lets, where it can be read, else half as far away. None where
/// that is too near.
pub(super) fn nearer(end: Timestamp, longest: LongestLife, now: Timestamp) -> Option<Timestamp> {
    let half = end.duration_since(now) / 2;
    let by_policy = latest(longest, now).filter(|latest| *latest < end);
    by_policy.or_else(|| (half >= SHORTEST).then(|| now + half))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-28T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_lifetime_is_a_number_of_days_or_a_day() {
        let read = |text: &str| text.parse::<Lifetime>();
        assert_eq!(read("90").unwrap(), Lifetime::Days(90));
        assert_eq!(read("2027-05-20").unwrap(), Lifetime::Until("2027-05-20".parse().unwrap()));
        assert!(matches!(read("6 months").unwrap(), Lifetime::Until(_)));
        for text in ["0", "99999", "", "soon", "-5"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_policy_makes_the_end_earlier_and_never_later() {
        let days = |days: i64| LongestLife::Is(SignedDuration::from_hours(24 * days));
        let end = |lifetime: Lifetime, longest| {
            let (end, is_cut) = lifetime.fitted(longest, now());
            (end.duration_since(now()).as_hours(), is_cut)
        };
        assert_eq!(end(Lifetime::Days(180), LongestLife::Unknown), (180 * 24, false));
        assert_eq!(end(Lifetime::Days(180), days(30)), (30 * 24 - 1, true));
        assert_eq!(end(Lifetime::Days(7), days(30)), (7 * 24, false));
        assert_eq!(end(Lifetime::Until("2026-12-08".parse().unwrap()), LongestLife::Unlimited), (9 * 24 + 12, false));
        assert_eq!(end(Lifetime::Until("2020-01-01".parse().unwrap()), LongestLife::Unlimited), (24, false));
    }

    #[test]
    fn an_end_comes_nearer_down_to_a_day() {
        let mut end = Some(now() + SignedDuration::from_hours(24 * 180));
        let mut steps = 0;
        while let Some(last) = end {
            end = nearer(last, LongestLife::Unknown, now());
            steps += 1;
        }
        assert_eq!(steps, 8);
        let month = LongestLife::Is(SignedDuration::from_hours(24 * 30));
        let end = now() + SignedDuration::from_hours(24 * 180);
        assert_eq!(nearer(end, month, now()).unwrap().duration_since(now()).as_hours(), 24 * 30 - 1);
    }
}
