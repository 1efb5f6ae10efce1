//! Several apps of a profile that are one registration at the provider, and several profiles with one store.

use std::time::Instant;

use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary::{CLIENT_SECRET, NEXT_CLIENT_SECRET};
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};
use crate::support::rounds;

fn profile(home: &Fixture) -> String {
    std::fs::read_to_string(home.config()).unwrap()
}

/// A profile that has the app `shop` again as `info`, with a mailbox of its own; both are authorized.
fn two_apps() -> Fixture {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.sandbox().allow_refresh_reuse();
    let one = profile(&shop);
    let second = one.replace("[apps.shop]", "[apps.info]").replace("[mailboxes.shop]", "[mailboxes.info]");
    let second = second.replace("app = \"shop\"", "app = \"info\"").replace(SHOP, ALICE);
    assert!(second.contains("[apps.info]") && second.contains("[mailboxes.info]") && second.contains(ALICE));
    shop.write_config(&format!("{one}\n{second}"));
    // `info` gets the secret that `shop` has already.
    rotate(&shop, "info", CLIENT_SECRET, &["--skip-connection-tests"]).code(0);
    shop.authorize_as("shop", SHOP).code(0);
    shop.authorize_as("info", ALICE).code(0);
    shop
}

fn rotate(shop: &Fixture, name: &str, secret: &str, more: &[&str]) -> crate::support::finished::Finished {
    let arguments = [&["--json", "rotate-secret", name, "--secret-stdin"], more].concat();
    shop.run(&arguments).stdin(secret).finish()
}

#[test]
fn apps_of_one_client_id_are_rotated_together() {
    let shop = two_apps();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    let rotated = rotate(&shop, "shop", NEXT_CLIENT_SECRET, &["--expires", "2027-05-20"]).code(0);
    assert!(fact(&rotated, "apps").starts_with("info, shop "), "{}", rotated.stdout);
    let document = rotated.json();
    let subjects: Vec<String> =
        document["reports"].as_array().unwrap().iter().map(|report| report["name"].to_string()).collect();
    assert_eq!(subjects, ["\"shop\"", "\"info\"", "\"shop\""], "all their mailboxes have proven it");
    assert_eq!(profile(&shop).matches("secret_expires = 2027-05-20").count(), 2);
    // As the advice says.
    shop.json(&["rotate-secret", "shop", "--discard-previous"], 0);
    shop.sandbox().remove_client_secret(CLIENT_SECRET);
    for mailbox in ["shop", "info"] {
        shop.json(&["test-mailbox", mailbox], 0);
    }
}

#[test]
fn apps_of_one_client_id_are_rolled_back_together() {
    let shop = two_apps();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    rotate(&shop, "shop", NEXT_CLIENT_SECRET, &[]).code(0);
    shop.json(&["rotate-secret", "info", "--rollback"], 0);
    shop.sandbox().remove_client_secret(NEXT_CLIENT_SECRET);
    for mailbox in ["shop", "info"] {
        shop.json(&["test-mailbox", mailbox], 0);
    }
}

#[test]
fn a_secret_that_another_app_still_holds_is_not_to_be_removed() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    // The same secret at another sign-in server: another app, by all that can be known.
    let other = format!(
        "\n[apps.other]\nprovider = \"oidc\"\nissuer = \"{}\"\nscopes = [\"imap\"]\nclient_id = \"{}\"\nca_file = \"{}\"\n",
        shop.sandbox().issuer(),
        crate::sandbox::world::CONFIDENTIAL_CLIENT,
        shop.ca_file()
    );
    shop.write_config(&(profile(&shop) + &other));
    rotate(&shop, "other", CLIENT_SECRET, &[]).code(0);
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    let rotated = rotate(&shop, "shop", NEXT_CLIENT_SECRET, &[]).code(0).json();
    let warning = rotated["warnings"].to_string();
    assert!(warning.contains("do not remove it") && warning.contains("other"), "{warning}");
    let next = rotated["next"].to_string();
    assert!(!next.contains("remove the old secret") && next.contains("rotate-secret other"), "{next}");
    let discarded = shop.json(&["rotate-secret", "shop", "--discard-previous"], 0);
    assert!(discarded.stdout.contains("do not remove it"), "{}", discarded.stdout);
}

#[test]
fn a_kill_at_any_time_of_a_rotation_of_two_apps_leaves_working_mailboxes() {
    let rounds = rounds(8);
    let shop = two_apps();
    let started = Instant::now();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    rotate(&shop, "shop", NEXT_CLIENT_SECRET, &[]).code(0);
    let whole = started.elapsed();
    let mut old = NEXT_CLIENT_SECRET.to_owned();
    for round in 0..rounds {
        let new = format!("practice-only-secret-for-two-{round}");
        shop.sandbox().add_client_secret(&new);
        let arguments = ["--json", "rotate-secret", "shop", "--secret-stdin"];
        let running = shop.run(&arguments).stdin(&new).start();
        let moment = whole * round / rounds;
        std::thread::sleep(moment);
        running.kill();
        let works = |when: &str| {
            for mailbox in ["shop", "info"] {
                let test = shop.run(&["--json", "test-mailbox", mailbox]).finish();
                assert_eq!(test.code, Some(0), "{mailbox}, {when} after {moment:?}: {}", test.stdout);
            }
        };
        works("killed");
        // Whatever was left, a run with the secret converges, and the old one is not needed any more.
        let again = rotate(&shop, "info", &new, &[]);
        assert_eq!(again.code, Some(0), "after {moment:?}: {}", again.stdout);
        shop.sandbox().remove_client_secret(&old);
        works("run again");
        for mailbox in ["shop", "info"] {
            assert_eq!(fact(&shop.json(&["status", mailbox], 0), "rotation"), "", "after {moment:?}");
        }
        old = new;
    }
}

/// A second profile beside the first, with one store, that names another mailbox and app by the same names.
fn second_profile(shop: &Fixture, change: impl Fn(&str) -> String) -> String {
    let path = shop.config().with_file_name("second.toml");
    let text = change(&profile(shop));
    assert_ne!(text, profile(shop));
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn remove_leaves_what_another_profile_has_in_the_store() {
    let shop = Fixture::authorized();
    let second = second_profile(&shop, |text| text.replace(SHOP, ALICE));
    let removed = shop.run(&["--json", "--config", &second, "remove", "shop", "--yes"]).finish().code(0);
    for (record, what) in [("mailbox_record", SHOP), ("app_record", "another profile")] {
        let said = fact(&removed, record);
        assert!(said.contains("kept") && said.contains(what), "{record}: {said}");
    }
    assert_eq!(removed.json()["warnings"].as_array().unwrap().len(), 2, "{}", removed.stdout);
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn an_app_stays_in_the_store_while_another_profiles_mailbox_has_signed_in_with_it() {
    let shop = Fixture::authorized();
    let second =
        second_profile(&shop, |text| text.replace("[mailboxes.shop]", "[mailboxes.alice]").replace(SHOP, ALICE));
    let removed = shop.run(&["--json", "--config", &second, "remove", "alice", "--yes"]).finish().code(0);
    let said = fact(&removed, "app_record");
    assert!(said.contains("kept") && said.contains("mailbox 'shop'"), "{said}");
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn a_secret_that_another_profile_still_holds_is_not_to_be_removed() {
    let shop = Fixture::authorized();
    let second = second_profile(&shop, |text| {
        text.replace("[apps.shop]", "[apps.theirs]").replace("app = \"shop\"", "app = \"theirs\"")
    });
    let theirs =
        ["--json", "--config", &second, "rotate-secret", "theirs", "--secret-stdin", "--skip-connection-tests"];
    shop.run(&theirs).stdin(CLIENT_SECRET).finish().code(0);
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    let rotated = rotate(&shop, "shop", NEXT_CLIENT_SECRET, &[]).code(0).json();
    let (warnings, next) = (rotated["warnings"].to_string(), rotated["next"].to_string());
    assert!(warnings.contains("do not remove it") && warnings.contains("theirs"), "{warnings}");
    assert!(next.contains("--profile FILE rotate-secret theirs") && !next.contains("remove the old secret"), "{next}");
}

#[test]
fn remove_says_record_by_record_what_went() {
    let shop = Fixture::authorized();
    let removed = shop.json(&["remove", "shop", "--yes"], 0);
    assert_eq!(fact(&removed, "mailbox_record"), "mailbox shop: removed");
    assert_eq!(fact(&removed, "app_record"), "app shop: removed");
    let shop = Fixture::added();
    let removed = shop.json(&["remove", "shop", "--yes"], 0);
    assert_eq!(fact(&removed, "mailbox_record"), "mailbox shop: none was stored");
}

#[test]
fn remove_with_force_takes_what_an_earlier_address_has_left() {
    let shop = Fixture::authorized();
    shop.write_config(&profile(&shop).replace(SHOP, ALICE));
    let removed = shop.json(&["remove", "shop", "--yes", "--force"], 0);
    assert_eq!(fact(&removed, "mailbox_record"), "mailbox shop: removed");
}

#[test]
fn a_rotation_does_not_replace_another_profiles_secret_in_silence() {
    let shop = Fixture::authorized();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    let id = crate::sandbox::world::CONFIDENTIAL_CLIENT;
    let second = second_profile(&shop, |text| text.replace(id, "5a4d0000-0000-4000-8000-00000000ffff"));
    let rotate = ["--json", "--config", &second, "rotate-secret", "shop", "--secret-stdin"];
    let refused = shop.run(&rotate).stdin(NEXT_CLIENT_SECRET).finish().code(2);
    assert_eq!(refused.json()["error"]["code"], "secret-of-another");
    shop.authorize_as("shop", SHOP).code(0);
    shop.json(&["test-mailbox", "shop"], 0);
    let forced = [&rotate[..], &["--force"]].concat();
    shop.run(&forced).stdin(NEXT_CLIENT_SECRET).finish().code(0);
}
