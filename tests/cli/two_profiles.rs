//! Two profiles on one machine, one store, and the same names in both.

use crate::sandbox::browser::Person;
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

fn alice() -> Person {
    Person::SignsInAs(ALICE.to_owned())
}

/// A second profile whose mailbox `shop` is Alice's, with the same app.
fn two() -> (Fixture, String) {
    let shop = Fixture::authorized();
    let other = shop.path().join("other.toml").display().to_string();
    let change = [("--config", Some(other.as_str())), ("--address", Some(ALICE))];
    shop.add("shop", &change).finish().code(0);
    (shop, other)
}

#[test]
fn authorize_leaves_the_sign_in_of_another_profile_alone() {
    let (shop, other) = two();
    let before = shop.sandbox().counters();
    for how in [&[][..], &["--no-browser"], &["--device-code"]] {
        let refused = shop.json(&[&["--config", &other, "authorize", "shop"], how].concat(), 4).json();
        assert_eq!(refused["error"]["code"], "sign-in-of-another", "{refused}");
        let cause = refused["error"]["cause"].as_str().unwrap();
        assert!(cause.contains(SHOP) && cause.contains("config.toml"), "{cause}");
        assert!(refused["error"]["fix"].to_string().contains("--replace"), "{refused}");
    }
    let after = shop.sandbox().counters();
    assert_eq!((after.sign_ins, after.token_requests), (before.sign_ins, before.token_requests));
    shop.run(&["token", "shop"]).finish().code(0);
    // The other commands say whose it is, and use it for nothing.
    for command in ["token", "test", "test-mailbox", "status", "inspect"] {
        let told = shop.json(&["--config", &other, command, "shop"], 4);
        assert!(told.stdout.contains("\"sign-in-of-another\""), "{command}: {}", told.stdout);
    }
    let shown = shop.json(&["--config", &other, "show", "shop"], 0);
    assert_eq!(fact(&shown, "finding"), "sign-in-of-another");
}

#[test]
fn authorize_replaces_it_where_that_is_said() {
    let (shop, other) = two();
    shop.authorize(&["--config", &other, "authorize", "shop", "--replace"], &alice()).code(0);
    shop.json(&["--config", &other, "test-mailbox", "shop"], 0);
    let told = shop.json(&["token", "shop"], 4).json();
    assert_eq!(told["error"]["code"], "sign-in-of-another", "{told}");
    assert!(told["error"]["cause"].as_str().unwrap().contains("other.toml"), "{told}");
}

/// A profile's own mailbox may become another one's.
#[test]
fn a_profile_replaces_its_own_sign_in_without_a_flag() {
    let shop = Fixture::authorized();
    let text = std::fs::read_to_string(shop.config()).unwrap();
    std::fs::write(shop.config(), text.replace(SHOP, ALICE)).unwrap();
    let told = shop.json(&["token", "shop"], 4).json();
    assert_eq!(told["error"]["code"], "not-authorized", "{told}");
    shop.authorize(&["authorize", "shop"], &alice()).code(0);
    shop.json(&["test-mailbox", "shop"], 0);
}
