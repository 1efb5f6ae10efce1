//! The text around the values of a profile: comments, blank lines, line ends.

use toml_edit::{Decor, DocumentMut, Item, RawString, Table};

/// Takes `[group.name]` out. The comment directly above it goes with it; what is further up (the file's header, a
/// section's) stays, above the next table or at the end.
pub(super) fn remove_table(document: &mut DocumentMut, group: &str, name: &str) {
    let places = places(document);
    let Some(groups) = document.get_mut(group).and_then(Item::as_table_like_mut) else { return };
    let Some(removed) = groups.remove(name) else { return };
    let Some(table) = removed.as_table() else { return };
    // A table without a header of its own (dotted keys, or only sub-tables) may have none.
    let Some(first) = first_position(table) else { return };
    let kept = kept(prefix(first.1.decor()), places.first() == Some(&first.0));
    if kept.is_empty() {
        return;
    }
    match places.into_iter().find(|place| *place > first.0 && holds(document.as_table(), *place)) {
        Some(next) => {
            with_table(document.as_table_mut(), next, &mut |table| {
                let joined = format!("{kept}{}", prefix(table.decor()).trim_start_matches(['\r', '\n']));
                table.decor_mut().set_prefix(joined);
            });
        }
        None => {
            let trailing = format!("{kept}{}", raw(document.trailing()).trim_start_matches(['\r', '\n']));
            document.set_trailing(trailing);
        }
    }
}

/// The part of a removed table's leading decor that is not its own.
fn kept(prefix: &str, is_first: bool) -> String {
    let lines: Vec<&str> = prefix.split_inclusive('\n').collect();
    match lines.iter().rposition(|line| line.trim().is_empty()) {
        Some(blank) if lines[..blank].iter().any(|line| !line.trim().is_empty()) => lines[..=blank].concat(),
        // At the very top, a single block of comments is more likely the file's than the table's.
        _ if is_first && !prefix.trim().is_empty() => format!("{}\n", prefix.trim_end_matches('\n')) + "\n",
        _ => String::new(),
    }
}

/// Gives `text` the line ends and the byte order mark of `model`.
pub(super) fn like(model: &str, text: String) -> String {
    let crlf = model.find('\n').is_some_and(|end| model[..end].ends_with('\r'));
    let text = if crlf { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
    if model.starts_with('\u{feff}') && !text.starts_with('\u{feff}') { format!("\u{feff}{text}") } else { text }
}

fn raw(text: &RawString) -> &str {
    text.as_str().unwrap_or_default()
}

fn prefix(decor: &Decor) -> &str {
    decor.prefix().map_or("", raw)
}

/// The positions of all tables with headers, in the order of the file.
fn places(document: &DocumentMut) -> Vec<isize> {
    let mut places = Vec::new();
    walk(document.as_table(), &mut |table| places.extend(position(table)));
    places.sort_unstable();
    places
}

fn position(table: &Table) -> Option<isize> {
    table.position().filter(|_| !table.is_implicit() && !table.is_dotted())
}

fn first_position(table: &Table) -> Option<(isize, &Table)> {
    fn look<'a>(table: &'a Table, best: &mut Option<(isize, &'a Table)>) {
        if let Some(place) = position(table)
            && best.is_none_or(|(known, _)| place < known)
        {
            *best = Some((place, table));
        }
        table.iter().filter_map(|(_, item)| item.as_table()).for_each(|inner| look(inner, best));
    }
    let mut best = None;
    look(table, &mut best);
    best
}

fn holds(table: &Table, place: isize) -> bool {
    let mut found = false;
    walk(table, &mut |table| found |= position(table) == Some(place));
    found
}

fn walk(table: &Table, visit: &mut dyn FnMut(&Table)) {
    for inner in table.iter().filter_map(|(_, item)| item.as_table()) {
        visit(inner);
        walk(inner, visit);
    }
}

fn with_table(table: &mut Table, place: isize, change: &mut dyn FnMut(&mut Table)) {
    for (_, item) in table.iter_mut() {
        if let Some(inner) = item.as_table_mut() {
            if position(inner) == Some(place) {
                change(inner);
            }
            with_table(inner, place, change);
        }
    }
}
