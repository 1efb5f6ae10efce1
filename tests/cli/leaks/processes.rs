//! What the kernel tells of our processes, and what they say when they die.

use std::collections::BTreeSet;

use super::vault_key;
use crate::flags::everywhere::WRITTEN;
use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::SHOP;
use crate::support::canary::{CLIENT_SECRET, NEXT_CLIENT_SECRET, Nose};
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;
use crate::support::process::Running;

/// Everything that `/proc` shows of a command and its children, again and again until it has ended, or until `enough`
/// was seen.
pub(super) fn watch(running: &mut Running, seen: &mut BTreeSet<Vec<u8>>, enough: Option<&str>) {
    while !running.has_ended() {
        for id in family(running.id()) {
            for file in ["cmdline", "environ"] {
                // Another user's process, or one that has just ended.
                let bytes = std::fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
                let is_enough = enough.is_some_and(|words| String::from_utf8_lossy(&bytes).contains(words));
                seen.insert(bytes);
                if is_enough {
                    return;
                }
            }
        }
    }
}

/// The process and its children, whichever of its threads started them.
fn family(id: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let children: Vec<String> = children.collect();
    let children = children.iter().flat_map(|text| text.split_whitespace()).filter_map(|word| word.parse().ok());
    std::iter::once(id).chain(children).collect()
}

#[test]
fn no_other_process_sees_a_secret_in_an_argument() {
    let shop = Fixture::new();
    let mut seen = BTreeSet::new();
    let add = shop.add_arguments("shop", &[]);
    let add: Vec<&str> = add.iter().map(String::as_str).collect();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    // A browser that stays until it has been seen.
    let program = shop.path().join("browser");
    std::fs::write(&program, "#!/bin/sh\nsleep 5\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut names = BTreeSet::new();
    for (arguments, stdin) in [
        (&add[..], CLIENT_SECRET),
        (&["apply", "-"], "[mailboxes.shop]\nenabled = true\n"),
        (&["authorize", "shop", "--timeout", "30"], ""),
        (&["status"], ""),
        (&["list"], ""),
        (&["show", "shop"], ""),
        (&["inspect", "shop"], ""),
        (&["open", "shop", "secrets", "--print"], ""),
        (&["guide", "shop"], ""),
        #[cfg(feature = "practice")]
        (&["practice", "--env-file", "practice.env", "--timeout", "1"], ""),
        (&["test", "shop"], ""),
        (&["doctor"], ""),
        (&["explain", "535 5.7.3 Authentication unsuccessful"], ""),
        (&["test-mailbox", "shop"], ""),
        (&["test-smtp", "shop", "--to", SHOP], ""),
        (&["rotate-secret", "shop", "--secret-stdin"], NEXT_CLIENT_SECRET),
        (&["token", "shop"], ""),
        (&["snippet", "msmtp", "shop"], ""),
        (&["credential", "get"], "protocol=smtp\nhost=localhost\n\n"),
        (&["new-certificate", "shop", "--key", "ec"], ""),
        (&["completions", "bash"], ""),
        (&["man", "test"], ""),
        (&["schema"], ""),
        (&["report", "merge", "-"], WRITTEN),
        (&["store", "export", "handed.txt"], ""),
        (&["new-vault-key", "another.key"], ""),
        (&["remove", "shop", "--yes"], ""),
    ] {
        let mut running = shop.run(arguments).stdin(stdin).env("BROWSER", &program.display().to_string()).start();
        if arguments[0] == "authorize" {
            let url = running.authorization_url();
            watch(&mut running, &mut seen, Some("code_challenge="));
            browser::sign_in(&url, shop.sandbox().ca_file(), &Person::SignsInAs(SHOP.to_owned())).unwrap();
        }
        watch(&mut running, &mut seen, None);
        running.finish().code(0);
        names.insert(arguments[0].to_owned());
    }
    assert_eq!(names, super::verbs().into_iter().collect(), "every command was watched");
    let seen: Vec<u8> = seen.into_iter().flatten().collect();
    for words in ["test-mailbox", "BROWSER=", "code_challenge="] {
        assert!(String::from_utf8_lossy(&seen).contains(words), "the look found no {words}");
    }
    let mut secrets = shop.sandbox().issued_tokens();
    secrets.extend([CLIENT_SECRET.to_owned(), NEXT_CLIENT_SECRET.to_owned(), vault_key(&shop)]);
    assert_eq!(Nose::new(&secrets).find("/proc", &seen), Vec::<String>::new());
}

/// A thread with a stack larger than the address space cannot be made, and the standard library panics: the one way to a panic in the
/// program as it is that it need not be built in first.
#[test]
fn a_panic_tells_where_it_happened_and_nothing_else() {
    let shop = Fixture::authorized();
    let key = vault_key(&shop);
    let run = shop.run(&["-v", "test-mailbox", "shop"]).env("RUST_MIN_STACK", &(1_u64 << 47).to_string());
    let panicked = run.env("MAILGRANT_VAULT_KEY", &key).finish().code(70);
    let line = panicked.stderr.lines().last().unwrap_or_default();
    assert!(
        line.starts_with("mailgrant: this is a bug in mailgrant (") && line.contains(".rs:"),
        "{}",
        panicked.stderr
    );
    // What the panic itself says, and where a backtrace would begin.
    for words in ["failed to spawn", "panicked", "WouldBlock", "RUST_BACKTRACE"] {
        assert!(!panicked.all_text().contains(words), "{}", panicked.stderr);
    }
    let mut secrets = shop.sandbox().issued_tokens();
    secrets.extend([CLIENT_SECRET.to_owned(), key]);
    assert_eq!(Nose::new(&secrets).find("a panic", panicked.all_text().as_bytes()), Vec::<String>::new());
}
