//! Many processes at once.

use std::collections::BTreeSet;
use std::time::Duration;

use mailgrant::clock::Clock;

use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::{Hold, SHOP};
use crate::support::canary::CLIENT_SECRET;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};
use crate::support::{rounds, wait_until};

const CROWD: usize = 64;

/// Makes the access token in the store as old as one that has just run out, which saves a sign-in.
fn make_stale(shop: &Fixture) {
    shop.change_grant(|grant| grant.access[0].expires = jiff::Timestamp::UNIX_EPOCH);
}

/// How many processes wait in the kernel for the lock on the mailbox.
#[cfg(target_os = "linux")]
fn waiting(shop: &Fixture) -> usize {
    use std::os::unix::fs::MetadataExt;
    let lock = shop.path().join("state/mailgrant/locks/mailbox-shop.lock");
    let end = format!(":{}", std::fs::metadata(lock).unwrap().ino());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let is_waiting =
        |line: &&str| line.contains("-> FLOCK") && line.split_whitespace().any(|word| word.ends_with(&end));
    locks.lines().filter(is_waiting).count()
}

#[test]
fn sixty_four_processes_make_one_token_request_and_get_the_same_good_token() {
    let shop = Fixture::authorized();
    let rounds = rounds(100);
    let (started, before) = (std::time::Instant::now(), shop.sandbox().counters());
    let mut good = 0;
    for round in 0..rounds {
        make_stale(&shop);
        shop.sandbox().hold_token_endpoint(Hold::Request, 1);
        let crowd: Vec<_> = (0..CROWD).map(|_| shop.run(&["token", "shop"]).start()).collect();
        // No process is answered before all have connected.
        #[cfg(target_os = "linux")]
        wait_until("all but one wait for the lock", || waiting(&shop) == CROWD - 1);
        #[cfg(not(target_os = "linux"))]
        std::thread::sleep(Duration::from_millis(500));
        wait_until("one has asked", || shop.sandbox().counters().token_held == 1);
        shop.sandbox().let_go_on();
        let tokens: Vec<String> = crowd.into_iter().map(|running| running.finish().code(0).stdout).collect();
        good += tokens.iter().filter(|token| shop.sandbox().is_live_access_token(token.trim_end())).count();
        assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), 1, "round {round}");
        let after = shop.sandbox().counters();
        assert_eq!(after.token_requests - before.token_requests, round + 1, "one request a round");
        assert_eq!(after.refresh_reuses, 0, "round {round}");
    }
    let requests = shop.sandbox().counters().token_requests - before.token_requests;
    println!("{rounds} rounds: {requests} token requests, {good} good tokens, {:?}", started.elapsed());
    assert_eq!((requests, good), (rounds, rounds as usize * CROWD));
}

#[cfg(unix)]
#[test]
fn a_killed_holder_frees_its_lock_at_once() {
    let shop = Fixture::added();
    shop.sandbox().allow_refresh_reuse();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox().hold_token_endpoint(Hold::Request, 1);
    let holder = shop.run(&["token", "shop"]).start();
    wait_until("the holder has asked", || shop.sandbox().counters().token_held == 1);
    let waiter = shop.run(&["token", "shop"]).start();
    #[cfg(target_os = "linux")]
    wait_until("the next one waits", || waiting(&shop) == 1);
    let before = shop.sandbox().counters().token_requests;
    assert_eq!(holder.kill().code, None);
    let killed = std::time::Instant::now();
    wait_until("the next one asks", || shop.sandbox().counters().token_requests > before);
    // The lock itself is measured in `a_killed_holder_hands_over_within_100_ms`; here a TLS connection comes on top.
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
    shop.sandbox().let_go_on();
    waiter.finish().code(0);
}

#[cfg(unix)]
#[test]
fn a_holder_that_hangs_is_given_up_in_time_with_exit_7_and_its_name() {
    use rustix::process::Signal;

    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox().hold_token_endpoint(Hold::Request, 1);
    let holder = shop.run(&["token", "shop"]).start();
    wait_until("the holder has asked", || shop.sandbox().counters().token_held == 1);
    holder.signal(Signal::STOP);
    let before = shop.sandbox().counters().token_requests;
    let name = format!("process {}: mailgrant token shop", holder.id());
    let started = std::time::Instant::now();
    let busy = shop.run(&["--timeout", "2", "token", "shop"]).finish().code(7);
    let took = started.elapsed().as_secs_f32();
    assert!((1.5..12.0).contains(&took), "waited {took} s");
    assert_eq!(busy.stdout, "");
    assert!(busy.stderr.contains(&name), "{name}: {}", busy.stderr);
    assert_eq!(shop.sandbox().counters().token_requests, before, "never refreshed unlocked");
    holder.signal(Signal::CONT);
    shop.sandbox().let_go_on();
    // It slept through the time that an answer may take, and may say so; its grant is safe.
    holder.finish();
    shop.sandbox().allow_refresh_reuse();
    shop.run(&["token", "shop"]).finish().code(0);
}

#[test]
fn two_rotations_at_once_take_turns_and_one_secret_is_left_in_use() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    for round in 0..rounds(2) {
        let secrets = ["one", "two"].map(|which| format!("practice-only-secret-{which}-of-round-{round}"));
        secrets.iter().for_each(|secret| drop(shop.sandbox().add_client_secret(secret)));
        let start =
            |secret: &String| shop.run(&["--json", "rotate-secret", "shop", "--secret-stdin"]).stdin(secret).start();
        let running = secrets.each_ref().map(start);
        for running in running {
            running.finish().code(0);
        }
        assert_eq!(fact(&shop.json(&["status", "shop"], 0), "rotation"), "", "round {round}");
        // Whichever came last: with it alone the mailbox works, and without it not.
        shop.sandbox().remove_client_secret(CLIENT_SECRET);
        shop.sandbox().remove_client_secret(&secrets[0]);
        let first_is_unused = shop.run(&["--json", "test-mailbox", "shop"]).finish().code == Some(0);
        shop.sandbox().add_client_secret(&secrets[0]);
        shop.sandbox().remove_client_secret(&secrets[1]);
        let second_is_unused = shop.run(&["--json", "test-mailbox", "shop"]).finish().code == Some(0);
        assert!(first_is_unused != second_is_unused, "round {round}: {first_is_unused}, {second_is_unused}");
        shop.sandbox().add_client_secret(&secrets[1]);
    }
    assert_eq!(shop.sandbox().counters().refresh_reuses, 0);
    shop.insist_on_manners();
}

#[test]
fn a_sign_in_while_a_token_is_refreshed_comes_after_it_and_is_what_stays() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox().hold_token_endpoint(Hold::Request, 1);
    let refresh = shop.run(&["token", "shop"]).start();
    wait_until("the refresh has begun", || shop.sandbox().counters().token_held == 1);
    let mut sign_in = shop.run(&["authorize", "shop"]).start();
    let url = sign_in.authorization_url();
    let (before, ca) = (shop.sandbox().counters().token_requests, shop.sandbox().ca_file().to_owned());
    let person = std::thread::spawn(move || browser::sign_in(&url, &ca, &Person::SignsInAs(SHOP.to_owned())).is_ok());
    #[cfg(target_os = "linux")]
    wait_until("the code waits for the refresh", || waiting(&shop) == 1);
    assert_eq!(shop.sandbox().counters().token_requests, before, "a code was redeemed without the lock");
    shop.sandbox().let_go_on();
    refresh.finish().code(0);
    sign_in.finish().code(0);
    assert!(person.join().unwrap());
    // The grant of the sign-in is there, whole: the provider takes it, and once.
    shop.run(&["token", "shop"]).finish().code(0);
    assert_eq!(shop.sandbox().counters().refresh_reuses, 0);
    shop.insist_on_manners();
}

/// Keycloak's tokens live for five minutes, others' for one: a process that waits takes what was fetched meanwhile.
#[test]
fn sixty_four_processes_make_one_token_request_for_tokens_that_live_for_minutes() {
    for lifetime in [300, 60] {
        let shop = Fixture::authorized();
        shop.sandbox().set_access_lifetime(Duration::from_secs(lifetime));
        make_stale(&shop);
        shop.sandbox().hold_token_endpoint(Hold::Request, 1);
        let before = shop.sandbox().counters().token_requests;
        let crowd: Vec<_> = (0..CROWD).map(|_| shop.run(&["token", "shop"]).start()).collect();
        #[cfg(target_os = "linux")]
        wait_until("all but one wait for the lock", || waiting(&shop) == CROWD - 1);
        #[cfg(not(target_os = "linux"))]
        std::thread::sleep(Duration::from_millis(500));
        wait_until("one has asked", || shop.sandbox().counters().token_held == 1);
        shop.sandbox().let_go_on();
        let tokens: BTreeSet<String> = crowd.into_iter().map(|running| running.finish().code(0).stdout).collect();
        assert_eq!(tokens.len(), 1, "{lifetime} s");
        assert_eq!(shop.sandbox().counters().token_requests, before + 1, "{lifetime} s");
        // And one behind the other, which is the usual way.
        for _ in 0..3 {
            shop.run(&["token", "shop"]).finish().code(0);
        }
        assert_eq!(shop.sandbox().counters().token_requests, before + 1, "{lifetime} s: at birth it is fresh");
    }
}

/// A token that is past half of its life when the lock is free again was fetched while this process waited.
#[test]
fn what_was_fetched_while_a_process_waited_is_taken_though_half_of_its_life_has_passed() {
    let shop = Fixture::authorized();
    make_stale(&shop);
    let before = shop.sandbox().counters().token_requests;
    // This test is the holder.
    let path = shop.path().join("state/mailgrant/locks/mailbox-shop.lock");
    let lock = std::fs::File::options().read(true).write(true).open(path).unwrap();
    lock.lock().unwrap();
    let waiter = shop.run(&["token", "shop"]).start();
    #[cfg(target_os = "linux")]
    wait_until("it waits for the lock", || waiting(&shop) == 1);
    #[cfg(not(target_os = "linux"))]
    std::thread::sleep(Duration::from_secs(1));
    shop.change_grant(|grant| {
        let now = Clock::system().now();
        let access = &mut grant.access[0];
        access.received = now - jiff::SignedDuration::from_secs(50);
        access.token = "fetched-meanwhile".into();
        access.expires = now + jiff::SignedDuration::from_secs(10);
    });
    lock.unlock().unwrap();
    assert_eq!(waiter.finish().code(0).stdout, "fetched-meanwhile\n");
    assert_eq!(shop.sandbox().counters().token_requests, before);
}
