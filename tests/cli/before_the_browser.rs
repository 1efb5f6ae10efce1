//! What would keep a sign-in from coming to anything is said at once, before a browser opens.

use std::time::{Duration, Instant};

use jiff::SignedDuration;

use crate::sandbox::world::SHOP;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;

/// `authorize` ends by itself: no address was shown, no browser waited for.
fn ends_at_once(shop: &Fixture, name: &str, code: i32) -> Finished {
    let started = Instant::now();
    let ended = shop.json(&["authorize", name], code);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert!(!ended.stderr.contains("Sign in as"), "{}", ended.stderr);
    ended
}

fn first_code(ended: &Finished) -> String {
    ended.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_tenant_that_does_not_exist_is_named() {
    let shop = Fixture::new();
    shop.add("shop", &[("--tenant", Some("nosuch.example"))]).finish().code(0);
    let ended = ends_at_once(&shop, "shop", 1);
    assert_eq!(first_code(&ended), "ms-tenant-not-found");
    assert!(ended.stdout.contains("nosuch.example"), "{}", ended.stdout);
    assert_eq!(shop.sandbox().counters().token_requests, 0);
}

#[test]
fn a_provider_that_is_not_reached_is_network_trouble() {
    let shop = Fixture::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nothing = format!("https://localhost:{port}");
    shop.add("closed", &[("--app", Some("a")), ("--authority", Some(&nothing))]).finish().code(0);
    assert_eq!(first_code(&ends_at_once(&shop, "closed", 6)), "connection-refused");
    let absent = [
        ("--app", Some("b")),
        ("--authority", Some("https://login.nosuch.invalid")),
        ("--address", Some("b@b.example")),
    ];
    shop.add("absent", &absent).finish().code(0);
    assert_eq!(first_code(&ends_at_once(&shop, "absent", 1)), "name-not-found");
}

#[test]
fn a_certificate_that_is_not_trusted_is_named() {
    let shop = Fixture::new();
    shop.add("shop", &[("--ca-file", None)]).finish().code(0);
    assert_eq!(first_code(&ends_at_once(&shop, "shop", 1)), "tls-unknown-issuer");
}

#[test]
fn a_clock_that_is_wrong_is_named_and_one_that_is_nearly_right_is_not_in_the_way() {
    let shop = Fixture::added();
    shop.sandbox().set_clock_shift(SignedDuration::from_mins(10));
    let ended = ends_at_once(&shop, "shop", 1);
    assert_eq!(first_code(&ended), "clock-off");
    assert!(
        ended.stdout.contains("10 minutes behind") || ended.stdout.contains("9 minutes behind"),
        "{}",
        ended.stdout
    );
    shop.sandbox().set_clock_shift(SignedDuration::from_secs(120));
    let done = shop.authorize_as("shop", SHOP).code(0);
    assert!(done.stderr.contains("Warning: this machine's clock is"), "{}", done.stderr);
}

#[test]
fn without_a_terminal_and_without_a_browser_the_other_ways_are_named() {
    let mut shop = Fixture::added();
    shop.unset("BROWSER");
    let ended = ends_at_once(&shop, "shop", 2);
    for way in ["--no-browser", "--device-code", "BROWSER"] {
        assert!(ended.stdout.contains(way), "{way}: {}", ended.stdout);
    }
}
