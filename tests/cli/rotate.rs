use std::time::Duration;

use crate::sandbox::browser::Person;
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary::{CLIENT_SECRET, NEXT_CLIENT_SECRET};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};

/// Authorized, with tokens that must be fetched again each time: every command shows which secret is in use.
fn stale() -> Fixture {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

fn rotate(shop: &Fixture, secret: &str, more: &[&str]) -> Finished {
    let arguments = [&["--json", "rotate-secret", "shop", "--secret-stdin"], more].concat();
    shop.run(&arguments).stdin(secret).finish()
}

#[test]
fn a_new_secret_is_proven_and_then_used() {
    let shop = stale();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    rotate(&shop, NEXT_CLIENT_SECRET, &["--expires", "2027-05-20"]).code(0);
    shop.sandbox().expire_client_secret(CLIENT_SECRET);
    shop.json(&["test-mailbox", "shop"], 0);
    assert!(std::fs::read_to_string(shop.config()).unwrap().contains("2027-05-20"));
    assert_eq!(shop.sandbox().counters().sign_ins, 1, "no second sign-in is needed");
    shop.insist_on_manners();
}

#[test]
fn a_secret_that_has_expired_is_replaced_without_a_new_sign_in() {
    let shop = stale();
    shop.sandbox().expire_client_secret(CLIENT_SECRET);
    let stopped = shop.json(&["test-mailbox", "shop"], 1);
    assert_eq!(stopped.finding_codes(), ["ms-secret-expired"]);
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    rotate(&shop, NEXT_CLIENT_SECRET, &[]).code(0);
    shop.json(&["test-mailbox", "shop"], 0);
    assert_eq!(shop.sandbox().counters().sign_ins, 1);
}

#[test]
fn a_refused_secret_leaves_the_old_one_in_use() {
    let shop = stale();
    let refused = rotate(&shop, "not-a-secret-of-this-app", &["--wait-propagation", "0"]).code(1);
    assert_eq!(refused.finding_codes(), ["ms-secret-id-instead-of-value"]);
    shop.json(&["test-mailbox", "shop"], 0);
    assert!(!fact(&shop.json(&["status", "shop"], 0), "rotation").contains("unfinished"));
}

#[test]
fn a_secret_that_is_known_late_is_waited_for() {
    let shop = stale();
    let mut running =
        shop.run(&["--json", "rotate-secret", "shop", "--secret-stdin"]).stdin(NEXT_CLIENT_SECRET).start();
    running.wait_for_stderr("not accepted");
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    running.finish().code(0);
    shop.sandbox().expire_client_secret(CLIENT_SECRET);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn a_secret_id_is_recognised_without_asking_the_provider() {
    let shop = stale();
    let id = shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    let requests = shop.sandbox().counters().token_requests;
    rotate(&shop, &id, &[]).code(2);
    assert_eq!(shop.sandbox().counters().token_requests, requests);
}

#[test]
fn the_previous_secret_can_be_brought_back_and_forgotten() {
    let shop = stale();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    rotate(&shop, NEXT_CLIENT_SECRET, &[]).code(0);
    shop.json(&["rotate-secret", "shop", "--rollback"], 0);
    shop.sandbox().expire_client_secret(NEXT_CLIENT_SECRET);
    shop.json(&["test-mailbox", "shop"], 0);
    shop.json(&["rotate-secret", "shop", "--discard-previous"], 0);
    shop.json(&["rotate-secret", "shop", "--rollback"], 1);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn the_secret_in_use_given_again_changes_nothing() {
    let shop = stale();
    let requests = shop.sandbox().counters().token_requests;
    rotate(&shop, CLIENT_SECRET, &[]).code(0);
    assert_eq!(shop.sandbox().counters().token_requests, requests);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn all_mailboxes_of_the_app_are_proven() {
    let shop = stale();
    shop.add("alice", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(0);
    shop.authorize_as("alice", ALICE).code(0);
    shop.add("idle", &[("--app", Some("shop"))]).finish().code(0);
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    let before = shop.sandbox().counters().token_requests;
    let rotated = rotate(&shop, NEXT_CLIENT_SECRET, &["--skip-connection-tests"]).code(0).json();
    assert_eq!(shop.sandbox().counters().token_requests, before + 2, "one proof for each sign-in there is");
    let subjects: Vec<String> =
        rotated["reports"].as_array().unwrap().iter().map(|report| report["name"].to_string()).collect();
    assert_eq!(subjects, ["\"shop\"", "\"alice\"", "\"idle\"", "\"shop\""], "the app, and its mailboxes");
}

#[test]
fn an_answer_that_never_comes_leaves_the_rotation_unfinished_and_a_rerun_ends_it() {
    let shop = stale();
    // As at Microsoft: the answer that was lost does not cost the grant.
    shop.sandbox().allow_refresh_reuse();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    shop.sandbox().set_token_delay(Duration::from_secs(6));
    let unfinished = rotate(&shop, NEXT_CLIENT_SECRET, &["--timeout", "2"]).code(8);
    assert_eq!(unfinished.finding_codes()[0], "rotation-unfinished");
    shop.sandbox().set_token_delay(Duration::ZERO);
    let status = shop.json(&["status", "shop"], 0);
    assert!(fact(&status, "rotation").contains("unfinished"), "{}", status.stdout);
    shop.json(&["test-mailbox", "shop"], 0);
    // The new secret is stored: it need not be typed again.
    shop.json(&["rotate-secret", "shop"], 0);
    shop.sandbox().expire_client_secret(CLIENT_SECRET);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn reauthorize_signs_in_again_afterwards() {
    let shop = stale();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    let mut running = shop
        .run(&["--json", "rotate-secret", "shop", "--secret-stdin", "--reauthorize"])
        .stdin(NEXT_CLIENT_SECRET)
        .start();
    let url = running.authorization_url();
    let person = Person::SignsInAs(SHOP.to_owned());
    crate::sandbox::browser::sign_in(&url, shop.sandbox().ca_file(), &person).unwrap();
    running.finish().code(0);
    assert_eq!(shop.sandbox().counters().sign_ins, 2);
}

#[test]
fn a_public_client_has_nothing_to_rotate() {
    let shop = Fixture::new();
    let client = crate::sandbox::world::PUBLIC_CLIENT;
    shop.add("shop", &[("--client-id", Some(client)), ("--credential", Some("none"))]).finish().code(0);
    rotate(&shop, NEXT_CLIENT_SECRET, &[]).code(3);
}

#[test]
fn without_a_terminal_the_secret_is_not_asked_for() {
    let shop = stale();
    let refused = shop.json(&["rotate-secret", "shop"], 2);
    assert!(refused.stdout.contains("--secret-stdin"), "{}", refused.stdout);
}
