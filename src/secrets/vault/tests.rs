use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use secrecy::SecretString;

use super::seal::seal;
use super::*;
use crate::failure::KeyTrouble;

mod takeover;

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

    /// The folder of the records.
    fn records(&self) -> PathBuf {
        self.folder.path().join("data/vault.age.d")
    }

    /// The file of the mailbox `shop`.
    fn record(&self) -> PathBuf {
        self.records().join("mailbox-shop.age")
    }

    fn identities(&self) -> Vec<Identity> {
        VaultKey::File(self.key()).identities().unwrap()
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
    assert!(!home.records().exists(), "reading and deleting made a vault");
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
    for entry in fs::read_dir(home.records()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_eq!((path.file_name().unwrap().to_str(), names(&path).len()), (Some(DRAFTS), 0));
            continue;
        }
        let bytes = fs::read(path).unwrap();
        for needle in ["canary", "Y2FuYXJ5", "shop"] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle.as_bytes()), "{needle}");
        }
        files += 1;
    }
    assert_eq!(files, 1, "the record");
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
    let before = fs::read(home.record()).unwrap();
    let stranger = VaultKey::Value(Identity::generate().to_string());
    let store = VaultStore::new(home.vault(), stranger);
    // Nor does it mix in records that the vault's own key would not open.
    assert_eq!(store.put(&office(), &value("y")).err(), Some(StoreFault::WrongKey));
    assert!(store.reserve(&office()).is_err_and(|fault| fault == StoreFault::WrongKey));
    assert_eq!(store.get(&shop()).err(), Some(StoreFault::WrongKey));
    assert_eq!(store.put(&shop(), &value("y")).err(), Some(StoreFault::WrongKey));
    assert_eq!(store.delete(&shop()).err(), Some(StoreFault::WrongKey));
    assert_eq!((fs::read(home.record()).unwrap(), names(&home.records()).len()), (before, 2));
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
    store.put(&shop(), &value("z")).unwrap();
    let store = VaultStore::new(home.vault(), VaultKey::Value(new));
    assert_eq!((text(&store, &shop()), text(&store, &office())), (Some("z".into()), Some("y".into())));
    assert_eq!(home.store().get(&shop()).err(), Some(StoreFault::WrongKey));
}

#[test]
fn a_key_that_is_none_is_refused_with_its_line_and_not_its_text() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    for (file, expected) in [
        ("", KeyTrouble::Empty),
        ("# only a comment\n", KeyTrouble::Empty),
        ("# c\nAGE-SECRET-KEY-1CANARY\n", KeyTrouble::Line(2)),
        ("canary", KeyTrouble::Line(1)),
        ("age1canary", KeyTrouble::Line(1)),
        ("AGE-SECRET-KEY-PQ-1CANARY", KeyTrouble::Line(1)),
    ] {
        let store = VaultStore::new(home.vault(), VaultKey::Value(SecretString::from(file)));
        let place = "MAILGRANT_VAULT_KEY".to_owned();
        assert_eq!(store.get(&shop()).err(), Some(StoreFault::BadKey { place, trouble: expected }));
    }
    let large = vec![b'#'; 100_000];
    for bytes in [&b"\xff\xfe"[..], &large] {
        files::write_atomic(&home.key(), bytes, Privacy::Secret).unwrap();
        let (place, trouble) = (home.key().display().to_string(), KeyTrouble::NotText);
        assert_eq!(home.store().get(&shop()).err(), Some(StoreFault::BadKey { place, trouble }));
    }
}

#[test]
fn a_damaged_record_is_told_from_a_wrong_key_never_overwritten_and_can_be_removed() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    home.store().put(&office(), &value("two")).unwrap();
    let good = fs::read(home.record()).unwrap();
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
        seal(&home.identities(), b"{\"schema\":1}").unwrap(),
        seal(&home.identities(), b"canary").unwrap(),
    ];
    for (index, bytes) in bad.iter().enumerate() {
        files::write_atomic(&home.record(), bytes, Privacy::Secret).unwrap();
        let what = damage(home.store().get(&shop()).err());
        assert!(!what.contains("canary") && what.contains("mailbox-shop.age"), "{index}: {what}");
        damage(home.store().put(&shop(), &value("y")).err());
        damage(home.store().reserve(&shop()).err());
        assert!(fs::read(home.record()).unwrap() == *bytes, "{index} was overwritten");
        // The others are none of its business.
        assert_eq!(text(&home.store(), &office()), Some("two".into()));
    }
    assert!(home.store().delete(&shop()).unwrap());
    assert_eq!(text(&home.store(), &shop()), None);
}

#[test]
fn files_that_were_swapped_are_refused_with_both_names_and_stay() {
    let home = Home::new();
    home.store().put(&shop(), &value("one")).unwrap();
    home.store().put(&office(), &value("two")).unwrap();
    let other = home.records().join("mailbox-office.age");
    let (one, two) = (fs::read(home.record()).unwrap(), fs::read(&other).unwrap());
    fs::write(home.record(), &two).unwrap();
    fs::write(&other, &one).unwrap();
    let misfiled = |key: &RecordKey, holds: &RecordKey| StoreFault::Misfiled {
        path: home.records().join(record::file_name(key)),
        holds: holds.entry_name(),
        expected: key.entry_name(),
    };
    for (key, holds) in [(shop(), office()), (office(), shop())] {
        let expected = misfiled(&key, &holds);
        assert_eq!(home.store().get(&key).err(), Some(expected.clone()));
        assert_eq!(home.store().put(&key, &value("x")).err(), Some(expected.clone()));
        assert_eq!(home.store().delete(&key).err(), Some(expected));
    }
    assert_eq!((fs::read(home.record()).unwrap(), fs::read(&other).unwrap()), (two, one));
}

#[test]
fn a_newer_record_is_refused_with_its_number_and_stays() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let newer = seal(&home.identities(), b"mailgrant-record 2 [canary]\n").unwrap();
    files::write_atomic(&home.record(), &newer, Privacy::Secret).unwrap();
    let expected = StoreFault::Newer { what: home.record().display().to_string(), number: 2, known: 1 };
    assert_eq!(home.store().get(&shop()).err(), Some(expected.clone()));
    assert_eq!(home.store().put(&shop(), &value("x")).err(), Some(expected.clone()));
    assert_eq!(home.store().delete(&shop()).err(), Some(expected));
    assert_eq!(fs::read(home.record()).unwrap(), newer);
}

#[cfg(unix)]
#[test]
fn a_vault_or_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    for path in [home.key(), home.record()] {
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
fn vault_key_and_folders_are_private() {
    use std::os::unix::fs::MetadataExt;

    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&home.key()), mode(&home.record())), (0o600, 0o600));
    for folder in ["data", "data/vault.age.d", "data/vault.age.d/drafts"] {
        assert_eq!(mode(&home.folder.path().join(folder)), 0o700, "{folder}");
    }
}

#[test]
fn a_new_key_is_never_written_over_an_old_one() {
    let home = Home::new();
    let before = fs::read(home.key()).unwrap();
    let fault = new_vault_key(&home.key()).unwrap_err();
    assert!(matches!(fault, StoreFault::File { kind: io::ErrorKind::AlreadyExists, .. }), "{fault:?}");
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
fn the_age_program_opens_a_record_and_writes_one_that_we_open() {
    let Some(()) = age_program() else { return };
    let home = Home::new();
    let store = home.store();
    store.put(&shop(), &value("hello")).unwrap();
    let opened = Command::new("age").arg("--decrypt").arg("-i").arg(home.key()).arg(home.record()).output().unwrap();
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
    assert_eq!(String::from_utf8(opened.stdout).unwrap(), "mailgrant-record 1 mailbox:shop\nhello");

    let plain = home.folder.path().join("plain");
    fs::write(&plain, "mailgrant-record 1 mailbox:shop\nby hand").unwrap();
    let written = Command::new("age")
        .args(["--encrypt", "-i"])
        .arg(home.key())
        .arg("-o")
        .arg(home.record())
        .arg(&plain)
        .status()
        .unwrap();
    assert!(written.success());
    assert_eq!(text(&store, &shop()), Some("by hand".into()));
}

#[test]
fn age_takes_the_public_half_that_a_new_key_announces() {
    let Some(()) = age_program() else { return };
    let home = Home::new();
    let other = home.folder.path().join("other.key");
    let public = new_vault_key(&other).unwrap();
    let plain = home.folder.path().join("plain");
    fs::write(&plain, "mailgrant-record 1 mailbox:shop\none").unwrap();
    // Into a file of ours, since age makes its own with the umask's mode.
    files::create_private_folder(&home.records()).unwrap();
    files::create_private(&home.record(), b"").unwrap();
    let written = Command::new("age").args(["-r", &public, "-o"]).arg(home.record()).arg(&plain).status().unwrap();
    assert!(written.success());
    let store = VaultStore::new(home.vault(), VaultKey::File(other));
    assert_eq!(text(&store, &shop()), Some("one".into()));
    assert_eq!(home.store().get(&shop()).err(), Some(StoreFault::WrongKey));
}

#[test]
fn a_trial_proves_key_and_folder_and_leaves_the_vault_untouched() {
    let home = Home::new();
    let store = home.store();
    let said = store.self_test().unwrap();
    assert!(said.contains("no vault yet"), "{said}");
    assert!(!home.vault().parent().unwrap().exists(), "not even the folder was made");
    store.put(&shop(), &value("one")).unwrap();
    let before = (fs::read(home.record()).unwrap(), names(&home.records()));
    let said = store.self_test().unwrap();
    assert!(said.contains("1 records"), "{said}");
    assert_eq!((fs::read(home.record()).unwrap(), names(&home.records())), before);
    assert_eq!(names(&home.records().join(DRAFTS)).len(), 0);
    let other = home.folder.path().join("other.key");
    new_vault_key(&other).unwrap();
    assert_eq!(VaultStore::new(home.vault(), VaultKey::File(other)).self_test(), Err(StoreFault::WrongKey));
    fs::remove_file(home.key()).unwrap();
    assert!(matches!(store.self_test(), Err(StoreFault::NoKey { .. })));
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn the_folder_may_be_named_instead_of_the_file() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let store = VaultStore::new(home.records(), VaultKey::File(home.key()));
    assert_eq!(text(&store, &shop()), Some("x".into()));
    let both = (home.vault(), home.records());
    assert_eq!((vault_places(&home.vault()), vault_places(&home.records())), (both.clone(), both));
    assert_eq!(vault_places(Path::new("/a/.d")).1, Path::new("/a/.d.d"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_a_link_or_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let refused = || {
        for fault in [
            home.store().get(&shop()).err(),
            home.store().put(&office(), &value("y")).err(),
            home.store().delete(&shop()).err(),
            home.store().reserve(&office()).err(),
        ] {
            assert!(matches!(fault, Some(StoreFault::Unsafe { .. })), "{fault:?}");
        }
    };
    fs::set_permissions(home.records(), fs::Permissions::from_mode(0o770)).unwrap();
    refused();
    fs::set_permissions(home.records(), fs::Permissions::from_mode(0o700)).unwrap();
    let elsewhere = home.folder.path().join("elsewhere");
    fs::rename(home.records(), &elsewhere).unwrap();
    symlink(&elsewhere, home.records()).unwrap();
    refused();
    assert_eq!(names(&elsewhere), ["drafts", "mailbox-shop.age"]);
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
