//! `report merge` of one run's JSON prints in every form what the run itself has printed; faults.rs holds it for each fault.

use std::fs;

use serde_json::Value;

use crate::faults::Practice;
use crate::sandbox::faults::Fault;
use crate::sandbox::world::SHOP;
use crate::support::fleet::Fleet;
use crate::support::forms;

const CSV: &str = "name,address,app\nnew,new@contoso.com,contoso\nold,old@contoso.com,contoso\n";

#[test]
fn what_each_command_says_is_said_again_in_every_form() {
    let practice = Practice::new();
    let shop = &practice.shop;
    fs::write(shop.path().join("new.csv"), CSV).unwrap();
    for arguments in [
        &["test", "shop"][..],
        &["test", "shop", "--details"],
        &["test", "shop", "popper", "graph", "gmail"],
        &["test", "shop", "popper", "--details"],
        &["test", "shop", "--all-protocols"],
        &["test", "alone", "signed"],
        &["test", "no-such"],
        &["test-mailbox", "shop", "--latest", "3"],
        &["test-smtp", "shop", "--to", SHOP, "--wait-arrival=20"],
        &["authorize", "alone"],
        &["authorize", "shop", "--dry-run"],
        &["status"],
        &["status", "--details"],
        &["status", "shop", "--warning", "30:", "--critical", "@0:5"],
        &["status", "--ask", "--fail-within=14"],
        &["list"],
        &["show", "shop"],
        &["show", "job"],
        &["guide", "shop"],
        &["guide", "alone", "--test"],
        &["inspect", "shop"],
        &["doctor"],
        &["doctor", "--details"],
        &["apply", "new.csv", "--dry-run"],
        &["apply", "new.csv"],
        &["remove", "new", "--dry-run"],
        &[
            "explain",
            "535 5.7.3 Authentication unsuccessful\nAADSTS7000222: The provided client secret keys are expired.",
        ],
        &["explain", "AADSTS65001"],
        &["explain", "what is this"],
        &["explain", "--about"],
        &["open", "shop", "app", "--print"],
        &["new-certificate", "another"],
        &["practice", "--list-faults"],
        &["store", "migrate", "keyring", "vault", "--dry-run"],
    ] {
        forms::run(shop, arguments);
    }
}

#[test]
fn the_same_holds_of_many_mailboxes_in_each_state_since_an_earlier_run() {
    let fleet = Fleet::new(4);
    let shop = &fleet.shop;
    let report = |file: &str| format!("--report=json={file}");
    shop.run(&["test", "box0", "box1", "box2", &report("well.json")]).finish().code(0);
    shop.sandbox().switch_on(Fault::named("imap-off"));
    shop.run(&["test", "box0", "box1", &report("ill.json")]).finish().code(1);
    forms::run(shop, &["test", "--all", "--baseline", "well.json"]);
    forms::run(shop, &["test", "--all", "--baseline", "ill.json"]);
    shop.sandbox().switch_off(Fault::named("imap-off"));
    let repaired = forms::run(shop, &["test", "--all", "--baseline", "ill.json"]).json();
    assert_eq!(repaired["changes"]["repaired"], 2, "{repaired}");
    // Each step took a moment then.
    let mut quick: Value = serde_json::from_str(&fs::read_to_string(shop.path().join("well.json")).unwrap()).unwrap();
    for check in
        quick["reports"].as_array_mut().unwrap().iter_mut().flat_map(|one| one["checks"].as_array_mut().unwrap())
    {
        check["elapsed_ms"] = 0.into();
    }
    fs::write(shop.path().join("quick.json"), quick.to_string()).unwrap();
    forms::run(shop, &["test", "--all", "--baseline", "quick.json"]);
}
