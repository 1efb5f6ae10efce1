//! The keyring: what it holds, and what happens when it is locked, gone, or never was there.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::desk::finish;
use crate::person::How;
use crate::provider::{CLIENT_ID, FIRST_SECRET};
use crate::stack::{ALICE, Stack};

#[test]
fn locked_keyring_is_said_to_be_locked_and_nothing_is_lost() {
    let Some(stack) = Stack::start() else { return };
    let stack = stack.with_shop();
    let records = stack.keyring.records("mailgrant").len();
    assert!(records >= 2, "an app and a mailbox");
    stack.keyring.lock();
    stack.desk.run(&["token", "shop"]).exits(5).says("locked");
    stack.desk.run(&["test-mailbox", "shop"]).exits(5).says("locked");
    // Attributes can be read of a locked collection.
    assert_eq!(stack.keyring.records("mailgrant").len(), records);
    assert!(stack.desk.files_with(FIRST_SECRET).is_empty(), "the client secret stands in a file");
    assert!(!stack.desk.files_with(CLIENT_ID).is_empty(), "the search for secrets in files has gone blind");
}

#[test]
fn keyring_that_hangs_is_given_up_on() {
    let Some(stack) = Stack::start() else { return };
    let stack = stack.with_shop();
    stack.keyring.stop();
    let started = Instant::now();
    stack.desk.run(&["token", "shop"]).exits(5).hides(FIRST_SECRET);
    assert!(started.elapsed() < Duration::from_secs(15), "it waited {:?}", started.elapsed());
    stack.keyring.go_on();
    stack.desk.run(&["token", "shop"]).exits(0);
}

#[test]
fn doctor_tries_the_keyring_and_leaves_nothing_behind() {
    let Some(stack) = Stack::start() else { return };
    let stack = stack.with_shop();
    let records = stack.keyring.records("mailgrant");
    stack.desk.run(&["--json", "doctor"]).exits(0).passes("secret_store");
    assert_eq!(stack.keyring.records("mailgrant"), records);
    stack.keyring.stop();
    let started = Instant::now();
    stack.desk.run(&["doctor"]).exits(5).says("did not answer");
    assert!(started.elapsed() < Duration::from_secs(20), "it waited {:?}", started.elapsed());
    // What the keyring does late, once it goes on, the next trial removes.
    stack.keyring.go_on();
    stack.desk.run(&["doctor"]).exits(0);
    assert_eq!(stack.keyring.records("mailgrant"), records);
    stack.keyring.lock();
    stack.desk.run(&["doctor"]).exits(5).says("locked");
    assert_eq!(stack.keyring.records("mailgrant"), records);
}

#[test]
fn without_a_keyring_nothing_is_written_anywhere() {
    let Some(mut stack) = Stack::start() else { return };
    let arguments = [
        "add",
        "shop",
        "--provider",
        "microsoft365",
        "--tenant",
        "contoso.onmicrosoft.com",
        "--address",
        "shop@contoso.com",
        "--client-id",
        "11111111-2222-3333-4444-555555555555",
        "--secret-stdin",
    ];
    let secret = format!("{FIRST_SECRET}\n");
    let try_to_add = |stack: &Stack| {
        stack.desk.run_with_input(&arguments, &secret).exits(5).hides(FIRST_SECRET).says("--store vault");
        assert!(stack.desk.files_with(FIRST_SECRET).is_empty(), "the client secret stands in a file");
        assert!(!stack.desk.profile().exists(), "a profile without its secret was written");
    };
    // A bus without a keyring on it.
    stack.keyring.end();
    try_to_add(&stack);
    // No bus at all, as in a container.
    stack.desk.bus = None;
    try_to_add(&stack);
}

#[test]
fn vault_serves_where_there_is_no_keyring_and_age_opens_it() {
    let Some(mut stack) = Stack::start() else { return };
    stack.desk.bus = None;
    stack.desk.environment.push(("MAILGRANT_STORE", "vault".to_owned()));
    stack.desk.run(&["new-vault-key"]).exits(0);
    let key = stack.desk.home.join(".config/mailgrant/vault.key");
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    stack.sign_in(How::Plain, "alice", false);
    stack.desk.run(&["authorize", "shop"]).exits(0);
    stack.desk.run(&["test-mailbox", "shop"]).exits(0);
    assert!(stack.desk.files_with(FIRST_SECRET).is_empty(), "the client secret stands in a file");

    let vault = stack.desk.home.join(".local/share/mailgrant/vault.age");
    let mut age = stack.desk.program("age");
    let opened =
        finish(age.arg("-d").arg("-i").arg(&key).arg(&vault).spawn().expect("age starts"), "age -d".to_owned());
    let contents: serde_json::Value = serde_json::from_str(&opened.exits(0).stdout).expect("the vault holds JSON");
    assert!(decoded(&contents).iter().any(|record| record.contains(FIRST_SECRET)), "age opens something else");

    // The key from the environment, and no key file.
    let identity = fs::read_to_string(&key).expect("new-vault-key wrote it");
    let identity =
        identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).expect("an age identity").to_owned();
    fs::remove_file(&key).expect("the home is ours");
    stack.desk.run(&["token", "shop"]).exits(5).hides(FIRST_SECRET);
    stack.desk.environment.push(("MAILGRANT_VAULT_KEY", identity));
    stack.desk.run(&["token", "shop"]).exits(0);
}

#[test]
fn no_secret_is_in_the_arguments_or_the_environment_of_any_process() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    let person = stack.sign_in(How::Chromium, "alice", false);
    let child = stack.desk.command(&["authorize", "shop"]).stdin(Stdio::null()).spawn().expect("the binary is built");
    let watched = child.id();
    let (mut seen, mut looks) = (Vec::new(), 0);
    let run = std::thread::scope(|scope| {
        let running = scope.spawn(|| finish(child, "mailgrant authorize shop".to_owned()));
        while !running.is_finished() {
            // Readable, so that finding nothing means something.
            let arguments = fs::read_to_string(format!("/proc/{watched}/cmdline")).unwrap_or_default();
            let environment = fs::read(format!("/proc/{watched}/environ")).unwrap_or_default();
            looks += usize::from(arguments.contains("authorize") && !environment.is_empty());
            seen.extend(family_with(watched, FIRST_SECRET));
        }
        running.join().expect("authorize ends")
    });
    run.exits(0);
    person.last_page();
    assert!(looks > 20, "the look at /proc worked only {looks} times");
    assert_eq!(seen, [] as [String; 0]);
}

/// The records of an opened vault: every string in it that is base64.
fn decoded(contents: &serde_json::Value) -> Vec<String> {
    use base64::Engine as _;
    match contents {
        serde_json::Value::String(text) => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
            vec![String::from_utf8_lossy(&bytes).into_owned()]
        }
        serde_json::Value::Array(items) => items.iter().flat_map(decoded).collect(),
        serde_json::Value::Object(fields) => fields.values().flat_map(decoded).collect(),
        _ => Vec::new(),
    }
}

/// The process and its descendants whose arguments or environment contain `needle`.
fn family_with(root: u32, needle: &str) -> Vec<String> {
    let mut family = vec![root];
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(&id) = family.get(next) {
        next += 1;
        for file in ["cmdline", "environ"] {
            let bytes = fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
            if bytes.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                found.push(format!("{file} of {id}"));
            }
        }
        for task in fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            family.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    found
}
