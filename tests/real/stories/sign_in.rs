//! Signing in, at a real provider, in a real browser.

use std::fs;
use std::path::Path;

use crate::person::How;
use crate::provider::FIRST_SECRET;
use crate::stack::{ALICE, Stack};

#[test]
fn mailbox_is_added_authorized_in_a_browser_tested_and_removed() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    stack.run(&["status", "shop"]).code(4).says("not authorized");

    let person = stack.sign_in(How::Chromium, "alice", false);
    let signed_in = stack.run(&["--json", "authorize", "shop"]).code(0).passes("token").passes("identity");
    assert!(signed_in.stderr.contains("  https://localhost:"), "no address to open by hand: {}", signed_in.stderr);
    let page = person.last_page();
    assert!(page.contains("shop") && page.contains(ALICE), "the browser's last page says: {page}");
    keep(&person.screenshot(), "authorized.png");

    stack.run(&["status", "shop"]).code(0).says("authorized").says(ALICE);
    stack.run(&["--json", "test-mailbox", "shop"]).code(0).passes("folder");
    stack.run(&["--json", "test-smtp", "shop"]).code(0).passes("recipient");

    // What another program of this desktop sees.
    let record = stack.keyring.look_up(&["service", "mailgrant", "username", "mailbox:shop"]);
    assert!(record.is_some(), "{:?}", stack.keyring.records("mailgrant"));
    assert!(stack.fixture.files_with(FIRST_SECRET).is_empty(), "the client secret is in a file");

    stack.run(&["remove", "shop", "--yes"]).code(0);
    assert_eq!(stack.keyring.records("mailgrant"), [] as [&str; 0]);
    stack.run(&["test-mailbox", "shop"]).code(3);
}

#[test]
fn browser_shows_the_reason_when_the_person_says_no() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    let person = stack.sign_in(How::Chromium, "alice", true);
    let denied = stack.run(&["--json", "authorize", "shop"]);
    assert!(matches!(denied.code, Some(1 | 4)), "{denied:?}");
    let denied = denied.fails("authorize", &["access_denied"]);
    let page = person.last_page();
    assert!(!page.to_lowercase().contains("success"), "the browser's last page says: {page}");
    keep(&person.screenshot(), "denied.png");
    drop(denied);
    stack.run(&["status", "shop"]).code(4);
}

#[test]
fn another_account_is_refused_and_nothing_is_kept() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    let person = stack.sign_in(How::Plain, "bob", false);
    let other = stack.run(&["--json", "authorize", "shop"]).fails("identity", &["bob@example.test", ALICE]);
    assert_ne!(other.code, Some(0));
    let page = person.last_page();
    assert!(page.contains("bob@example.test"), "the browser's last page says: {page}");
    assert_eq!(stack.keyring.look_up(&["service", "mailgrant", "username", "mailbox:shop"]), None);
    stack.run(&["status", "shop"]).code(4);

    // With --allow-other-account the grant is stored, and then the mail servers refuse.
    stack.sign_in(How::Plain, "bob", false);
    stack.run(&["authorize", "shop", "--allow-other-account"]).code(0);
    stack.run(&["--json", "test-mailbox", "shop"]).code(1).fails("authentication", &["AUTHENTICATIONFAILED"]);
}

#[test]
fn address_can_be_pasted_where_no_browser_reaches_us() {
    let Some(stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    // Nothing is pasted: the input ends, and so does the command.
    let silent = stack.run(&["authorize", "shop", "--no-browser"]);
    assert_ne!(silent.code, Some(0));
    assert!(silent.stderr.contains("  https://localhost:"), "{}", silent.stderr);
}

#[test]
fn sign_in_without_the_mail_scope_is_refused_by_the_mail_servers() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &["--scope", "calendar"]);
    stack.sign_in(How::Plain, "alice", false);
    stack.run(&["authorize", "shop"]).code(0);
    stack.run(&["--json", "test-mailbox", "shop"]).code(1).fails("authentication", &["AUTHENTICATIONFAILED"]);
    stack.run(&["--json", "test-smtp", "shop"]).code(1).fails("authentication", &["535"]);
}

/// Keeps a picture where people and the continuous integration find it.
fn keep(picture: &Path, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    fs::create_dir_all(&folder).expect("the target folder is ours");
    fs::copy(picture, folder.join(name)).expect("the browser took a picture");
}
