//! CSV as the tables that TOML is read as: a row is a mailbox, and the app that it signs in with.

mod columns;
mod sheet;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use self::columns::{Column, Group};
use self::sheet::Cell;
use super::refused::refused;
use super::tables::Tables;
use crate::config::entry::{Fault, Wrong};
use crate::profile::{Address, Credential, Name, Profile, Side, is_same_client_id};

/// A row by the meaning of its cells.
#[derive(Default)]
struct Row<'s> {
    place: Range<usize>,
    name: Option<Spanned<String>>,
    mailbox: DeTable<'s>,
    app: DeTable<'s>,
    without: Vec<Side>,
}

/// The tables of `source`. `profile` tells which names and apps there are.
pub(super) fn tables<'s>(source: &'s str, profile: &Profile) -> Tables<'s> {
    let mut wrong = Vec::new();
    let rows = match sheet::rows(source) {
        Ok(sheet) => rows(&sheet, &mut wrong),
        Err(unclosed) => {
            wrong.push(unclosed);
            Vec::new()
        }
    };
    let mut join = Join { profile, apps: DeTable::new(), mailboxes: DeTable::new(), without: BTreeMap::new(), wrong };
    join.add(rows);
    let Join { apps, mailboxes, without, wrong, .. } = join;
    let mut root = DeTable::new();
    for (key, table) in [("apps", apps), ("mailboxes", mailboxes)] {
        root.insert(Spanned::new(0..0, key.into()), Spanned::new(0..0, DeValue::Table(table)));
    }
    Tables { root: Spanned::new(0..source.len(), root), wrong, without }
}

/// The rows below the header.
fn rows<'s>(sheet: &[Vec<Cell<'s>>], wrong: &mut Vec<Wrong>) -> Vec<Row<'s>> {
    let Some((header, rows)) = sheet.split_first() else { return Vec::new() };
    let columns = columns::of(header, wrong);
    rows.iter().filter_map(|cells| row(cells, header.len(), &columns, wrong)).collect()
}

fn row<'s>(cells: &[Cell<'s>], width: usize, columns: &[Option<Column>], wrong: &mut Vec<Wrong>) -> Option<Row<'s>> {
    let place = cells.first().map(|cell| cell.span.clone()).unwrap_or_default();
    if cells.len() != width {
        let problem = format!("this row has {} cells, and the header {width}", cells.len());
        wrong.push(refused(place, &problem, "put quotes around a value that holds the separator"));
        return None;
    }
    let mut row = Row { place, ..Row::default() };
    for (cell, column) in cells.iter().zip(columns) {
        let (Some(column), false) = (column, cell.text.trim().is_empty()) else { continue };
        row.take(cell, *column);
    }
    Some(row)
}

impl<'s> Row<'s> {
    fn take(&mut self, cell: &Cell<'s>, column: Column) {
        let text = match &cell.text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        let table = match column.group {
            Group::Name => {
                self.name = Some(Spanned::new(cell.span.clone(), text.into_owned()));
                return;
            }
            Group::Mailbox => &mut self.mailbox,
            Group::App => &mut self.app,
        };
        let side = [Side::Incoming, Side::Outgoing].into_iter().find(|side| column.key == side.key());
        if let Some(side) = side.filter(|_| column.last() == "protocol" && text.eq_ignore_ascii_case("none")) {
            self.without.push(side);
            return;
        }
        insert(
            table,
            column.key,
            column.inner,
            Spanned::new(cell.span.clone(), value(column.last(), text, &cell.span)),
        );
    }
}

/// The text of a cell as the type that its key has. What is not of that type stays a text, and is refused as one.
fn value<'s>(key: &str, text: Cow<'s, str>, span: &Range<usize>) -> DeValue<'s> {
    match (key, &text) {
        ("port", Cow::Borrowed(digits)) => match DeValue::parse(digits).map(Spanned::into_inner) {
            Ok(DeValue::Integer(port)) => DeValue::Integer(port),
            _ => DeValue::String(text),
        },
        ("enabled", _) if text.eq_ignore_ascii_case("true") => DeValue::Boolean(true),
        ("enabled", _) if text.eq_ignore_ascii_case("false") => DeValue::Boolean(false),
        ("scopes" | "command", _) => {
            let mut words = DeArray::new();
            let word = |word: &str| Spanned::new(span.clone(), DeValue::String(Cow::Owned(word.to_owned())));
            text.split_whitespace().for_each(|text| words.push(word(text)));
            DeValue::Array(words)
        }
        _ => DeValue::String(text),
    }
}

fn insert<'s>(table: &mut DeTable<'s>, key: &'static str, inner: Option<&'static str>, value: Spanned<DeValue<'s>>) {
    let span = value.span();
    let key_of = |name: &'static str| Spanned::new(span.clone(), Cow::Borrowed(name));
    let Some(inner_key) = inner else {
        table.insert(key_of(key), value);
        return;
    };
    let mut within = match table.remove(key).map(Spanned::into_inner) {
        Some(DeValue::Table(there)) => there,
        _ => DeTable::new(),
    };
    within.insert(key_of(inner_key), value);
    table.insert(key_of(key), Spanned::new(span.clone(), DeValue::Table(within)));
}

/// Rows on their way to tables by name.
struct Join<'s, 'p> {
    profile: &'p Profile,
    apps: DeTable<'s>,
    mailboxes: DeTable<'s>,
    without: BTreeMap<String, Vec<Side>>,
    wrong: Vec<Wrong>,
}

impl<'s> Join<'s, '_> {
    fn add(&mut self, rows: Vec<Row<'s>>) {
        // A name that is written counts before one that is made up.
        let written: Vec<String> = rows.iter().filter_map(|row| Some(row.name.as_ref()?.get_ref().clone())).collect();
        for row in rows {
            match self.name_of(&row, &written) {
                Ok(name) => self.add_row(row, name),
                Err(wrong) => self.wrong.push(wrong),
            }
        }
    }

    /// The row's name: as written, else as the profile calls the mailbox with this address, else made of the address.
    fn name_of(&self, row: &Row<'_>, written: &[String]) -> Result<Spanned<String>, Wrong> {
        if let Some(name) = &row.name {
            return Ok(name.clone());
        }
        let Some(cell) = row.mailbox.get("address") else {
            return Err(refused(row.place.clone(), "this row has neither a name nor an address", "write one of them"));
        };
        let text = cell.get_ref().as_str().unwrap_or_default();
        let address: Address = text.parse().map_err(|invalid| Wrong {
            key: Some("address"),
            span: cell.span(),
            fault: Fault::Value(invalid),
        })?;
        let known = self.profile.mailboxes.values().find(|mailbox| mailbox.address.matches(text));
        if let Some(known) = known.filter(|known| !written.iter().any(|name| name == known.name.as_str())) {
            return Ok(Spanned::new(cell.span(), known.name.to_string()));
        }
        let is_free = |name: &Name| {
            !written.iter().any(|written| written == name.as_str())
                && !self.mailboxes.contains_key(name.as_str())
                && !self.apps.contains_key(name.as_str())
                && !self.profile.mailboxes.contains_key(name)
                && !self.profile.apps.contains_key(name)
        };
        let name = Name::of_address(&address, &is_free);
        let name = name.map_err(|invalid| Wrong { key: None, span: cell.span(), fault: Fault::Value(invalid) })?;
        Ok(Spanned::new(cell.span(), name.to_string()))
    }

    fn add_row(&mut self, mut row: Row<'s>, name: Spanned<String>) {
        if self.mailboxes.contains_key(name.get_ref().as_str()) {
            let problem = format!("mailbox '{}' is in a row above, too", name.get_ref().escape_debug());
            self.wrong.push(refused(name.span(), &problem, "leave one of the rows, or write another name"));
            return;
        }
        let app = self.app_of(&row, name.get_ref());
        if !row.mailbox.contains_key("app") {
            let value = Spanned::new(row.place.clone(), DeValue::String(Cow::Owned(app.clone())));
            insert(&mut row.mailbox, "app", None, value);
        }
        // Only one kind of credential has them.
        let place = |kind: &Credential| kind.settings().and_then(|key| row.app.get(key)).map(Spanned::span);
        let told: Vec<Credential> = Credential::ALL.into_iter().filter(|kind| place(kind).is_some()).collect();
        if let Some((kind, span)) = Credential::meant_by(&told).and_then(|kind| Some((kind, place(&kind)?)))
            && !row.app.contains_key("credential")
        {
            let value = DeValue::String(Cow::Borrowed(kind.key()));
            insert(&mut row.app, "credential", None, Spanned::new(span, value));
        }
        if !row.app.is_empty() {
            self.add_app(row.app, &app, &row.place);
        }
        if !row.without.is_empty() {
            self.without.insert(name.get_ref().clone(), row.without);
        }
        let key = Spanned::new(name.span(), Cow::Owned(name.get_ref().clone()));
        self.mailboxes.insert(key, Spanned::new(row.place, DeValue::Table(row.mailbox)));
    }

    /// The row's app: as written, else that of the mailbox in the profile, else the one with its client ID, else a new one
    /// that is called as the mailbox.
    fn app_of(&self, row: &Row<'_>, name: &str) -> String {
        let text = |table: &DeTable<'_>, key: &str| {
            table.get(key).and_then(|value| value.get_ref().as_str().map(str::to_owned))
        };
        if let Some(app) = text(&row.mailbox, "app") {
            return app;
        }
        let known = self.profile.mailboxes.iter().find(|(known, _)| known.as_str() == name);
        if let Some((_, mailbox)) = known {
            return mailbox.app.to_string();
        }
        let Some(id) = text(&row.app, "client_id") else { return name.to_owned() };
        let has_id = |table: &Spanned<DeValue<'_>>| {
            let table = table.get_ref().as_table();
            table.and_then(|table| text(table, "client_id")).is_some_and(|other| is_same_client_id(&other, &id))
        };
        let above = self.apps.iter().find(|(_, table)| has_id(table)).map(|(name, _)| name.get_ref().to_string());
        let in_profile = || {
            let mut apps = self.profile.apps.values();
            apps.find(|app| is_same_client_id(app.client_id.as_str(), &id)).map(|app| app.name.to_string())
        };
        above.or_else(in_profile).unwrap_or_else(|| name.to_owned())
    }

    /// What the row says of its app, beside what rows above have said of it.
    fn add_app(&mut self, app: DeTable<'s>, name: &str, place: &Range<usize>) {
        let (span, mut known) = match self.apps.remove(name) {
            Some(there) => match (there.span(), there.into_inner()) {
                (span, DeValue::Table(table)) => (span, table),
                (span, _) => (span, DeTable::new()),
            },
            None => (place.clone(), DeTable::new()),
        };
        for (key, value) in app {
            match known.get(key.get_ref().as_ref()) {
                Some(there) if is_same(key.get_ref(), there.get_ref(), value.get_ref()) => {}
                Some(_) => {
                    let problem = format!("app '{}' has another {} in a row above", name.escape_debug(), key.get_ref());
                    self.wrong.push(refused(value.span(), &problem, "write the same, or name another app"));
                }
                None => {
                    known.insert(key, value);
                }
            }
        }
        let key = Spanned::new(span.clone(), Cow::Owned(name.to_owned()));
        self.apps.insert(key, Spanned::new(span, DeValue::Table(known)));
    }
}

/// Whether two values of `key` are one.
fn is_same(key: &str, one: &DeValue<'_>, other: &DeValue<'_>) -> bool {
    let (one, other) = (said(one), said(other));
    one == other || key == "client_id" && is_same_client_id(&one, &other)
}

/// A value without its place, for a comparison.
fn said(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Table(table) => {
            table.iter().map(|(key, value)| format!("{}={};", key.get_ref(), said(value.get_ref()))).collect()
        }
        DeValue::Array(array) => array.iter().map(|value| said(value.get_ref()) + ",").collect(),
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(is) => is.to_string(),
        DeValue::Datetime(day) => day.to_string(),
    }
}
