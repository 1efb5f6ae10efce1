//! Mailboxes that no person signs in for.

use std::collections::BTreeSet;
use std::fs;

use crate::sandbox::world::{AppOnly, Hold, SHOP};
use crate::support::fixture::Fixture;
use crate::support::wait_until;

/// The shop's mailbox, which its app opens by itself, with all that this takes at Exchange.
fn shop() -> Fixture {
    let shop = Fixture::added();
    let text = fs::read_to_string(shop.config()).unwrap();
    let changed = text.replacen("provider = \"microsoft365\"\n", "provider = \"microsoft365\"\naccess = \"app\"\n", 1);
    assert_ne!(changed, text);
    shop.write_config(&changed);
    shop.sandbox().set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
    shop
}

#[test]
fn an_apps_own_mailbox_works_without_a_sign_in() {
    let shop = shop();
    let tested = shop.json(&["test", "shop"], 0).json();
    let sides = tested["reports"][0]["sides"].as_array().unwrap();
    assert_eq!(sides.len(), 2, "{tested}");
    assert!(sides.iter().all(|side| side["state"] == "works"), "{tested}");
    shop.run(&["test-mailbox", "shop"]).finish().code(0);
    shop.run(&["test-smtp", "shop"]).finish().code(0);
}

#[test]
fn there_is_nothing_to_sign_in_for() {
    let shop = shop();
    let authorized = shop.run(&["authorize", "shop"]).finish().code(0);
    assert!(authorized.stdout.contains("nothing to sign in"), "{}", authorized.stdout);
    let refused = shop.run(&["authorize", "shop", "--no-browser"]).finish().code(0);
    assert!(!refused.stderr.contains("http"), "no address is shown: {}", refused.stderr);
}

#[test]
fn its_token_is_asked_for_once() {
    let shop = shop();
    let first = shop.run(&["token", "shop"]).finish().code(0).stdout;
    let before = shop.sandbox().counters().token_requests;
    for _ in 0..3 {
        assert_eq!(shop.run(&["token", "shop"]).finish().code(0).stdout, first);
    }
    assert_eq!(shop.sandbox().counters().token_requests, before);
}

#[test]
fn a_crowd_makes_one_request() {
    let shop = shop();
    asks_once_for_a_crowd(&shop);
}

/// Many processes at once ask for the token of a mailbox that has none yet.
pub(crate) fn asks_once_for_a_crowd(shop: &Fixture) {
    shop.sandbox().hold_token_endpoint(Hold::Request, 1);
    let crowd: Vec<_> = (0..16).map(|_| shop.run(&["token", "shop"]).start()).collect();
    wait_until("one has asked", || shop.sandbox().counters().token_held == 1);
    shop.sandbox().let_go_on();
    let tokens: BTreeSet<String> = crowd.into_iter().map(|running| running.finish().code(0).stdout).collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(shop.sandbox().counters().token_requests, 1);
}

#[test]
fn a_run_that_was_killed_leaves_nothing_behind() {
    survives_a_kill(shop);
}

/// There is nothing that a kill could lose: the next run asks again.
pub(crate) fn survives_a_kill(made: impl Fn() -> Fixture) {
    for hold in [Hold::Request, Hold::Answer] {
        let shop = made();
        shop.sandbox().hold_token_endpoint(hold, 1);
        let running = shop.run(&["token", "shop"]).start();
        wait_until("it has asked", || shop.sandbox().counters().token_held == 1);
        running.kill();
        shop.sandbox().let_go_on();
        let token = shop.run(&["token", "shop"]).finish().code(0).stdout;
        assert!(shop.sandbox().is_live_access_token(token.trim_end()));
    }
}

#[test]
fn who_is_let_in_is_checked_before_anything_is_asked() {
    let shop = shop();
    let text = fs::read_to_string(shop.config()).unwrap();
    for (from, to, expected) in [
        ("tenant = \"", "tenant = \"common\" # \"", "one directory"),
        ("access = \"app\"", "access = \"app\"\ncredential = \"none\"", "has to prove itself"),
        (
            "access = \"app\"",
            "access = \"app\"\ncredential = \"none\"",
            "write credential = \"secret\", \"certificate\" or \"federated\"",
        ),
        ("access = \"app\"", "access = \"apps\"", "access"),
        ("access = \"app\"", "access = \"app\"\ncredential = \"service-account\"", "has no service accounts"),
        ("access = \"app\"", "access = \"app\"\ncertificate = { file = \"a.pem\" }", "credential = \"certificate\""),
        ("access = \"app\"", "access = \"app\"\ncredential = \"federated\"", "source is missing"),
        ("[mailboxes.shop]", "[mailboxes.shop]\nsign_in_as = \"alice@contoso.com\"", "sign_in_as"),
    ] {
        shop.write_config(&text.replacen(from, to, 1));
        let refused = shop.run(&["test", "shop"]).finish().code(3);
        assert!(refused.stderr.contains(expected), "{to}: {}", refused.stderr);
    }
    assert_eq!(shop.sandbox().counters().token_requests, 0);
}
