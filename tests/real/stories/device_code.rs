//! Signing in with a code that is entered in another machine's browser, at a provider that names no interval.

use std::io::{BufRead as _, BufReader};
use std::process::Command;
use std::time::Instant;

use crate::desk::{Run, finish};
use crate::person::How;
use crate::stack::{ALICE, Stack};

/// `authorize shop --device-code`, and `login` at the page whose address has the code in it.
fn authorize(stack: &mut Stack, login: &str, deny: bool) -> Run {
    let person = stack.sign_in(How::Plain, login, deny);
    let mut child = stack.desk.command(&["--json", "authorize", "shop", "--device-code"]).spawn().expect("it is built");
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut said = String::new();
    while !said.contains("Ctrl-C ends it") {
        assert!(stderr.read_line(&mut said).expect("it speaks UTF-8") > 0, "it ended: {said}");
    }
    // What comes after that comes after the sign-in.
    child.stderr = Some(stderr.into_inner());
    let address = said.lines().map(str::trim).find(|line| line.contains("/device?user_code="));
    let address = address.unwrap_or_else(|| panic!("no address with the code: {said}"));
    assert!(Command::new(&person.browser).arg(address).status().expect("it starts").success(), "{}", person.log());
    finish(child, "authorize shop --device-code".to_owned())
}

#[test]
fn mailbox_is_authorized_with_a_code_and_opens() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    let started = Instant::now();
    authorize(&mut stack, "alice", false).exits(0).passes("authorize").passes("token").passes("identity");
    // RFC 8628 section 3.2: where no interval is named, it is 5 seconds.
    assert!(started.elapsed().as_secs() >= 5, "it was polled after {:?}", started.elapsed());
    stack.desk.run(&["status", "shop"]).exits(0).says("authorized").says(ALICE);
    stack.desk.run(&["--json", "test-mailbox", "shop"]).exits(0).passes("folder");
    stack.desk.run(&["--json", "test-smtp", "shop"]).exits(0).passes("recipient");
}

#[test]
fn code_that_the_wrong_person_enters_or_declines_opens_nothing() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    authorize(&mut stack, "bob", false).exits(1).fails("identity", &["bob@example.test", ALICE]);
    authorize(&mut stack, "alice", true).exits(1).fails("authorize", &["access_denied"]);
    stack.desk.run(&["status", "shop"]).exits(4);
}
