//! The `age` program reads what we write, and we read what it writes.

use std::process::{Command, Stdio};

use super::*;

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
