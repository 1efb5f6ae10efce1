//! The flags for many mailboxes, of each verb that has them.

use super::{Row, does};
use crate::support::fixture::Fixture;

/// It runs, with a number that can be one, and not with another.
fn counts(shop: &Fixture, verb: &str, flag: &str) {
    shop.run(&[verb, "shop", flag, "2"]).finish().code(0);
    for bad in ["0", "513", "many"] {
        shop.json(&[verb, "shop", flag, bad], 2);
    }
}

/// A mailbox is in exactly one of the shares, and the report says in which.
fn shares(shop: &Fixture, verb: &str) {
    let shares = ["1/2", "2/2"].map(|shard| shop.json(&[verb, "shop", "--shard", shard], 0));
    let [first, second] = shares.each_ref().map(|run| run.stdout.contains(": 1 of 1 mailboxes"));
    assert!(first != second, "{verb}: {first} {second}");
    shop.json(&[verb, "shop", "--shard", "3/2"], 2);
}

/// Each report says what has changed since an earlier run, and what is no earlier run is refused.
fn compares(shop: &Fixture, words: &[&str]) {
    let file = format!("{}-before.json", words[0]);
    shop.run(&[words, &["--report", &format!("json={file}")]].concat()).finish();
    let now = shop.run(&[words, &["--json", "--baseline", &file]].concat()).finish().json();
    let reports = now["reports"].as_array().unwrap();
    assert!(!reports.is_empty() && reports.iter().all(|report| report["since"].is_string()), "{words:?}: {now}");
    shop.json(&[words, &["--baseline", "no-such.json"]].concat(), 2);
}

macro_rules! rows {
    ($($verb:literal),*) => {
        &[$(
            does($verb, "--jobs", |shop| counts(shop, $verb, "--jobs")),
            does($verb, "--jobs-per-server", |shop| counts(shop, $verb, "--jobs-per-server")),
            does($verb, "--shard", |shop| shares(shop, $verb)),
        )*]
    };
}

pub(super) const ROWS: &[Row] = rows!("test", "test-mailbox", "test-smtp", "inspect", "status");

pub(super) const COMPARED: &[Row] = &[
    does("test", "--baseline", |shop| compares(shop, &["test", "shop"])),
    does("test-mailbox", "--baseline", |shop| compares(shop, &["test-mailbox", "shop"])),
    does("test-smtp", "--baseline", |shop| compares(shop, &["test-smtp", "shop"])),
    does("status", "--baseline", |shop| compares(shop, &["status"])),
    does("doctor", "--baseline", |shop| compares(shop, &["doctor"])),
];
