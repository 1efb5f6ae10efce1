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
