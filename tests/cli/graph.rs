//! A mailbox over Microsoft Graph: added, authorized, tested both ways, its secret rotated, and tested again.

use std::time::Duration;

use serde_json::Value;

use crate::sandbox::browser::Person;
use crate::sandbox::world::{ALICE, SHARED, SHOP};
use crate::support::canary::{CLIENT_SECRET, NEXT_CLIENT_SECRET};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::proxy::{Manner, ScriptedProxy};
use crate::support::slow_line::SlowLine;

/// A mailbox that is read and sent from over Graph, and has been signed in for.
fn authorized() -> Fixture {
    let shop = Fixture::new();
    shop.add_over_graph("shop", &[]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

fn checks(finished: &Finished) -> Vec<Value> {
    finished.json()["reports"][0]["checks"].as_array().cloned().unwrap_or_default()
}

/// The stages of the checks over this protocol, with their outcomes.
fn stages(finished: &Finished, protocol: &str) -> Vec<String> {
    let checks = checks(finished).into_iter().filter(|check| check["protocol"] == protocol);
    checks
        .map(|check| {
            format!("{} {}", check["stage"].as_str().unwrap_or_default(), check["outcome"].as_str().unwrap_or_default())
        })
        .collect()
}

fn scopes_asked(shop: &Fixture, name: &str) -> String {
    let shown = shop.json(&["show", name], 0);
    shown.json()["reports"][0]["facts"]["scopes_wanted"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_mailbox_is_used_over_graph_from_its_addition_to_the_rotation_of_its_secret() {
    let shop = authorized();
    let test = shop.json(&["test", "shop"], 0);
    assert_eq!(
        stages(&test, "graph"),
        [
            "preflight passed",
            "dns passed",
            "tcp passed",
            "tls passed",
            "authentication passed",
            "folder passed",
            "recipient passed"
        ],
        "{}",
        test.stdout
    );
    assert!(shop.sandbox().sent().is_empty(), "a test without --to sends nothing");
    let read = shop.json(&["test-mailbox", "shop", "--latest", "1"], 0);
    assert_eq!(read.json()["reports"][0]["latest"].as_array().map(Vec::len), Some(1), "{}", read.stdout);
    let sent = shop.json(&["test-smtp", "shop", "--to", SHOP, "--wait-arrival"], 0);
    assert!(stages(&sent, "graph").contains(&"arrival passed".to_owned()), "{}", sent.stdout);
    let mails = shop.sandbox().sent();
    assert_eq!((mails.len(), mails[0].sender.as_str()), (1, SHOP));
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    let rotated = shop.run(&["--json", "rotate-secret", "shop", "--secret-stdin"]).stdin(NEXT_CLIENT_SECRET).finish();
    rotated.code(0);
    shop.sandbox().expire_client_secret(CLIENT_SECRET);
    shop.json(&["test", "shop"], 0);
    shop.insist_on_manners();
}

#[test]
fn consent_is_asked_for_no_more_than_the_sides_need() {
    const GRAPH: &str = "https://graph.microsoft.com";
    let shop = Fixture::new();
    for (name, sides, wanted, other) in [
        ("reads", ("graph", "none"), "Mail.ReadBasic", "Mail.Send"),
        ("sends", ("none", "graph"), "Mail.Send", "Mail.ReadBasic"),
    ] {
        shop.add_over_graph(name, &[("--incoming", Some(sides.0)), ("--outgoing", Some(sides.1))]).finish().code(0);
        let asked = scopes_asked(&shop, name);
        let has = |permission: &str| asked.split(' ').any(|scope| scope == format!("{GRAPH}/{permission}"));
        assert!(has(wanted) && !has(other), "{asked}");
    }
    shop.add_over_graph("shared", &[("--address", Some(SHARED)), ("--sign-in-as", Some(ALICE))]).finish().code(0);
    let asked = scopes_asked(&shop, "shared");
    assert!(asked.contains("Mail.ReadBasic.Shared") && asked.contains("Mail.Send.Shared"), "{asked}");
}

#[test]
fn a_shared_mailbox_is_read_and_sent_from_by_its_delegate() {
    let shop = Fixture::new();
    shop.add_over_graph("support", &[("--address", Some(SHARED)), ("--sign-in-as", Some(ALICE))]).finish().code(0);
    shop.authorize_as("support", ALICE).code(0);
    shop.json(&["test", "support"], 0);
    let sent = shop.json(&["test-smtp", "support", "--to", SHARED, "--wait-arrival"], 0);
    assert!(stages(&sent, "graph").contains(&"arrival passed".to_owned()), "{}", sent.stdout);
    let mails = shop.sandbox().sent();
    assert_eq!((mails[0].user.as_str(), mails[0].sender.as_str()), (ALICE, SHARED));
    shop.insist_on_manners();
}

#[test]
fn one_sign_in_serves_a_mailbox_that_is_read_over_graph_and_sent_from_over_smtp() {
    let shop = Fixture::new();
    let port = shop.sandbox().ports().smtp_starttls.to_string();
    let smtp = [
        ("--outgoing", Some("smtp")),
        ("--outgoing-host", Some("localhost")),
        ("--outgoing-port", Some(port.as_str())),
    ];
    shop.add_over_graph("shop", &smtp).finish().code(0);
    let person = Person::SignsInAs(SHOP.to_owned());
    shop.authorize(&["authorize", "shop"], &person).code(0);
    let test = shop.json(&["test", "shop"], 0);
    assert!(stages(&test, "graph").contains(&"folder passed".to_owned()), "{}", test.stdout);
    assert!(stages(&test, "smtp").contains(&"recipient passed".to_owned()), "{}", test.stdout);
    assert_eq!(shop.sandbox().counters().sign_ins, 1);
    let requests = shop.sandbox().counters().token_requests;
    shop.json(&["test-mailbox", "shop"], 0);
    shop.json(&["test-smtp", "shop"], 0);
    assert_eq!(shop.sandbox().counters().token_requests, requests, "both tokens are in the store");
    shop.insist_on_manners();
}

#[test]
fn one_connection_does_for_a_whole_test() {
    let shop = authorized();
    for (arguments, requests) in [
        (&["test", "shop"][..], 2),
        (&["test-mailbox", "shop"], 1),
        (&["test-smtp", "shop", "--to", SHOP, "--wait-arrival"], 2),
    ] {
        let before = shop.sandbox().counters();
        shop.json(arguments, 0);
        let after = shop.sandbox().counters();
        assert_eq!(after.api_connections - before.api_connections, 1, "{arguments:?}");
        assert_eq!(after.api_requests - before.api_requests, requests, "{arguments:?}");
    }
}

#[test]
fn one_round_trip_after_tls_opens_the_inbox() {
    let shop = Fixture::new();
    let line = SlowLine::start(shop.sandbox().ports().api, Duration::from_millis(10));
    shop.add_over_graph("shop", &[("--api-url", Some(&format!("https://localhost:{}", line.port)))]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    // TCP takes one more, and the practice tenant's TLS, which is 1.2, takes two.
    for (arguments, round_trips) in [(["test-mailbox", "shop"], 4), (["test-smtp", "shop"], 4), (["test", "shop"], 5)] {
        line.take();
        shop.json(&arguments, 0);
        assert_eq!(line.take(), round_trips, "{arguments:?}");
    }
}

#[test]
fn the_doctor_reaches_graph_by_the_proxy_for_https() {
    let shop = Fixture::new();
    shop.add_over_graph("shop", &[("--api-url", Some("https://graph.corp.example"))]).finish().code(0);
    let proxy = ScriptedProxy::start(Manner::LeadsTo(shop.sandbox().ports().api));
    let run = shop.run(&["--json", "doctor"]).env("https_proxy", &format!("http://127.0.0.1:{}", proxy.port));
    let doctor = run.finish();
    assert_eq!(proxy.take(), ["CONNECT graph.corp.example:443"]);
    let reports = doctor.json()["reports"].as_array().cloned().unwrap();
    let graph = reports.iter().find(|report| report["facts"]["role"] == "Microsoft Graph").expect("it is looked at");
    let way = graph["checks"].as_array().unwrap().iter().find(|check| check["stage"] == "proxy").unwrap();
    assert_eq!(way["outcome"], "passed", "{way}");
    assert!(way["detail"].as_str().is_some_and(|detail| detail.contains("(https_proxy)")), "{way}");
}

#[test]
fn the_support_bundle_tells_the_sides_apart_that_one_protocol_serves() {
    let shop = authorized();
    let path = shop.path().join("bundle.txt").display().to_string();
    shop.json(&["doctor", "--bundle", &path, "--with-tests"], 0);
    let text = std::fs::read_to_string(&path).unwrap();
    for words in [
        "== test of shop, Microsoft Graph, incoming\n",
        "== test of shop, Microsoft Graph, outgoing\n",
        "GET /v1.0/me/mailFolders/inbox",
        "POST /v1.0/me/sendMail",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
