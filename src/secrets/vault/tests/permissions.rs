//! Who else can read or write.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;

#[test]
fn a_vault_or_key_that_others_can_read_is_refused() {
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

#[test]
fn vault_key_and_folders_are_private() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&home.key()), mode(&home.record())), (0o600, 0o600));
    for folder in ["data", "data/vault.age.d", "data/vault.age.d/drafts"] {
        assert_eq!(mode(&home.folder.path().join(folder)), 0o700, "{folder}");
    }
}

#[test]
fn a_folder_that_is_a_link_or_that_others_can_write_to_is_not_used() {
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
