//! The verdict of `test` where several things are wrong at once, through the real binary. The whole table of pairs and
//! triples is beside the rules (`diagnosis::verdict`).

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::sandbox::browser::Person;
use crate::sandbox::faults::Fault;
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary::CLIENT_SECRET;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;

fn verdict(finished: &Finished) -> Value {
    finished.json()["reports"][0]["verdict"].clone()
}

fn text(verdict: &Value) -> String {
    let steps = verdict["fix"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step["text"].as_str())
        .collect::<Vec<_>>()
        .join("\n");
    format!("{}\n{steps}", verdict["cause"].as_str().unwrap())
}

/// A port at which nothing listens.
fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A mailbox at an OpenID provider with mail servers of its own, authorized.
fn own_shop() -> Fixture {
    let shop = Fixture::new();
    let (issuer, port) = (shop.sandbox().issuer(), shop.sandbox().ports().smtp_implicit.to_string());
    let change = [
        ("--provider", Some("oidc")),
        ("--tenant", None),
        ("--authority", None),
        ("--issuer", Some(issuer.as_str())),
        ("--scope", Some("imap")),
        ("--outgoing-port", Some(port.as_str())),
    ];
    shop.add("shop", &change).finish().code(0);
    change_profile(&shop, "[\"imap\"]", "[\"imap\", \"smtp\"]");
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

/// Changes the profile.
fn change_profile(shop: &Fixture, from: &str, to: &str) {
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    assert!(profile.contains(from), "{from} in {profile}");
    std::fs::write(shop.config(), profile.replace(from, to)).unwrap();
}

/// Lets the outgoing side lead to a port at which nothing listens.
fn close_smtp(shop: &Fixture) {
    let ports = shop.sandbox().ports();
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    let own = [ports.smtp_starttls, ports.smtp_implicit].map(|port| format!("port = {port}"));
    let port = own.iter().find(|port| profile.contains(port.as_str())).unwrap();
    change_profile(shop, port, &format!("port = {}", free_port()));
}

#[test]
fn pairs_and_triples_of_faults_get_the_verdict_of_the_furthest_reaching() {
    let cases: &[(&[&str], bool, &str)] = &[
        (&["secret-removed"], true, "secret-removed"),
        (&["secret-removed", "imap-off"], false, "secret-removed"),
        (&["secret-removed", "imap-off"], true, "secret-removed"),
        (&["secrets-expired", "smtp-auth-off-tenant"], false, "ms-secret-expired"),
        (&["secrets-expired", "imap-throttled"], true, "ms-secret-expired"),
        (&["grants-revoked", "imap-off"], false, "ms-refresh-token-revoked"),
        (&["grants-revoked"], true, "ms-refresh-token-revoked"),
        (&["blocked-by-policy", "smtp-auth-off-mailbox"], true, "ms-conditional-access-blocked"),
        (&["mfa-needed", "imap-off"], false, "ms-mfa-required"),
        (&["certificate-expired", "secret-removed"], false, "certificates-out-of-time"),
        (&["certificate-expired", "imap-off"], true, "certificates-out-of-time"),
        (&["certificate-not-yet-valid", "grants-revoked"], false, "certificates-out-of-time"),
        (&["token-for-graph", "imap-off"], false, "local-token-wrong-audience"),
        (&["token-for-graph", "smtp-auth-off-tenant"], false, "local-token-wrong-audience"),
        (&["smtp-auth-off-tenant", "imap-off"], false, "exo-imap-authenticate-failed"),
        (&["imap-off"], false, "protocol-off-for-mailbox"),
        (&["imap-off"], true, "exo-imap-authenticate-failed"),
        (&["token-unavailable", "imap-off"], false, "protocol-off-for-mailbox"),
        (&["portal-page", "secret-removed"], false, "oauth-not-oauth"),
        (&[], true, "connection-refused"),
    ];
    let shop = Fixture::authorized();
    shop.sandbox().allow_refresh_reuse();
    // A look that shows that the secret works, for the stories that it tells.
    shop.json(&["test", "shop"], 0);
    let as_it_was = shop.files();
    let mut wrong = Vec::new();
    for (faults, is_smtp_closed, code) in cases {
        if *is_smtp_closed {
            close_smtp(&shop);
        }
        faults.iter().for_each(|name| shop.sandbox().switch_on(Fault::named(name)));
        let found = verdict(&shop.run(&["--json", "test", "shop"]).finish());
        faults.iter().for_each(|name| shop.sandbox().switch_off(Fault::named(name)));
        as_it_was.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
        if found["code"] != *code {
            wrong.push(format!("{faults:?} {is_smtp_closed}: {}, not {code}", found["code"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_second_name_of_the_right_account_is_not_another_account() {
    let shop = Fixture::added();
    shop.sandbox()
        .forge_claims(&[("preferred_username", json!("s.hop@contoso.onmicrosoft.example")), ("email", json!(SHOP))]);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox().switch_on(Fault::named("imap-off"));
    let found = verdict(&shop.json(&["test", "shop"], 1));
    assert_eq!(found["code"], "protocol-off-for-mailbox", "{found}");
    // Nor is one that was vouched for, as long as one server takes it.
    shop.sandbox()
        .forge_claims(&[("preferred_username", json!("s.hop@contoso.onmicrosoft.example")), ("email", json!(null))]);
    shop.authorize(&["authorize", "shop", "--allow-other-account"], &Person::SignsInAs(SHOP.to_owned())).code(0);
    let found = verdict(&shop.json(&["test", "shop"], 1));
    assert_eq!(found["code"], "protocol-off-for-mailbox", "{found}");
}

#[test]
fn a_port_that_refuses_is_not_a_firewall_and_hides_no_removed_secret() {
    let shop = own_shop();
    shop.json(&["test", "shop"], 0);
    close_smtp(&shop);
    let found = verdict(&shop.json(&["test", "shop"], 6));
    assert_eq!(found["code"], "connection-refused", "{found}");
    assert!(!text(&found).contains("does not answer"), "{found}");
    assert_eq!(found["server_said"], Value::Null, "a port says nothing");
    shop.sandbox().add_client_secret("another-practice-only-secret");
    shop.sandbox().remove_client_secret(CLIENT_SECRET);
    let found = verdict(&shop.json(&["test", "shop"], 1));
    assert_eq!(found["code"], "secret-removed", "{found}");
    assert!(found["server_said"].as_str().unwrap().contains("invalid_client"), "{found}");
    for words in ["Microsoft", "Entra", "App registrations", "Certificates & secrets", "Google"] {
        assert!(!text(&found).contains(words), "{words} in {found}");
    }
}

#[test]
fn one_unknown_issuer_at_one_server_is_not_an_interception_and_at_two_it_is() {
    let shop = own_shop();
    shop.sandbox().switch_on(Fault::named("tls-interception"));
    let found = verdict(&shop.json(&["test", "shop"], 1));
    assert_eq!(found["code"], "tls-unknown-issuer", "one host, over IMAP, SMTP and HTTPS: {found}");
    let smtp = format!("host = \"localhost\", port = {}", shop.sandbox().ports().smtp_implicit);
    change_profile(&shop, &smtp, &smtp.replace("localhost", "127.0.0.1"));
    let found = verdict(&shop.json(&["test", "shop"], 1));
    assert_eq!(found["code"], "tls-interception", "{found}");
    assert!(text(&found).contains("mailgrant practice CA"), "the issuer is named: {found}");
}

#[test]
fn a_wrong_clock_is_said_before_the_missing_sign_in() {
    for fault in ["certificate-expired", "certificate-not-yet-valid"] {
        let shop = Fixture::added();
        shop.sandbox().switch_on(Fault::named(fault));
        let found = verdict(&shop.json(&["test", "shop"], 1));
        assert_eq!(found["code"], "certificates-out-of-time", "{fault}: {found}");
        assert!(text(&found).contains("clock"), "{found}");
    }
}

#[test]
fn steps_that_cannot_help_are_left_out_of_every_finding() {
    let shop = Fixture::added();
    let alice = Person::SignsInAs(ALICE.to_owned());
    shop.authorize(&["authorize", "shop", "--allow-other-account"], &alice).code(0);
    let shown = shop.run(&["test", "shop"]).finish().code(4).stdout;
    for words in [
        &format!("-Identity {SHOP} -User {SHOP}"),
        "app-only program",
        "personal mailbox",
        "check that the token is for Outlook (aud)",
    ] {
        assert!(!shown.contains(words), "{words} in {shown}");
    }
}

#[test]
fn why_the_token_endpoint_was_not_asked_is_said_as_it_is() {
    let reason = |shop: &Fixture| {
        let test = shop.run(&["--json", "test", "shop"]).finish().json();
        let checks = test["reports"][0]["checks"].as_array().unwrap().clone();
        let check = checks.into_iter().find(|check| check["stage"] == "token_endpoint").unwrap();
        check["because"].as_str().unwrap_or_default().to_owned()
    };
    let shop = Fixture::authorized();
    let other = shop.run(&["--json", "new-vault-key", "other.key"]).finish().code(0);
    drop(other);
    let key = shop.path().join("other.key");
    let key = std::fs::read_to_string(key).unwrap_or_default();
    let key = key.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap_or_default().to_owned();
    let test = shop.run(&["--json", "test", "shop"]).env("MAILGRANT_VAULT_KEY", &key).finish().json();
    let checks = test["reports"][0]["checks"].as_array().unwrap().clone();
    let because = checks.iter().find(|check| check["stage"] == "token_endpoint").unwrap()["because"].to_string();
    assert!(because.contains("store could not be read"), "{because}");
    assert!(!reason(&Fixture::added()).contains("store"), "{}", reason(&Fixture::added()));
}
