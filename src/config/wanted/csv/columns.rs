//! The columns that CSV can have: the keys of the profile, and the flags of `add`.

use std::sync::LazyLock;

use super::sheet::Cell;
use crate::config::entry::{Fault, Wrong};
use crate::config::file::{AppFile, CREDENTIALS, MailboxFile, SHORT_NAMES, ServiceFile};
use crate::config::wanted::refused::refused;
use crate::profile::Side;

/// Whose value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Name,
    Mailbox,
    App,
}

/// What the cells of a column say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) group: Group,
    /// The key.
    pub(super) key: &'static str,
    /// The key in its table, where it has one.
    pub(super) inner: Option<&'static str>,
}

impl Column {
    /// The key that has the value.
    pub(super) fn last(self) -> &'static str {
        self.inner.unwrap_or(self.key)
    }
}

/// All columns by their names.
static COLUMNS: LazyLock<Vec<(String, Column)>> = LazyLock::new(all);

/// What each column of `header` says; none where that is not known.
pub(super) fn of(header: &[Cell<'_>], wrong: &mut Vec<Wrong>) -> Vec<Option<Column>> {
    let mut found: Vec<Option<Column>> = Vec::new();
    for cell in header {
        let name = cell.text.trim().to_ascii_lowercase().replace(['-', ' ', '.'], "_");
        let column = COLUMNS.iter().find(|(known, _)| *known == name).map(|(_, column)| *column);
        if column.is_none() {
            let known = COLUMNS.iter().map(|(name, _)| name.as_str()).collect();
            let fault = Fault::UnknownKey { key: cell.text.trim().to_owned(), known };
            wrong.push(Wrong { key: None, span: cell.span.clone(), fault });
        }
        if column.is_some() && found.contains(&column) {
            wrong.push(refused(cell.span.clone(), "another column says the same", "leave one of them"));
        }
        found.push(column);
    }
    found
}

fn all() -> Vec<(String, Column)> {
    let mut columns: Vec<(String, Column)> = Vec::new();
    let mut add = |name: String, group: Group, key: &'static str, inner: Option<&'static str>| {
        // A flag and a key may have one name.
        if columns.iter().all(|(known, _)| *known != name) {
            columns.push((name, Column { group, key, inner }));
        }
    };
    for name in ["name", "mailbox"] {
        add(name.to_owned(), Group::Name, "name", None);
    }
    let plain = |keys: &'static [crate::config::entry::Key], nested: &'static [&'static str]| {
        keys.iter().map(|key| key.name).filter(move |name| !nested.contains(name))
    };
    // access and ca_file are the app's, as they are for `add`.
    for key in plain(MailboxFile::KEYS, &["access", "ca_file", "incoming", "outgoing"]) {
        add(key.to_owned(), Group::Mailbox, key, None);
    }
    for side in [Side::Incoming, Side::Outgoing].map(Side::key) {
        add(side.to_owned(), Group::Mailbox, side, Some("protocol"));
        for key in ServiceFile::KEYS {
            add(format!("{side}_{}", key.name), Group::Mailbox, side, Some(key.name));
        }
    }
    let is_nested = |key: &str| CREDENTIALS.iter().any(|(table, _)| *table == key);
    for key in plain(AppFile::KEYS, &[]).filter(|key| !is_nested(key)) {
        add(key.to_owned(), Group::App, key, None);
    }
    for (name, key) in SHORT_NAMES {
        let (table, inner) = key.split_once('.').map_or((key, None), |(table, inner)| (table, Some(inner)));
        let is_side = [Side::Incoming, Side::Outgoing].iter().any(|side| side.key() == table);
        add(name.to_owned(), if is_side { Group::Mailbox } else { Group::App }, table, inner);
    }
    for (table, keys) in CREDENTIALS {
        // What a rotation has put aside or made is not said here.
        let is_noted = |key: &str| key.starts_with("previous") || key.starts_with("next");
        for key in plain(keys, &[]).filter(|key| !is_noted(key)) {
            add(format!("{table}_{key}"), Group::App, table, Some(key));
        }
    }
    columns
}
