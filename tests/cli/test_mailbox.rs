use serde_json::Value;

use crate::sandbox::faults::Fault;
use crate::sandbox::world::SHOP;
use crate::support::canary::NEXT_CLIENT_SECRET;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};

fn stages(report: &Value) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().map(|check| check["stage"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_protocol_tls_mode_and_mechanism_opens_the_mailbox() {
    let shop = Fixture::new();
    let ports = shop.sandbox().ports();
    for (protocol, tls, port) in [
        ("imap", "implicit", ports.imap_implicit),
        ("imap", "starttls", ports.imap_starttls),
        ("pop3", "implicit", ports.pop3_implicit),
        ("pop3", "starttls", ports.pop3_starttls),
    ] {
        let name = format!("{protocol}-{tls}");
        let port = port.to_string();
        let change = [
            ("--app", Some("contoso")),
            ("--incoming", Some(protocol)),
            ("--incoming-tls", Some(tls)),
            ("--incoming-port", Some(port.as_str())),
        ];
        shop.add(&name, &change).finish().code(0);
        shop.authorize_as(&name, SHOP).code(0);
        for mechanism in ["xoauth2", "oauthbearer"] {
            let test = shop.json(&["test-mailbox", &name, "--mechanism", mechanism, "--latest", "1"], 0);
            assert!(fact(&test, "mechanism_used").eq_ignore_ascii_case(mechanism), "{}", test.stdout);
            assert!(test.stdout.contains("Welcome to the practice tenant"), "{name}: {}", test.stdout);
        }
    }
    shop.insist_on_manners();
}

#[test]
fn the_json_document_has_its_documented_shape() {
    let shop = Fixture::authorized();
    let document = shop.json(&["test-mailbox", "shop"], 0).json();
    assert_eq!((&document["schema"], &document["command"]), (&2.into(), &"test-mailbox".into()));
    let report = &document["reports"][0];
    assert_eq!(report["name"], "shop");
    let order = ["token", "preflight", "dns", "tcp", "tls", "greeting", "capabilities", "authentication", "folder"];
    assert_eq!(stages(report), order);
    for check in report["checks"].as_array().unwrap() {
        assert_eq!(check["outcome"], "passed");
        assert!(check["elapsed_ms"].is_number() && check["detail"].is_string(), "{check}");
    }
}

#[test]
fn a_stale_access_token_is_refreshed_and_each_new_refresh_token_kept() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    for _ in 0..3 {
        shop.json(&["test-mailbox", "shop"], 0);
    }
    let counters = shop.sandbox().counters();
    assert_eq!((counters.token_requests, counters.refresh_reuses), (4, 0));
}

#[test]
fn a_fresh_access_token_needs_no_token_request() {
    let shop = Fixture::authorized();
    for _ in 0..3 {
        shop.json(&["test-mailbox", "shop"], 0);
    }
    assert_eq!(shop.sandbox().counters().token_requests, 1);
}

#[test]
fn before_the_first_sign_in_the_way_to_it_is_named() {
    let shop = Fixture::added();
    let test = shop.json(&["test-mailbox", "shop"], 4);
    assert!(test.finding_codes().contains(&"not-authorized".to_owned()), "{}", test.stdout);
    assert!(test.stdout.contains("mailgrant authorize shop"), "{}", test.stdout);
    assert_eq!(shop.sandbox().counters().mail_refusals, 0);
}

#[test]
fn a_revoked_grant_is_told_by_a_test_noted_by_token_and_healed_by_a_new_sign_in() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox().revoke_refresh_tokens(SHOP);
    let refused = shop.json(&["test-mailbox", "shop"], 4);
    assert!(refused.stdout.contains("AADSTS50173"), "{}", refused.stdout);
    // A test only looks: it leaves no mark.
    assert_eq!(fact(&shop.json(&["status", "shop"], 0), "status"), "authorized");
    shop.run(&["token", "shop"]).finish().code(4);
    let requests = shop.sandbox().counters().token_requests;
    assert_eq!(fact(&shop.json(&["status", "shop"], 4), "status"), "not authorized");
    shop.run(&["token", "shop"]).finish().code(4);
    assert_eq!(shop.sandbox().counters().token_requests, requests, "a lost grant is not tried again");
    shop.authorize_as("shop", SHOP).code(0);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn a_refused_client_secret_is_not_a_lost_sign_in() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let secret = crate::support::canary::CLIENT_SECRET;
    shop.sandbox().remove_client_secret(secret);
    let refused = shop.json(&["test-mailbox", "shop"], 1);
    assert_eq!(refused.finding_codes(), ["ms-secret-id-instead-of-value"]);
    shop.sandbox().add_client_secret(secret);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn a_token_that_the_server_no_longer_takes_is_reported_with_its_words() {
    let shop = Fixture::authorized();
    shop.sandbox().expire_access_tokens();
    let refused = shop.json(&["test-mailbox", "shop"], 1);
    assert_eq!(refused.outcome("authentication"), "failed");
    assert!(refused.stdout.contains("AUTHENTICATE failed."), "{}", refused.stdout);
}

#[test]
fn an_unknown_ca_gets_no_credential() {
    let shop = Fixture::authorized();
    let other = crate::sandbox::Sandbox::start(crate::sandbox::SandboxConfig::default()).unwrap();
    let port = other.ports().imap_implicit.to_string();
    shop.add("shop", &[("--incoming-port", Some(&port)), ("--force", Some(""))]).finish().code(0);
    let refused = shop.json(&["test-mailbox", "shop"], 1);
    assert_eq!(refused.finding_codes(), ["tls-unknown-issuer"]);
    let counters = other.counters();
    assert_eq!((counters.mail_logins, counters.mail_refusals), (0, 0));
}

#[test]
fn a_closed_port_is_a_network_matter() {
    let shop = Fixture::authorized();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    shop.add("shop", &[("--incoming-port", Some(&port)), ("--force", Some(""))]).finish().code(0);
    let refused = shop.json(&["test-mailbox", "shop"], 6);
    assert_eq!(refused.finding_codes(), ["connection-refused"]);
}

#[test]
fn a_silent_server_is_given_up_in_time() {
    let shop = Fixture::authorized();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    shop.add("shop", &[("--incoming-port", Some(&port)), ("--force", Some(""))]).finish().code(0);
    let started = std::time::Instant::now();
    let refused = shop.json(&["test-mailbox", "shop", "--timeout", "2"], 6);
    assert_eq!(refused.finding_codes(), ["timed-out"]);
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn all_tests_every_enabled_mailbox_and_one_failure_fails_the_whole() {
    let shop = Fixture::authorized();
    shop.add("second", &[("--app", Some("shop"))]).finish().code(0);
    let both = shop.json(&["test-mailbox", "--all"], 4).json();
    let names: Vec<_> = both["reports"].as_array().unwrap().iter().map(|report| &report["name"]).collect();
    assert_eq!(names, ["second", "shop"]);
    shop.authorize_as("second", SHOP).code(0);
    shop.json(&["test-mailbox", "--all"], 0);
}

#[test]
fn a_name_that_is_not_there_is_a_matter_of_the_profile() {
    let shop = Fixture::added();
    let refused = shop.json(&["test-mailbox", "shpo"], 3);
    assert!(refused.stdout.contains("shop"), "{}", refused.stdout);
}

#[test]
fn a_mailbox_near_its_quota_is_tested_beside_the_others_with_the_servers_warning() {
    let shop = Fixture::authorized();
    shop.add("second", &[("--app", Some("shop"))]).finish().code(0);
    shop.authorize_as("second", SHOP).code(0);
    shop.sandbox().switch_on(Fault::named("imap-quota-warning"));
    let both = shop.json(&["test-mailbox", "--all"], 0);
    assert_eq!(both.json()["reports"].as_array().unwrap().len(), 2);
    assert!(both.stdout.contains("the server says: NO [ALERT] Mailbox is at 97% of quota"), "{}", both.stdout);
    // A rotation tests the connections too, and the warning is not a reason to stop it.
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    let rotate = ["--json", "rotate-secret", "shop", "--secret-stdin"];
    shop.run(&rotate).stdin(NEXT_CLIENT_SECRET).finish().code(0);
}
