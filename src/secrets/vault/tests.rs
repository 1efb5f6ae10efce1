use std::fs;

use secrecy::SecretString;

use super::seal::seal;
use super::*;

mod age_program;
mod damage;
mod keys;
#[cfg(unix)]
mod permissions;
mod takeover;
mod writers;

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
fn nothing_of_a_record_is_on_the_disk_in_the_clear() {
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
fn a_trial_proves_key_and_folder_and_leaves_the_vault_untouched() {
    let home = Home::new();
    let store = home.store();
    let said = store.self_test().unwrap();
    assert!(said.contains("no vault yet"), "{said}");
    assert!(!home.vault().parent().unwrap().exists(), "not even the folder was made");
    store.put(&shop(), &value("one")).unwrap();
    let before = (fs::read(home.record()).unwrap(), names(&home.records()));
    let said = store.self_test().unwrap();
    assert!(said.contains("(1 record)"), "{said}");
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
