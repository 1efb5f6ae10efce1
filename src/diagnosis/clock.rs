//! Our clock and a server's, compared.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Told;
use crate::clock::in_words;
use crate::report::{Check, Finding, FindingCode, Stage, Warning, WarningCode};
use crate::text::Shown;

/// From here on the difference is worth a word. A clock that is set by the network is never this far off.
const NOTICED: SignedDuration = SignedDuration::from_secs(60);
/// From here on things break: servers allow five minutes, as Kerberos and most token checks do.
const BREAKS: SignedDuration = SignedDuration::from_secs(300);

/// How far our clock is ahead of the server's (behind: negative). The server wrote its time at some moment between
/// `sent` and `received`, and cut the fraction of the second off; what that explains is not a difference.
fn difference(sent: Timestamp, received: Timestamp, server: Timestamp) -> SignedDuration {
    const FRACTION: SignedDuration = SignedDuration::from_secs(1);
    let earliest = sent.duration_since(server) - FRACTION;
    let latest = received.duration_since(server);
    if earliest > SignedDuration::ZERO {
        earliest
    } else if latest < SignedDuration::ZERO {
        latest
    } else {
        SignedDuration::ZERO
    }
}

/// Compares the clocks. `server` is what the server said; the second answer is a warning.
#[must_use]
pub fn check(
    host: &Shown,
    (sent, received): (Timestamp, Timestamp),
    server: Option<Timestamp>,
    elapsed: Duration,
) -> (Check, Option<Warning>) {
    let Some(server) = server else {
        return (Check::skipped(Stage::Clock, "the server's answer tells no time"), None);
    };
    let off = difference(sent, received, server);
    let words = compared(off);
    if off.abs() > BREAKS {
        let told = told().with("difference", words).with("host", host).with("time", server);
        let finding = told.case_if(off.is_negative(), "behind").finding();
        return (Check::failed(Stage::Clock, elapsed, finding), None);
    }
    let warning = (off.abs() > NOTICED).then(|| {
        let told = shown!(
            "this machine's clock is {} {}'s; beyond 5 minutes sign-ins fail. {}",
            words,
            host,
            told().steps()[0]
        );
        Warning::new(WarningCode::ClockDiffers, told)
    });
    let detail = if off.is_zero() { "agrees with the server's".into() } else { shown!("{} the server's", words) };
    (Check::passed(Stage::Clock, elapsed, detail), warning)
}

/// What is said of the clock on this system.
fn told() -> Told<'static> {
    let told = Finding::of(FindingCode::CLOCK_OFF);
    told.case_if(cfg!(windows), "windows").case_if(cfg!(target_os = "macos"), "macos")
}

/// "94 seconds ahead of", "2 hours behind".
fn compared(off: SignedDuration) -> Shown {
    shown!("{} {}", in_words(off.as_secs().unsigned_abs()), if off.is_negative() { "behind" } else { "ahead of" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Outcome;

    const SERVER: i64 = 1_800_000_000;

    /// Our clock `off` seconds from the server's, and a request that took `took` seconds.
    fn look(off: i64, took: i64) -> (Check, Option<Warning>) {
        let at = |second| Timestamp::from_second(second).unwrap();
        check(&"login.example".into(), (at(SERVER + off - took), at(SERVER + off)), Some(at(SERVER)), Duration::ZERO)
    }

    fn words((check, warning): (Check, Option<Warning>)) -> (String, bool) {
        match check.outcome {
            Outcome::Passed { detail } => (detail.to_string(), warning.is_some()),
            Outcome::Failed { finding } => (format!("{}: {}", finding.code, finding.cause), warning.is_some()),
            Outcome::Skipped { because } => (because.to_string(), warning.is_some()),
        }
    }

    #[test]
    fn what_the_round_trip_explains_is_not_a_difference() {
        for (off, took) in [(0, 0), (1, 0), (9, 9), (0, 9), (5, 9)] {
            assert_eq!(words(look(off, took)), ("agrees with the server's".to_owned(), false), "{off} {took}");
        }
    }

    #[test]
    fn a_minute_is_warned_of_and_five_minutes_fail_in_either_direction() {
        assert_eq!(words(look(61, 0)), ("60 seconds ahead of the server's".to_owned(), false));
        assert_eq!(words(look(62, 0)), ("61 seconds ahead of the server's".to_owned(), true));
        assert_eq!(words(look(-61, 0)), ("61 seconds behind the server's".to_owned(), true));
        assert_eq!(words(look(-300, 0)), ("5 minutes behind the server's".to_owned(), true));
        let (ahead, warned) = words(look(302, 0));
        assert!(ahead.starts_with("clock-off: This machine's clock is 5 minutes ahead of login.example's"), "{ahead}");
        assert!(!warned && ahead.contains("look expired"), "{ahead}");
        let (behind, _) = words(look(-7500, 0));
        assert!(behind.contains("2 hours behind") && behind.contains("not valid yet"), "{behind}");
    }

    #[test]
    fn a_server_that_tells_no_time_is_not_a_fault() {
        let at = Timestamp::from_second(SERVER).unwrap();
        assert_eq!(words(check(&"h".into(), (at, at), None, Duration::ZERO)).0, "the server's answer tells no time");
    }
}
