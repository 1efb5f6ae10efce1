//! A rotation that is taken up again, dated, doubted or taken back.

use std::fs::File;
use std::time::Duration;

use practice_tenant::client_rules::ClientRules;

use crate::authorize_elsewhere::oidc_shop;
use crate::sandbox::world::SHOP;
use crate::support::canary::{CLIENT_SECRET, NEXT_CLIENT_SECRET};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};

fn stale() -> Fixture {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    // As at Microsoft: an answer that was lost does not cost the grant.
    shop.sandbox().allow_refresh_reuse();
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

fn rotate(shop: &Fixture, secret: &str, more: &[&str]) -> Finished {
    let arguments = [&["--json", "rotate-secret", "shop", "--secret-stdin"], more].concat();
    shop.run(&arguments).stdin(secret).finish()
}

fn profile(shop: &Fixture) -> String {
    std::fs::read_to_string(shop.config()).unwrap()
}

/// Stops a rotation before its proof: the answer comes too late.
fn leave_unfinished(shop: &Fixture) {
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    shop.sandbox().set_token_delay(Duration::from_secs(6));
    rotate(shop, NEXT_CLIENT_SECRET, &["--timeout", "2"]).code(8);
    shop.sandbox().set_token_delay(Duration::ZERO);
}

#[test]
fn a_date_given_on_the_run_that_finishes_reaches_store_and_profile() {
    let shop = stale();
    leave_unfinished(&shop);
    let finished = shop.json(&["rotate-secret", "shop", "--expires", "2027-11-20"], 0);
    assert_eq!(finished.json()["warnings"].as_array().unwrap().len(), 0, "{}", finished.stdout);
    assert!(profile(&shop).contains("secret_expires = 2027-11-20"), "{}", profile(&shop));
    // The store has it too: without the profile's date it still shows.
    std::fs::write(shop.config(), profile(&shop).replace("secret_expires = 2027-11-20\n", "")).unwrap();
    let status = shop.json(&["status", "shop"], 0);
    assert!(fact(&status, "client_secret").contains("2027-11-20"), "{}", status.stdout);
    assert_eq!(shop.json(&["status", "--fail-within=3650"], 1).finding_codes(), ["secret-expires-soon"]);
}

#[test]
fn a_run_that_finishes_without_any_date_says_so() {
    let shop = stale();
    leave_unfinished(&shop);
    let finished = shop.json(&["rotate-secret", "shop"], 0);
    assert!(finished.json()["warnings"][0]["text"].as_str().unwrap().contains("--expires"), "{}", finished.stdout);
}

#[test]
fn what_an_earlier_run_has_proven_is_proven_again_before_it_is_used() {
    let shop = stale();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    shop.sandbox().switch_on(practice_tenant::faults::Fault::named("imap-off"));
    rotate(&shop, NEXT_CLIENT_SECRET, &[]).code(8);
    shop.sandbox().remove_client_secret(NEXT_CLIENT_SECRET);
    let refused = shop.json(&["rotate-secret", "shop", "--skip-connection-tests", "--wait-propagation", "0"], 1);
    assert_eq!(refused.finding_codes()[0], "ms-secret-id-instead-of-value");
    assert_eq!(shop.run(&["token", "shop"]).finish().code, Some(0), "the old secret is in use");
}

#[test]
fn a_profile_that_cannot_be_written_does_not_leave_a_rotation_open() {
    let shop = stale();
    std::fs::write(
        shop.config(),
        profile(&shop).replace("[apps.shop]\n", "[apps.shop]\nsecret_expires = 2026-12-20\n"),
    )
    .unwrap();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    let locks = shop.path().join("state/mailgrant/locks");
    let names = std::fs::read_dir(locks).unwrap().map(|entry| entry.unwrap().path());
    let held: Vec<File> = names
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("profile"))
        .map(|path| File::options().read(true).write(true).open(path).unwrap())
        .collect();
    assert!(!held.is_empty(), "the profile's lock is not where it was");
    held.iter().for_each(|file| file.lock().unwrap());
    let rotated =
        rotate(&shop, NEXT_CLIENT_SECRET, &["--expires", "2027-12-20", "--skip-connection-tests", "--timeout", "6"]);
    let warning = rotated.code(0).json()["warnings"][0]["text"].as_str().unwrap().to_owned();
    assert!(warning.contains("could not be written to the profile"), "{warning}");
    drop(held);
    let status = shop.json(&["status", "shop"], 0);
    assert_eq!(fact(&status, "rotation"), "", "{}", status.stdout);
    assert!(fact(&status, "client_secret").contains("2027-12-20"), "the newer day counts: {}", status.stdout);
    assert!(status.stdout.contains("the store says 2027-12-20"), "{}", status.stdout);
    // Nothing is left to prove, so the next one needs its secret.
    let asked = shop.json(&["rotate-secret", "shop", "--expires", "2028-12-20"], 2);
    assert!(asked.stdout.contains("--secret-stdin"), "{}", asked.stdout);
}

#[test]
fn nothing_to_bring_back_is_not_a_success() {
    let shop = stale();
    let refused = shop.json(&["rotate-secret", "shop", "--rollback"], 1);
    assert_eq!(refused.finding_codes(), ["nothing-to-roll-back"]);
}

#[test]
fn a_previous_secret_that_was_removed_is_not_brought_back_unless_forced() {
    let shop = stale();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    rotate(&shop, NEXT_CLIENT_SECRET, &[]).code(0);
    shop.sandbox().remove_client_secret(CLIENT_SECRET);
    let refused = shop.json(&["rotate-secret", "shop", "--rollback"], 1);
    assert!(refused.stdout.contains("refuses the previous client secret"), "{}", refused.stdout);
    shop.json(&["test-mailbox", "shop"], 0);
    let forced = shop.json(&["rotate-secret", "shop", "--rollback", "--force"], 0);
    assert!(forced.json()["warnings"][0]["text"].as_str().unwrap().contains("refuses"), "{}", forced.stdout);
    assert_eq!(shop.run(&["token", "shop"]).finish().code, Some(1));
}

#[test]
fn a_previous_secret_that_has_expired_is_not_brought_back_unless_forced() {
    let shop = stale();
    rotate(&shop, CLIENT_SECRET, &["--expires", "2020-01-31"]).code(0);
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    rotate(&shop, NEXT_CLIENT_SECRET, &["--expires", "2099-12-20"]).code(0);
    let refused = shop.json(&["rotate-secret", "shop", "--rollback"], 1);
    assert_eq!(refused.finding_codes(), ["previous-secret-expired"]);
    assert!(refused.stdout.contains("2020-01-31"), "{}", refused.stdout);
    assert!(profile(&shop).contains("2099-12-20"), "nothing has changed");
    shop.json(&["rotate-secret", "shop", "--rollback", "--force"], 0);
    assert!(profile(&shop).contains("2020-01-31"), "{}", profile(&shop));
}

#[test]
fn a_rollback_without_an_answer_says_what_is_not_known() {
    let shop = stale();
    rotate(&shop, CLIENT_SECRET, &["--expires", "2099-01-31"]).code(0);
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    rotate(&shop, NEXT_CLIENT_SECRET, &["--expires", "2099-12-20"]).code(0);
    shop.sandbox().set_token_delay(Duration::from_secs(6));
    let back = shop.json(&["rotate-secret", "shop", "--rollback", "--timeout", "3"], 0);
    let warning = back.json()["warnings"][0]["text"].as_str().unwrap().to_owned();
    assert!(warning.contains("could not be proven") && warning.contains("2099-01-31"), "{warning}");
}

#[test]
fn a_wrong_secret_is_known_in_the_providers_own_words() {
    for (refusal, code) in [
        ((401, "unauthorized_client", "Invalid client or Invalid client credentials"), "keycloak-client-refused"),
        ((400, "unauthorized_client", "INVALID_CREDENTIALS: Invalid client credentials"), "keycloak-client-refused"),
        ((200, "invalid_client_secret", ""), "oauth-invalid-client"),
        ((401, "access_denied", "Unauthorized"), "oauth-invalid-client"),
    ] {
        let shop = oidc_shop();
        shop.sandbox().set_client_rules(ClientRules { refusal, ..ClientRules::default() });
        shop.sandbox().set_access_lifetime(ALWAYS_STALE);
        shop.authorize_as("shop", SHOP).code(0);
        let refused = rotate(&shop, "mistyped-practice-secret", &[]);
        assert_eq!(refused.code, Some(1), "{refusal:?}: {}", refused.stdout);
        assert_eq!(refused.finding_codes(), [code], "{refusal:?}");
        assert_eq!(fact(&shop.json(&["status", "shop"], 0), "rotation"), "", "{refusal:?}: it is not kept");
        shop.sandbox().remove_client_secret(CLIENT_SECRET);
        let test = shop.json(&["test", "shop"], 1);
        assert_eq!(test.json()["reports"][0]["verdict"]["code"], "secret-removed", "{refusal:?}: {}", test.stdout);
    }
}

#[test]
fn flags_that_a_branch_has_no_use_for_are_refused() {
    let shop = Fixture::added();
    for (branch, flags) in [
        (
            "--rollback",
            &["--skip-connection-tests", "--wait-propagation=3", "--expires=2027-05-20", "--reauthorize"][..],
        ),
        ("--discard-previous", &["--skip-connection-tests", "--wait-propagation=3", "--expires=2027-05-20", "--force"]),
    ] {
        for flag in flags {
            let refused = shop.json(&["rotate-secret", "shop", branch, flag], 2);
            assert!(refused.stdout.contains("cannot be used with"), "{branch} {flag}: {}", refused.stdout);
        }
    }
    let refused = shop.run(&["status", "--allow-unknown-expiry"]).finish().code(2);
    assert!(refused.all_text().contains("--fail-within"), "{}", refused.all_text());
}

#[test]
fn what_was_asked_for_and_left_out_is_said() {
    let shop = stale();
    shop.sandbox().set_token_delay(Duration::from_secs(6));
    let unfinished = rotate(&shop, NEXT_CLIENT_SECRET, &["--reauthorize", "--timeout", "2"]).code(8);
    assert!(unfinished.stdout.contains("--reauthorize was left out"), "{}", unfinished.stdout);
}
