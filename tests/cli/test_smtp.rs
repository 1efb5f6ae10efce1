use crate::sandbox::world::{ALICE, SHOP};
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

#[test]
fn every_tls_mode_and_mechanism_may_send() {
    let shop = Fixture::new();
    let ports = shop.sandbox().ports();
    for (tls, port) in [("implicit", ports.smtp_implicit), ("starttls", ports.smtp_starttls)] {
        let port = port.to_string();
        let change =
            [("--app", Some("contoso")), ("--outgoing-tls", Some(tls)), ("--outgoing-port", Some(port.as_str()))];
        shop.add(tls, &change).finish().code(0);
        shop.authorize_as(tls, SHOP).code(0);
        for mechanism in ["xoauth2", "oauthbearer"] {
            shop.json(&["test-smtp", tls, "--mechanism", mechanism], 0);
        }
    }
    assert!(shop.sandbox().sent().is_empty(), "nothing is sent without --to");
    shop.insist_on_manners();
}

#[test]
fn a_test_mail_is_sent_once_and_its_arrival_seen() {
    let shop = Fixture::authorized();
    let test = shop.json(&["test-smtp", "shop", "--to", SHOP, "--wait-arrival=20"], 0);
    assert_eq!(test.outcome("arrival"), "passed");
    let sent = shop.sandbox().sent();
    assert_eq!(sent.len(), 1);
    let text = String::from_utf8(sent[0].raw.clone()).unwrap();
    assert!(text.contains(&fact(&test, "message_id")) && text.contains("Auto-Submitted: auto-generated"), "{text}");
    shop.insist_on_manners();
}

#[test]
fn arrival_is_seen_over_pop3_too() {
    let shop = Fixture::new();
    let port = shop.sandbox().ports().pop3_implicit.to_string();
    shop.add("shop", &[("--incoming", Some("pop3")), ("--incoming-port", Some(&port))]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    let test = shop.json(&["test-smtp", "shop", "--to", SHOP, "--wait-arrival=20"], 0);
    assert_eq!(test.outcome("arrival"), "passed");
    shop.insist_on_manners();
}

#[test]
fn an_unknown_recipient_is_refused_in_the_servers_words() {
    let shop = Fixture::authorized();
    let refused = shop.json(&["test-smtp", "shop", "--to", "absent@contoso.example"], 1);
    assert_eq!(refused.outcome("recipient"), "failed");
    assert!(refused.stdout.contains("5.1.10"), "{}", refused.stdout);
    assert!(shop.sandbox().sent().is_empty());
}

#[test]
fn arrival_can_only_be_seen_in_the_own_mailbox() {
    let shop = Fixture::authorized();
    shop.json(&["test-smtp", "shop", "--to", ALICE, "--wait-arrival"], 2);
    shop.json(&["test-smtp", "shop", "--wait-arrival"], 2);
    assert!(shop.sandbox().sent().is_empty());
}
