//! Each test that SECURITY.md names is worth something: `tests/protections/rows/*.toml` says which lines of the source
//! keep a promise and what the source looks like without them. In a copy of the tree they are taken out, one row at a
//! time, and the row's test must fail then.

mod builds;
mod report;
mod rows;
mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;

use report::Report;
use rows::Row;
use tree::{Ended, Tree};

use crate::promises;

/// Runs the rows that `arguments` name, or all.
pub(crate) fn run(arguments: &[&str]) -> ExitCode {
    let (flags, names): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|argument| argument.starts_with('-'));
    let run: fn(&[Row], &mut Report) -> ExitCode = match flags.as_slice() {
        [] => |rows, report| {
            take_out(rows, report);
            report.end()
        },
        ["--check"] => |rows, report| report.checked(rows.len()),
        ["--build"] => |rows, report| {
            builds::look(rows, report);
            report.built(rows.len())
        },
        _ => {
            eprintln!("{}", crate::USAGE);
            return ExitCode::from(2);
        }
    };
    let rows = rows::all();
    if let Some(unknown) = names.iter().find(|name| !rows.iter().any(|row| row.is_called(name))) {
        eprintln!("no row is called {unknown}: give an ID (L3), an ID with a number (L3.2) or a file of rows (wire)");
        return ExitCode::from(2);
    }
    let rows: Vec<Row> =
        rows.into_iter().filter(|row| names.is_empty() || names.iter().any(|name| row.is_called(name))).collect();
    let mut report = Report::default();
    if names.is_empty() {
        without_row(&rows).iter().for_each(|promise| report.no_row(promise));
    }
    let (apply, stale): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| objections(row).is_empty());
    stale.iter().for_each(|row| report.stale(row, &objections(row)));
    run(&apply, &mut report)
}

/// Takes out the protection of each row.
fn take_out(rows: &[Row], report: &mut Report) {
    let tree = Tree::copy(&crate::root());
    // A test that fails anyway, or that does not exist, proves nothing by failing. All of them run before the first
    // change, so that the source is built once for them and once for each row.
    let mut whole: BTreeMap<&str, Ended> = BTreeMap::new();
    for row in rows {
        whole.entry(&row.test).or_insert_with(|| tree.test(row));
    }
    for row in rows {
        match &whole[row.test.as_str()] {
            Ended::Passed => report.ended(row, &tree.test_without(row)),
            with_it => report.unsound(row, with_it),
        }
    }
}

/// Promises without a row.
fn without_row(rows: &[Row]) -> Vec<String> {
    let promises = promises::all().into_iter().map(|promise| promise.id);
    promises.filter(|id| !rows.iter().any(|row| row.id == *id)).collect()
}

/// Why a row cannot be used as it is.
fn objections(row: &Row) -> Vec<String> {
    let mut wrong = Vec::new();
    let source = fs::read_to_string(crate::root().join(&row.file)).unwrap_or_default();
    let count = source.matches(&row.find).count();
    if count != 1 {
        wrong.push(format!("{} holds its lines {count} times, not once", row.file));
    }
    if row.find == row.put {
        wrong.push("it changes nothing".to_owned());
    }
    let promises = promises::all();
    if !promises.iter().any(|promise| promise.id == row.id && promise.tests.iter().any(|test| test == row.name())) {
        wrong.push(format!("SECURITY.md does not name {} for {}", row.name(), row.id));
    }
    wrong
}
