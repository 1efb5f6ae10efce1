//! The vault: a folder with one file a record, what a vault of one file from before becomes, and keys that are none.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary::{self, CLIENT_SECRET, NEXT_CLIENT_SECRET};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};
use crate::support::rounds;

const FOLDER: &str = "data/mailgrant/vault.age.d";
const FILE: &str = "data/mailgrant/vault.age";

fn identity(shop: &Fixture) -> age::x25519::Identity {
    let text = std::fs::read_to_string(shop.vault_key()).unwrap();
    text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap().parse().unwrap()
}

fn opened(shop: &Fixture, sealed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let identity = identity(shop);
    let decryptor = age::Decryptor::new_buffered(sealed).unwrap();
    decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

/// The vault as the versions before wrote it: one file with every record, and no folder.
fn as_before(shop: &Fixture) -> Vec<u8> {
    let folder = shop.path().join(FOLDER);
    let mut records = serde_json::Map::new();
    for entry in std::fs::read_dir(&folder).unwrap().flatten().filter(|entry| entry.path().extension().is_some()) {
        let plain = opened(shop, &std::fs::read(entry.path()).unwrap());
        let head = plain.iter().position(|byte| *byte == b'\n').unwrap();
        let name = String::from_utf8(plain[..head].to_vec()).unwrap().replace("mailgrant-record 1 ", "");
        records.insert(name, STANDARD.encode(&plain[head + 1..]).into());
    }
    assert!(records.len() >= 2, "an app and a mailbox");
    let plain = serde_json::json!({"schema": 1, "records": records}).to_string();
    let sealed = age::encrypt(&identity(shop).to_public(), plain.as_bytes()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    write_private(&shop.path().join(FILE), &sealed);
    sealed
}

fn write_private(path: &Path, bytes: &[u8]) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

fn records(shop: &Fixture) -> Vec<String> {
    let entries = std::fs::read_dir(shop.path().join(FOLDER)).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".age"));
    names.sort();
    names
}

#[test]
fn commands_that_only_look_leave_a_vault_of_one_file_as_it_is_and_the_first_write_makes_a_folder_of_it() {
    let shop = Fixture::authorized();
    let file = as_before(&shop);
    let data = || std::fs::read_dir(shop.path().join("data/mailgrant")).unwrap().count();
    let before = data();
    assert_eq!(fact(&shop.json(&["status", "shop"], 0), "status"), "authorized");
    shop.json(&["show", "shop"], 0);
    shop.json(&["inspect", "shop", "--offline"], 0);
    let doctor = shop.json(&["doctor"], 0);
    assert!(doctor.stdout.contains("2 records in one file"), "{}", doctor.stdout);
    // A token that is good for a while yet is a look too.
    shop.run(&["token", "shop"]).finish().code(0);
    assert_eq!((std::fs::read(shop.path().join(FILE)).unwrap(), data()), (file, before));

    shop.add("alice", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(0);
    shop.authorize_as("alice", ALICE).code(0);
    assert_eq!(records(&shop), ["app-shop.age", "mailbox-alice.age", "mailbox-shop.age"]);
    assert!(!shop.path().join(FILE).exists());
    shop.json(&["test-mailbox", "shop"], 0);
    let doctor = shop.json(&["doctor"], 0);
    assert!(doctor.stdout.contains("(3 records)"), "{}", doctor.stdout);
    assert_eq!(shop.sandbox().counters().refresh_reuses, 0);
}

#[test]
fn a_kill_while_the_folder_is_made_loses_nothing() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    // As at Microsoft: an answer that was lost on the way to us does not cost the grant.
    shop.sandbox().allow_refresh_reuse();
    shop.authorize_as("shop", SHOP).code(0);
    let started = Instant::now();
    shop.run(&["token", "shop"]).finish().code(0);
    let whole = started.elapsed();
    let rounds = rounds(8);
    for round in 0..rounds {
        as_before(&shop);
        let running = shop.run(&["token", "shop"]).start();
        std::thread::sleep(whole * round / rounds);
        running.kill();
        assert_eq!(fact(&shop.json(&["status", "shop"], 0), "status"), "authorized", "round {round}");
        shop.run(&["token", "shop"]).finish().code(0);
        assert!(!shop.path().join(FILE).exists(), "round {round}");
        assert_eq!(records(&shop), ["app-shop.age", "mailbox-shop.age"], "round {round}");
        let left = std::fs::read_dir(shop.path().join("data/mailgrant")).unwrap().count();
        assert_eq!(left, 2, "round {round}: the folder and the lock");
    }
}

#[test]
fn what_is_wrong_with_one_record_affects_no_other_mailbox() {
    let shop = Fixture::authorized();
    shop.add("alice", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(0);
    shop.authorize_as("alice", ALICE).code(0);
    let path = |name: &str| shop.path().join(FOLDER).join(format!("mailbox-{name}.age"));
    let good = std::fs::read(path("shop")).unwrap();
    write_private(&path("shop"), &good[..good.len() - 1]);
    shop.run(&["token", "alice"]).finish().code(0);
    let refused = shop.json(&["status", "shop"], 5);
    assert_eq!(refused.finding_codes(), ["store-damaged"]);
    assert!(refused.stdout.contains("mailbox-shop.age"), "{}", refused.stdout);
    // Nothing is written over it; what the finding advises works.
    assert!(refused.stdout.contains("mailgrant remove NAME"), "{}", refused.stdout);
    shop.json(&["remove", "shop", "--yes"], 0);
    assert!(!path("shop").exists());

    // Another mailbox's record under this one's name opens, and is refused.
    shop.add("shop", &[("--app", Some("shop"))]).finish().code(0);
    std::fs::copy(path("alice"), path("shop")).unwrap();
    let refused = shop.json(&["status", "shop"], 5);
    let said = &refused.stdout;
    assert!(said.contains("should hold mailbox:shop, and it holds mailbox:alice"), "{said}");
    shop.run(&["token", "shop"]).finish().code(5);
}

#[test]
fn no_writer_waits_for_the_vault_as_a_whole() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    // The lock that writers of one file had to take.
    let lock = shop.path().join("data/mailgrant/vault.age.lock");
    let held = std::fs::File::create(lock).unwrap();
    held.lock().unwrap();
    shop.run(&["token", "shop"]).finish().code(0);
    let name = "state/mailgrant/locks/mailbox-alice.lock";
    let other = std::fs::File::create(shop.path().join(name)).unwrap();
    other.lock().unwrap();
    shop.run(&["token", "shop"]).finish().code(0);
}

#[test]
fn a_key_that_cannot_be_read_is_its_own_finding_and_costs_no_mailbox() {
    let shop = Fixture::authorized();
    let key = shop.vault_key();
    let text = std::fs::read_to_string(&key).unwrap();
    let insist = |refused: &Finished, place: &str| {
        let error = &refused.json()["error"];
        assert_eq!(error["code"], "vault-key-unreadable", "{}", refused.stdout);
        assert!(error["cause"].as_str().unwrap().contains(place), "{}", refused.stdout);
        assert!(!refused.stdout.contains("remove") && !refused.stdout.contains("backup"), "{}", refused.stdout);
        let key = text.lines().last().unwrap().to_owned();
        assert_eq!(canary::find("the output", refused.stdout.as_bytes(), &[key]), Vec::<String>::new());
        assert!(!refused.stdout.to_lowercase().contains("canary"), "{}", refused.stdout);
    };
    for garbled in ["canary", "AGE-SECRET-KEY-1CANARY", "# only a comment"] {
        let refused = shop.run(&["--json", "status"]).env("MAILGRANT_VAULT_KEY", garbled).finish().code(5);
        insist(&refused, "MAILGRANT_VAULT_KEY");
        write_private(&key, garbled.as_bytes());
        insist(&shop.json(&["status"], 5), "vault.key");
    }
    for bytes in [&b""[..], b"\xff\xfe", &text.as_bytes()[..text.len() / 2]] {
        write_private(&key, bytes);
        insist(&shop.json(&["status"], 5), "vault.key");
    }
    write_private(&key, text.as_bytes());
    // An empty variable is one that is not set.
    for empty in ["", "  \n"] {
        shop.run(&["token", "shop"]).env("MAILGRANT_VAULT_KEY", empty).finish().code(0);
    }
    let looked_up = shop.json(&["explain", "vault-key-unreadable"], 0);
    assert!(looked_up.stdout.contains("new-vault-key"), "{}", looked_up.stdout);
}

#[test]
fn names_that_differ_only_in_case_have_files_that_do_not() {
    let shop = Fixture::added();
    shop.add("SHOP", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    shop.authorize_as("SHOP", ALICE).code(0);
    assert_eq!(records(&shop), ["app-shop.age", "mailbox-%53%48%4f%50.age", "mailbox-shop.age"]);
    for (name, address) in [("shop", SHOP), ("SHOP", ALICE)] {
        assert_eq!(fact(&shop.json(&["status", name], 0), "address"), address);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_store_that_cannot_be_written_says_what_to_change() {
    let Some(shop) = Fixture::on_a_disk(1024) else { return };
    shop.run(&["new-vault-key"]).finish().code(0);
    shop.add("shop", &[]).finish().code(0);
    let steps = |refused: Finished| -> String {
        let error = &refused.json()["error"];
        assert_eq!(error["code"], "store-failed", "{}", refused.stdout);
        error["fix"].as_array().unwrap().iter().map(|step| format!("{}\n", step["text"].as_str().unwrap())).collect()
    };
    let rotate = || shop.run(&["--json", "rotate-secret", "shop", "--secret-stdin"]).stdin(NEXT_CLIENT_SECRET).finish();
    shop.disk().set_read_only(true);
    let said = steps(rotate().code(5));
    assert!(said.contains("writable") && said.contains("/state/mailgrant/locks"), "{said}");
    assert!(said.contains("XDG_STATE_HOME"), "{said}");
    let refused = shop.add("extra", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(3);
    let fix = refused.json()["error"]["fix"].to_string();
    assert!(fix.contains("writable") && fix.contains("XDG_STATE_HOME"), "{fix}");
    shop.disk().set_read_only(false);
    shop.disk().fill(0);
    let said = steps(rotate().code(5));
    assert!(said.contains("Free space on the disk") && said.contains("vault.age.d"), "{said}");
    shop.disk().empty();
}

#[test]
fn the_age_program_opens_a_record_as_the_readme_says() {
    let shop = Fixture::authorized();
    let path = |name: &str| -> PathBuf { shop.path().join(name) };
    let run = std::process::Command::new("age")
        .args(["--decrypt", "-i"])
        .arg(path("config/mailgrant/vault.key"))
        .arg(path(FOLDER).join("app-shop.age"))
        .output();
    let Ok(output) = run else {
        assert!(std::env::var_os("MAILGRANT_TEST_REQUIRE").is_none(), "the age program is missing");
        eprintln!("SKIPPED: the age program is missing");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let (head, json) = text.split_once('\n').unwrap();
    assert_eq!(head, "mailgrant-record 1 app:shop");
    let record: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(record["active"]["value"], CLIENT_SECRET);
}
