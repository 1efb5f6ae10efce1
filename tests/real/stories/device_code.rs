//! Signing in with a code that is entered in another machine's browser, at a provider that names no interval.

use std::process::Command;
use std::time::Instant;

use crate::person::How;
use crate::stack::{ALICE, Stack};
use crate::support::finished::Finished;

/// `authorize shop --device-code`, and `login` at the page whose address has the code in it.
fn authorize(stack: &mut Stack, login: &str, deny: bool) -> Finished {
    let person = stack.sign_in(How::Plain, login, deny);
    let mut running = stack.begin_without_browser(&["--json", "authorize", "shop", "--device-code"]);
    running.wait_for_stderr("Ctrl-C ends it");
    let address =
        running.said().lines().map(str::trim).find(|line| line.contains("/device?user_code=")).map(str::to_owned);
    let address = address.unwrap_or_else(|| panic!("no address with the code: {}", running.said()));
    assert!(Command::new(&person.browser).arg(address).status().expect("it starts").success(), "{}", person.log());
    running.finish()
}

#[test]
fn mailbox_is_authorized_with_a_code_and_opens() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    let started = Instant::now();
    authorize(&mut stack, "alice", false).code(0).passes("authorize").passes("token").passes("identity");
    // RFC 8628 section 3.2: where no interval is named, it is 5 seconds.
    assert!(started.elapsed().as_secs() >= 5, "it was polled after {:?}", started.elapsed());
    // Where a browser can be opened, the page with the code in it is.
    stack.run(&["--json", "authorize", "shop", "--device-code"]).code(0).passes("authorize").passes("identity");
    stack.run(&["status", "shop"]).code(0).says("authorized").says(ALICE);
    stack.run(&["--json", "test-mailbox", "shop"]).code(0).passes("folder");
    stack.run(&["--json", "test-smtp", "shop"]).code(0).passes("recipient");
}

#[test]
fn code_that_the_wrong_person_enters_or_declines_opens_nothing() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    authorize(&mut stack, "bob", false).code(1).fails("identity", &["bob@example.test", ALICE]);
    authorize(&mut stack, "alice", true).code(1).fails("authorize", &["access_denied"]);
    stack.run(&["status", "shop"]).code(4);
}
