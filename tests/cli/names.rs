//! Names that forgive: a mailbox is found by its name in any case and by its address, and one that is not there is told with
//! what may be meant.

use crate::sandbox::world::SHOP;
use crate::support::fixture::Fixture;

#[test]
fn a_mailbox_is_called_by_name_in_any_case_or_by_address() {
    let shop = Fixture::authorized();
    for called in ["shop", "SHOP", SHOP, "Shop@Contoso.Example"] {
        for verb in ["test", "test-mailbox", "test-smtp", "inspect", "show", "status", "token"] {
            let shown = shop.json(&[verb, called], 0);
            assert!(verb == "token" || shown.json()["reports"][0]["name"] == "shop", "{verb} {called}");
        }
    }
    // The same mailbox three times is one.
    let tested = shop.json(&["test", "shop", "SHOP", SHOP], 0).json();
    assert_eq!(tested["reports"].as_array().unwrap().len(), 1, "{tested}");
    shop.json(&["remove", "SHOP", "--yes"], 0);
    shop.json(&["show", "shop"], 3);
}

#[test]
fn a_mailbox_that_is_not_there_is_told_with_what_may_be_meant() {
    let shop = Fixture::added();
    for verb in ["test", "show", "status", "token", "inspect", "remove", "rotate-secret", "authorize"] {
        let refused = shop.json(&[verb, "shp"], 3).json();
        assert_eq!(refused["error"]["code"], "unknown-mailbox", "{verb}");
        assert!(refused["error"]["fix"].to_string().contains("Did you mean shop?"), "{verb}: {refused}");
    }
}

#[test]
fn the_mailboxes_that_are_there_are_tested_and_the_others_reported() {
    let shop = Fixture::authorized();
    for verb in ["test", "test-mailbox", "test-smtp"] {
        let tested = shop.json(&[verb, "nosuch", "shop"], 3).json();
        assert!(tested["error"].is_null(), "{verb}: {tested}");
        let reports = tested["reports"].as_array().unwrap();
        let names: Vec<&str> = reports.iter().map(|report| report["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["shop", "nosuch"], "{verb}");
        assert_eq!(reports[1]["checks"][0]["finding"]["code"], "unknown-mailbox", "{verb}: {tested}");
        assert!(reports[0]["checks"].as_array().unwrap().iter().all(|check| check["outcome"] != "failed"));
        assert_eq!(shop.json(&[verb, "nosuch", "absent"], 3).json()["error"]["code"], "unknown-mailbox");
    }
}
