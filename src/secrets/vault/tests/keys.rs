//! Keys: missing, wrong, new, and what is not a key.

use super::*;
use crate::failure::KeyTrouble;
use crate::text::Shown;

#[test]
fn a_missing_key_says_where_it_was_looked_for_and_writes_nothing() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    fs::remove_file(home.key()).unwrap();
    let no_key = StoreFault::NoKey { expected: Shown::of(home.key()) };
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
        let place = "MAILGRANT_VAULT_KEY".into();
        assert_eq!(store.get(&shop()).err(), Some(StoreFault::BadKey { place, trouble: expected }));
    }
    let large = vec![b'#'; 100_000];
    for bytes in [&b"\xff\xfe"[..], &large] {
        files::write_atomic(&home.key(), bytes, Privacy::Secret).unwrap();
        let (place, trouble) = (Shown::of(home.key()), KeyTrouble::NotText);
        assert_eq!(home.store().get(&shop()).err(), Some(StoreFault::BadKey { place, trouble }));
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

/// systemd.exec(5), `LoadCredential=`: before the file of the profile, and after the variable.
#[test]
fn a_key_that_systemd_hands_over_is_taken_before_the_file() {
    let file = PathBuf::from("/etc/mailgrant/vault.key");
    let is_file = |key: VaultKey, expected: &Path| matches!(key, VaultKey::File(path) if path == expected);
    assert!(is_file(VaultKey::of(|_| None, file.clone()), &file));
    // A folder of credentials without ours.
    assert!(is_file(
        VaultKey::of(|name| (name == "CREDENTIALS_DIRECTORY").then(|| "/nowhere".into()), file.clone()),
        &file
    ));
    let folder = std::env::temp_dir().join("mailgrant-credentials-of-a-test");
    fs::create_dir_all(&folder).unwrap();
    let credential = folder.join("mailgrant-vault-key");
    fs::write(&credential, "").unwrap();
    let handed = |name: &str| {
        let folder = std::env::temp_dir().join("mailgrant-credentials-of-a-test");
        (name == "CREDENTIALS_DIRECTORY").then(|| folder.into_os_string())
    };
    let key = VaultKey::of(handed, file.clone());
    let of_both = VaultKey::of(|name| (name != "CREDENTIALS_DIRECTORY").then(|| "AGE-SECRET-KEY-1".into()), file);
    fs::remove_dir_all(&folder).unwrap();
    assert!(is_file(key, &credential));
    assert!(matches!(of_both, VaultKey::Value(_)));
}
