//! What can be broken in the practice tenant.

use std::time::Duration;

use practice_tenant::faults::{Fault, Place, Row, Stage, Wording, Words};
use practice_tenant::world::{ALICE, SHARED, SHOP};

use crate::report::{Report, Subject};

/// A fault, and for how long it lasts where it heals by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub(super) row: &'static Row,
    pub(super) time: Option<Duration>,
}

/// Reads `NAME` or `NAME=SECONDS`.
pub(super) fn chosen(text: &str) -> Result<Chosen, String> {
    let (name, seconds) = text.split_once('=').map_or((text, None), |(name, seconds)| (name, Some(seconds)));
    let row = Fault::row(name).ok_or_else(|| {
        let near = Fault::rows().map(|row| (strsim::jaro_winkler(row.name, name), row.name));
        let near = near.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness > 0.8);
        let meant = near.map_or(String::new(), |(_, near)| format!(" Did you mean {near}?"));
        format!("there is no fault '{name}'; mailgrant practice --list-faults shows them all.{meant}")
    })?;
    let time = seconds.map(|text| text.parse().map(Duration::from_secs)).transpose();
    Ok(Chosen { row, time: time.map_err(|_| format!("'{text}': the time is a number of seconds"))? })
}

/// Every fault, for `--list-faults`.
pub(super) fn list() -> Vec<Report> {
    let report = |row: &'static Row| {
        let mut report = Report::new(Subject::Fault(row.name.into()));
        report.fact("meaning", row.meaning);
        report.fact("place", row.fault.place().title());
        report.fact("finding", row.finding);
        report.fact("wording", wording(row));
        report
    };
    Fault::rows().map(report).collect()
}

/// Where the words that the tenant plays come from.
fn wording(row: &Row) -> &'static str {
    match row.wording {
        Wording::Seen => "the fault is real here",
        Wording::Documented => "documented",
        Wording::Reported => "reported by users",
        Wording::Composed => "put together from what documents name",
    }
}

/// What is broken, in lines for people.
pub(super) fn said(chosen: &[Chosen]) -> Vec<String> {
    let line = |fault: &Chosen| {
        let time = fault.time.map_or(String::new(), |time| format!(" for {} seconds", time.as_secs()));
        let hint = hint(fault.row.fault).map_or(String::new(), |hint| format!(" ({hint})"));
        format!("Broken{time}: {} ({}): {}{hint}", fault.row.name, fault.row.fault.place().title(), fault.row.meaning)
    };
    chosen.iter().map(line).collect()
}

/// What else is needed to meet a fault.
fn hint(fault: Fault) -> Option<String> {
    match (fault, fault.place()) {
        (Fault::NoDelegates, _) => {
            Some(format!("add the mailbox {SHARED} with --sign-in-as {ALICE} to meet it: a shared mailbox"))
        }
        (Fault::Mail(Words { at: Stage::Message, .. }), _) => {
            Some(format!("to meet it: mailgrant test-smtp practice --to {SHOP}"))
        }
        (_, Place::Pop3) => Some("for a mailbox with --incoming pop3".to_owned()),
        (_, Place::Graph | Place::GraphAndGmail) => Some("for a mailbox with --incoming graph".to_owned()),
        (_, Place::Gmail) => Some("for a mailbox with --incoming gmail".to_owned()),
        (_, Place::Directory) => Some("to meet it: mailgrant rotate-secret practice --issue".to_owned()),
        (_, Place::Page) => Some("the provider's page shows it; paste its text into mailgrant explain".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_known_by_its_name_and_a_near_one_is_offered() {
        let fault = chosen("smtp-auth-off-tenant=3").unwrap();
        assert_eq!((fault.row.name, fault.time), ("smtp-auth-off-tenant", Some(Duration::from_secs(3))));
        assert!(chosen("smtp-auth-of-tenant").unwrap_err().contains("Did you mean smtp-auth-off-tenant?"));
        assert!(!chosen("qqq").unwrap_err().contains("mean"));
        assert!(chosen("smtp-auth-off-tenant=soon").unwrap_err().contains("seconds"));
    }
}
