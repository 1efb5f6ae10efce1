use std::time::Instant;

use url::Url;

use crate::sandbox::browser::{self, Person};
use crate::sandbox::faults::Fault;
use crate::sandbox::world::{ALICE, SHARED, SHOP};
use crate::support::canary;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};

fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[test]
fn a_sign_in_is_kept_and_shown() {
    let shop = Fixture::authorized();
    let status = shop.json(&["status", "shop"], 0);
    assert_eq!(fact(&status, "status"), "authorized");
    assert_eq!(fact(&status, "signed_in_as"), SHOP);
    assert_eq!(shop.sandbox().counters().token_requests, 1, "status asks no server");
    shop.insist_on_manners();
}

#[test]
fn the_authorization_request_is_protected_and_names_the_user() {
    let shop = Fixture::added();
    let mut running = shop.run(&["authorize", "shop"]).start();
    let url = running.authorization_url();
    assert_eq!(parameter(&url, "code_challenge_method"), "S256");
    assert_eq!(parameter(&url, "code_challenge").len(), 43);
    assert!(parameter(&url, "state").len() >= 43, "256 bits of state");
    assert!(!parameter(&url, "nonce").is_empty());
    assert_eq!(parameter(&url, "login_hint"), SHOP);
    assert_eq!(parameter(&url, "prompt"), "select_account");
    assert!(parameter(&url, "redirect_uri").starts_with("http://localhost:"));
    assert!(canary::find("the URL", url.as_bytes(), &[canary::CLIENT_SECRET.to_owned()]).is_empty());
    running.kill();
    let mut again = shop.run(&["authorize", "shop"]).start();
    let second = again.authorization_url();
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(parameter(&url, name), parameter(&second, name), "{name} is new each time");
    }
}

#[test]
fn the_wrong_account_is_refused_and_nothing_is_stored() {
    let shop = Fixture::added();
    let refused = shop.authorize_as("shop", ALICE).code(1);
    assert_eq!(refused.finding_codes(), ["other-account-signed-in"]);
    assert!(refused.stdout.contains(ALICE) && refused.stdout.contains(SHOP));
    let status = shop.json(&["status", "shop"], 4);
    assert_eq!(fact(&status, "status"), "not authorized");
}

#[test]
fn the_wrong_account_does_not_displace_the_right_one() {
    let shop = Fixture::authorized();
    shop.authorize_as("shop", ALICE).code(1);
    assert_eq!(fact(&shop.json(&["status", "shop"], 0), "signed_in_as"), SHOP);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn another_account_can_be_allowed_but_does_not_open_the_mailbox() {
    let shop = Fixture::added();
    let person = Person::SignsInAs(ALICE.to_owned());
    shop.authorize(&["authorize", "shop", "--allow-other-account"], &person).code(0);
    let test = shop.json(&["test-mailbox", "shop"], 1);
    assert_eq!(test.finding_codes(), ["exo-imap-authenticated-not-connected"]);
    let test = shop.json(&["test-smtp", "shop"], 1);
    assert_eq!(test.finding_codes(), ["exo-smtp-5-7-3"]);
}

#[test]
fn a_shared_mailbox_is_opened_by_its_delegate() {
    let shop = Fixture::new();
    shop.add("support", &[("--address", Some(SHARED)), ("--sign-in-as", Some(ALICE))]).finish().code(0);
    shop.authorize_as("support", ALICE).code(0);
    shop.json(&["test-mailbox", "support"], 0);
    shop.json(&["test-smtp", "support", "--to", SHARED, "--wait-arrival"], 0);
    let sent = shop.sandbox().sent();
    assert_eq!((sent[0].user.as_str(), sent[0].sender.as_str()), (ALICE, SHARED));
    shop.insist_on_manners();
}

#[test]
fn an_account_that_was_made_again_is_noticed() {
    let shop = Fixture::authorized();
    shop.sandbox().recreate_user(SHOP);
    let refused = shop.authorize_as("shop", SHOP).code(1);
    assert_eq!(refused.finding_codes(), ["other-subject-signed-in"]);
    shop.json(&["test-mailbox", "shop"], 0);
    let person = Person::SignsInAs(SHOP.to_owned());
    shop.authorize(&["authorize", "shop", "--allow-other-account"], &person).code(0);
}

#[test]
fn a_decline_at_the_page_is_reported_as_one() {
    let shop = Fixture::added();
    let declined = shop.authorize(&["authorize", "shop"], &Person::Declines);
    assert_ne!(declined.code, Some(0));
    assert!(declined.stdout.contains("AADSTS65004"), "{}", declined.stdout);
    assert_eq!(shop.sandbox().counters().token_requests, 0);
}

#[test]
fn foreign_callbacks_are_turned_away_and_the_right_one_still_succeeds() {
    let shop = Fixture::added();
    let mut running = shop.run(&["--json", "authorize", "shop"]).start();
    let url = running.authorization_url();
    let ca_file = shop.sandbox().ca_file();
    let callback = browser::obtain_redirect(&url, ca_file, &Person::SignsInAs(SHOP.to_owned())).unwrap();
    let with = |name: &str, value: &str| {
        let mut foreign = Url::parse(&callback).unwrap();
        let pairs: Vec<(String, String)> = foreign.query_pairs().into_owned().collect();
        foreign.query_pairs_mut().clear().extend_pairs(pairs.iter().filter(|(key, _)| key != name));
        if !value.is_empty() {
            foreign.query_pairs_mut().append_pair(name, value);
        }
        foreign.to_string()
    };
    let root = Url::parse(&callback).unwrap().join("/").unwrap().to_string();
    let twice = format!("{callback}&state=another");
    for foreign in [&with("state", "forged"), &with("state", ""), &twice, &root, &format!("{root}favicon.ico")] {
        let page = browser::get(foreign, ca_file).unwrap();
        assert!((400..500).contains(&page.status), "{foreign}: {}", page.status);
        assert_eq!(shop.sandbox().counters().token_requests, 0, "{foreign}");
    }
    let page = browser::get(&callback, ca_file).unwrap();
    assert_eq!(page.status, 200, "{}", page.body);
    running.finish().code(0);
}

#[test]
fn an_expired_client_secret_is_named_at_the_exchange() {
    let shop = Fixture::added();
    shop.sandbox().expire_client_secret(canary::CLIENT_SECRET);
    let refused = shop.authorize_as("shop", SHOP).code(1);
    assert_eq!(refused.finding_codes(), ["ms-secret-expired"]);
}

/// There is nothing to test yet.
#[test]
fn after_a_passing_fault_at_the_exchange_the_sign_in_is_to_be_tried_again() {
    let shop = Fixture::added();
    shop.sandbox().switch_on(Fault::named("token-throttled"));
    let refused = shop.authorize_as("shop", SHOP);
    assert_eq!(refused.finding_codes(), ["ms-transient"]);
    assert!(refused.stdout.contains("mailgrant authorize shop"), "{}", refused.stdout);
    assert!(!refused.stdout.contains("mailgrant test shop"), "{}", refused.stdout);
    let shop = Fixture::authorized();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox().switch_on(Fault::named("token-throttled"));
    let refused = shop.run(&["--json", "token", "shop"]).finish();
    assert!(refused.stdout.contains("mailgrant test shop"), "{}", refused.stdout);
}

#[test]
fn the_wait_for_the_browser_has_an_end() {
    let shop = Fixture::added();
    let started = Instant::now();
    let gone = shop.json(&["authorize", "shop", "--timeout", "1"], 1);
    assert_eq!(gone.finding_codes(), ["sign-in-timed-out"]);
    assert!(started.elapsed().as_secs() < 20);
}

/// Signing in takes minutes, and the client secret may be another one by then: a code is good once.
#[test]
fn a_client_secret_may_be_rotated_during_a_sign_in() {
    let shop = Fixture::authorized();
    shop.sandbox().add_client_secret(canary::NEXT_CLIENT_SECRET);
    let mut running = shop.run(&["--json", "authorize", "shop"]).start();
    let url = running.authorization_url();
    let rotate = ["--json", "rotate-secret", "shop", "--secret-stdin", "--skip-connection-tests"];
    shop.run(&rotate).stdin(canary::NEXT_CLIENT_SECRET).finish().code(0);
    shop.sandbox().remove_client_secret(canary::CLIENT_SECRET);
    browser::sign_in(&url, shop.sandbox().ca_file(), &Person::SignsInAs(SHOP.to_owned())).unwrap();
    running.finish().code(0);
    shop.json(&["test-mailbox", "shop"], 0);
}
