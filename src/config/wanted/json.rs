//! JSON as the tables that TOML is read as, so that both are checked by the same rules and errors have their places.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::refused::refused;
use super::tables::Tables;
use crate::config::entry::Wrong;

/// The tables of `source`.
///
/// # Errors
/// Where it is not JSON, or not an object.
pub(super) fn tables(source: &str) -> Result<Tables<'_>, Wrong> {
    // From here on its grammar and its depth are known to be right.
    if let Err(error) = serde_json::from_str::<IgnoredAny>(source) {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let start = source.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let at = (start + error.column().saturating_sub(1)).min(source.len());
        let at = (0..=at).rev().find(|at| source.is_char_boundary(*at)).unwrap_or_default();
        return Err(refused(at..at, &format!("this is not valid JSON: {message}"), "correct it there"));
    }
    let mut walk = Walk { source, at: 0, wrong: Vec::new() };
    let value = walk.value();
    match value.map(|value| (value.span(), value.into_inner())) {
        Some((span, DeValue::Table(root))) => {
            Ok(Tables { root: Spanned::new(span, root), wrong: walk.wrong, without: BTreeMap::new() })
        }
        _ => Err(refused(0..0, "this is not an object", "write { \"apps\": { … }, \"mailboxes\": { … } }")),
    }
}

/// A walk through valid JSON.
struct Walk<'s> {
    source: &'s str,
    at: usize,
    wrong: Vec<Wrong>,
}

impl<'s> Walk<'s> {
    /// The value that begins here, with its place; none for `null`, which says nothing.
    fn value(&mut self) -> Option<Spanned<DeValue<'s>>> {
        let start = self.skip_blanks();
        let value = match self.peek() {
            Some('{') => Some(DeValue::Table(self.object())),
            Some('[') => Some(DeValue::Array(self.array())),
            Some('"') => Some(DeValue::String(self.string())),
            _ => self.word(),
        };
        value.map(|value| Spanned::new(start..self.at, value))
    }

    fn object(&mut self) -> DeTable<'s> {
        let mut table = DeTable::new();
        self.at += 1;
        while self.begins_another('}') {
            let start = self.skip_blanks();
            let key = self.string();
            let span = start..self.at;
            self.skip_blanks();
            // The colon.
            self.at += 1;
            let Some(value) = self.value() else { continue };
            if table.contains_key(key.as_ref()) {
                let problem = format!("'{}' is here twice", key.escape_debug());
                self.wrong.push(refused(span, &problem, "leave one of them"));
                continue;
            }
            table.insert(Spanned::new(span, key), value);
        }
        table
    }

    fn array(&mut self) -> DeArray<'s> {
        let mut array = DeArray::new();
        self.at += 1;
        while self.begins_another(']') {
            if let Some(value) = self.value() {
                array.push(value);
            }
        }
        array
    }

    /// Whether another element follows before `end`, which is passed else.
    fn begins_another(&mut self, end: char) -> bool {
        self.skip_blanks();
        if self.peek() == Some(',') {
            self.at += 1;
            self.skip_blanks();
        }
        if self.peek().is_none_or(|c| c == end) {
            self.at = (self.at + 1).min(self.source.len());
            return false;
        }
        true
    }

    fn string(&mut self) -> Cow<'s, str> {
        let start = self.at;
        // Behind the quote that it begins with.
        let inside = start + 1;
        let mut is_escaped = false;
        for (offset, c) in self.source[inside..].char_indices() {
            if c == '"' && !is_escaped {
                self.at = inside + offset + 1;
                break;
            }
            is_escaped = c == '\\' && !is_escaped;
        }
        let token = &self.source[start..self.at];
        match serde_json::from_str::<String>(token) {
            Ok(text) => Cow::Owned(text),
            Err(_) => {
                self.wrong.push(refused(start..self.at, "this is not a text", "write it without lone surrogates"));
                Cow::Borrowed("")
            }
        }
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<DeValue<'s>> {
        let rest = &self.source[self.at..];
        let length = rest.find(|c: char| matches!(c, ',' | '}' | ']') || c.is_whitespace()).unwrap_or(rest.len());
        let word = &rest[..length];
        self.at += length;
        match word {
            "null" => None,
            // TOML writes them as JSON does.
            _ => Some(DeValue::parse(word).map_or_else(|_| DeValue::String(word.into()), Spanned::into_inner)),
        }
    }

    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    fn skip_blanks(&mut self) -> usize {
        let rest = &self.source[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        self.at
    }
}
