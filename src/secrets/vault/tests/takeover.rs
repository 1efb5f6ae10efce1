//! From the one file of before to the folder.

use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::secrets::vault::takeover;

/// A home with a vault of one file: the records `shop` and `office`, and so many more.
fn home_of_before(more: usize) -> Home {
    let home = Home::new();
    files::create_private_folder(home.vault().parent().unwrap()).unwrap();
    write_single(&home, "one", more);
    home
}

fn write_single(home: &Home, shop: &str, more: usize) {
    let mut records = serde_json::Map::new();
    let mut add = |name: String, value: &str| records.insert(name, STANDARD.encode(value).into());
    add("mailbox:shop".into(), shop);
    add("mailbox:office".into(), "two");
    (0..more).for_each(|index| drop(add(format!("app:extra-{index}"), "more")));
    let plain = serde_json::json!({"schema": 1, "records": records}).to_string();
    let sealed = seal(&home.identities(), plain.as_bytes()).unwrap();
    files::write_atomic(&home.vault(), &sealed, Privacy::Secret).unwrap();
}

fn insist_on_all(home: &Home, shop_is: &str, more: usize, when: &str) {
    let store = home.store();
    assert_eq!(text(&store, &shop()).as_deref(), Some(shop_is), "{when}");
    assert_eq!(text(&store, &office()).as_deref(), Some("two"), "{when}");
    for index in 0..more {
        let key = RecordKey::App(format!("extra-{index}").parse().unwrap());
        assert_eq!(text(&store, &key).as_deref(), Some("more"), "{when}: {key}");
    }
}

#[test]
fn looking_changes_nothing_and_the_first_write_makes_the_folder() {
    let home = home_of_before(3);
    let (before, data) = (fs::read(home.vault()).unwrap(), home.vault().parent().unwrap().to_owned());
    let store = home.store();
    insist_on_all(&home, "one", 3, "from the file");
    assert_eq!(text(&store, &RecordKey::Mailbox("absent".parse().unwrap())), None);
    assert!(!store.delete(&RecordKey::Mailbox("absent".parse().unwrap())).unwrap());
    let said = store.self_test().unwrap();
    assert!(said.contains("5 records in one file"), "{said}");
    assert!(store.absence(&shop()).is_none());
    assert_eq!(store.describe(), format!("vault {}", home.vault().display()));
    assert_eq!((names(&data), fs::read(home.vault()).unwrap()), (vec!["vault.age".into()], before));

    store.put(&shop(), &value("new")).unwrap();
    insist_on_all(&home, "new", 3, "from the folder");
    assert!(!home.vault().exists(), "secrets that are removed from the folder would live on in the file");
    assert_eq!(names(&data), ["vault.age.d", "vault.age.lock"]);
    assert_eq!(store.describe(), format!("vault {}", home.records().display()));
    let said = store.self_test().unwrap();
    assert!(said.contains("(5 records)") && !said.contains("remove it"), "{said}");
}

#[test]
fn reserving_and_deleting_are_writes_too() {
    let home = home_of_before(0);
    drop(home.store().reserve(&shop()).unwrap());
    assert!(!home.vault().exists());
    insist_on_all(&home, "one", 0, "after reserving");
    let home = home_of_before(0);
    assert!(home.store().delete(&shop()).unwrap());
    assert!(!home.vault().exists());
    assert_eq!((text(&home.store(), &shop()), text(&home.store(), &office())), (None, Some("two".into())));
}

#[test]
fn a_file_that_does_not_open_stays_and_no_folder_is_made() {
    let home = home_of_before(0);
    let good = fs::read(home.vault()).unwrap();
    let stranger = VaultStore::new(home.vault(), VaultKey::Value(Identity::generate().to_string()));
    assert_eq!(stranger.get(&shop()).err(), Some(StoreFault::WrongKey));
    assert_eq!(stranger.put(&shop(), &value("x")).err(), Some(StoreFault::WrongKey));
    assert_eq!(stranger.delete(&shop()).err(), Some(StoreFault::WrongKey));
    let sealed = |plain: &[u8]| seal(&home.identities(), plain).unwrap();
    let damaged = [
        good[..good.len() - 1].to_vec(),
        b"canary".to_vec(),
        sealed(b"canary"),
        sealed(b"{\"schema\":1}"),
        sealed(b"{\"schema\":1,\"records\":{\"mailbox:office\":\"no base64!\"}}"),
    ];
    for (index, bytes) in damaged.iter().enumerate() {
        files::write_atomic(&home.vault(), bytes, Privacy::Secret).unwrap();
        let fault = home.store().put(&shop(), &value("x")).unwrap_err();
        assert!(!format!("{fault:?}").contains("canary"), "{index}: {fault:?}");
        assert!(matches!(fault, StoreFault::VaultDamaged { .. } | StoreFault::Damaged { .. }), "{index}: {fault:?}");
        assert!(!home.records().exists() && !takeover_stage(&home).exists(), "{index}");
        assert!(fs::read(home.vault()).unwrap() == *bytes, "{index}");
    }
    files::write_atomic(&home.vault(), &sealed(br#"{"schema":2,"records":[]}"#), Privacy::Secret).unwrap();
    let newer = StoreFault::Newer { what: crate::text::Shown::of(home.vault()), number: 2, known: 1 };
    assert_eq!(home.store().put(&shop(), &value("x")).err(), Some(newer));
}

fn takeover_stage(home: &Home) -> PathBuf {
    home.folder.path().join("data/vault.age.d.new")
}

#[test]
fn a_takeover_that_was_cut_short_at_any_step_is_gone_on_with() {
    // Before the step that decides: whatever is where the folder is filled, the file is read, and the next write
    // begins again.
    let home = home_of_before(2);
    let half = takeover_stage(&home).join(DRAFTS);
    files::create_private_folder(&half).unwrap();
    files::create_private(&takeover_stage(&home).join("mailbox-shop.age"), b"half").unwrap();
    files::create_private(&takeover_stage(&home).join("mailbox-removed-since.age"), b"old").unwrap();
    insist_on_all(&home, "one", 2, "half filled");
    home.store().put(&office(), &value("two")).unwrap();
    insist_on_all(&home, "one", 2, "gone on with");
    assert!(!takeover_stage(&home).exists() && !home.vault().exists());
    assert!(!home.records().join("mailbox-removed-since.age").exists());

    // After it: the folder is read, and the next write removes the file.
    let home = home_of_before(2);
    let file = fs::read(home.vault()).unwrap();
    home.store().put(&shop(), &value("new")).unwrap();
    files::write_atomic(&home.vault(), &file, Privacy::Secret).unwrap();
    insist_on_all(&home, "new", 2, "both there");
    assert!(home.vault().exists(), "a look removed it");
    home.store().put(&office(), &value("two")).unwrap();
    insist_on_all(&home, "new", 2, "cleared up");
    assert!(!home.vault().exists());
}

#[test]
fn another_file_in_the_old_place_is_left_alone_and_told() {
    let home = home_of_before(0);
    home.store().put(&shop(), &value("new")).unwrap();
    write_single(&home, "older", 0);
    home.store().put(&office(), &value("two")).unwrap();
    insist_on_all(&home, "new", 0, "with a file of another version beside it");
    let said = home.store().self_test().unwrap();
    assert!(said.contains("vault.age beside it is not read"), "{said}");
    // Nor where the folder was made without one.
    let fresh = Home::new();
    fresh.store().put(&shop(), &value("new")).unwrap();
    write_single(&fresh, "older", 0);
    fresh.store().put(&shop(), &value("newer")).unwrap();
    assert_eq!((text(&fresh.store(), &shop()), fresh.vault().exists()), (Some("newer".into()), true));
    assert!(takeover::is_foreign(&fresh.vault(), &fresh.records()).unwrap());
}

#[test]
fn writers_at_the_same_time_take_over_once_and_lose_nothing() {
    let home = home_of_before(20);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let store = home.store();
            scope.spawn(move || {
                let key = RecordKey::Mailbox(format!("writer-{writer}").parse().unwrap());
                store.put(&key, &value("x")).unwrap();
            });
            let store = home.store();
            scope.spawn(move || {
                for _ in 0..50 {
                    // Never "there is none", not even in the moment of the change.
                    assert_eq!(text(&store, &shop()), Some("one".into()));
                }
            });
        }
    });
    insist_on_all(&home, "one", 20, "after the crowd");
    for writer in 0..8 {
        let key = RecordKey::Mailbox(format!("writer-{writer}").parse().unwrap());
        assert_eq!(text(&home.store(), &key), Some("x".into()), "{key}");
    }
}

#[test]
fn a_process_that_is_killed_while_it_takes_over_loses_nothing() {
    let (mut in_time, mut files_left) = (0, 0);
    for round in 0..12 {
        let home = home_of_before(100);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "secrets::vault::tests::takeover::child_takes_over", "--ignored"])
            .env("MAILGRANT_TEST_FOLDER", home.folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while !home.folder.path().join("begun").exists() {
            assert_eq!(child.try_wait().unwrap(), None, "the child gave up");
        }
        std::thread::sleep(Duration::from_millis(round * 3));
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        in_time += u32::from(!home.records().exists());
        files_left += u32::from(home.vault().exists());
        insist_on_all(&home, "one", 100, &format!("killed in round {round}"));
        home.store().put(&office(), &value("two")).unwrap();
        insist_on_all(&home, "one", 100, &format!("killed in round {round}, and gone on with"));
        assert!(!home.vault().exists() && !takeover_stage(&home).exists(), "round {round}");
    }
    println!("{in_time} of 12 killed before the folder was in place, {files_left} before the file was gone");
    assert!(in_time > 0, "none was killed in time");
}

#[test]
#[ignore = "a child of another test"]
fn child_takes_over() {
    let Some(folder) = std::env::var_os("MAILGRANT_TEST_FOLDER") else { return };
    let folder = PathBuf::from(folder);
    let store = VaultStore::new(folder.join("data/vault.age"), VaultKey::File(folder.join("vault.key")));
    fs::write(folder.join("begun"), "").unwrap();
    store.put(&RecordKey::Trial("t".parse().unwrap()), &value("x")).unwrap();
    std::thread::sleep(Duration::from_secs(60));
}
