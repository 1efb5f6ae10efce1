//! The keyring: what it holds, and what happens when it is locked, gone, or never was there.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::desk::finish;
use crate::keyring::Keyring;
use crate::person::How;
use crate::provider::{CLIENT_ID, FIRST_SECRET};
use crate::stack::{ALICE, Stack};

/// What a command without a terminal allows a call, and then the time that starting and ending takes here.
const LONGEST: Duration = Duration::from_secs(3 + 5);

#[test]
fn each_trouble_of_a_keyring_has_its_own_name_erases_nothing_and_is_mended_by_the_next_run() {
    let Some(stack) = Stack::start() else { return };
    let mut stack = stack.with_shop();
    let records = stack.keyring.records("mailgrant");
    assert!(records.len() >= 2, "an app and a mailbox");
    type Way = fn(&mut Keyring);
    let troubles: [(&str, Way, Way); 4] = [
        ("keyring-locked", |keyring| keyring.lock(), Keyring::begin),
        ("keyring-absent", Keyring::end, Keyring::begin),
        ("keyring-denied", |keyring| keyring.deny(true), |keyring| keyring.deny(false)),
        ("keyring-slow", |keyring| keyring.stop(), |keyring| keyring.go_on()),
    ];
    for (code, bring_about, mend) in troubles {
        bring_about(&mut stack.keyring);
        for command in [
            &["token", "shop"][..],
            &["test-mailbox", "shop"],
            &["rotate-secret", "office"],
            &["remove", "shop", "--yes"],
        ] {
            let started = Instant::now();
            let run = stack.desk.run_with_input(&[&["--json"], command].concat(), "");
            let took = started.elapsed();
            run.exits(5).says(code).hides(FIRST_SECRET);
            assert!(took < LONGEST, "{code}: {command:?} took {took:?}");
        }
        mend(&mut stack.keyring);
        stack.desk.run(&["token", "shop"]).exits(0);
        assert_eq!(stack.keyring.records("mailgrant"), records, "{code}: something was erased");
        assert!(stack.desk.files_with(FIRST_SECRET).is_empty(), "{code}: the client secret stands in a file");
    }
    assert!(!stack.desk.files_with(CLIENT_ID).is_empty(), "the search for secrets in files has gone blind");
}

#[test]
fn a_keyring_that_is_slow_and_comes_round_is_waited_for() {
    let Some(stack) = Stack::start() else { return };
    let stack = stack.with_shop();
    stack.keyring.stop();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| stack.desk.run(&["token", "shop"]));
        std::thread::sleep(Duration::from_millis(1_500));
        assert!(!running.is_finished(), "it had not to wait at all");
        stack.keyring.go_on();
        running.join().expect("token ends").exits(0);
    });
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

    let record = stack.desk.home.join(".local/share/mailgrant/vault.age.d/app-office.age");
    let mut age = stack.desk.program("age");
    let opened =
        finish(age.arg("-d").arg("-i").arg(&key).arg(&record).spawn().expect("age starts"), "age -d".to_owned());
    let plain = opened.exits(0).stdout;
    let json = plain.strip_prefix("mailgrant-record 1 app:office\n").expect("the record's name stands first");
    let record: serde_json::Value = serde_json::from_str(json).expect("the record is JSON");
    assert_eq!(record["active"]["value"], FIRST_SECRET, "age opens something else");

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
