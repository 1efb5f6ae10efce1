//! The reminders of a document as a calendar (RFC 5545).

mod line;

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::interface::Format;
use crate::report::{Document, Reminder, View};
use crate::text::Shown;

/// How many days before the day each alarm is.
const ALARMS: [u8; 3] = [30, 14, 7];

/// The first instant of 2020, in seconds since 1970: the revision then is a number of 31 bits until 2088.
const FIRST_REVISION: i64 = 1_577_836_800;

/// One calendar with an event for each reminder.
pub(super) struct Calendar;

impl Format for Calendar {
    fn name(&self) -> &'static str {
        "calendar"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        let mut text = String::new();
        let mut put = |name: &str, value: &str| line::put(&mut text, name, value);
        put("BEGIN", "VCALENDAR");
        put("VERSION", "2.0");
        put("PRODID", concat!("-//mailgrant//mailgrant ", env!("CARGO_PKG_VERSION"), "//EN"));
        for reminder in &document.reminders {
            event(reminder, document.time, &mut put);
        }
        put("END", "VCALENDAR");
        out.write_all(text.as_bytes())
    }

    fn noun(&self) -> &'static str {
        "calendar"
    }

    fn leaves_error_to_stderr(&self) -> bool {
        true
    }

    fn is_report(&self) -> bool {
        false
    }

    /// A calendar has one component at least (RFC 5545 §3.6), and an empty one in the place of another would take its
    /// reminders away.
    fn has_place_for(&self, document: &Document) -> bool {
        !document.reminders.is_empty()
    }
}

/// An event of one whole day (RFC 5545 §3.6.1: a date without an end), with its alarms.
fn event(reminder: &Reminder, now: Timestamp, put: &mut impl FnMut(&str, &str)) {
    let summary = line::text(&reminder.summary);
    let stamp = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    // Programs keep the event with the higher number: each file is a newer revision than the one before (§3.8.7.4).
    let revision = now.as_second().saturating_sub(FIRST_REVISION).max(0).to_string();
    put("BEGIN", "VEVENT");
    put("UID", &line::text(&reminder.id));
    put("DTSTAMP", &stamp);
    put("SEQUENCE", &revision);
    put("DTSTART;VALUE=DATE", &reminder.day.strftime("%Y%m%d").to_string());
    put("SUMMARY", &summary);
    put("DESCRIPTION", &line::text(&Shown::join(&reminder.description, "\n")));
    // It fills no time: the day stays free for other things.
    put("TRANSP", "TRANSPARENT");
    for days in ALARMS {
        put("BEGIN", "VALARM");
        put("ACTION", "DISPLAY");
        put("TRIGGER", &format!("-P{days}D"));
        put("DESCRIPTION", &summary);
        put("END", "VALARM");
    }
    put("END", "VEVENT");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reminder(id: &'static str, day: &str) -> Reminder {
        Reminder {
            id: id.into(),
            day: day.parse().unwrap(),
            summary: "The client secret of app 'a, b; c' expires".into(),
            description: vec!["Mailboxes: info@müller.de".into(), "Run: mailgrant rotate-secret a".into()],
        }
    }

    fn written(reminders: Vec<Reminder>, time: &str) -> String {
        let document = Document { reminders, time: time.parse().unwrap(), ..Document::new("status") };
        let mut out = Vec::new();
        Calendar.write(&document, &View::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_reminder_is_an_event_of_one_day_with_three_alarms() {
        let text = written(vec![reminder("one@host", "2027-05-20")], "2026-11-28T10:00:00Z");
        let alarm = |days: u8| {
            format!(
                "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-P{days}D\r\n\
                 DESCRIPTION:The client secret of app 'a\\, b\\; c' expires\r\nEND:VALARM\r\n"
            )
        };
        let wanted = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//mailgrant//mailgrant {}//EN\r\nBEGIN:VEVENT\r\n\
             UID:one@host\r\nDTSTAMP:20261128T100000Z\r\nSEQUENCE:218023200\r\nDTSTART;VALUE=DATE:20270520\r\n\
             SUMMARY:The client secret of app 'a\\, b\\; c' expires\r\n\
             DESCRIPTION:Mailboxes: info@müller.de\\nRun: mailgrant rotate-secret a\r\n\
             TRANSP:TRANSPARENT\r\n{}{}{}END:VEVENT\r\nEND:VCALENDAR\r\n",
            env!("CARGO_PKG_VERSION"),
            alarm(30),
            alarm(14),
            alarm(7)
        );
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_later_file_is_a_later_revision_whatever_the_day() {
        let revision = |text: &str| -> u32 {
            let line = text.lines().find_map(|line| line.strip_prefix("SEQUENCE:")).unwrap();
            line.parse().unwrap()
        };
        let first = written(vec![reminder("one@host", "2027-05-20")], "2026-11-28T10:00:00Z");
        let second = written(vec![reminder("one@host", "2027-05-02")], "2026-11-28T10:00:01Z");
        assert!(revision(&second) > revision(&first));
        let late = written(vec![reminder("one@host", "2090-01-01")], "2088-01-01T00:00:00Z");
        assert!(i32::try_from(revision(&late)).is_ok(), "RFC 5545 §3.3.8: 31 bits");
    }

    #[test]
    fn a_calendar_without_an_event_is_not_one() {
        assert!(!Calendar.has_place_for(&Document::new("status")));
        let reminders = vec![reminder("one@host", "2027-05-20")];
        assert!(Calendar.has_place_for(&Document { reminders, ..Document::new("status") }));
    }
}
