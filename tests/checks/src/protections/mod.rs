//! Each promise of SECURITY.md names its test, and each of those tests is worth something: `rows/*.toml` says which lines
//! of the source keep the promise and what the source looks like without them.
//!
//! `cargo test --test protections` holds SECURITY.md, the rows and the source against each other. `cargo test --test
//! protections -- --ignored --nocapture` takes every protection out, one at a time, in a copy of the tree, and insists
//! that its test fails then. `PROTECTIONS_ONLY=L3,Q2` does so for these alone. It needs what `tests/run` installs.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod promises;
mod rows;
mod tree;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use promises::promises;
use rows::Row;
use tree::{Ended, Tree};

#[test]
fn every_promise_names_tests_that_exist() {
    let names = test_names();
    let promises = promises();
    assert!(promises.len() > 30, "only {} promises were read", promises.len());
    let missing: Vec<String> = promises
        .iter()
        .flat_map(|promise| match promise.tests.as_slice() {
            [] => vec![format!("{} names no test", promise.id)],
            tests => {
                let unknown = tests.iter().filter(|test| !names.contains(*test));
                unknown.map(|test| format!("{}: there is no test `{test}`", promise.id)).collect()
            }
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_promise_has_a_protection_that_can_be_taken_out() {
    let rows = rows::all();
    let mut wrong = Vec::new();
    for promise in promises() {
        let mut own = rows.iter().filter(|row| row.id == promise.id).peekable();
        if own.peek().is_none() {
            wrong.push(format!("{} has no row", promise.id));
        }
        wrong.extend(
            own.filter(|row| !promise.tests.contains(&row.name().to_owned())).map(|row| {
                format!("{} takes its measure from `{}`, which SECURITY.md does not name", row.id, row.name())
            }),
        );
    }
    for row in &rows {
        let source = fs::read_to_string(root().join(&row.file)).unwrap_or_default();
        let count = source.matches(&row.find).count();
        if count != 1 {
            wrong.push(format!("{} ({}): its lines stand {count} times in {}", row.id, row.without, row.file));
        }
        if row.find == row.put {
            wrong.push(format!("{} ({}) changes nothing", row.id, row.without));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[ignore = "builds the tree once for each row: half an hour and more"]
fn each_test_fails_without_its_protection() {
    let only = std::env::var("PROTECTIONS_ONLY").unwrap_or_default();
    let only: Vec<&str> = only.split(',').filter(|id| !id.is_empty()).collect();
    let rows: Vec<Row> =
        rows::all().into_iter().filter(|row| only.is_empty() || only.contains(&row.id.as_str())).collect();
    assert!(!rows.is_empty(), "no row has such an ID");
    let tree = Tree::copy(root());
    let mut wrong = Vec::new();
    let mut sound = BTreeSet::new();
    for row in &rows {
        // A test that fails anyway, or that is not there, proves nothing by failing.
        if !sound.contains(&row.test) {
            match tree.test(row) {
                Ended::Passed => {
                    sound.insert(row.test.clone());
                }
                other => {
                    let (word, output) = (other.word(), other.output());
                    wrong.push(format!("{}: `{}` {word} with its protection:\n{output}", row.id, row.test));
                    continue;
                }
            }
        }
        let ended = tree.test_without(row);
        println!("{:<3} without {:<70} {}", row.id, row.without, ended.word());
        if !matches!(ended, Ended::Failed(_)) {
            wrong.push(format!(
                "{} without {}: `{}` {}\n{}",
                row.id,
                row.without,
                row.test,
                ended.word(),
                ended.output()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all functions in the source and the tests.
fn test_names() -> BTreeSet<String> {
    let mut folders = vec![root().join("src"), root().join("tests")];
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !path.ends_with("node_modules") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).unwrap();
                let after = text.split("fn ").skip(1);
                names.extend(
                    after.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned()),
                );
            }
        }
    }
    names
}
