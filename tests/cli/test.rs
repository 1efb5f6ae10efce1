//! `test`: the whole chain, and the one thing to do first.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandbox::browser::Person;
use crate::sandbox::faults::Fault;
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary::NEXT_CLIENT_SECRET;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};

fn verdict(finished: &Finished) -> Value {
    finished.json()["reports"][0]["verdict"].clone()
}

/// The stages of the first report with their protocols and outcomes.
fn stages(finished: &Finished) -> Vec<String> {
    let report = &finished.json()["reports"][0];
    let words = |check: &Value| {
        let word = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
        [word("protocol"), word("stage"), word("outcome")].join(" ").trim().to_owned()
    };
    report["checks"].as_array().unwrap().iter().map(words).collect()
}

#[test]
fn the_whole_chain_of_a_healthy_mailbox_passes() {
    let shop = Fixture::authorized();
    let before = shop.sandbox().counters().token_requests;
    let test = shop.json(&["test", "shop"], 0);
    assert_eq!(verdict(&test), Value::Null);
    assert_eq!(shop.sandbox().counters().token_requests, before + 1, "one refresh proves grant and secret");
    let stages = stages(&test);
    for wanted in [
        "profile passed",
        "secret_store passed",
        "token_endpoint passed",
        "imap authentication passed",
        "imap folder passed",
        "smtp authentication passed",
        "smtp recipient passed",
    ] {
        assert!(stages.iter().any(|stage| stage == wanted), "{wanted} in {stages:#?}");
    }
    assert!(fact(&test, "incoming").starts_with("IMAP ") && fact(&test, "outgoing").starts_with("SMTP "));
    let shown = shop.run(&["test", "shop"]).finish().code(0).stdout;
    assert!(shown.contains("\nshop@contoso.example works: reads over IMAP, may send over SMTP ("), "{shown}");
    assert!(!shown.contains("IMAP TLS") && !shown.contains("Do this first"), "{shown}");
    let detailed = shop.run(&["test", "shop", "--details"]).finish().code(0).stdout;
    assert!(detailed.contains("IMAP TLS") && detailed.contains("SMTP TLS"), "{detailed}");
    let sides = test.json()["reports"][0]["sides"].clone();
    for (at, side, protocol) in [(0, "incoming", "imap"), (1, "outgoing", "smtp")] {
        let seen = &sides[at];
        assert_eq!(
            (&seen["side"], &seen["protocol"], &seen["state"]),
            (&side.into(), &protocol.into(), &"works".into())
        );
        assert!(seen["server"].as_str().unwrap().starts_with("localhost:") && seen["sent"] == false, "{seen}");
    }
    shop.insist_on_manners();
}

#[test]
fn an_expired_secret_is_the_verdict_although_mail_still_flows() {
    let shop = Fixture::authorized();
    shop.sandbox().switch_on(Fault::named("secrets-expired"));
    let test = shop.json(&["test", "shop"], 1);
    assert_eq!(verdict(&test)["code"], "ms-secret-expired");
    assert!(stages(&test).contains(&"imap folder passed".to_owned()), "the last token is good for a while");
    let shown = shop.run(&["test", "shop"]).finish().code(1).stdout;
    assert!(shown.contains("Do this first") && shown.contains("mailgrant rotate-secret shop"), "{shown}");
}

#[test]
fn a_secret_that_worked_and_is_refused_was_removed() {
    let shop = Fixture::authorized();
    shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
    shop.json(&["test", "shop"], 0);
    shop.sandbox().remove_client_secret(crate::support::canary::CLIENT_SECRET);
    let test = shop.json(&["test", "shop"], 1);
    assert_eq!(verdict(&test)["code"], "secret-removed");
    assert!(verdict(&test)["cause"].as_str().unwrap().contains("until 20"), "{}", verdict(&test));
}

#[test]
fn a_revoked_sign_in_is_the_verdict_and_asks_for_authorization() {
    let shop = Fixture::authorized();
    shop.sandbox().switch_on(Fault::named("grants-revoked"));
    let test = shop.json(&["test", "shop"], 4);
    assert_eq!(verdict(&test)["retry"], "reauthorize");
    let again = shop.json(&["test", "shop"], 4);
    assert_eq!(verdict(&again)["code"], verdict(&test)["code"], "the same as long as it is true");
    // It was the provider's mistake: no sign-in is needed.
    shop.sandbox().switch_off(Fault::named("grants-revoked"));
    shop.json(&["test", "shop"], 0);
    shop.sandbox().revoke_refresh_tokens(SHOP);
    shop.json(&["test", "shop"], 4);
    shop.authorize_as("shop", SHOP).code(0);
    shop.json(&["test", "shop"], 0);
}

#[test]
fn the_wrong_account_is_named() {
    let shop = Fixture::added();
    let alice = Person::SignsInAs(ALICE.to_owned());
    shop.authorize(&["authorize", "shop", "--allow-other-account"], &alice).code(0);
    let test = shop.json(&["test", "shop"], 4);
    let verdict = verdict(&test);
    assert_eq!(verdict["code"], "wrong-account-signed-in");
    assert!(verdict["cause"].as_str().unwrap().contains(ALICE), "{verdict}");
    assert_eq!(verdict["also"].as_array().unwrap().len(), 2, "{verdict}");
}

#[test]
fn a_missing_sign_in_is_said_and_the_servers_are_looked_at_all_the_same() {
    let shop = Fixture::added();
    let test = shop.json(&["test", "shop"], 4);
    assert_eq!(verdict(&test)["code"], "not-authorized");
    let stages = stages(&test);
    for wanted in ["imap tls passed", "smtp tls passed", "imap authentication skipped", "smtp authentication skipped"] {
        assert!(stages.iter().any(|stage| stage == wanted), "{wanted} in {stages:#?}");
    }
}

#[test]
fn both_sides_are_tested_side_by_side() {
    let shop = Fixture::authorized();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    // Both sides wait for the same token, so the whole takes as long as the slower one, not as both.
    shop.sandbox().set_token_delay(Duration::from_secs(2));
    let started = Instant::now();
    shop.json(&["test", "shop"], 0);
    let together = started.elapsed();
    assert!(together < Duration::from_millis(3_900), "{together:?}");
    let began: Vec<f64> = shop.json(&["test", "shop"], 0).json()["reports"][0]["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["stage"] == "tcp" || check["stage"] == "token_endpoint")
        .map(|check| check["began_ms"].as_f64().unwrap())
        .collect();
    assert_eq!(began.len(), 3);
    assert!(began.iter().all(|began| *began < 2_000.0), "all began before the token was there: {began:?}");
}

#[test]
fn the_report_is_a_page_too_and_holds_no_secret() {
    let shop = Fixture::authorized();
    shop.sandbox().switch_on(Fault::AccessTokensExpired);
    shop.run(&["test", "shop", "--html", "page.html"]).finish();
    let page = std::fs::read_to_string(shop.path().join("page.html")).unwrap();
    assert!(page.contains("Do this first") && page.contains("IMAP TLS"), "{page}");
    let mut secrets = shop.sandbox().issued_tokens();
    secrets.push(crate::support::canary::CLIENT_SECRET.to_owned());
    let found = crate::support::canary::find("the page", page.as_bytes(), &secrets);
    assert_eq!(found, Vec::<String>::new());
    // A command that cannot do its job says so in its page.
    shop.run(&["test", "absent", "--html", "page.html"]).finish().code(3);
    let page = std::fs::read_to_string(shop.path().join("page.html")).unwrap();
    assert!(page.contains("The command could not do its job") && page.contains("absent"), "{page}");
    let refused = shop.run(&["token", "shop", "--html", "page.html"]).finish().code(2);
    assert_eq!(refused.stdout, "");
    shop.run(&["list", "--html", "missing/folder/page.html"]).finish().code(2);
}
