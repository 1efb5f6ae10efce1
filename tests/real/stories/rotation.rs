//! A client secret is replaced at a provider that really checks it.

use crate::provider::FIRST_SECRET;
use crate::stack::Stack;

/// Every kind of character that has a meaning in a form or in Basic authentication (RFC 6749 §2.3.1).
const SECOND_SECRET: &str = "second+Secret/of=the%app&0123:456789";

fn rotate(stack: &Stack, secret: &str) -> crate::support::finished::Finished {
    let arguments = ["--json", "rotate-secret", "office", "--secret-stdin", "--expires", "2099-01-31"];
    stack.run_with_input(&arguments, &format!("{secret}\n")).hides(secret)
}

#[test]
fn new_secret_takes_over_and_the_old_one_can_go() {
    let Some(stack) = Stack::start() else { return };
    stack.provider.token_lifetime(60);
    let stack = stack.with_shop();
    stack.provider.add_secret(SECOND_SECRET);
    rotate(&stack, SECOND_SECRET).code(0).passes("rotation");
    // Once more changes nothing.
    rotate(&stack, SECOND_SECRET).code(0);

    stack.provider.remove_secret(FIRST_SECRET);
    stack.run(&["test", "shop"]).code(0);
    stack.run(&["test-mailbox", "shop"]).code(0);
    stack.run(&["status", "shop"]).code(0).says("2099-01-31");

    stack.run(&["rotate-secret", "office", "--discard-previous"]).code(0);
    let record = stack.keyring.look_up(&["service", "mailgrant", "username", "app:office"]).unwrap_or_default();
    assert!(!record.contains(FIRST_SECRET), "the old secret is still in the keyring");
    stack.run(&["token", "shop"]).code(0);
}

#[test]
fn refused_secret_changes_nothing() {
    let Some(stack) = Stack::start() else { return };
    stack.provider.token_lifetime(60);
    let stack = stack.with_shop();
    let refused = rotate(&stack, "this-one-was-mistyped-0123456789").fails("rotation", &["invalid_client"]);
    assert_ne!(refused.code, Some(0));
    stack.run(&["token", "shop"]).code(0);
    stack.run(&["test-mailbox", "shop"]).code(0);
}

#[test]
fn rollback_brings_the_previous_secret_back() {
    let Some(stack) = Stack::start() else { return };
    stack.provider.token_lifetime(60);
    let stack = stack.with_shop();
    stack.provider.add_secret(SECOND_SECRET);
    rotate(&stack, SECOND_SECRET).code(0);
    // The wrong one is removed in the portal.
    stack.provider.remove_secret(SECOND_SECRET);
    // The token in the store is good for a while yet; a test asks the provider.
    let broken = stack.run(&["test", "shop"]).says("invalid_client").hides(SECOND_SECRET);
    assert_ne!(broken.code, Some(0));
    stack.run(&["rotate-secret", "office", "--rollback"]).code(0);
    stack.run(&["test", "shop"]).code(0);
}

#[test]
fn provider_outage_in_the_middle_leaves_the_old_secret_in_use() {
    let Some(stack) = Stack::start() else { return };
    stack.provider.token_lifetime(60);
    let stack = stack.with_shop();
    stack.provider.add_secret(SECOND_SECRET);
    stack.provider.outage(502);
    let stuck = rotate(&stack, SECOND_SECRET);
    assert_ne!(stuck.code, Some(0));
    stack.provider.outage(0);
    stack.run(&["token", "shop"]).code(0);

    // Run again, with nothing but the name, it goes on from there.
    stack.run(&["rotate-secret", "office"]).code(0);
    stack.provider.remove_secret(FIRST_SECRET);
    stack.run(&["test", "shop"]).code(0);
}
