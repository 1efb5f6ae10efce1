//! Files, modes and limits as the kernel sees them.

use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::SHOP;
use crate::support::canary::{self, CLIENT_SECRET};
use crate::support::fixture::Fixture;

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o777
}

#[test]
fn an_open_umask_opens_nothing() {
    let shop = Fixture::without_key();
    let ports = shop.sandbox().ports();
    shop.run_with_open_umask(&["new-vault-key"]).finish().code(0);
    let profile = format!(
        "[apps.shop]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\nauthority = \"{}\"\nclient_id = \"{}\"\n\
         ca_file = \"{ca}\"\n[mailboxes.shop]\napp = \"shop\"\naddress = \"{SHOP}\"\nca_file = \"{ca}\"\n\
         incoming = {{ protocol = \"imap\", host = \"localhost\", port = {} }}\n",
        shop.sandbox().authority(),
        crate::sandbox::world::CONFIDENTIAL_CLIENT,
        ports.imap_implicit,
        ca = shop.ca_file(),
    );
    shop.write_config(&profile);
    let rotate = ["rotate-secret", "shop", "--secret-stdin", "--expires", "2027-05-20"];
    shop.run_with_open_umask(&rotate).stdin(CLIENT_SECRET).finish().code(0);
    let mut running = shop.run_with_open_umask(&["authorize", "shop"]).start();
    let url = running.authorization_url();
    browser::sign_in(&url, shop.sandbox().ca_file(), &Person::SignsInAs(SHOP.to_owned())).unwrap();
    running.finish().code(0);
    shop.run_with_open_umask(&["test-mailbox", "shop"]).finish().code(0);
    let mut seen = 0;
    for (path, _) in shop.files() {
        // The profile was made by this test, and holds no secret.
        if path != shop.config() {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 3, "key, vault and a lock");
    for folder in ["state/mailgrant", "data/mailgrant"] {
        assert_eq!(mode(&shop.path().join(folder)), 0o700, "{folder}");
    }
}

#[test]
fn a_vault_that_is_a_link_is_not_followed() {
    let shop = Fixture::added();
    // One record, and the folder of all of them.
    for link in ["data/mailgrant/vault.age.d/app-shop.age", "data/mailgrant/vault.age.d"] {
        let (link, elsewhere) = (shop.path().join(link), shop.path().join("elsewhere"));
        std::fs::rename(&link, &elsewhere).unwrap();
        symlink(&elsewhere, &link).unwrap();
        let before = shop.files();
        shop.json(&["status", "shop"], 5);
        shop.add("shop", &[("--force", Some(""))]).stdin("practice-only-secret-number-three").finish().code(5);
        let is_lock = |path: &Path| path.extension().is_some_and(|ending| ending == "lock");
        let changed = |(path, bytes): &(std::path::PathBuf, Vec<u8>)| {
            !is_lock(path) && std::fs::read(path).is_ok_and(|now| now != *bytes)
        };
        assert!(!before.iter().any(changed), "{}", link.display());
        std::fs::remove_file(&link).unwrap();
        std::fs::rename(&elsewhere, &link).unwrap();
    }
    // There again, and not signed in.
    shop.json(&["status", "shop"], 4);
}

#[test]
fn a_vault_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let shop = Fixture::added();
    let key = shop.vault_key();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    shop.json(&["status", "shop"], 5);
}

#[test]
fn without_a_keyring_nothing_is_stored_anywhere() {
    let shop = Fixture::without_key();
    let refused = shop.add("shop", &[]).env("MAILGRANT_STORE", "keyring").finish().code(5);
    assert!(refused.stdout.contains("--store vault"), "the choices are named: {}", refused.stdout);
    let secrets = [CLIENT_SECRET.to_owned()];
    for (path, bytes) in shop.files() {
        assert_eq!(canary::find(&path.display().to_string(), &bytes, &secrets), Vec::<String>::new());
    }
}

#[test]
fn a_running_command_leaves_no_core() {
    let shop = Fixture::added();
    let mut running = shop.run(&["authorize", "shop"]).start();
    running.authorization_url();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", running.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{core}");
    running.kill();
}
