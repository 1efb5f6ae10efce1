//! The status of several mailboxes as a table.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::flow::secret_expiry;
use crate::profile::{App, Mailbox};
use crate::report::{Report, Table};
use crate::text::Shown;

/// A table without rows.
pub(super) fn table() -> Table {
    Table::of(&["NAME", "ADDRESS", "APP", "STATE", "SECRET EXPIRES"])
}

/// The row of a mailbox, whose report says the rest.
pub(super) fn row(mailbox: &Mailbox, app: &App, report: &Report, expires: Option<Date>, now: Timestamp) -> Vec<Shown> {
    let status = report.facts.iter().find(|fact| fact.name == "status").map(|fact| fact.value.clone());
    let state = status.unwrap_or_else(|| "not known".into());
    let state = if mailbox.enabled { state } else { state.then(", switched off") };
    let expires = match (app.credential.expiring(), expires) {
        (None, _) => "no secret".into(),
        (Some(_), None) => "not known".into(),
        (Some(_), Some(day)) => match secret_expiry::days_left(day, now) {
            left @ 2.. => shown!("{} ({} days)", day, left),
            near => shown!("{} ({})", day, secret_expiry::days_in_words(near)),
        },
    };
    vec![Shown::of(&mailbox.name), Shown::of(&mailbox.address), Shown::of(&app.name), state, expires]
}
