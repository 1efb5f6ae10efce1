//! What an edit of the profile changes, as the lines of a diff: table by table and key by key.
//!
//! The values are those that the profile was read as. Comments are not among them: people write there what they please.

use std::collections::BTreeMap;

use toml_edit::{InlineTable, Key};

use super::file::ProfileFile;
use crate::profile::Name;
use crate::text::{Redactor, Shown};

/// What `after` says otherwise than `before`: each line behind `+`, `-` or a blank.
pub(super) fn between(before: &ProfileFile, after: &ProfileFile) -> Vec<Shown> {
    let (before, after) = (tables(before), tables(after));
    let mut lines = Vec::new();
    let headers: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for header in headers {
        match (before.get(header), after.get(header)) {
            (Some(old), Some(new)) => changes(header, old, new, &mut lines),
            (Some(old), None) => whole('-', header, old, &mut lines),
            (None, Some(new)) => whole('+', header, new, &mut lines),
            (None, None) => {}
        }
    }
    lines
}

/// The tables of the file, by their headers.
fn tables(file: &ProfileFile) -> BTreeMap<String, InlineTable> {
    let header = |group: &str, name: &Name| format!("[{group}.{}]", Key::new(name.as_str()));
    let apps = file.apps.iter().map(|(name, app)| (header("apps", name), app.get_ref().to_table()));
    let mailboxes =
        file.mailboxes.iter().map(|(name, mailbox)| (header("mailboxes", name), mailbox.get_ref().to_table()));
    let secrets = file.secrets.iter().map(|spec| ("[secrets]".to_owned(), spec.to_table()));
    apps.chain(mailboxes).chain(secrets).collect()
}

fn whole(mark: char, header: &str, table: &InlineTable, lines: &mut Vec<Shown>) {
    lines.push(line(mark, header));
    lines.extend(table.iter().map(|(key, value)| line(mark, &said(key, value))));
}

fn changes(header: &str, old: &InlineTable, new: &InlineTable, lines: &mut Vec<Shown>) {
    let has = |table: &InlineTable, key: &str, value: &str| table.get(key).is_some_and(|there| text(there) == value);
    let gone =
        old.iter().filter(|(key, value)| !has(new, key, &text(value))).map(|(key, value)| ('-', said(key, value)));
    let come =
        new.iter().filter(|(key, value)| !has(old, key, &text(value))).map(|(key, value)| ('+', said(key, value)));
    let mut changed = gone.chain(come).peekable();
    if changed.peek().is_some() {
        lines.push(line(' ', header));
    }
    lines.extend(changed.map(|(mark, said)| line(mark, &said)));
}

fn said(key: &str, value: &toml_edit::Value) -> String {
    format!("{key} = {}", text(value))
}

fn text(value: &toml_edit::Value) -> String {
    value.to_string().trim().to_owned()
}

fn line(mark: char, text: &str) -> Shown {
    Redactor::by_shape(&format!("{mark} {text}"))
}
