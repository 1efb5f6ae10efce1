//! The keyring: what it holds, and what happens when it is locked, gone, or never was there.

use std::fs;
use std::time::{Duration, Instant};

use crate::keyring::Keyring;
use crate::person::How;
use crate::provider::{CLIENT_ID, FIRST_SECRET};
use crate::stack::{ALICE, Stack};
use crate::support::process::Run;

/// What a command without a terminal allows a call, and then the time that starting and ending takes here.
const LONGEST: Duration = Duration::from_secs(3 + 5);

#[test]
fn each_trouble_of_a_keyring_has_its_own_name_erases_nothing_and_the_next_run_recovers() {
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
    for (code, bring_about, repair) in troubles {
        bring_about(&mut stack.keyring);
        for command in [
            &["token", "shop"][..],
            &["test-mailbox", "shop"],
            &["rotate-secret", "office"],
            &["remove", "shop", "--yes"],
        ] {
            let started = Instant::now();
            let run = stack.run_with_input(&[&["--json"], command].concat(), "");
            let took = started.elapsed();
            run.code(5).says(code).hides(FIRST_SECRET);
            assert!(took < LONGEST, "{code}: {command:?} took {took:?}");
        }
        repair(&mut stack.keyring);
        stack.run(&["token", "shop"]).code(0);
        assert_eq!(stack.keyring.records("mailgrant"), records, "{code}: something was erased");
        assert!(stack.fixture.files_with(FIRST_SECRET).is_empty(), "{code}: the client secret is in a file");
    }
    assert!(!stack.fixture.files_with(CLIENT_ID).is_empty(), "the search for secrets in files has gone blind");
}

#[test]
fn a_keyring_that_is_slow_and_comes_round_is_waited_for() {
    let Some(stack) = Stack::start() else { return };
    let stack = stack.with_shop();
    stack.keyring.stop();
    std::thread::scope(|scope| {
        let running = scope.spawn(|| stack.run(&["token", "shop"]));
        std::thread::sleep(Duration::from_millis(1_500));
        assert!(!running.is_finished(), "it had not to wait at all");
        stack.keyring.go_on();
        running.join().expect("token ends").code(0);
    });
}

#[test]
fn doctor_tries_the_keyring_and_leaves_nothing_behind() {
    let Some(stack) = Stack::start() else { return };
    let stack = stack.with_shop();
    let records = stack.keyring.records("mailgrant");
    stack.run(&["--json", "doctor"]).code(0).passes("secret_store");
    assert_eq!(stack.keyring.records("mailgrant"), records);
    stack.keyring.stop();
    let started = Instant::now();
    stack.run(&["doctor"]).code(5).says("did not answer");
    assert!(started.elapsed() < Duration::from_secs(20), "it waited {:?}", started.elapsed());
    // What the keyring does late, once it goes on, the next trial removes.
    stack.keyring.go_on();
    stack.run(&["doctor"]).code(0);
    assert_eq!(stack.keyring.records("mailgrant"), records);
    stack.keyring.lock();
    stack.run(&["doctor"]).code(5).says("locked");
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
        stack.run_with_input(&arguments, &secret).code(5).hides(FIRST_SECRET).says("--store vault");
        assert!(stack.fixture.files_with(FIRST_SECRET).is_empty(), "the client secret is in a file");
        assert!(!stack.fixture.config().exists(), "a profile without its secret was written");
    };
    // A bus without a keyring on it.
    stack.keyring.end();
    try_to_add(&stack);
    // No bus at all, as in a container.
    stack.fixture.unset("DBUS_SESSION_BUS_ADDRESS");
    try_to_add(&stack);
}

#[test]
fn vault_serves_where_there_is_no_keyring_and_age_opens_it() {
    let Some(mut stack) = Stack::start() else { return };
    stack.fixture.unset("DBUS_SESSION_BUS_ADDRESS");
    stack.fixture.set("MAILGRANT_STORE", "vault");
    stack.run(&["new-vault-key"]).code(0);
    let key = stack.fixture.vault_key();
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    stack.sign_in(How::Plain, "alice", false);
    stack.run(&["authorize", "shop"]).code(0);
    stack.run(&["test-mailbox", "shop"]).code(0);
    assert!(stack.fixture.files_with(FIRST_SECRET).is_empty(), "the client secret is in a file");

    let record = stack.fixture.path().join(".local/share/mailgrant/vault.age.d/app-office.age");
    let arguments = ["-d", "-i", &key.display().to_string(), &record.display().to_string()];
    let plain = Run::new(stack.fixture.program("age"), &arguments).finish().code(0).stdout;
    let json = plain.strip_prefix("mailgrant-record 1 app:office\n").expect("the record's name comes first");
    let record: serde_json::Value = serde_json::from_str(json).expect("the record is JSON");
    assert_eq!(record["active"]["value"], FIRST_SECRET, "age opens something else");

    // The key from the environment, and no key file.
    let identity = fs::read_to_string(&key).expect("new-vault-key wrote it");
    let identity =
        identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).expect("an age identity").to_owned();
    fs::remove_file(&key).expect("the home is ours");
    stack.run(&["token", "shop"]).code(5).hides(FIRST_SECRET);
    stack.fixture.set("MAILGRANT_VAULT_KEY", identity);
    stack.run(&["token", "shop"]).code(0);
}

#[test]
fn no_secret_is_in_the_arguments_or_the_environment_of_any_process() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    let person = stack.sign_in(How::Chromium, "alice", false);
    let authorizing = stack.begin(&["authorize", "shop"]);
    let watched = authorizing.id();
    let (mut seen, mut looks) = (Vec::new(), 0);
    let run = std::thread::scope(|scope| {
        let running = scope.spawn(|| authorizing.finish());
        while !running.is_finished() {
            // Readable, so that finding nothing means something.
            let arguments = fs::read_to_string(format!("/proc/{watched}/cmdline")).unwrap_or_default();
            let environment = fs::read(format!("/proc/{watched}/environ")).unwrap_or_default();
            looks += usize::from(arguments.contains("authorize") && !environment.is_empty());
            seen.extend(family_with(watched, FIRST_SECRET));
        }
        running.join().expect("authorize ends")
    });
    run.code(0);
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
