//! The day on which a client secret expires, as people type it and as portals show it.

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Invalid;
use crate::clock::Clock;

/// What to write, for help and prompts.
const INSTEAD: &str = "write it as 2027-05-20, or a time from today as in '24 months'";

/// The value of `--expires`.
///
/// # Errors
/// If it is not a date, or more than one day.
pub fn flag(text: &str) -> Result<Date, Invalid> {
    parse(text, Clock::system().now().to_zoned(TimeZone::UTC).date())
}

/// `2027-05-20`, `20.05.2027`, `5/20/2027` where it can be read one way only, `24 months` from `today`.
///
/// # Errors
/// If it is not a date, or more than one day.
pub fn parse(text: &str, today: Date) -> Result<Date, Invalid> {
    let text = text.trim();
    let shown = text.escape_debug().to_string();
    let wrong = || Invalid::new(format!("'{shown}' is not a date"), INSTEAD);
    if let Some(span) = span(text) {
        return today.checked_add(span).map_err(|_| wrong());
    }
    // Command-line tools show the end of a secret as an instant (RFC 3339): the day is its first part.
    let date = text.split_once(['T', 't']).map_or(text, |(date, _)| date);
    let (first, second, third, dotted) = parts(date).ok_or_else(wrong)?;
    if first > 31 {
        return calendar(first, second, third).ok_or_else(wrong);
    }
    // 20.05.2027 is written with the day first; 5/20/2027 with the month first in some countries, and not in others.
    let day_first = calendar(third, second, first);
    let month_first = calendar(third, first, second).filter(|_| !dotted);
    match (day_first, month_first) {
        (Some(one), Some(other)) if one != other => {
            Err(Invalid::new(format!("'{shown}' is {one} or {other}"), format!("write {one} or {other}")))
        }
        (one, other) => one.or(other).ok_or_else(wrong),
    }
}

/// Three numbers with the same sign between them; whether that is a dot.
fn parts(text: &str) -> Option<(i16, i16, i16, bool)> {
    let sign = ['-', '.', '/'].into_iter().find(|sign| text.contains(*sign))?;
    let mut numbers = text.split(sign).map(|part| {
        let part = part.trim();
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<i16>().ok()).flatten()
    });
    let three = (numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some((three.0, three.1, three.2, sign == '.'))
}

fn calendar(year: i16, month: i16, day: i16) -> Option<Date> {
    // A year of two digits could be any; secrets end in this century.
    let fits = (2000..3000).contains(&year);
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok().filter(|_| fits)
}

/// "24 months", "1 year", "180 days".
fn span(text: &str) -> Option<Span> {
    let (count, unit) = text.split_once(char::is_whitespace)?;
    let count: i64 = count.parse().ok().filter(|count| (0..=10_000).contains(count))?;
    let span = Span::new();
    match unit.trim().to_ascii_lowercase().trim_end_matches('s') {
        "day" => span.try_days(count).ok(),
        "week" => span.try_weeks(count).ok(),
        "month" => span.try_months(count).ok(),
        "year" => span.try_years(count).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 28);

    #[test]
    fn days_are_read_as_portals_and_people_write_them() {
        for (text, wanted) in [
            ("2027-05-20", "2027-05-20"),
            (" 2027-5-2 ", "2027-05-02"),
            ("2027/05/20", "2027-05-20"),
            ("2027-05-20T09:30:00Z", "2027-05-20"),
            ("20.05.2027", "2027-05-20"),
            ("5.6.2027", "2027-06-05"),
            ("5/20/2027", "2027-05-20"),
            ("20/5/2027", "2027-05-20"),
            ("5/5/2027", "2027-05-05"),
            ("20-05-2027", "2027-05-20"),
            ("24 months", "2028-11-28"),
            ("6 Months", "2027-05-28"),
            ("1 year", "2027-11-28"),
            ("180 days", "2027-05-27"),
        ] {
            assert_eq!(parse(text, TODAY).unwrap(), wanted.parse::<Date>().unwrap(), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_day_is_refused_with_what_to_write() {
        for text in ["soon", "", "2027", "2027-13-01", "2027-02-30", "20.5.27", "1/2/3/2027", "x months", "-5 days"] {
            let invalid = parse(text, TODAY).unwrap_err().to_string();
            assert!(invalid.contains("write it as 2027-05-20"), "{text}: {invalid}");
        }
        let two = parse("5/6/2027", TODAY).unwrap_err().to_string();
        assert!(two.contains("2027-06-05 or 2027-05-06"), "{two}");
        assert!(!parse("\u{1b}[2J", TODAY).unwrap_err().to_string().contains('\u{1b}'));
    }
}
