//! The flags of `rotate-secret --issue`.

use super::{Row, does};
use crate::rotate_issue::{OWNED_BY, admin_token, issue, stale};
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

fn ready() -> Fixture {
    stale(&[OWNED_BY])
}

/// Of no use without `--issue`.
fn needs_issue(shop: &Fixture, flags: &[&str]) {
    let refused = shop.run(&[&["rotate-secret", "shop"], flags].concat()).finish().code(2);
    assert!(refused.stderr.contains("--issue"), "{}", refused.stderr);
}

/// How many secrets the directory has issued and removed.
fn changes(shop: &Fixture) -> (u32, u32) {
    let counters = shop.sandbox().counters();
    (counters.passwords_added, counters.passwords_removed)
}

pub(super) const ROWS: &[Row] = &[
    does("rotate-secret", "--issue", |_| {
        let shop = ready();
        issue(&shop, &[]).finish().code(0);
        assert_eq!(changes(&shop), (1, 0));
        for flags in [&["--secret-stdin"][..], &["--expires", "2031-05-20"], &["--rollback"], &["--discard-previous"]] {
            let refused = shop.run(&[&["rotate-secret", "shop", "--issue"], flags].concat()).finish().code(2);
            assert!(refused.stderr.contains("cannot be used with"), "{}", refused.stderr);
        }
    }),
    does("rotate-secret", "--lifetime", |shop| {
        needs_issue(shop, &["--lifetime", "90"]);
        let shop = ready();
        let rotated = issue(&shop, &["--lifetime", "2031-05-20"]).finish().code(0);
        assert_eq!(fact(&rotated, "secret_expires"), "2031-05-20");
        let refused = issue(&shop, &["--lifetime", "0"]).finish().code(2);
        assert!(refused.all_text().contains("1 to 3650"), "{}", refused.all_text());
    }),
    does("rotate-secret", "--keep-old", |shop| {
        needs_issue(shop, &["--keep-old", "0"]);
        let shop = ready();
        issue(&shop, &["--keep-old", "0"]).finish().code(0);
        assert_eq!(changes(&shop), (1, 1));
    }),
    does("rotate-secret", "--if-expires-within", |shop| {
        needs_issue(shop, &["--if-expires-within", "30"]);
        let shop = ready();
        issue(&shop, &["--if-expires-within", "30"]).finish().code(0);
        assert_eq!(changes(&shop), (0, 0));
    }),
    does("rotate-secret", "--dry-run", |shop| {
        let refused = shop.run(&["rotate-secret", "shop", "--dry-run"]).finish().code(2);
        assert!(refused.stderr.contains("--secret-stdin"), "{}", refused.stderr);
        let shop = ready();
        issue(&shop, &["--dry-run"]).finish().code(0).says("addPassword");
        assert_eq!(changes(&shop), (0, 0));
    }),
    does("rotate-secret", "--admin-token-stdin", |shop| {
        needs_issue(shop, &["--admin-token-stdin"]);
        let shop = stale(&[]);
        let token = admin_token(&shop, "Application.ReadWrite.All");
        issue(&shop, &["--admin-token-stdin"]).stdin(&token).finish().code(0);
        assert_eq!(changes(&shop), (1, 0));
        let both =
            issue(&shop, &["--admin-token-stdin", "--reauthorize", "--no-browser"]).stdin(&token).finish().code(2);
        assert!(both.all_text().contains("standard input"), "{}", both.all_text());
    }),
    does("rotate-secret", "--admin", |shop| {
        needs_issue(shop, &["--admin", "az"]);
        let shop = stale(&[]);
        // It is not there: with the path that the machine may have one on, it is not asked.
        let failed = issue(&shop, &["--admin", "az"]).env("PATH", "/nonexistent").finish().code(1);
        assert!(failed.all_text().contains("az (Azure CLI)"), "{}", failed.all_text());
        issue(&shop, &["--admin", "another"]).finish().code(2);
    }),
];
