//! SIGKILL in the middle of a refresh or a rotation: whatever was in the store, the mailbox works, and running it again converges.

use std::os::unix::fs::MetadataExt;
use std::time::Instant;

use mailgrant::secrets::{VaultKey, VaultStore, load_app};
use secrecy::ExposeSecret;

use crate::sandbox::world::{Hold, SHOP};
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};
use crate::support::process::Running;
use crate::support::{rounds, wait_until};

/// A rotation writes the store for: the intent, the new grant, its proof, all proven, activated, settled.
const WRITES: u32 = 6;

fn stale() -> Fixture {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    // As at Microsoft: an answer that was lost on the way to us does not cost the grant.
    shop.sandbox().allow_refresh_reuse();
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

fn start(shop: &Fixture, secret: &str) -> Running {
    shop.run(&["--json", "rotate-secret", "shop", "--secret-stdin"]).stdin(secret).start()
}

/// Which files the app's record and the mailbox's are just now: every write replaces one.
pub(crate) fn inodes(shop: &Fixture) -> [u64; 2] {
    let vault = shop.path().join("data/mailgrant/vault.age.d");
    ["app-shop.age", "mailbox-shop.age"].map(|name| std::fs::metadata(vault.join(name)).map_or(0, |is| is.ino()))
}

/// How many of the records were replaced.
pub(crate) fn written(before: [u64; 2], now: [u64; 2]) -> u32 {
    before.iter().zip(now).map(|(before, now)| u32::from(*before != now)).sum()
}

/// The secret that is in the store as the active one.
fn active_secret(shop: &Fixture) -> String {
    let vault = shop.path().join("data/mailgrant/vault.age");
    let key = VaultKey::File(shop.vault_key());
    let record = load_app(&VaultStore::new(vault, key), &"shop".parse().unwrap()).unwrap().unwrap();
    record.active.unwrap().value.expose_secret().to_owned()
}

/// After the kill: the mailbox works with the active secret and no other, a rerun converges, and then the old secret is
/// not needed.
fn insist_on_recovery(shop: &Fixture, old: &str, new: &str, when: &str) {
    let unused = if active_secret(shop) == old { new } else { old };
    shop.sandbox().remove_client_secret(unused);
    let test = shop.run(&["--json", "test-mailbox", "shop"]).finish();
    assert_eq!(test.code, Some(0), "killed {when}: {}", test.stdout);
    shop.sandbox().add_client_secret(unused);
    let again = start(shop, new).finish();
    assert_eq!(again.code, Some(0), "killed {when}: {}", again.stdout);
    shop.sandbox().remove_client_secret(old);
    let test = shop.run(&["--json", "test-mailbox", "shop"]).finish();
    assert_eq!(test.code, Some(0), "killed {when}, run again: {}", test.stdout);
    let status = shop.json(&["status", "shop"], 0);
    assert_eq!(fact(&status, "rotation"), "", "killed {when}");
}

#[test]
fn a_kill_after_each_write_of_a_rotation_leaves_a_working_mailbox() {
    let shop = stale();
    let mut old = crate::support::canary::CLIENT_SECRET.to_owned();
    let rounds = rounds(1);
    let mut killed = 0;
    for (round, write) in (0..rounds).flat_map(|round| (1..=WRITES).map(move |write| (round, write))) {
        let new = format!("practice-only-secret-for-write-{write}-of-round-{round}");
        shop.sandbox().add_client_secret(&new);
        let mut last = inodes(&shop);
        let mut running = start(&shop, &new);
        let mut seen = 0;
        while seen < write && !running.has_ended() {
            let now = inodes(&shop);
            (last, seen) = (now, seen + written(last, now));
        }
        killed += u32::from(running.kill().code.is_none());
        insist_on_recovery(&shop, &old, &new, &format!("after write {write}, round {round}"));
        old = new;
    }
    println!("{killed} of {} rotations killed right after a write", WRITES * rounds);
    // After the last write the command may end before the signal comes.
    assert!(killed >= (WRITES - 1) * rounds, "only {killed} were killed in time");
}

#[test]
fn a_kill_at_any_time_of_a_rotation_leaves_a_working_mailbox() {
    let rounds = rounds(12);
    let shop = stale();
    let started = Instant::now();
    shop.sandbox().add_client_secret("practice-only-secret-for-the-clock");
    start(&shop, "practice-only-secret-for-the-clock").finish().code(0);
    let whole = started.elapsed();
    let mut old = "practice-only-secret-for-the-clock".to_owned();
    for round in 0..rounds {
        let new = format!("practice-only-secret-for-round-{round}");
        shop.sandbox().add_client_secret(&new);
        let running = start(&shop, &new);
        let moment = whole * round / rounds;
        std::thread::sleep(moment);
        running.kill();
        insist_on_recovery(&shop, &old, &new, &format!("after {moment:?}"));
        old = new;
    }
}

#[test]
fn a_kill_while_the_provider_does_not_know_the_new_secret_leaves_the_old_one_in_use() {
    let shop = stale();
    let new = "practice-only-secret-that-comes-late";
    let mut running = start(&shop, new);
    running.wait_for_stderr("not accepted");
    running.kill();
    shop.json(&["test-mailbox", "shop"], 0);
    shop.sandbox().add_client_secret(new);
    shop.json(&["rotate-secret", "shop"], 0);
    shop.sandbox().remove_client_secret(crate::support::canary::CLIENT_SECRET);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn a_kill_at_each_request_of_a_rotation_leaves_a_working_mailbox() {
    let shop = stale();
    let mut old = crate::support::canary::CLIENT_SECRET.to_owned();
    // How many there are, an undisturbed rotation tells: the proof, and a token for each side's test.
    let new = "practice-only-secret-for-the-count";
    shop.sandbox().add_client_secret(new);
    let before = shop.sandbox().counters().token_requests;
    start(&shop, new).finish().code(0);
    let requests = shop.sandbox().counters().token_requests - before;
    assert!(requests >= 3, "only {requests} requests");
    new.clone_into(&mut old);
    let mut killed = 0;
    for round in 0..rounds(1) {
        for (nth, point) in (1..=requests).flat_map(|nth| [(nth, Hold::Request), (nth, Hold::Answer)]) {
            let new = format!("practice-only-secret-for-request-{nth}-{point:?}-of-round-{round}");
            shop.sandbox().add_client_secret(&new);
            kill_at(&shop, start_held(&shop, point, nth, || start(&shop, &new)));
            insist_on_recovery(&shop, &old, &new, &format!("at {point:?} {nth}, round {round}"));
            old = new;
            killed += 1;
        }
    }
    println!("{killed} rotations killed at one of {requests} requests");
}

/// Starts a command and waits until the token endpoint holds the `nth` request at `point`.
fn start_held(shop: &Fixture, point: Hold, nth: u32, start: impl FnOnce() -> Running) -> Running {
    shop.sandbox().hold_token_endpoint(point, nth);
    let running = start();
    wait_until("the request is held", || shop.sandbox().counters().token_held == 1);
    running
}

/// Kills it, and lets what is held go on with what it was asked: it does not know that its client is gone.
pub(crate) fn kill_at(shop: &Fixture, running: Running) {
    assert_eq!(running.kill().code, None);
    shop.sandbox().let_go_on();
    wait_until("what was held has gone on", || {
        let counters = shop.sandbox().counters();
        counters.token_held + counters.api_held == 0
    });
}

#[test]
fn a_refresh_token_is_stored_before_the_access_token_is_shown() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let rounds = rounds(5);
    let mut killed = 0;
    for round in 0..rounds {
        let before = inodes(&shop);
        let mut running = shop.run(&["token", "shop"]).start();
        while inodes(&shop) == before && !running.has_ended() {}
        killed += u32::from(running.kill().code.is_none());
        // The old refresh token is spent: only the new one, from the store, makes this work.
        let next = shop.run(&["token", "shop"]).finish();
        assert_eq!(next.code, Some(0), "round {round}: {}", next.stderr);
    }
    println!("{killed} of {rounds} refreshes killed right after their write");
    assert_eq!(shop.sandbox().counters().refresh_reuses, 0);
}

#[test]
fn a_kill_while_a_token_is_on_its_way_costs_nothing() {
    let shop = stale();
    for round in 0..rounds(2) {
        for point in [Hold::Request, Hold::Answer] {
            let when = format!("{point:?}, round {round}");
            let before = inodes(&shop);
            let running = start_held(&shop, point, 1, || shop.run(&["token", "shop"]).start());
            kill_at(&shop, running);
            assert_eq!(inodes(&shop), before, "{when}: something was written");
            assert_eq!(temporary_files(&shop), 1, "{when}: the space for the answer should have been there");
            let next = shop.run(&["token", "shop"]).finish();
            assert_eq!(next.code, Some(0), "{when}: {}", next.stderr);
            assert_eq!(temporary_files(&shop), 0, "{when}: the killed writer's file is still there");
        }
    }
    shop.json(&["test-mailbox", "shop"], 0);
}

/// Temporary files beside the vault.
fn temporary_files(shop: &Fixture) -> usize {
    shop.files().iter().filter(|(path, _)| path.extension().is_some_and(|extension| extension == "tmp")).count()
}

#[test]
fn a_kill_at_any_time_of_a_refresh_leaves_a_working_mailbox() {
    let shop = stale();
    let started = Instant::now();
    shop.run(&["token", "shop"]).finish().code(0);
    let whole = started.elapsed();
    let rounds = rounds(12);
    for round in 0..rounds {
        let running = shop.run(&["token", "shop"]).start();
        std::thread::sleep(whole * round / rounds);
        running.kill();
        let next = shop.run(&["token", "shop"]).finish();
        assert_eq!(next.code, Some(0), "round {round}: {}", next.stderr);
        assert_eq!(temporary_files(&shop), 0, "round {round}");
    }
}
