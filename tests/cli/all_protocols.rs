//! `test --all-protocols`: which of the provider's protocols work for a mailbox; and what a verdict says of the others.

use serde_json::Value;

use crate::sandbox::faults::Fault;
use crate::sandbox::world::{ALICE, SHARED, SHOP};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;

const READ: &str = "https://graph.microsoft.com/Mail.ReadBasic";
const SEND: &str = "https://graph.microsoft.com/Mail.Send";
const POP3: &str = "https://outlook.office.com/POP.AccessAsUser.All";

/// The shop, which uses IMAP and SMTP, and a mailbox of the same app that says where POP3 is.
fn shop_of(change: &[(&str, Option<&str>)], user: &str) -> Fixture {
    let shop = Fixture::new();
    let (api, port) = (shop.sandbox().api_base(), shop.sandbox().ports().pop3_implicit.to_string());
    let own = [("--api-url", Some(api.as_str()))];
    shop.add("shop", &[&own, change].concat()).finish().code(0);
    let popper = [
        ("--app", Some("shop")),
        ("--api-url", Some(api.as_str())),
        ("--incoming", Some("pop3")),
        ("--incoming-port", Some(port.as_str())),
    ];
    shop.add("popper", &popper).finish().code(0);
    shop.authorize_as("shop", user).code(0);
    shop
}

fn shop() -> Fixture {
    shop_of(&[], SHOP)
}

fn consent(shop: &Fixture, scopes: &[&str]) {
    scopes.iter().for_each(|scope| shop.sandbox().consent_for_users(scope));
}

fn rows(finished: &Finished) -> Vec<Value> {
    finished.json()["reports"][0]["protocols"].as_array().cloned().unwrap_or_default()
}

/// Each row as "imap incoming works", with its finding's code.
fn results(finished: &Finished) -> Vec<String> {
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| {
        let code = row["finding"]["code"].as_str().unwrap_or_default();
        let words = [word(row, "protocol"), word(row, "side"), word(row, "result"), code.to_owned()];
        words.join(" ").trim_end().to_owned()
    };
    rows(finished).iter().map(row).collect()
}

fn fix(finding: &Value) -> String {
    let steps = finding["fix"].as_array().into_iter().flatten().filter_map(|step| step["text"].as_str());
    steps.collect::<Vec<_>>().join("\n")
}

fn verdict(finished: &Finished) -> Value {
    finished.json()["reports"][0]["verdict"].clone()
}

#[test]
fn what_was_consented_to_is_tried_and_what_was_not_asked_for_is_not() {
    let shop = shop();
    let test = shop.json(&["test", "shop", "--all-protocols"], 0);
    let untried = "not_tried sign-in-did-not-ask";
    assert_eq!(
        results(&test),
        [
            "imap incoming works".to_owned(),
            format!("pop3 incoming {untried}"),
            "smtp outgoing works".to_owned(),
            format!("graph incoming {untried}"),
            format!("graph outgoing {untried}"),
        ]
    );
    let sending = &rows(&test)[4]["finding"];
    for words in ["Delegated permissions: Mail.Send", "add shop --outgoing graph --force", "mailgrant authorize shop"] {
        assert!(fix(sending).contains(words), "{sending}");
    }
    assert!(sending["cause"].as_str().unwrap().ends_with("did not ask for Mail.Send."), "{sending}");
    assert_eq!(shop.sandbox().counters().api_requests, 0, "nothing is asked without a token");
    consent(&shop, &[READ, SEND, POP3]);
    let test = shop.json(&["test", "shop", "--all-protocols"], 0);
    assert!(results(&test).iter().all(|row| row.ends_with(" works")), "{:#?}", results(&test));
    let used: Vec<bool> = rows(&test).iter().map(|row| row["in_profile"].as_bool().unwrap()).collect();
    assert_eq!(used, [true, false, true, false, false]);
    assert!(shop.sandbox().sent().is_empty(), "nothing is sent");
    shop.insist_on_manners();
}

#[test]
fn trying_other_protocols_leaves_the_sign_in_as_it_was() {
    let shop = shop();
    consent(&shop, &[READ]);
    let mut before = String::new();
    let known = |record: &mut mailgrant::secrets::MailboxRecord| {
        let access = record.access.iter().map(|access| format!("{:?} {:?}", access.audience, access.scopes));
        format!("{:?} {:?} {:?}", record.asked, record.scopes, access.collect::<Vec<_>>())
    };
    shop.json(&["test", "shop"], 0);
    shop.change_grant(|record| before = known(record));
    shop.json(&["test", "shop", "--all-protocols"], 0);
    shop.change_grant(|record| {
        assert_eq!(known(record), before);
        assert!(record.needs_authorization.is_none(), "what was refused was no sign-in of ours");
    });
    // The refresh token that the last try left is the one in the store: each is good once.
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.json(&["test", "shop"], 0);
    assert_eq!(shop.sandbox().counters().refresh_reuses, 0);
}

#[test]
fn a_protocol_that_is_off_is_told_from_one_that_refuses_and_its_way_round_is_the_verdicts_last_step() {
    let shop = shop();
    shop.sandbox().switch_on(Fault::named("smtp-auth-off-tenant"));
    let untried = verdict(&shop.json(&["test", "shop"], 1));
    assert_eq!(untried["code"], "exo-smtp-auth-disabled-tenant");
    for words in [
        "Or leave SMTP off and use Microsoft Graph: in Microsoft Entra admin center",
        "API permissions > Add a permission > Microsoft Graph > Delegated permissions: Mail.Send",
        "outgoing = { protocol = \"graph\" } in [mailboxes.shop]",
        "mailgrant add shop --outgoing graph --force",
        "mailgrant authorize shop",
    ] {
        assert!(fix(&untried).contains(words), "{words} in {untried:#}");
    }
    assert!(!fix(&untried).contains("tried just now"), "{untried:#}");
    consent(&shop, &[READ, SEND, POP3]);
    let test = shop.json(&["test", "shop", "--all-protocols"], 1);
    let codes = results(&test);
    assert!(codes.contains(&"smtp outgoing off exo-smtp-auth-disabled-tenant".to_owned()), "{codes:#?}");
    assert!(fix(&verdict(&test)).contains("Microsoft Graph, which works for this mailbox"), "{test:?}");
    shop.sandbox().switch_on(Fault::named("graph-send-as-denied"));
    let test = shop.json(&["test", "shop", "--all-protocols"], 1);
    assert!(!fix(&verdict(&test)).contains("--outgoing graph"), "what does not work is not offered: {test:?}");
}

#[test]
fn the_step_that_a_verdict_gives_makes_the_mailbox_work() {
    let shop = shop();
    shop.sandbox().switch_on(Fault::named("smtp-auth-off-mailbox"));
    let found = verdict(&shop.json(&["test", "shop"], 1));
    assert!(fix(&found).contains("mailgrant add shop --outgoing graph --force"), "{found:#}");
    shop.run(&["--json", "add", "shop", "--outgoing", "graph", "--force"]).finish().code(0);
    shop.json(&["test", "shop"], 4);
    shop.authorize_as("shop", SHOP).code(0);
    shop.json(&["test", "shop"], 0);
}

#[test]
fn reading_that_is_off_has_a_way_round_too() {
    let shop = shop();
    consent(&shop, &[READ, POP3]);
    shop.sandbox().switch_on(Fault::named("imap-off"));
    let test = shop.json(&["test", "shop", "--all-protocols"], 1);
    let found = verdict(&test);
    assert_eq!(found["code"], "protocol-off-for-mailbox");
    assert!(fix(&found).contains("mailgrant add shop --incoming graph --force"), "{found:#}");
    let codes = results(&test);
    assert_eq!(codes[0], "imap incoming off protocol-off-for-mailbox");
    assert_eq!(codes[1], "pop3 incoming works");
    // The other way round: another protocol than the mailbox's own is off, and the mailbox works.
    shop.sandbox().switch_off(Fault::named("imap-off"));
    shop.sandbox().switch_on(Fault::named("pop3-off"));
    let test = shop.json(&["test", "shop", "--all-protocols"], 0);
    assert_eq!(results(&test)[1], "pop3 incoming off protocol-off-for-mailbox");
}

#[test]
fn without_a_new_token_nothing_else_is_tried() {
    let shop = shop();
    consent(&shop, &[READ, SEND, POP3]);
    shop.sandbox().switch_on(Fault::named("grants-revoked"));
    let test = shop.json(&["test", "shop", "--all-protocols"], 4);
    let others = rows(&test).into_iter().filter(|row| row["in_profile"] == false);
    for row in others {
        assert_eq!((&row["result"], &row["detail"]), (&"not_tried".into(), &"no new access token can be had".into()));
    }
    assert_eq!(shop.sandbox().counters().api_requests, 0);
}

#[test]
fn a_shared_mailbox_is_tried_with_the_permissions_for_shared_ones() {
    let shop = shop_of(&[("--address", Some(SHARED)), ("--sign-in-as", Some(ALICE))], ALICE);
    consent(&shop, &["https://graph.microsoft.com/Mail.ReadBasic.Shared"]);
    let test = shop.json(&["test", "shop", "--all-protocols"], 0);
    let codes = results(&test);
    assert!(codes.contains(&"graph incoming works".to_owned()), "{codes:#?}");
    let sending = rows(&test)[4]["finding"]["cause"].clone();
    assert!(sending.as_str().unwrap().contains("Mail.Send.Shared"), "{sending}");
}

#[test]
fn the_table_is_on_the_screen_and_the_page_has_it_too() {
    let shop = shop();
    consent(&shop, &[READ]);
    shop.sandbox().switch_on(Fault::named("smtp-auth-off-tenant"));
    let shown = shop.run(&["test", "shop", "--all-protocols", "--html", "page.html"]).finish().code(1).stdout;
    let table: Vec<&str> =
        shown.lines().skip_while(|line| *line != "  Protocols:").take_while(|line| !line.is_empty()).collect();
    for row in ["IMAP             read  works", "Microsoft Graph  send  not tried", "SMTP             send  off "] {
        assert!(table.iter().any(|line| line.trim_start().starts_with(row)), "{row} in {shown}");
    }
    assert!(shown.contains("To send over Microsoft Graph:\n  1. In Microsoft Entra"), "{shown}");
    let page = std::fs::read_to_string(shop.path().join("page.html")).unwrap();
    assert!(page.contains("Microsoft Graph, read: works"), "{page}");
}

#[test]
fn both_sides_are_tested_by_other_names_too() {
    let shop = Fixture::authorized();
    for (alias, command) in [("test-receiving", "test-mailbox"), ("test-sending", "test-smtp")] {
        assert_eq!(shop.json(&[alias, "shop"], 0).json()["command"], command);
    }
}
