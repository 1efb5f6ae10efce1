//! Several sign-ins one after another, and what other programs are told of them while they go on.

use std::time::Duration;

use serde_json::Value;

use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::fixture::Fixture;
use crate::support::process::Running;

/// Two mailboxes of one app, neither authorized.
fn two() -> Fixture {
    let shop = Fixture::added();
    shop.sandbox().set_device_code(Duration::from_secs(900), Duration::from_secs(1));
    shop.add("alice", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(0);
    shop
}

/// The next event of this kind about `mailbox`.
fn event(running: &mut Running, kind: &str, mailbox: &str) -> Value {
    let (kind, about) = (format!("\"event\":\"{kind}\""), format!("\"mailbox\":\"{mailbox}\""));
    let find = |said: &str| {
        let line = said.lines().find(|line| line.contains(&kind) && line.contains(&about))?;
        Some(serde_json::from_str(line).expect("an event is a line of JSON"))
    };
    loop {
        if let Some(event) = find(running.said()) {
            return event;
        }
        running.wait_for_more();
    }
}

fn enter(shop: &Fixture, running: &mut Running, mailbox: &str, user: &str) {
    let codes = event(running, "device_code", mailbox);
    let text = |name: &str| codes[name].as_str().unwrap_or_else(|| panic!("{name} in {codes}"));
    assert_eq!(codes["interval"], 1, "{codes}");
    text("expires_at").parse::<jiff::Timestamp>().unwrap();
    let person = Person::SignsInAs(user.to_owned());
    browser::enter_code(text("verification_uri"), text("user_code"), shop.sandbox().ca_file(), &person).unwrap();
    let ended = event(running, "ended", mailbox);
    assert_eq!(ended["authorized"], user.starts_with(mailbox), "{ended}");
}

#[test]
fn all_and_pending_go_through_a_queue_and_scripts_follow_it() {
    let shop = two();
    let mut running = shop.run(&["--json", "authorize", "--all", "--device-code"]).start();
    enter(&shop, &mut running, "alice", ALICE);
    enter(&shop, &mut running, "shop", SHOP);
    let done = running.finish().code(0);
    // Standard output is still one document.
    let document = done.json();
    assert_eq!(document["reports"].as_array().unwrap().len(), 2, "{document}");
    assert_eq!(document["next"][0]["command"], "mailgrant test --all");
    // Nothing is pending any more.
    let none = shop.json(&["authorize", "--pending", "--device-code"], 0);
    assert!(none.stderr.contains("Every enabled mailbox is authorized."), "{}", none.stderr);
    assert_eq!(none.json()["reports"].as_array().unwrap().len(), 0);
    shop.json(&["test-mailbox", "--all"], 0);
}

#[test]
fn a_sign_in_that_comes_to_nothing_does_not_end_the_queue() {
    let shop = two();
    let mut running = shop.run(&["--json", "authorize", "alice", "shop", "--device-code"]).start();
    enter(&shop, &mut running, "alice", SHOP);
    enter(&shop, &mut running, "shop", SHOP);
    let ended = running.finish().code(1);
    assert_eq!(ended.finding_codes(), ["other-account-signed-in"]);
    // Only the other one is pending.
    let mut running = shop.run(&["--json", "authorize", "--pending", "--device-code"]).start();
    enter(&shop, &mut running, "alice", ALICE);
    assert_eq!(running.finish().code(0).json()["reports"].as_array().unwrap().len(), 1);
}

/// What is needed to begin is a finding of its mailbox, and the others have their turn.
#[test]
fn a_provider_that_is_not_reached_does_not_end_the_queue() {
    let shop = two();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nothing = format!("https://localhost:{port}");
    let closed = [("--app", Some("b")), ("--authority", Some(nothing.as_str())), ("--address", Some("b@b.example"))];
    shop.add("a-closed", &closed).finish().code(0);
    let mut running = shop.run(&["--json", "authorize", "a-closed", "shop"]).start();
    let url = event(&mut running, "authorization_url", "shop");
    let url = url["url"].as_str().unwrap();
    browser::sign_in(url, shop.sandbox().ca_file(), &Person::SignsInAs(SHOP.to_owned())).unwrap();
    let ended = running.finish().code(6);
    assert_eq!(ended.finding_codes(), ["connection-refused"]);
    assert_eq!(ended.json()["reports"][1]["facts"]["status"], "authorized");
}

#[test]
fn without_json_there_are_no_events() {
    let shop = Fixture::added();
    let ended = shop.run(&["authorize", "shop", "--timeout", "1"]).finish().code(1);
    assert!(!ended.stderr.contains("\"event\""), "{}", ended.stderr);
}
