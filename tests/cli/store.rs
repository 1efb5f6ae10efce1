//! The stores that others fill, and the move of records between stores.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use mailgrant::secrets::{VaultKey, VaultStore, load_mailbox};
use secrecy::ExposeSecret as _;

use crate::support::canary::CLIENT_SECRET;
use crate::support::fixture::Fixture;
use crate::support::rounds;

/// A password manager of plain files, beside the profile.
const MANAGER: &str = r#"#!/bin/sh
folder="${0%/*}/manager"
mkdir -p "$folder"
file="$folder/$2"
case "$1" in
  get) [ -e "$file" ] || exit 44; cat "$file" ;;
  put) cat >"$file.new" && mv "$file.new" "$file" ;;
  delete) [ -e "$file" ] || exit 44; rm "$file" ;;
  list) ls "$folder" ;;
esac
"#;

const COMMANDS: &str = r#"
[secrets]
store = "vault"
[secrets.command]
get = ["./manager.sh", "get", "{key}"]
put = ["./manager.sh", "put", "{key}"]
delete = ["./manager.sh", "delete", "{key}"]
list = ["./manager.sh", "list"]
"#;

fn manager(shop: &Fixture) -> PathBuf {
    shop.config().parent().unwrap().join("manager")
}

/// Names a password manager in the profile.
fn with_manager(shop: &Fixture) {
    let script = shop.config().parent().unwrap().join("manager.sh");
    std::fs::write(&script, MANAGER).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    shop.write_config(&(profile + COMMANDS));
}

/// The records that each store has, as their files are called.
fn records(shop: &Fixture) -> (Vec<String>, Vec<String>) {
    let names = |folder: PathBuf, ending: &str| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(ending)).collect();
        names.sort();
        names
    };
    (names(shop.path().join("data/mailgrant/vault.age.d"), ".age"), names(manager(shop), "shop"))
}

#[test]
fn records_move_to_a_password_manager_and_back_and_the_mailbox_works_from_each() {
    let mut shop = Fixture::authorized();
    with_manager(&shop);
    let moved = shop.json(&["store", "migrate", "vault", "command"], 0).hides(CLIENT_SECRET);
    assert_eq!(records(&shop), (vec![], vec!["app:shop".to_owned(), "mailbox:shop".to_owned()]), "{}", moved.stdout);
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    assert!(profile.contains("store = \"command\""), "{profile}");
    assert!(moved.json()["warnings"].to_string().contains("MAILGRANT_STORE"), "{}", moved.stdout);
    // The variable still names the vault, which has nothing now.
    shop.json(&["token", "shop"], 4);
    shop.unset("MAILGRANT_STORE");
    shop.json(&["test-mailbox", "shop"], 0);
    let listed = shop.json(&["store", "list"], 0).json();
    assert_eq!(listed["reports"].to_string().matches("\"stored\"").count(), 2, "{listed}");
    // A new token is written there.
    let before = std::fs::read_to_string(manager(&shop).join("mailbox:shop")).unwrap();
    shop.json(&["test", "shop"], 0);
    assert!(std::fs::read_to_string(manager(&shop).join("mailbox:shop")).unwrap() != before, "nothing was written");
    shop.json(&["doctor"], 0).says("an entry was written, read back and removed");

    shop.json(&["store", "migrate", "command", "vault"], 0);
    assert_eq!(records(&shop), (vec!["app-shop.age".to_owned(), "mailbox-shop.age".to_owned()], vec![]));
    shop.json(&["test-mailbox", "shop"], 0);
    shop.insist_on_manners();
}

#[test]
fn what_differs_is_left_as_it_is_until_someone_says_which_counts() {
    let shop = Fixture::authorized();
    with_manager(&shop);
    let kept = shop.json(&["store", "migrate", "vault", "command", "--keep"], 0);
    assert_eq!(records(&shop).0.len(), 2, "{}", kept.stdout);
    let path = manager(&shop).join("mailbox:shop");
    let ours = std::fs::read_to_string(&path).unwrap();
    let theirs = ours.replacen("\"obtained\":\"", "\"obtained\":\"1999-", 1).replacen("1999-20", "20", 1) + " ";
    let theirs = theirs.trim_end().replace("\"scopes\":", "\"of_another\":1,\"scopes\":");
    assert_ne!(theirs, ours.trim_end());
    std::fs::write(&path, &theirs).unwrap();

    let refused = shop.json(&["store", "migrate", "vault", "command"], 2);
    assert_eq!(refused.json()["error"]["code"], "store-records-differ");
    assert!(refused.stdout.contains("mailbox shop") && !refused.stdout.contains("app shop"), "{}", refused.stdout);
    assert_eq!((records(&shop).0.len(), std::fs::read_to_string(&path).unwrap()), (2, theirs.clone()));

    shop.json(&["store", "migrate", "vault", "command", "--prefer-to", "--keep"], 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), theirs);
    shop.json(&["store", "migrate", "vault", "command", "--force"], 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap().trim_end(), ours.trim_end());
    assert_eq!(records(&shop).0.len(), 0);
}

#[test]
fn a_kill_at_any_time_of_a_migration_loses_nothing_and_the_same_command_goes_on() {
    let mut shop = Fixture::authorized();
    with_manager(&shop);
    shop.unset("MAILGRANT_STORE");
    let [there, back] = [["vault", "command"], ["command", "vault"]];
    let migrate = |[from, to]: [&str; 2]| shop.run(&["--json", "store", "migrate", from, to]);
    let started = Instant::now();
    migrate(there).finish().code(0);
    let whole = started.elapsed();
    migrate(back).finish().code(0);
    let rounds = rounds(12);
    let mut killed = 0;
    for round in 0..rounds {
        let running = migrate(there).start();
        std::thread::sleep(whole * round / rounds);
        killed += u32::from(running.kill().code.is_none());
        // Wherever it was: the store that the profile names has all of it, or goes on to.
        shop.json(&["token", "shop"], 0);
        shop.json(&["show", "shop"], 0);
        // What the killed one had started ends by itself.
        let ended = migrate(there).finish();
        assert_eq!(ended.code, Some(0), "round {round}: {}", ended.all_text());
        assert_eq!((records(&shop).0.len(), records(&shop).1.len()), (0, 2), "round {round}");
        shop.json(&["test-mailbox", "shop"], 0);
        migrate(back).finish().code(0);
    }
    println!("{killed} of {rounds} migrations killed");
    assert!(killed >= rounds / 2, "only {killed} were killed in time");
}

#[test]
fn a_store_that_cannot_take_all_of_it_leaves_all_of_it_in_the_first() {
    let shop = Fixture::authorized();
    with_manager(&shop);
    let script = shop.config().parent().unwrap().join("manager.sh");
    // It takes one record, and loses the other.
    for (broken, code) in
        [("put) exit 1 ;;\n  put)", 5), ("put) case $2 in mail*) exit 0 ;; esac; cat >\"$file\" ;;\n  put)", 5)]
    {
        std::fs::write(&script, MANAGER.replace("put)", broken)).unwrap();
        let failed = shop.json(&["store", "migrate", "vault", "command"], code);
        assert_eq!(records(&shop).0.len(), 2, "{}", failed.stdout);
        shop.json(&["token", "shop"], 0);
    }
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    assert!(!profile.contains("store = \"command\""), "{profile}");
    for (words, code) in [(["vault", "vault"], 2), (["vault", "env"], 2), (["keyring", "vault"], 5)] {
        shop.json(&[&["store", "migrate"], &words[..]].concat(), code);
    }
}

#[test]
fn a_vault_in_a_variable_gives_tokens_and_takes_nothing() {
    let shop = Fixture::authorized();
    shop.sandbox().allow_refresh_reuse();
    shop.json(&["store", "export", "vault.txt"], 0);
    shop.json(&["store", "export", "vault.txt"], 1);
    let text = std::fs::read_to_string(shop.path().join("vault.txt")).unwrap();
    let key = std::fs::read_to_string(shop.vault_key()).unwrap();
    std::fs::remove_dir_all(shop.path().join("data")).unwrap();
    std::fs::remove_file(shop.vault_key()).unwrap();
    std::fs::remove_file(shop.path().join("vault.txt")).unwrap();
    let handed = |arguments: &[&str]| {
        let run = shop.run(&[&["--json"], arguments].concat());
        run.env("MAILGRANT_VAULT", &text).env("MAILGRANT_VAULT_KEY", &key)
    };
    handed(&["test-mailbox", "shop"]).finish().code(0);
    let files = shop.files().len();
    for arguments in [&["authorize", "shop"][..], &["rotate-secret", "shop", "--rollback"]] {
        let refused = handed(arguments).finish();
        assert_eq!(refused.code, Some(5), "{arguments:?}: {}", refused.all_text());
        assert_eq!(refused.json()["error"]["code"], "store-read-only", "{arguments:?}");
    }
    assert_eq!(shop.files().len(), files);
    let wrong = handed(&["token", "shop"]).env("MAILGRANT_VAULT", "bm90IGEgdmF1bHQ=").finish().code(5);
    assert_eq!(wrong.json()["error"]["code"], "vault-damaged");
}

/// The refresh token of the mailbox `shop`.
fn refresh_token(shop: &Fixture) -> String {
    let store = VaultStore::new(shop.vault(), VaultKey::File(shop.vault_key()));
    let grant = load_mailbox(&store, &"shop".parse().unwrap()).unwrap().unwrap();
    grant.refresh_token().unwrap().expose_secret().to_owned()
}

/// A command with nothing in its environment but what is documented for the store.
fn with_variables(shop: &Fixture, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailgrant"));
    command.env_clear().current_dir(shop.path()).args(arguments);
    command.env("MAILGRANT_STORE", "env").env("MAILGRANT_CONFIG", shop.config()).env("HOME", shop.path().join("home"));
    command
}

#[test]
fn variables_are_enough_and_no_file_is_made() {
    let shop = Fixture::authorized();
    shop.sandbox().allow_refresh_reuse();
    let token = refresh_token(&shop);
    for folder in ["data", "state", "run"] {
        std::fs::remove_dir_all(shop.path().join(folder)).unwrap();
    }
    std::fs::remove_file(shop.vault_key()).unwrap();
    let before = shop.files();
    let run = |arguments: &[&str]| {
        let mut command = with_variables(&shop, arguments);
        command
            .env("MAILGRANT_APP_SHOP_CLIENT_SECRET", CLIENT_SECRET)
            .env("MAILGRANT_MAILBOX_SHOP_REFRESH_TOKEN", &token);
        command
    };
    let said = |mut command: Command, code: i32| {
        let output = command.arg("--json").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(!text.contains(&token) && !text.contains(CLIENT_SECRET), "{text}");
        text
    };
    // Microsoft sends a new refresh token with each access token: it cannot be stored, and that is told.
    assert!(said(run(&["test", "shop"]), 0).contains("a new refresh token came"));
    // What goes to a program is the token alone; the warning is beside it.
    let output = run(&["token", "shop"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    let warned = String::from_utf8_lossy(&output.stderr);
    assert!(warned.contains("warning: a new refresh token came"), "{warned}");
    for arguments in
        [&["test-mailbox", "shop"][..], &["token", "shop"], &["status"], &["show", "shop"], &["store", "list"]]
    {
        assert!(!said(run(arguments), 0).contains("1970"), "{arguments:?}");
    }
    assert!(said(run(&["doctor"]), 0).contains("set: MAILGRANT_APP_SHOP_CLIENT_SECRET"));
    assert_eq!(shop.files(), before);

    for (variable, arguments) in [
        ("MAILGRANT_APP_SHOP_CLIENT_SECRET", ["test", "shop"]),
        ("MAILGRANT_MAILBOX_SHOP_REFRESH_TOKEN", ["token", "shop"]),
    ] {
        let mut without = run(&arguments);
        without.env(variable, " ");
        let text = said(without, 5);
        assert!(text.contains("store-variable-missing") && text.contains(variable), "{text}");
    }
    for arguments in [&["authorize", "shop"][..], &["rotate-secret", "shop", "--rollback"]] {
        let text = said(run(arguments), 5);
        assert!(text.contains("store-read-only") && text.contains("MAILGRANT_"), "{text}");
    }
    assert_eq!(shop.files(), before);
    // The profile holds no secret: a mailbox can come and go, and what to set elsewhere is said.
    let removed = said(run(&["remove", "shop", "--yes"]), 0);
    assert!(removed.contains("MAILGRANT_MAILBOX_SHOP_REFRESH_TOKEN"), "{removed}");
    assert!(!std::fs::read_to_string(shop.config()).unwrap().contains("[mailboxes.shop]"));
}

#[test]
fn a_mailbox_is_added_without_its_secret_where_that_comes_from_a_variable() {
    let shop = Fixture::new();
    let arguments = shop.add_arguments("shop", &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--secret-stdin").collect();
    let output = with_variables(&shop, &arguments).arg("--json").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("MAILGRANT_APP_SHOP_CLIENT_SECRET"), "{text}");
    // What was given to be stored is refused, and not dropped.
    let refused = shop.add("other", &[("--app", Some("another"))]).env("MAILGRANT_STORE", "env").finish().code(5);
    assert!(refused.all_text().contains("can only be read"), "{}", refused.all_text());
}
