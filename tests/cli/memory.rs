//! What is left of a command's secrets in its memory, and of its memory on the disk (SECURITY.md K3).

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use rustix::process::Signal;

use crate::sandbox::world::SHOP;
use crate::support::canary::{self, CLIENT_SECRET};
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;
use crate::support::wait_until;

/// Everything that process `id` can write to.
fn memory_of(id: u32) -> Vec<u8> {
    let memory = File::open(format!("/proc/{id}/mem")).unwrap();
    let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).unwrap();
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // Some pages are the kernel's own.
        let read = memory.read_at(&mut bytes, start).unwrap_or(0);
        all.extend_from_slice(&bytes[..read]);
    }
    all
}

/// How often a piece of `secret` is in `memory`. The first bytes do not count: the heap's own notes overwrite them
/// in what was given back unwiped.
fn copies(memory: &[u8], secret: &str) -> usize {
    let (secret, half) = (secret.as_bytes(), secret.len() / 2);
    let piece = &secret[half..(half + 24).min(secret.len())];
    memory.windows(piece.len()).filter(|window| *window == piece).count()
}

#[test]
fn a_command_that_has_done_its_refresh_holds_nothing_that_it_no_longer_needs() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: only root may look into the memory of a process that cannot be dumped");
        return;
    }
    let shop = Fixture::new();
    // A mail server that never says a word: the token is fetched meanwhile, and then there is nothing to do but wait.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    shop.add("shop", &[("--incoming-host", Some("127.0.0.1")), ("--incoming-port", Some(&port))]).finish().code(0);
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let vault = shop.path().join("data/mailgrant/vault.age.d/mailbox-shop.age");
    let inode = || std::fs::metadata(&vault).unwrap().ino();
    let (old, before) = (shop.sandbox().issued_tokens(), inode());
    let running = shop.run(&["test-mailbox", "shop"]).start();
    wait_until("the new tokens are stored", || inode() != before);
    let issued: Vec<String> = shop.sandbox().issued_tokens().into_iter().filter(|token| !old.contains(token)).collect();
    let of_kind =
        |tokens: &[String], start: &str| tokens.iter().find(|token| token.starts_with(start)).cloned().unwrap();
    let [spent, new] = [&old, &issued].map(|tokens| of_kind(tokens, "1."));
    let access = of_kind(&issued, "ey");
    let key = std::fs::read_to_string(shop.vault_key()).unwrap();
    let form: String = url::form_urlencoded::byte_serialize(CLIENT_SECRET.as_bytes()).collect();
    let gone = [
        ("the spent refresh token", spent.as_str()),
        ("the client secret", CLIENT_SECRET),
        ("the client secret in a form", &form),
        ("the vault's key", key.lines().last().unwrap()),
    ];
    let mut found = Vec::new();
    // It may still be on its way from the store to the wait.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    loop {
        let memory = memory_of(running.id());
        assert!(copies(&memory, &access) > 0, "the look into memory has gone blind: the access token is needed yet");
        found.clear();
        found.extend(gone.iter().filter(|(_, secret)| copies(&memory, secret) > 0).map(|(name, _)| *name));
        // OpenSSL holds the last record that it has deciphered in a buffer of its own, and the answer was that.
        if copies(&memory, &new) > 1 {
            found.push("more than the TLS library's copy of the new refresh token");
        }
        if found.is_empty() || std::time::Instant::now() > deadline {
            break;
        }
    }
    running.kill();
    assert!(found.is_empty(), "{found:?}");
}

/// What a core would be called, in the folder where the process runs.
fn cores(folders: &[PathBuf]) -> Vec<PathBuf> {
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap().flatten());
    let is_core = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("core"));
    entries.map(|entry| entry.path()).filter(is_core).collect()
}

#[test]
fn a_command_that_aborts_leaves_no_core() {
    let shop = Fixture::added();
    let allowed = "ulimit -c unlimited";
    let folders = [shop.path()];
    // Another program of the same home does: where it cannot, our own leaving none means nothing.
    let script = format!("{allowed}; kill -ABRT $$; exec false");
    let mut other = std::process::Command::new("sh");
    let dumps = other.args(["-c", &script]).current_dir(shop.path()).status().unwrap();
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    if !std::os::unix::process::ExitStatusExt::core_dumped(&dumps) {
        eprintln!("SKIPPED: no process leaves a core here (core_pattern {})", pattern.trim());
        return;
    }
    // A pattern with a path or a pipe puts it elsewhere; the kernel's own word is left, then.
    for core in cores(&folders) {
        std::fs::remove_file(core).unwrap();
    }
    let mut running = shop.run_after(allowed, &["authorize", "shop"]).start();
    running.authorization_url();
    running.signal(Signal::ABORT);
    let ended = running.finish();
    assert_eq!(ended.code, None, "it was not aborted: {}", ended.stderr);
    assert!(!ended.dumped_core, "the kernel says that it left a core");
    assert_eq!(cores(&folders), [] as [PathBuf; 0]);
    for (path, bytes) in shop.files() {
        assert_eq!(
            canary::find(&path.display().to_string(), &bytes, &[CLIENT_SECRET.to_owned()]),
            Vec::<String>::new()
        );
    }
}
