//! Reading: IMAP and POP3, both ways into TLS, both mechanisms, and what the servers answer when something is wrong.

use crate::person::How;
use crate::stack::{ALICE, Route, Stack};

#[test]
fn imap_and_pop3_open_over_both_kinds_of_tls_with_both_mechanisms() {
    let Some(mut stack) = Stack::start() else { return };
    let dovecot = &stack.dovecot;
    let ways = [
        ("imaps", "imap", dovecot.imaps, "implicit"),
        ("imap", "imap", dovecot.imap, "starttls"),
        ("pop3s", "pop3", dovecot.pop3s, "implicit"),
        ("pop3", "pop3", dovecot.pop3, "starttls"),
    ];
    let outgoing = stack.usual_route().outgoing;
    for (name, protocol, port, tls) in ways {
        stack.add(name, ALICE, Route { incoming: (protocol, port, tls), outgoing }, &[]);
        stack.sign_in(How::Plain, "alice", false);
        stack.run(&["authorize", name]).code(0);
        for mechanism in ["xoauth2", "oauthbearer"] {
            let run = stack.run(&["--json", "test-mailbox", name, "--mechanism", mechanism]).code(0);
            let run = run.passes("tls").passes("capabilities").passes("authentication").passes("folder");
            let used = run.json()["reports"][0]["facts"]["mechanism_used"].to_string().to_lowercase();
            assert!(used.contains(mechanism), "{name}: {used}");
        }
    }
    let all = stack.run(&["--json", "test-mailbox", "--all"]).code(0).json();
    assert_eq!(all["reports"].as_array().map(Vec::len), Some(ways.len()));
}

#[test]
fn wrong_kind_of_tls_is_told_apart_from_a_wrong_certificate() {
    let Some(mut stack) = Stack::start() else { return };
    let usual = stack.usual_route();
    let crossed = [("implicit", stack.dovecot.imap), ("starttls", stack.dovecot.imaps)];
    for (tls, port) in crossed {
        let name = format!("crossed-{tls}");
        stack.add(&name, ALICE, Route { incoming: ("imap", port, tls), outgoing: usual.outgoing }, &[]);
        stack.sign_in(How::Plain, "alice", false);
        stack.run(&["authorize", &name]).code(0);
        let run = stack.run(&["--json", "--timeout", "8", "test-mailbox", &name]);
        assert_ne!(run.code, Some(0), "{run:?}");
        let said = run.stdout;
        assert!(said.contains("\"failed\"") && !said.contains("\"authentication\",\"outcome\":\"passed\""), "{said}");
    }
    // The servers' CA is the test's own: without it, no credential may go out.
    let profile = std::fs::read_to_string(stack.fixture.config()).expect("add has written it");
    let without: String =
        profile.lines().filter(|line| !line.contains("ca_file")).map(|line| format!("{line}\n")).collect();
    let file = stack.fixture.path().join("no-ca.toml");
    std::fs::write(&file, without.replace(&stack.dovecot.imap.to_string(), &stack.dovecot.imaps.to_string()))
        .expect("home");
    let file = file.display().to_string();
    let run = stack.run(&["--json", "--config", &file, "test-mailbox", "crossed-implicit"]).code(1);
    let run = run.fails("tls", &["issuer"]);
    let log = stack.dovecot_log();
    assert!(!log.contains("Login: user"), "{log}");
    drop(run);
}

#[test]
fn servers_words_on_a_revoked_token_are_shown() {
    let Some(stack) = Stack::start() else { return };
    let stack = stack.with_shop();
    stack.provider.revoke(ALICE);
    // The stored access token looks valid; each server finds out otherwise.
    // Each mechanism's challenge has its own words for the reason; Dovecot follows both.
    for (mechanism, reason) in [("xoauth2", "\\\"401\\\""), ("oauthbearer", "invalid_token")] {
        let imap = stack.run(&["--json", "test-mailbox", "shop", "--mechanism", mechanism]).code(1);
        let imap = imap.passes("token").fails("authentication", &["AUTHENTICATIONFAILED", reason]);
        let token = stack.run(&["token", "shop"]).code(0).stdout;
        assert!(!imap.hides(token.trim()).stdout.is_empty());
        let smtp = stack.run(&["--json", "test-smtp", "shop", "--mechanism", mechanism]).code(1);
        smtp.fails("authentication", &["535", "5.7.8"]).hides(token.trim());
    }
}

#[test]
fn mail_server_that_cannot_ask_the_provider_is_not_taken_for_a_refusal() {
    let Some(stack) = Stack::start() else { return };
    let stack = stack.with_shop();
    stack.provider.down();
    stack.run(&["--json", "test-mailbox", "shop"]).fails("authentication", &["UNAVAILABLE"]);
    stack.provider.up();
    stack.run(&["test-mailbox", "shop"]).code(0);
}
