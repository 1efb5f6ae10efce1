//! Several writers, and writers that are killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

#[test]
fn writers_take_turns_and_lose_nothing() {
    let home = Home::new();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let store = home.store();
            scope.spawn(move || {
                for round in 0..5 {
                    let key = RecordKey::Mailbox(format!("m{writer}-{round}").parse().unwrap());
                    store.put(&key, &value("x")).unwrap();
                }
            });
        }
    });
    let store = home.store();
    for writer in 0..8 {
        for round in 0..5 {
            let key = RecordKey::Mailbox(format!("m{writer}-{round}").parse().unwrap());
            assert_eq!(text(&store, &key), Some("x".into()), "{key}");
        }
    }
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_records_or_the_new() {
    let home = Home::new();
    let store = home.store();
    store.put(&office(), &value("kept")).unwrap();
    store.put(&shop(), &value("0")).unwrap();
    for round in 0..8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "secrets::vault::tests::writers::child_writes_until_killed", "--ignored"])
            .env("MAILGRANT_TEST_FOLDER", home.folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let before = text(&store, &shop());
        while text(&store, &shop()) == before {
            assert_eq!(child.try_wait().unwrap(), None, "the child gave up");
        }
        std::thread::sleep(Duration::from_millis(5 + round));
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        assert!(text(&store, &shop()).unwrap().bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(text(&store, &office()), Some("kept".into()));
        // The lock has gone with it.
        store.put(&shop(), &value("0")).unwrap();
    }
}

#[test]
#[ignore = "a child of another test"]
fn child_writes_until_killed() {
    let Some(folder) = std::env::var_os("MAILGRANT_TEST_FOLDER") else { return };
    let folder = PathBuf::from(folder);
    let store = VaultStore::new(folder.join("data/vault.age"), VaultKey::File(folder.join("vault.key")));
    for number in 1..100_000 {
        store.put(&shop(), &value(&number.to_string())).unwrap();
    }
}

#[test]
fn what_a_killed_writer_left_in_the_drafts_goes_with_the_next_write() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let left = home.records().join(DRAFTS).join(".mailgrant-a1B2c3.tmp");
    files::create_private(&left, b"x").unwrap();
    home.store().put(&shop(), &value("y")).unwrap();
    assert!(!left.exists());
    // A copy may have lost the empty folder.
    fs::remove_dir(home.records().join(DRAFTS)).unwrap();
    home.store().put(&shop(), &value("z")).unwrap();
    assert_eq!(text(&home.store(), &shop()), Some("z".into()));
}
