//! The whole set-up of a mailbox, with its own values.

use crate::sandbox::faults::Fault;
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::fixture::Fixture;

/// Titles of the tasks, and whether each is known to be done.
fn tasks(shop: &Fixture, name: &str) -> Vec<(String, bool)> {
    let told = shop.json(&["guide", name], 0).json();
    let tasks = told["reports"][0]["tasks"].as_array().unwrap();
    tasks.iter().map(|task| (task["title"].as_str().unwrap().to_owned(), task["done"].is_string())).collect()
}

#[test]
fn it_marks_what_the_store_proves_done_and_changes_nothing() {
    let shop = Fixture::added();
    let done = |tasks: &[(String, bool)], title: &str| tasks.iter().find(|(one, _)| one == title).unwrap().1;
    let before = tasks(&shop, "shop");
    assert!(done(&before, "Client secret") && !done(&before, "Sign-in") && !done(&before, "Permissions"), "{before:?}");
    shop.authorize_as("shop", SHOP).code(0);
    let after = tasks(&shop, "shop");
    for title in ["App registration", "Redirect URI", "Permissions", "Approval", "Client secret", "Sign-in"] {
        assert!(done(&after, title), "{title}: {after:?}");
    }
    assert!(!done(&after, "Mailbox") && !done(&after, "Test"), "only a test shows it: {after:?}");
    assert_eq!(tasks(&shop, "shop"), after);
}

#[test]
fn a_test_marks_done_what_only_servers_can_show() {
    let shop = Fixture::authorized();
    let open = |shop: &Fixture| {
        let told = shop.json(&["guide", "shop", "--test"], 0).json();
        let tasks = told["reports"][0]["tasks"].as_array().unwrap().clone();
        let open = tasks.iter().filter(|task| !task["done"].is_string()).map(|task| task["title"].to_string());
        open.collect::<Vec<_>>()
    };
    assert_eq!(open(&shop), [""; 0]);
    shop.sandbox().switch_on(Fault::named("smtp-auth-off-tenant"));
    assert_eq!(open(&shop), ["\"Mailbox\"", "\"Test\""], "one side alone proves neither");
}

#[test]
fn its_steps_have_the_values_of_the_mailbox_and_only_those_that_it_needs() {
    let shop = Fixture::added();
    shop.add("box", &[("--app", Some("shop")), ("--address", Some(ALICE)), ("--sign-in-as", Some(SHOP))])
        .finish()
        .code(0);
    let own = shop.run(&["guide", "shop"]).finish().code(0).stdout;
    for words in [
        "az ad app update --id ",
        "652390e4-393a-48de-9484-05f9b1212954=Scope",
        "/adminconsent?client_id=",
        &format!("Set-CASMailbox -Identity {SHOP} -ImapEnabled $true"),
        "mailgrant authorize shop",
    ] {
        assert!(own.contains(words), "no {words} in {own}");
    }
    for words in ["PopEnabled $true", "Add-MailboxPermission", "{", "CLIENT_ID"] {
        assert!(!own.contains(words), "{words} in {own}");
    }
    let shared = shop.run(&["guide", "box"]).finish().code(0).stdout;
    let access = format!("Add-MailboxPermission -Identity {ALICE} -User {SHOP} -AccessRights FullAccess");
    assert!(shared.contains(&access), "{shared}");
}

#[test]
fn it_is_a_page_and_markdown_too() {
    let shop = Fixture::added();
    let markdown = shop.run(&["guide", "shop", "--format", "markdown"]).finish().code(0).stdout;
    assert!(markdown.contains("### 1. App registration") && markdown.contains("```powershell"), "{markdown}");
    assert!(markdown.contains("- [x] For an owner of the app's registration"), "{markdown}");
    shop.run(&["guide", "shop", "--html", "guide.html"]).finish().code(0);
    let page = std::fs::read_to_string(shop.path().join("guide.html")).unwrap();
    for words in ["For an Exchange administrator", "<a href=\"https://entra.microsoft.com/", "set up for"] {
        assert!(page.contains(words), "no {words} in {page}");
    }
}
