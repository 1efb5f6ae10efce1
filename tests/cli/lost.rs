//! Sign-ins that are lost, and those that are not: what marks one, what is said of it again, and what goes on working.

use std::path::PathBuf;

use crate::sandbox::faults::Fault;
use crate::sandbox::world::SHOP;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};

/// Authorized, with an access token that has run out.
fn stale() -> Fixture {
    let shop = Fixture::added();
    shop.sandbox().allow_refresh_reuse();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox().set_access_lifetime(std::time::Duration::from_secs(3_600));
    shop
}

/// Every answer to a refresh that the practice tenant knows and that leaves the refresh token as it is: an hour of it,
/// and everything works again.
#[test]
fn a_no_that_passes_ends_no_sign_in() {
    let shop = stale();
    let as_it_was: Vec<(PathBuf, Vec<u8>)> = shop.files();
    for name in [
        "mfa-needed",
        "mfa-enrolment-needed",
        "device-not-compliant",
        "device-not-managed",
        "blocked-by-policy",
        "security-defaults",
        "user-at-risk",
        "account-disabled",
        "user-not-assigned",
        "consent-missing",
        "exchange-not-in-tenant",
        "app-disabled",
        "app-not-found",
        "secret-required",
        "token-throttled",
        "token-unavailable",
        "portal-page",
        "proxy-page",
    ] {
        let finding = Fault::row(name).unwrap().finding;
        shop.sandbox().switch_on(Fault::named(name));
        for _ in 0..2 {
            let refused = shop.run(&["--json", "token", "shop"]).finish();
            assert_eq!(refused.json()["error"]["code"], finding, "{name}: {}", refused.stdout);
        }
        shop.json(&["status", "shop"], 0);
        shop.sandbox().switch_off(Fault::named(name));
        shop.run(&["token", "shop"]).finish().code(0);
        for (path, bytes) in &as_it_was {
            std::fs::write(path, bytes).unwrap();
        }
    }
}

/// Each answer that says that the refresh token is gone: the first run's finding is every later run's, of every command,
/// and nothing is asked in vain; only `test` asks, each time.
#[test]
fn a_sign_in_that_is_gone_is_told_alike_by_every_command() {
    let shop = stale();
    let as_it_was: Vec<(PathBuf, Vec<u8>)> = shop.files();
    for name in [
        "grants-revoked",
        "device-code-blocked",
        "sign-in-frequency",
        "refresh-token-expired",
        "refresh-token-inactive",
        "grant-expired",
    ] {
        let finding = Fault::row(name).unwrap().finding;
        shop.sandbox().switch_on(Fault::named(name));
        let first = shop.run(&["--json", "token", "shop"]).finish().code(4).json();
        assert_eq!(first["error"]["code"], finding, "{name}");
        let asked = shop.sandbox().counters().token_requests;
        for command in ["token", "inspect", "test-mailbox", "status"] {
            let again = shop.json(&[command, "shop"], 4);
            let told = if command == "token" {
                again.json()["error"].clone()
            } else {
                let findings = again.json()["reports"][0]["checks"].as_array().unwrap().clone();
                findings.iter().find_map(|check| check.get("finding").cloned()).unwrap_or_default()
            };
            for part in ["code", "cause", "fix"] {
                assert_eq!(told[part], first["error"][part], "{name}, {command}: {part}");
            }
            let said = told["server_said"].as_str().unwrap_or_default();
            assert!(said.contains("invalid_grant") && said.contains("said on 20"), "{name}, {command}: {said}");
        }
        let shown = shop.json(&["show", "shop"], 0);
        assert_eq!(fact(&shown, "finding"), finding, "{name}");
        assert_eq!(shop.sandbox().counters().token_requests, asked, "{name}: asked in vain");
        for _ in 0..2 {
            let tested = shop.json(&["test", "shop"], 4);
            assert_eq!(tested.finding_codes()[0], finding, "{name}");
        }
        assert_eq!(shop.sandbox().counters().token_requests, asked + 2, "{name}: a test asks each time");
        // The provider's mistake is put right: a test finds out, and the mailbox works as before.
        shop.sandbox().switch_off(Fault::named(name));
        shop.run(&["token", "shop"]).finish().code(4);
        shop.json(&["test", "shop"], 0);
        shop.run(&["token", "shop"]).finish().code(0);
        for (path, bytes) in &as_it_was {
            std::fs::write(path, bytes).unwrap();
        }
    }
}

/// What looks at a mailbox leaves it as it is, whatever it is told.
#[test]
fn a_look_breaks_nothing_that_works() {
    let shop = Fixture::authorized();
    shop.sandbox().allow_refresh_reuse();
    for name in ["mfa-needed", "blocked-by-policy", "grants-revoked", "refresh-token-inactive"] {
        shop.sandbox().switch_on(Fault::named(name));
        let before = shop.files();
        for arguments in [
            &["test", "shop"][..],
            &["test-mailbox", "shop"],
            &["test-smtp", "shop"],
            &["inspect", "shop"],
            &["status", "shop"],
            &["show", "shop"],
            &["doctor"],
        ] {
            shop.run(arguments).finish();
            let token = shop.run(&["token", "shop"]).finish().code(0);
            assert!(shop.sandbox().is_live_access_token(token.stdout.trim_end()), "{name}: {arguments:?}");
        }
        let vault = |files: &[(PathBuf, Vec<u8>)]| -> Vec<(PathBuf, Vec<u8>)> {
            files.iter().filter(|(path, _)| path.to_string_lossy().contains("vault")).cloned().collect()
        };
        assert!(vault(&shop.files()) == vault(&before), "{name}: a look has written to the store");
        shop.sandbox().switch_off(Fault::named(name));
    }
}

/// What the store holds is good for as long as it is, also after the sign-in has been marked.
#[test]
fn a_token_that_is_good_is_handed_out_though_the_sign_in_is_gone() {
    let shop = Fixture::added();
    // Good for eight seconds, and for four of them long enough to be handed out without a look at the provider.
    shop.sandbox().set_access_lifetime(std::time::Duration::from_secs(8));
    shop.authorize_as("shop", SHOP).code(0);
    std::thread::sleep(std::time::Duration::from_secs(4));
    shop.sandbox().switch_on(Fault::named("grants-revoked"));
    let asked = shop.sandbox().counters().token_requests;
    // It is asked for a new one once, which marks the sign-in; what is left is handed out either way.
    for _ in 0..2 {
        let left = shop.run(&["token", "shop"]).finish().code(0);
        assert!(shop.sandbox().is_live_access_token(left.stdout.trim_end()));
        assert_eq!(shop.sandbox().counters().token_requests, asked + 1);
    }
    std::thread::sleep(std::time::Duration::from_secs(5));
    shop.run(&["token", "shop"]).finish().code(4);
}
