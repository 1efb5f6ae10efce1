//! Times in UTC, with the reader's own beside them.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// How a time is written: `2026-11-28 15:51 UTC`.
const LENGTH: usize = "2026-11-28 15:51 UTC".len();

/// `text`, and behind each time in UTC the same in `zone`, with the day where that is another: "2026-11-28 15:51 UTC (16:51
/// here)". In a zone whose clocks show UTC nothing is added.
pub(super) fn beside<'t>(text: &'t str, zone: impl FnOnce() -> Option<TimeZone>) -> Cow<'t, str> {
    let times: Vec<(usize, Timestamp)> = text.match_indices(" UTC").filter_map(|(at, _)| time(text, at)).collect();
    let Some(zone) = (!times.is_empty()).then(zone).flatten() else { return Cow::Borrowed(text) };
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for (end, time) in times {
        let (there, here) = (time.to_zoned(TimeZone::UTC), time.to_zoned(zone.clone()));
        shown.push_str(&text[from..end]);
        from = end;
        if here.offset() != there.offset() {
            let form = if here.date() == there.date() { " (%H:%M here)" } else { " (%Y-%m-%d %H:%M here)" };
            shown.push_str(&here.strftime(form).to_string());
        }
    }
    shown.push_str(&text[from..]);
    Cow::Owned(shown)
}

/// The time whose " UTC" is at `at`, and where it ends.
fn time(text: &str, at: usize) -> Option<(usize, Timestamp)> {
    let end = at + " UTC".len();
    let written = text.get(end.checked_sub(LENGTH)?..at)?;
    let (day, time) = written.split_once(' ')?;
    Some((end, format!("{day}T{time}:00Z").parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_zone(text: &str, hours: i8) -> String {
        beside(text, || Some(TimeZone::fixed(jiff::tz::offset(hours)))).into_owned()
    }

    #[test]
    fn the_readers_own_time_is_beside_that_in_utc_with_the_day_where_that_differs() {
        let text = "valid until 2026-11-28 15:51 UTC (69 minutes)";
        assert_eq!(in_zone(text, 1), "valid until 2026-11-28 15:51 UTC (16:51 here) (69 minutes)");
        assert_eq!(in_zone(text, 10), "valid until 2026-11-28 15:51 UTC (2026-11-29 01:51 here) (69 minutes)");
        assert_eq!(in_zone(text, 0), text);
        let two = "2026-11-28 15:51 UTC to 2026-11-28 16:51 UTC";
        assert_eq!(in_zone(two, -1), "2026-11-28 15:51 UTC (14:51 here) to 2026-11-28 16:51 UTC (15:51 here)");
    }

    #[test]
    fn what_is_not_a_time_stays_and_asks_for_no_zone() {
        for text in ["", "UTC", " UTC", "äääääääääääääääää UTC", "2026-13-28 15:51 UTC", "expires 2027-11-28"]
        {
            assert_eq!(beside(text, || panic!("{text}")), text);
        }
    }
}
