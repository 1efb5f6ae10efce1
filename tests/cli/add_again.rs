//! `add` for what the profile has already: one app for one client ID, missing values filled in, and flags that would do
//! nothing.

use practice_tenant::world::{ALICE, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT};

use crate::support::canary;
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

fn profile(shop: &Fixture) -> String {
    std::fs::read_to_string(shop.config()).unwrap()
}

#[test]
fn a_second_mailbox_uses_the_app_that_has_its_client_id() {
    let shop = Fixture::added();
    // Neither a secret nor a source of one is needed: the app has it.
    let mut arguments = shop.add_arguments("alice", &[("--address", Some(ALICE)), ("--secret-env", Some("UNSET"))]);
    arguments.truncate(arguments.len() - 2);
    let arguments: Vec<&str> = std::iter::once("--json").chain(arguments.iter().map(String::as_str)).collect();
    let added = shop.run(&arguments).finish().code(0);
    assert_eq!(fact(&added, "app"), "shop");
    assert!(fact(&added, "app_reused").contains("'shop'"), "{}", added.stdout);
    let next = added.json()["next"].to_string();
    assert!(!next.contains("redirect URI") && next.contains("authorize alice"), "{next}");
    assert!(!profile(&shop).contains("[apps.alice]"), "{}", profile(&shop));
    shop.authorize_as("alice", ALICE).code(0);
}

#[test]
fn client_id_and_address_are_enough_for_an_app_that_is_known() {
    let shop = Fixture::added();
    // A GUID is the same in capitals.
    let id = CONFIDENTIAL_CLIENT.to_uppercase();
    let added = shop.json(&["add", "alice", "--client-id", &id, "--address", ALICE, "--outgoing", "none"], 0);
    assert_eq!(fact(&added, "app"), "shop");
}

#[test]
fn an_app_at_another_tenant_is_another_app_and_is_named() {
    let shop = Fixture::added();
    let change = [("--address", Some(ALICE)), ("--tenant", Some("another.example"))];
    let added = shop.add("alice", &change).finish().code(0);
    assert_eq!(fact(&added, "app"), "alice");
    assert!(added.json()["warnings"].to_string().contains("app 'shop' has the same client ID"), "{}", added.stdout);
    // The user's own name for a second copy is heard, and the copy is named.
    let change = [("--address", Some("c@contoso.example")), ("--app", Some("copy"))];
    let added = shop.add("copy", &change).finish().code(0);
    assert!(added.json()["warnings"].to_string().contains("one client ID"), "{}", added.stdout);
}

#[test]
fn a_protocol_that_is_new_to_the_app_is_still_to_be_registered() {
    let shop = Fixture::added();
    let change = [("--address", Some(ALICE)), ("--incoming", Some("pop3"))];
    let next = shop.add("alice", &change).finish().code(0).json()["next"].to_string();
    assert!(next.contains("POP.AccessAsUser.All"), "{next}");
}

#[test]
fn an_address_that_the_profile_has_is_named() {
    let shop = Fixture::added();
    let again = shop.add("again", &[]).finish().code(0);
    assert!(again.json()["warnings"].to_string().contains("mailbox 'shop' has the address"), "{}", again.stdout);
    let other = shop.add("alice", &[("--address", Some(ALICE))]).finish().code(0);
    assert_eq!(other.json()["warnings"].as_array().map(Vec::len), Some(0), "{}", other.stdout);
}

#[test]
fn a_missing_value_is_filled_in_without_force() {
    let shop = Fixture::added();
    shop.json(&["add", "shop", "--expires", "2031-05-20"], 0);
    assert!(profile(&shop).contains("2031-05-20"));
    let status = shop.json(&["status"], 4);
    assert!(status.stdout.contains("2031-05-20"), "{}", status.stdout);
    // Another day is another value.
    let other = shop.json(&["add", "shop", "--expires", "2032-05-20"], 2);
    assert_eq!(other.json()["error"]["code"], "name-taken");
    shop.add(
        "shop",
        &[("--outgoing", Some("none")), ("--outgoing-host", None), ("--outgoing-port", None), ("--force", Some(""))],
    )
    .finish()
    .code(0);
    shop.json(&["add", "shop", "--outgoing", "smtp"], 0);
    assert!(profile(&shop).contains("smtp"));
}

#[test]
fn a_flag_that_would_do_nothing_is_refused() {
    const SIDES: [(&str, [(&str, &str); 3]); 2] = [
        (
            "--incoming",
            [("--incoming-host", "mail.example"), ("--incoming-port", "993"), ("--incoming-tls", "implicit")],
        ),
        (
            "--outgoing",
            [("--outgoing-host", "mail.example"), ("--outgoing-port", "465"), ("--outgoing-tls", "implicit")],
        ),
    ];
    for (side, details) in SIDES {
        let shop = Fixture::new();
        let (host, port) = (details[0].0, details[1].0);
        let without = [(side, Some("none")), (host, None), (port, None)];
        shop.add("shop", &without).finish().code(0);
        let before = shop.files();
        for (flag, value) in details {
            let with = [&without[..], &[(flag, Some(value))]].concat();
            let shown = [shop.add("new", &with), shop.run(&["--json", "add", "shop", flag, value, "--force"])];
            for run in shown {
                let refused = run.finish().code(2);
                assert_eq!(refused.json()["error"]["code"], "flag-without-effect", "{}", refused.stdout);
                assert!(refused.stdout.contains(flag), "{}", refused.stdout);
            }
        }
        assert!(shop.files() == before, "something has changed");
    }
}

#[test]
fn a_public_client_takes_neither_secret_nor_day() {
    let shop = Fixture::new();
    let public = [("--client-id", Some(PUBLIC_CLIENT)), ("--credential", Some("none"))];
    for (flag, value) in [("--secret-env", "S"), ("--secret-file", "/dev/null"), ("--expires", "2031-05-20")] {
        let with = [&public[..], &[(flag, Some(value))]].concat();
        let refused = shop.add("shop", &with).env("S", canary::CLIENT_SECRET).finish().code(2);
        assert_eq!(refused.json()["error"]["code"], "flag-without-effect", "{}", refused.stdout);
        assert!(!shop.config().exists());
    }
    shop.add("shop", &public).finish().code(0);
}

#[test]
fn a_public_client_s_app_loses_the_day_of_the_secret_it_had() {
    let shop = Fixture::new();
    shop.add("shop", &[("--expires", Some("2031-05-20"))]).finish().code(0);
    shop.add("shop", &[("--credential", Some("none")), ("--force", Some(""))]).finish().code(0);
    assert!(!profile(&shop).contains("2031-05"), "{}", profile(&shop));
}

#[test]
fn one_client_id_at_two_providers_is_two_apps_with_their_own_secrets() {
    let shop = Fixture::new();
    let at = |name, issuer, secret| {
        let config = shop.path().join(name).display().to_string();
        let oidc = [
            ("--provider", Some("oidc")),
            ("--tenant", None),
            ("--authority", None),
            ("--client-id", Some("mailgrant")),
            ("--issuer", Some(issuer)),
            ("--config", Some(config.as_str())),
        ];
        shop.add("shop", &oidc).stdin(secret).finish()
    };
    at("one.toml", "https://login.one.example", canary::CLIENT_SECRET).code(0);
    // Another profile: neither does it get the secret of the first, nor does it replace it.
    for secret in ["", canary::CLIENT_SECRET, canary::NEXT_CLIENT_SECRET] {
        at("two.toml", "https://login.two.example", secret).code(2);
    }
    let refused = at("two.toml", "https://login.two.example", canary::NEXT_CLIENT_SECRET).code(2);
    assert_eq!(refused.json()["error"]["code"], "secret-of-another");
    assert!(refused.stdout.contains("https://login.one.example"), "{}", refused.stdout);
    let again = at("one.toml", "https://login.one.example", canary::CLIENT_SECRET).code(0);
    assert!(fact(&again, "changed").starts_with("no"), "{}", again.stdout);
    // Written by hand, the second profile has no secret at all.
    let one = std::fs::read_to_string(shop.path().join("one.toml")).unwrap();
    let two = shop.path().join("two.toml");
    std::fs::write(&two, one.replace("login.one.example", "login.two.example")).unwrap();
    let shown = shop.run(&["--json", "--config", &two.display().to_string(), "status"]).finish();
    assert!(shown.stdout.contains("none stored"), "{}", shown.stdout);
}
