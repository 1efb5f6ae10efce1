//! The cells of CSV (RFC 4180), separated by commas, semicolons or tabs, as the header has them.

use std::borrow::Cow;
use std::ops::Range;

use crate::config::entry::Wrong;
use crate::config::wanted::refused::refused;

/// A cell, with its place.
#[derive(Debug, Clone)]
pub(super) struct Cell<'s> {
    pub(super) text: Cow<'s, str>,
    pub(super) span: Range<usize>,
}

/// All rows that have something in them, the header first.
///
/// # Errors
/// The first quote that is not closed, or is not where a quote can be.
pub(super) fn rows(source: &str) -> Result<Vec<Vec<Cell<'_>>>, Wrong> {
    let separator = separator(source);
    let (mut rows, mut row, mut at) = (Vec::new(), Vec::new(), 0);
    while at < source.len() || !row.is_empty() {
        let (cell, end) = cell(source, at, separator)?;
        row.push(cell);
        at = end;
        let rest = &source[at..];
        if rest.starts_with(separator) {
            at += separator.len_utf8();
            // A separator at the very end has an empty cell behind it.
            continue;
        }
        let line_end = if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) };
        at += line_end;
        if row.iter().any(|cell: &Cell<'_>| !cell.text.trim().is_empty()) {
            rows.push(std::mem::take(&mut row));
        }
        row.clear();
    }
    Ok(rows)
}

/// The separator that the header has most of.
fn separator(source: &str) -> char {
    let header = source.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: char| header.matches(separator).count();
    [',', ';', '\t'].into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(',')
}

/// The cell that begins at `at`, and where it ends.
fn cell(source: &str, at: usize, separator: char) -> Result<(Cell<'_>, usize), Wrong> {
    let rest = &source[at..];
    let is_end = |c: char| c == separator || c == '\n';
    if !rest.starts_with('"') {
        let length = rest.find(is_end).unwrap_or(rest.len());
        let text = rest[..length].trim_end_matches('\r');
        return Ok((Cell { text: text.into(), span: at..at + text.len() }, at + text.len()));
    }
    let mut text = String::new();
    let mut from = 1;
    loop {
        let Some(quote) = rest[from..].find('"') else {
            return Err(refused(
                at..at,
                "a quote begins here and does not end",
                "close it, or double a quote that is meant",
            ));
        };
        text.push_str(&rest[from..from + quote]);
        from += quote + 1;
        if !rest[from..].starts_with('"') {
            break;
        }
        text.push('"');
        from += 1;
    }
    let behind = &rest[from..];
    if !behind.is_empty() && !behind.starts_with(is_end) && !behind.starts_with("\r\n") {
        return Err(refused(
            at + from..at + from,
            "there is text behind a closing quote",
            "double a quote that is meant",
        ));
    }
    let whole = &rest[1..from - 1];
    let text = if text == whole { Cow::Borrowed(whole) } else { Cow::Owned(text) };
    Ok((Cell { text, span: at..at + from }, at + from))
}
