//! Many processes at once.

use std::collections::BTreeSet;
use std::fs::File;
use std::time::{Duration, Instant};

use crate::sandbox::world::SHOP;
use crate::shop::{ALWAYS_STALE, Shop};
use crate::support::rounds;

#[test]
fn sixty_four_processes_make_one_token_request_and_get_the_same_good_token() {
    let shop = Shop::added();
    for round in 0..rounds(3) {
        // A sign-in that leaves a stale token in the store.
        shop.sandbox.set_access_lifetime(ALWAYS_STALE);
        shop.authorize_as("shop", SHOP).code(0);
        shop.sandbox.set_access_lifetime(Duration::from_secs(3_600));
        // Time enough for everybody to come to the door while the first is still inside.
        shop.sandbox.set_token_delay(Duration::from_millis(500));
        let before = shop.sandbox.counters();
        let crowd: Vec<_> = (0..64).map(|_| shop.home.run(&["token", "shop"]).start()).collect();
        let tokens: BTreeSet<String> = crowd.into_iter().map(|running| running.finish().code(0).stdout).collect();
        let after = shop.sandbox.counters();
        assert_eq!(after.token_requests - before.token_requests, 1, "round {round}");
        assert_eq!(after.refresh_reuses, 0, "round {round}");
        assert_eq!(tokens.len(), 1, "round {round}");
        assert!(tokens.iter().all(|token| shop.sandbox.is_live_access_token(token.trim_end())));
        shop.sandbox.set_token_delay(Duration::ZERO);
    }
}

#[cfg(unix)]
#[test]
fn a_killed_holder_frees_its_lock_at_once() {
    let shop = Shop::added();
    shop.sandbox.allow_refresh_reuse();
    shop.sandbox.set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox.set_token_delay(Duration::from_secs(20));
    let before = shop.sandbox.counters().token_requests;
    let holder = shop.home.run(&["token", "shop"]).start();
    let deadline = Instant::now() + Duration::from_secs(20);
    while shop.sandbox.counters().token_requests == before {
        assert!(Instant::now() < deadline, "the holder never asked");
        std::thread::sleep(Duration::from_millis(5));
    }
    shop.sandbox.set_token_delay(Duration::ZERO);
    assert_eq!(holder.kill().code, None);
    let started = Instant::now();
    shop.home.run(&["token", "shop"]).finish().code(0);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn a_lock_that_stays_is_given_up_with_exit_7() {
    let shop = Shop::added();
    shop.sandbox.set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let state = shop.home.path().join("state");
    let locks: Vec<File> = shop
        .home
        .files()
        .into_iter()
        .filter(|(path, _)| path.starts_with(&state))
        .map(|(path, _)| File::options().read(true).write(true).open(path).unwrap())
        .collect();
    assert!(!locks.is_empty(), "a sign-in leaves its lock's file");
    locks.iter().for_each(|lock| lock.lock().unwrap());
    let before = shop.sandbox.counters().token_requests;
    let busy = shop.home.run(&["token", "shop"]).finish().code(7);
    assert_eq!(busy.stdout, "");
    assert_eq!(shop.sandbox.counters().token_requests, before, "never refreshed unlocked");
    drop(locks);
    shop.home.run(&["token", "shop"]).finish().code(0);
}
