//! The life of a token: stored, refreshed, lost.

use std::thread;
use std::time::Duration;

use crate::provider::FIRST_SECRET;
use crate::stack::{ALICE, Stack};

fn refreshes(stack: &Stack) -> usize {
    let answers = stack.provider.answers();
    answers.iter().filter(|(grant, outcome)| grant == "refresh_token" && outcome == "success").count()
}

/// How long a token of the short-lived kind is good, in seconds. It is fresh for half of that.
const SHORT: u32 = 2;

/// Waits until a token of the short-lived kind has ended.
fn outlive() {
    thread::sleep(Duration::from_millis(u64::from(SHORT) * 1000 + 100));
}

#[test]
fn access_token_is_kept_while_fresh_and_renewed_when_not() {
    let Some(stack) = Stack::start() else { return };
    let stack = stack.with_shop();
    let first = stack.run(&["token", "shop"]).code(0).stdout;
    assert_eq!(stack.run(&["token", "shop"]).code(0).stdout, first);
    assert_eq!(refreshes(&stack), 0);

    // The next sign-in leaves tokens that are soon over.
    stack.provider.token_lifetime(SHORT);
    stack.run(&["authorize", "shop"]).code(0);
    outlive();
    let second = stack.run(&["token", "shop"]).code(0).stdout;
    outlive();
    let third = stack.run(&["token", "shop"]).code(0).stdout;
    assert_eq!(refreshes(&stack), 2);
    assert!(second != first && third != second, "an old token was handed out");

    stack.provider.token_lifetime(3600);
    outlive();
    stack.run(&["test-mailbox", "shop"]).code(0);
    let fourth = stack.run(&["token", "shop"]).code(0).stdout;
    assert_eq!(stack.run(&["token", "shop"]).code(0).stdout, fourth);
    assert_eq!(refreshes(&stack), 3);
}

#[test]
fn programs_that_ask_at_once_share_one_refresh() {
    let Some(stack) = Stack::start() else { return };
    stack.provider.token_lifetime(SHORT);
    let stack = stack.with_shop();
    stack.provider.token_lifetime(3600);
    outlive();
    stack.provider.forget();
    // A refresh token is good for one use here: a second use would end the grant for all of them.
    let tokens: Vec<String> = thread::scope(|scope| {
        let asking: Vec<_> = (0..16).map(|_| scope.spawn(|| stack.run(&["token", "shop"]).code(0).stdout)).collect();
        asking.into_iter().map(|one| one.join().expect("it got a token")).collect()
    });
    assert_eq!(stack.provider.answers().len(), 1);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "they got different tokens");
}

#[test]
fn lost_sign_in_asks_for_a_new_one_and_an_outage_does_not() {
    let Some(stack) = Stack::start() else { return };
    stack.provider.token_lifetime(SHORT);
    let stack = stack.with_shop();
    outlive();

    // A gateway's HTML page, or no answer at all, says nothing about the sign-in.
    stack.provider.outage(503);
    stack.run(&["token", "shop"]).code(6);
    stack.provider.outage(0);
    stack.provider.down();
    stack.run(&["token", "shop"]).code(6);
    stack.provider.up();
    stack.run(&["token", "shop"]).code(0);
    stack.run(&["status", "shop"]).code(0);

    // A client secret that is gone says nothing about the sign-in either.
    outlive();
    stack.provider.remove_secret(FIRST_SECRET);
    let refused = stack.run(&["token", "shop"]).says("invalid_client").hides(FIRST_SECRET);
    assert!(!matches!(refused.code, Some(0 | 4)), "{refused:?}");
    stack.provider.add_secret(FIRST_SECRET);
    stack.run(&["token", "shop"]).code(0);

    outlive();
    stack.provider.revoke(ALICE);
    stack.run(&["token", "shop"]).code(4).says("mailgrant authorize shop");
    stack.run(&["status", "shop"]).code(4).says("mailgrant authorize shop");
    stack.provider.forget();
    stack.run(&["--json", "test-mailbox", "shop"]).code(4).fails("token", &["mailgrant authorize shop"]);
    assert!(stack.provider.answers().is_empty(), "a lost grant is not tried again");

    stack.run(&["authorize", "shop"]).code(0);
    stack.run(&["test-mailbox", "shop"]).code(0);
}
