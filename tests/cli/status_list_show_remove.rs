use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary;
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

fn day(from_now: i64) -> String {
    let today = crate::sandbox::world::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_add(jiff::Span::new().days(from_now)).to_string()
}

#[test]
fn status_warns_of_a_secret_that_expires_and_fails_where_asked() {
    let shop = Fixture::new();
    shop.add("shop", &[("--expires", Some(&day(5)))]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    let status = shop.json(&["status"], 0);
    assert!(status.json()["warnings"][0]["text"].as_str().unwrap().contains(&day(5)), "{}", status.stdout);
    let failed = shop.json(&["status", "--fail-within"], 1);
    assert_eq!(failed.finding_codes(), ["secret-expires-soon"]);
    shop.json(&["status", "--fail-within=3"], 0);
}

#[test]
fn an_alarm_that_knows_nothing_fails() {
    let shop = Fixture::authorized();
    let failed = shop.json(&["status", "--fail-within=14"], 1);
    assert_eq!(failed.finding_codes(), ["secret-expiry-unknown"]);
    shop.json(&["status", "--fail-within=14", "--allow-unknown-expiry"], 0);
    shop.json(&["status"], 0);
}

#[test]
fn the_days_may_stand_behind_a_blank() {
    let shop = Fixture::new();
    shop.add("shop", &[("--expires", Some(&day(20)))]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    shop.json(&["status", "--fail-within", "14"], 0);
    let failed = shop.json(&["status", "--fail-within", "30"], 1);
    assert_eq!(failed.finding_codes(), ["secret-expires-soon"]);
    shop.json(&["status", "shop", "--fail-within", "30"], 1);
    let refused = shop.json(&["status", "--fail-within", "14", "15"], 2);
    assert!(refused.stdout.contains("--fail-within=14"), "{}", refused.stdout);
    let refused = shop.json(&["status", "--fail-within", "shop", "nosuch"], 3);
    assert_eq!(refused.json()["error"]["code"], "unknown-mailbox");
}

#[test]
fn status_says_that_a_secret_has_expired() {
    let shop = Fixture::new();
    shop.add("shop", &[("--expires", Some(&day(-3)))]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    assert_eq!(shop.json(&["status", "shop"], 1).finding_codes(), ["secret-expired"]);
}

#[test]
fn list_touches_neither_store_nor_network() {
    let shop = Fixture::added();
    let list = shop.run(&["--json", "list"]).env("MAILGRANT_VAULT_KEY", "no key at all").finish().code(0);
    assert!(list.stdout.contains(SHOP), "{}", list.stdout);
    assert_eq!(shop.sandbox().counters().token_requests, 0);
}

#[test]
fn show_tells_everything_but_the_secrets() {
    let shop = Fixture::authorized();
    let show = shop.run(&["show", "shop"]).finish().code(0);
    for word in [SHOP, "IMAP", "SMTP", "http://localhost", shop.sandbox().authority()] {
        assert!(show.stdout.contains(word), "{word}: {}", show.stdout);
    }
    let mut secrets = shop.sandbox().issued_tokens();
    secrets.push(canary::CLIENT_SECRET.to_owned());
    assert_eq!(canary::find("show", show.all_text().as_bytes(), &secrets), Vec::<String>::new());
}

#[test]
fn a_changed_profile_voids_the_grant() {
    let shop = Fixture::authorized();
    shop.add("shop", &[("--address", Some(ALICE)), ("--force", Some(""))]).finish().code(0);
    assert_eq!(fact(&shop.json(&["status", "shop"], 4), "status"), "not authorized");
}

#[test]
fn remove_asks_first_and_without_a_terminal_refuses() {
    let shop = Fixture::authorized();
    shop.json(&["remove", "shop"], 2);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn remove_takes_mailbox_app_and_secrets() {
    let shop = Fixture::authorized();
    shop.json(&["remove", "shop", "--yes"], 0);
    shop.json(&["show", "shop"], 3);
    // Were the old grant or secret still there, the same names would find them again.
    shop.add("shop", &[]).stdin(canary::NEXT_CLIENT_SECRET).finish().code(0);
    assert_eq!(fact(&shop.json(&["status", "shop"], 4), "status"), "not authorized");
}

#[test]
fn what_is_gone_already_can_be_removed_by_a_script() {
    let shop = Fixture::authorized();
    let remove = ["remove", "shop", "--yes", "--ignore-missing"];
    shop.json(&remove, 0);
    let before = shop.files();
    let again = shop.json(&remove, 0);
    assert!(fact(&again, "removed").starts_with("nothing"), "{}", again.stdout);
    assert_eq!(shop.files(), before, "the second time changes nothing");
    // What is not a missing name is an error still.
    shop.write_config("nonsense");
    shop.json(&remove, 3);
}

#[test]
fn an_app_stays_while_another_mailbox_uses_it() {
    let shop = Fixture::authorized();
    shop.add("alice", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(0);
    shop.json(&["remove", "alice", "--yes"], 0);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let shop = Fixture::added();
    assert!(!shop.run(&["list"]).finish().code(0).stdout.contains('\u{1b}'));
    assert!(shop.run(&["--color", "always", "list"]).finish().code(0).stdout.contains('\u{1b}'));
    assert!(!shop.run(&["--json", "--color", "always", "list"]).finish().code(0).stdout.contains('\u{1b}'));
}

#[test]
fn an_app_that_no_mailbox_uses_can_be_removed_by_its_name() {
    let shop = Fixture::new();
    shop.add("shop", &[("--app", Some("first"))]).finish().code(0);
    let refused = shop.json(&["remove", "first", "--yes"], 2);
    assert!(refused.stdout.contains("used by: shop"), "{}", refused.stdout);
    shop.add("shop", &[("--app", Some("second")), ("--force", Some(""))]).finish().code(0);
    shop.json(&["remove", "first", "--yes"], 0);
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    assert!(!profile.contains("first") && profile.contains("[apps.second]"), "{profile}");
    // Its secret is gone too: another one does not differ from it.
    let another = shop.add("third", &[("--app", Some("first"))]).stdin(canary::NEXT_CLIENT_SECRET);
    another.finish().code(0);
}

/// The vault's files.
#[cfg(unix)]
fn records(shop: &Fixture) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let files = shop.files().into_iter().filter(|(path, _)| path.extension().is_some_and(|ending| ending == "age"));
    files.collect()
}

#[cfg(unix)]
#[test]
fn what_was_not_asked_about_is_not_removed() {
    let shop = Fixture::authorized();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mailgrant"));
    command.env_clear().args(["remove", "shop"]).env("HOME", shop.path()).env("MAILGRANT_STORE", "vault");
    for (name, folder) in [("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state"), ("XDG_DATA_HOME", "data")] {
        command.env(name, shop.path().join(folder));
    }
    let mut terminal = rexpect::session::spawn_command(command, Some(20_000)).unwrap();
    terminal.exp_string("app 'shop' with its client secret?").unwrap();
    // Meanwhile another mailbox comes to need the app.
    shop.add("alice", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(0);
    let before = records(&shop);
    terminal.send_line("yes").unwrap();
    terminal.exp_regex(r"another\s+program\s+changed\s+it\s+just\s+now").unwrap();
    terminal.exp_eof().unwrap();
    shop.json(&["test-mailbox", "shop"], 0);
    let after = records(&shop);
    assert!(before == after, "something was removed");
}
