use std::fs;
use std::process::{Command, Stdio};

use secrecy::SecretString;

use super::*;

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// A folder with a key.
    fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        new_vault_key(&home.key()).unwrap();
        home
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("vault.key")
    }

    fn vault(&self) -> PathBuf {
        self.folder.path().join("data/vault.age")
    }

    fn store(&self) -> VaultStore {
        VaultStore::new(self.vault(), VaultKey::File(self.key()))
    }
}

fn shop() -> RecordKey {
    RecordKey::Mailbox("shop".parse().unwrap())
}

fn office() -> RecordKey {
    RecordKey::Mailbox("office".parse().unwrap())
}

fn value(text: &str) -> SecretBytes {
    SecretBytes::new(text.as_bytes().to_vec())
}

fn text(store: &VaultStore, key: &RecordKey) -> Option<String> {
    store.get(key).unwrap().map(|value| String::from_utf8(value.expose().to_vec()).unwrap())
}

fn damage(fault: Option<StoreFault>) -> String {
    match fault {
        Some(StoreFault::Damaged { what }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn records_come_back_and_go_one_by_one() {
    let home = Home::new();
    let store = home.store();
    assert_eq!(text(&store, &shop()), None);
    assert!(!store.delete(&shop()).unwrap());
    assert!(!home.vault().exists(), "reading and deleting made a vault");
    store.put(&shop(), &value("one")).unwrap();
    store.put(&office(), &value("two")).unwrap();
    store.put(&shop(), &value("three")).unwrap();
    assert_eq!((text(&store, &shop()), text(&store, &office())), (Some("three".into()), Some("two".into())));
    assert!(store.delete(&shop()).unwrap());
    assert!(!store.delete(&shop()).unwrap());
    assert_eq!((text(&store, &shop()), text(&store, &office())), (None, Some("two".into())));
}

#[test]
fn any_bytes_of_any_size_come_back() {
    let home = Home::new();
    let store = home.store();
    for length in [0, 1, 2, 3, 10_000, 1_000_000] {
        let bytes: Vec<u8> = (0..length).map(|index| (index % 256) as u8).collect();
        store.put(&shop(), &SecretBytes::new(bytes.clone())).unwrap();
        assert!(store.get(&shop()).unwrap().unwrap().expose() == bytes, "{length} bytes");
    }
}

#[test]
fn nothing_of_a_record_stands_on_the_disk_in_the_clear() {
    let home = Home::new();
    home.store().put(&shop(), &value("canary-canary-canary")).unwrap();
    let mut files = 0;
    for entry in fs::read_dir(home.folder.path().join("data")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for needle in ["canary", "Y2FuYXJ5", "shop"] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle.as_bytes()), "{needle}");
        }
        files += 1;
    }
    assert_eq!(files, 2, "the vault and its lock file");
}

#[test]
fn a_missing_key_says_where_it_was_looked_for_and_writes_nothing() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    fs::remove_file(home.key()).unwrap();
    let no_key = StoreFault::NoKey { expected: home.key().display().to_string() };
    assert_eq!(home.store().get(&shop()).err(), Some(no_key.clone()));
    fs::remove_dir_all(home.folder.path().join("data")).unwrap();
    assert_eq!(home.store().put(&shop(), &value("x")).err(), Some(no_key));
    assert_eq!(fs::read_dir(home.folder.path()).unwrap().count(), 0);
}

#[test]
fn a_wrong_key_is_told_and_leaves_the_vault_as_it_was() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let before = fs::read(home.vault()).unwrap();
    let stranger = VaultKey::Value(Identity::generate().to_string());
    let store = VaultStore::new(home.vault(), stranger);
    assert_eq!(store.get(&shop()).err(), Some(StoreFault::WrongKey));
    assert_eq!(store.put(&shop(), &value("y")).err(), Some(StoreFault::WrongKey));
    assert_eq!(store.delete(&shop()).err(), Some(StoreFault::WrongKey));
    assert_eq!(fs::read(home.vault()).unwrap(), before);
}

#[test]
fn a_key_is_taken_from_a_value_and_from_a_file_with_comments() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let file = fs::read_to_string(home.key()).unwrap();
    let bare = file.lines().last().unwrap();
    for form in [file.clone(), bare.to_owned(), format!("\r\n# c\r\n\r\n  {bare} \r\n"), format!("{bare}\n# end")] {
        let store = VaultStore::new(home.vault(), VaultKey::Value(SecretString::from(form.clone())));
        assert_eq!(text(&store, &shop()), Some("x".into()), "{}", form.replace(bare, "KEY"));
    }
}

#[test]
fn a_new_key_on_top_of_the_old_one_takes_over_with_the_next_write() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let old = fs::read_to_string(home.key()).unwrap();
    let new = Identity::generate().to_string();
    let both = format!("{}\n{old}", secrecy::ExposeSecret::expose_secret(&new));
    let store = VaultStore::new(home.vault(), VaultKey::Value(SecretString::from(both)));
    store.put(&office(), &value("y")).unwrap();
    let store = VaultStore::new(home.vault(), VaultKey::Value(new));
    assert_eq!((text(&store, &shop()), text(&store, &office())), (Some("x".into()), Some("y".into())));
    assert_eq!(home.store().get(&shop()).err(), Some(StoreFault::WrongKey));
}

#[test]
fn a_key_that_is_none_is_refused_with_its_line_and_not_its_text() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    for (file, line) in [
        ("", ""),
        ("# only a comment\n", ""),
        ("# c\nAGE-SECRET-KEY-1CANARY\n", "(line 2)"),
        ("canary", "(line 1)"),
        ("age1canary", "(line 1)"),
        ("AGE-SECRET-KEY-PQ-1CANARY", "(line 1)"),
    ] {
        let store = VaultStore::new(home.vault(), VaultKey::Value(SecretString::from(file)));
        let what = damage(store.get(&shop()).err());
        assert!(what.contains(line) && !what.to_lowercase().contains("canary"), "{what}");
    }
}

#[test]
fn a_damaged_vault_is_told_from_a_wrong_key_and_never_overwritten() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let good = fs::read(home.vault()).unwrap();
    let flipped = |index: usize| {
        let mut bytes = good.clone();
        bytes[index] ^= 1;
        bytes
    };
    let header_end = good.windows(4).position(|window| window == b"\n---").unwrap();
    let bad = [
        vec![],
        b"canary".to_vec(),
        b"-----BEGIN AGE ENCRYPTED FILE-----\n".to_vec(),
        good[..10].to_vec(),
        good[..good.len() - 1].to_vec(),
        [&good[..], b"x"].concat(),
        flipped(0),
        flipped(header_end + 8),
        flipped(good.len() - 1),
        encrypt(&VaultKey::File(home.key()).identities().unwrap(), b"{\"schema\":1}").unwrap(),
        encrypt(&VaultKey::File(home.key()).identities().unwrap(), b"canary").unwrap(),
    ];
    for (index, bytes) in bad.iter().enumerate() {
        files::write_atomic(&home.vault(), bytes, Privacy::Secret).unwrap();
        let what = damage(home.store().get(&shop()).err());
        assert!(!what.contains("canary"), "{index}: {what}");
        damage(home.store().put(&shop(), &value("y")).err());
        assert!(fs::read(home.vault()).unwrap() == *bytes, "{index} was overwritten");
    }
}

#[test]
fn a_newer_vault_is_refused_with_its_number() {
    let home = Home::new();
    let newer = br#"{"schema":2,"records":[]}"#;
    files::create_private_folder(home.vault().parent().unwrap()).unwrap();
    let encrypted = encrypt(&VaultKey::File(home.key()).identities().unwrap(), newer).unwrap();
    files::write_atomic(&home.vault(), &encrypted, Privacy::Secret).unwrap();
    let what = damage(home.store().get(&shop()).err());
    assert!(what.contains("newer") && what.contains("schema 2"), "{what}");
}

#[cfg(unix)]
#[test]
fn a_vault_or_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    for path in [home.key(), home.vault()] {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        for fault in [home.store().get(&shop()).err(), home.store().put(&shop(), &value("y")).err()] {
            let Some(StoreFault::Unsafe { path: named, .. }) = fault else { panic!("{fault:?}") };
            assert_eq!(named, path.display().to_string());
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(text(&home.store(), &shop()), Some("x".into()));
}

#[cfg(unix)]
#[test]
fn vault_key_and_lock_are_private() {
    use std::os::unix::fs::MetadataExt;

    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&home.key()), mode(&home.vault())), (0o600, 0o600));
    assert_eq!(mode(&home.folder.path().join("data")), 0o700);
    assert_eq!(mode(&home.folder.path().join("data/vault.age.lock")), 0o600);
}

#[test]
fn a_new_key_is_never_written_over_an_old_one() {
    let home = Home::new();
    let before = fs::read(home.key()).unwrap();
    let fault = new_vault_key(&home.key()).unwrap_err();
    assert!(matches!(fault, StoreFault::Other { .. }), "{fault:?}");
    assert_eq!(fs::read(home.key()).unwrap(), before);
}

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
            .args(["--exact", "secrets::vault::tests::child_writes_until_killed", "--ignored"])
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

/// The `age` program, unless the machine has none; then the caller's test is skipped, or fails where it is required.
fn age_program() -> Option<()> {
    if Command::new("age").arg("--version").stdout(Stdio::null()).status().is_ok() {
        return Some(());
    }
    assert!(std::env::var_os("MAILGRANT_TEST_REQUIRE").is_none(), "the age program is missing");
    eprintln!("SKIPPED: the age program is missing, so nothing but this library has opened the vault");
    None
}

#[test]
fn the_age_program_opens_the_vault_and_writes_one_that_we_open() {
    let Some(()) = age_program() else { return };
    let home = Home::new();
    let store = home.store();
    store.put(&shop(), &value("hello")).unwrap();
    let opened = Command::new("age").arg("--decrypt").arg("-i").arg(home.key()).arg(home.vault()).output().unwrap();
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
    let json: serde_json::Value = serde_json::from_slice(&opened.stdout).unwrap();
    assert_eq!(json, serde_json::json!({"schema": 1, "records": {"mailbox:shop": "aGVsbG8="}}));

    let plain = home.folder.path().join("plain.json");
    fs::write(&plain, r#"{ "schema": 1, "note": [], "records": { "mailbox:office": "dHdv" } }"#).unwrap();
    let written = Command::new("age")
        .args(["--encrypt", "-i"])
        .arg(home.key())
        .arg("-o")
        .arg(home.vault())
        .arg(&plain)
        .status()
        .unwrap();
    assert!(written.success());
    assert_eq!(text(&store, &office()), Some("two".into()));
}

#[test]
fn age_takes_the_public_half_that_a_new_key_announces() {
    let Some(()) = age_program() else { return };
    let home = Home::new();
    let other = home.folder.path().join("other.key");
    let public = new_vault_key(&other).unwrap();
    let plain = home.folder.path().join("plain.json");
    fs::write(&plain, r#"{"schema":1,"records":{"mailbox:shop":"b25l"}}"#).unwrap();
    // Into a file of ours, since age makes its own with the umask's mode.
    files::create_private_folder(home.vault().parent().unwrap()).unwrap();
    files::create_private(&home.vault(), b"").unwrap();
    let written = Command::new("age").args(["-r", &public, "-o"]).arg(home.vault()).arg(&plain).status().unwrap();
    assert!(written.success());
    let store = VaultStore::new(home.vault(), VaultKey::File(other));
    assert_eq!(text(&store, &shop()), Some("one".into()));
    assert_eq!(home.store().get(&shop()).err(), Some(StoreFault::WrongKey));
}

#[test]
fn a_trial_proves_key_and_folder_and_leaves_the_vault_untouched() {
    let home = Home::new();
    let store = home.store();
    let said = store.trial().unwrap();
    assert!(said.contains("no vault yet"), "{said}");
    assert!(!home.vault().parent().unwrap().exists(), "not even the folder was made");
    store.put(&shop(), &value("one")).unwrap();
    let before = (fs::read(home.vault()).unwrap(), names(home.vault().parent().unwrap()));
    let said = store.trial().unwrap();
    assert!(said.contains("1 records"), "{said}");
    assert_eq!((fs::read(home.vault()).unwrap(), names(home.vault().parent().unwrap())), before);
    let other = home.folder.path().join("other.key");
    new_vault_key(&other).unwrap();
    assert_eq!(VaultStore::new(home.vault(), VaultKey::File(other)).trial(), Err(StoreFault::WrongKey));
    fs::remove_file(home.key()).unwrap();
    assert!(matches!(store.trial(), Err(StoreFault::NoKey { .. })));
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn a_vault_that_nothing_was_stored_in_is_told_without_its_key() {
    let home = Home::new();
    fs::remove_file(home.key()).unwrap();
    let place = home.vault().display().to_string();
    assert_eq!(home.store().presence(), Ok(Presence::NotYet { place }));
    new_vault_key(&home.key()).unwrap();
    home.store().put(&shop(), &value("x")).unwrap();
    fs::remove_file(home.key()).unwrap();
    assert_eq!(home.store().presence(), Ok(Presence::There));
}
