//! `--dry-run`: each verb that writes tells what it would do, and does nothing of it.

use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary::NEXT_CLIENT_SECRET;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;

/// Runs it dry: nothing has changed on the disk, and the provider and the mail servers were not asked.
#[track_caller]
fn dry(shop: &Fixture, arguments: &[&str], stdin: &str) -> Finished {
    let (files, counters) = (shop.files(), shop.sandbox().counters());
    let told = shop.run(&[&["--json"], arguments, &["--dry-run"]].concat()).stdin(stdin).finish();
    assert_eq!(shop.files(), files, "{arguments:?} has written");
    assert_eq!(shop.sandbox().counters(), counters, "{arguments:?} has asked a server");
    assert!(!told.all_text().contains(NEXT_CLIENT_SECRET), "{}", told.all_text());
    if told.code == Some(0) {
        assert_eq!(told.json()["dry_run"], true, "{}", told.stdout);
        let text = shop.run(&[arguments, &["--dry-run"]].concat()).stdin(stdin).finish().code(0);
        assert!(text.stdout.starts_with("Dry run: nothing was written, sent or stored."), "{}", text.stdout);
    }
    told
}

/// Runs it dry, and then in earnest: both end with the same code.
#[track_caller]
fn both(shop: &Fixture, arguments: &[&str], stdin: &str) -> Finished {
    let told = dry(shop, arguments, stdin);
    let done = shop.run(&[&["--json"], arguments].concat()).stdin(stdin).finish();
    assert_eq!(told.code, done.code, "{arguments:?}: {} {}", told.stdout, done.stdout);
    assert_eq!(done.json().get("dry_run"), None, "{}", done.stdout);
    assert_eq!(has_changed(&told), has_changed(&done), "{arguments:?}: {} {}", told.stdout, done.stdout);
    told
}

/// Whether any report says that something changed, or would.
fn has_changed(finished: &Finished) -> bool {
    let document = finished.json();
    let reports = document["reports"].as_array().cloned().unwrap_or_default();
    reports.iter().any(|report| report["changed"] == true)
}

fn diff(told: &Finished) -> String {
    let document = told.json();
    let lines = document["diff"].as_array().cloned().unwrap_or_default();
    lines.iter().filter_map(|line| line.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_dry_run_changes_nothing_and_ends_as_the_run_would() {
    let shop = Fixture::authorized();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    both(&shop, &["new-vault-key", "another.key"], "");
    both(&shop, &["new-vault-key", "another.key"], "");
    both(&shop, &["new-certificate", "shop", "--key", "ec"], "");

    let add = shop.add_arguments("alice", &[("--app", Some("shop")), ("--address", Some(ALICE))]);
    let add: Vec<&str> = add.iter().map(String::as_str).filter(|word| *word != "--secret-stdin").collect();
    let added = diff(&both(&shop, &add, ""));
    assert!(added.contains("+ [mailboxes.alice]\n+ app = \"shop\"\n") && added.contains(ALICE), "{added}");
    assert!(!added.contains("[apps."), "the app stays as it is: {added}");
    assert_eq!(diff(&both(&shop, &add, "")), "", "it is there already");

    let told = dry(&shop, &["authorize", "shop"], "");
    assert!(told.stdout.contains("offline_access") && told.stdout.contains(SHOP), "{}", told.stdout);
    dry(&shop, &["authorize", "no-such"], "").code(3);

    let rotate = ["rotate-secret", "shop", "--secret-stdin", "--expires", "2031-05-20"];
    let rotated = diff(&both(&shop, &rotate, NEXT_CLIENT_SECRET));
    assert_eq!(rotated, "  [apps.shop]\n+ secret_expires = 2031-05-20");
    assert_eq!(diff(&both(&shop, &rotate, NEXT_CLIENT_SECRET)), "");
    let back = diff(&both(&shop, &["rotate-secret", "shop", "--rollback"], ""));
    assert_eq!(back, "  [apps.shop]\n- secret_expires = 2031-05-20");
    both(&shop, &["rotate-secret", "shop", "--discard-previous"], "");
    both(&shop, &["rotate-secret", "shop", "--rollback"], "");
    both(&shop, &["rotate-secret", "shop", "--secret-stdin"], "");

    both(&shop, &["store", "migrate", "vault", "keyring"], "");
    let removed = both(&shop, &["remove", "alice", "--yes"], "");
    assert!(diff(&removed).contains("- [mailboxes.alice]"), "{}", removed.stdout);
    both(&shop, &["remove", "alice", "--yes"], "");
    both(&shop, &["remove", "alice", "--yes", "--ignore-missing"], "");
    // It need not be asked for what is not done.
    dry(&shop, &["remove", "shop"], "").code(0).says("- [apps.shop]");
}

#[test]
fn a_dry_run_names_the_certificate_that_would_be_used() {
    let shop = Fixture::authorized();
    shop.run(&["new-certificate", "--out", "one.pem", "--key", "ec"]).finish().code(0);
    shop.run(&["new-certificate", "--out", "two.pem", "--key", "ec"]).finish().code(0);
    let one = shop.path().join("one.pem").display().to_string();
    let add = shop.add_arguments(
        "other",
        &[("--app", Some("other")), ("--certificate", Some(&one)), ("--credential", Some("certificate"))],
    );
    let add: Vec<&str> = add.iter().map(String::as_str).collect();
    shop.run(&add).finish().code(0);
    let told = dry(&shop, &["rotate-secret", "other", "--certificate", "two.pem"], "").code(0);
    assert!(diff(&told).contains("previous_file"), "{}", told.stdout);
    both(&shop, &["rotate-secret", "other", "--certificate", "three.pem"], "").code(3);
    assert_eq!(diff(&dry(&shop, &["rotate-secret", "other", "--certificate", "one.pem"], "").code(0)), "");
    both(&shop, &["rotate-secret", "other", "--rollback"], "");
}
