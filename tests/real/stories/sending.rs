//! Sending: Postfix and Dovecot's own submission service, and mail that arrives.

use crate::person::How;
use crate::stack::{ALICE, Route, Stack};

#[test]
fn postfix_and_dovecot_take_mail_over_both_kinds_of_tls_with_both_mechanisms() {
    let Some(mut stack) = Stack::start() else { return };
    let ways = [
        ("postfix-implicit", stack.postfix.submissions, "implicit"),
        ("postfix-starttls", stack.postfix.submission, "starttls"),
        ("dovecot-implicit", stack.dovecot.submissions, "implicit"),
        ("dovecot-starttls", stack.dovecot.submission, "starttls"),
    ];
    let incoming = stack.usual_route().incoming;
    for (name, port, tls) in ways {
        stack.add(name, ALICE, Route { incoming, outgoing: (port, tls) }, &[]);
        stack.sign_in(How::Plain, "alice", false);
        stack.run(&["authorize", name]).code(0);
        for mechanism in ["xoauth2", "oauthbearer"] {
            let run = stack.run(&["--json", "test-smtp", name, "--mechanism", mechanism]).code(0);
            run.passes("tls").passes("authentication").passes("sender").passes("recipient");
        }
    }
}

#[test]
fn sent_mail_is_seen_to_arrive_over_imap_and_pop3() {
    let Some(mut stack) = Stack::start() else { return };
    let usual = stack.usual_route();
    let pop3 = Route { incoming: ("pop3", stack.dovecot.pop3s, "implicit"), ..usual };
    for (name, route) in [("shop", usual), ("shop-pop3", pop3)] {
        stack.add(name, ALICE, route, &[]);
        stack.sign_in(How::Plain, "alice", false);
        stack.run(&["authorize", name]).code(0);
        let run = stack.run(&["--json", "test-smtp", name, "--to", ALICE, "--wait-arrival=20"]).code(0);
        run.passes("message").passes("arrival");
    }
    let latest = stack.run(&["--json", "test-mailbox", "shop", "--latest", "5"]).code(0).passes("latest");
    assert!(latest.stdout.contains("mailgrant test mail"), "{}", latest.stdout);
    let delivered = stack.delivered_to("alice");
    assert_eq!(delivered.len(), 2);
    for mail in delivered {
        assert!(mail.contains("Auto-Submitted: auto-generated") && mail.contains("From: alice@example.test"), "{mail}");
    }
}

#[test]
fn refused_recipient_and_foreign_sender_are_findings_of_their_own() {
    let Some(mut stack) = Stack::start() else { return };
    stack.add("shop", ALICE, stack.usual_route(), &[]);
    stack.sign_in(How::Plain, "alice", false);
    stack.run(&["authorize", "shop"]).code(0);
    let unknown = stack.run(&["--json", "test-smtp", "shop", "--to", "absent@example.test"]).code(1);
    unknown.passes("authentication").fails("recipient", &["550", "5.1.1"]);
    assert!(stack.delivered_to("alice").is_empty());

    // Alice signs in for Bob's mailbox: Postfix knows her and lets her send as herself alone.
    stack.add("team", "bob@example.test", stack.usual_route(), &["--sign-in-as", ALICE]);
    stack.sign_in(How::Plain, "alice", false);
    stack.run(&["authorize", "team"]).code(0);
    let foreign = stack.run(&["--json", "test-smtp", "team"]).code(1).passes("authentication");
    assert!(foreign.stdout.contains("553") && foreign.stdout.contains("5.7.1"), "{}", foreign.stdout);
}

#[test]
fn token_of_every_length_fits_the_line() {
    let Some(mut stack) = Stack::start() else { return };
    // 43 characters fit the command's own line, 2,000 do not, and 4,000 are what Microsoft's longest come to.
    for bytes in [32, 300, 1_500, 3_000] {
        stack.provider.token_length(bytes);
        let name = format!("length-{bytes}");
        stack.add(&name, ALICE, stack.usual_route(), &[]);
        stack.sign_in(How::Plain, "alice", false);
        stack.run(&["authorize", &name]).code(0);
        stack.run(&["--json", "test-mailbox", &name]).code(0);
        stack.run(&["--json", "test-smtp", &name]).code(0);
    }
}
