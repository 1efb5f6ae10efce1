use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mailgrant::clock::Clock;

use crate::support::fixture::Fixture;

#[test]
fn token_prints_a_good_token_and_nothing_else() {
    let shop = Fixture::authorized();
    let token = shop.run(&["token", "shop"]).finish().code(0);
    let line = token.stdout.strip_suffix('\n').unwrap();
    assert!(shop.sandbox().is_live_access_token(line));
    assert_eq!(token.stderr, "");
}

#[test]
fn a_token_is_printed_in_the_form_that_another_program_takes() {
    let shop = Fixture::authorized();
    let printed = |form: &str| shop.run(&["token", "shop", "--as", form]).finish().code(0).stdout;
    let token = printed("raw").trim().to_owned();
    let decoded = |form: &str| String::from_utf8(BASE64_STANDARD.decode(printed(form).trim()).unwrap()).unwrap();
    let (user, port) = (crate::sandbox::world::SHOP, shop.sandbox().ports().imap_implicit);
    assert_eq!(decoded("xoauth2"), format!("user={user}\x01auth=Bearer {token}\x01\x01"));
    let bearer = format!("n,a={user},\x01host=localhost\x01port={port}\x01auth=Bearer {token}\x01\x01");
    assert_eq!(decoded("oauthbearer"), bearer);
    assert_eq!(printed("curl"), format!("user = \"{user}\"\noauth2-bearer = \"{token}\"\n"));
    // A document has the token itself, whatever the form.
    assert_eq!(shop.json(&["token", "shop", "--as", "curl"], 0).json()["access_token"], token);
}

#[test]
fn token_without_a_sign_in_prints_nothing_on_stdout() {
    let shop = Fixture::added();
    let token = shop.run(&["token", "shop"]).finish().code(4);
    assert_eq!(token.stdout, "");
    assert!(token.stderr.contains("mailgrant authorize shop"), "{}", token.stderr);
}

#[test]
fn token_works_from_the_store_while_the_provider_is_away() {
    let mut shop = Fixture::authorized();
    shop.end_sandbox();
    shop.run(&["token", "shop"]).finish().code(0);
}

#[test]
fn a_stale_token_and_an_absent_provider_are_a_network_matter() {
    let mut shop = Fixture::added();
    shop.sandbox().set_access_lifetime(crate::support::practice::ALWAYS_STALE);
    shop.authorize_as("shop", crate::sandbox::world::SHOP).code(0);
    let path = shop.sandbox().ca_file().to_owned();
    let ca_file = std::fs::read(&path).unwrap();
    shop.end_sandbox();
    // The profile still names the CA file; only the servers are gone.
    std::fs::write(&path, ca_file).unwrap();
    let token = shop.run(&["token", "shop"]).finish();
    std::fs::remove_file(path).unwrap();
    assert_eq!(token.code, Some(6), "{}", token.stderr);
    assert_eq!(token.stdout, "");
}

/// A token a message is what many programs ask for.
#[test]
fn a_good_token_is_asked_for_once() {
    let shop = Fixture::authorized();
    let before = shop.sandbox().counters().token_requests;
    let first = shop.run(&["token", "shop"]).finish().code(0).stdout;
    for _ in 0..5 {
        assert_eq!(shop.run(&["token", "shop"]).finish().code(0).stdout, first);
    }
    assert_eq!(shop.sandbox().counters().token_requests, before);
}

/// Fetched while this machine's clock was three hours ahead, and asked for after it was put right.
#[test]
fn a_token_that_came_in_the_future_is_fetched_again() {
    let shop = Fixture::authorized();
    let hours = |count| jiff::SignedDuration::from_hours(count);
    shop.change_grant(|grant| {
        let now = Clock::system().now();
        (grant.access[0].received, grant.access[0].expires) = (now + hours(3), now + hours(4));
    });
    let before = shop.sandbox().counters().token_requests;
    shop.run(&["token", "shop"]).finish().code(0);
    assert_eq!(shop.sandbox().counters().token_requests, before + 1);
    // From the clock's right time on it is as good as any.
    shop.json(&["test-mailbox", "shop"], 0);
    assert_eq!(shop.sandbox().counters().token_requests, before + 1);
}
