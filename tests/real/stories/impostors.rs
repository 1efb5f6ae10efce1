//! Other programs at servers that have a certificate of the right CA, and for another host: none may show them a token.

use std::fs::File;

use rexpect::session::spawn_command;

use super::programs::{NAMES, PHPMAILER, SHORT, mail, with_both};
use crate::parts;
use crate::person::How;
use crate::stack::{ALICE, Route, Stack};
use crate::support::wait_until;

const PROGRAMS: [&str; 13] = [
    "msmtp",
    "mbsync",
    "offlineimap",
    "neomutt",
    "mutt",
    "aerc",
    "getmail",
    "mpop",
    "curl",
    "python3",
    "php",
    "node",
    PHPMAILER,
];

impl Stack {
    /// How often the mail servers were called.
    fn calls(&self) -> usize {
        let of_dovecot = |line: &&str| line.contains("-login: ");
        self.dovecot_log().lines().filter(of_dovecot).count() + self.postfix_log().matches(": connect from ").count()
    }

    /// Runs a program, which must have called a server, whatever it says of that.
    fn calls_with(&self, program: &str, arguments: &[&str]) {
        let before = self.calls();
        let mut command = self.other_program(program);
        let input = File::open(self.fixture.path().join("mail.eml")).unwrap();
        let output = command.args(arguments).stdin(input).output().unwrap();
        // The servers write it down a little later.
        wait_until(&format!("a call of {program} {arguments:?}: {output:?}"), || self.calls() > before);
    }
}

#[test]
fn no_program_shows_a_token_to_a_server_with_the_certificate_of_another_host() {
    if parts::mail_programs(&PROGRAMS).is_none() {
        return;
    }
    let Some(stack) = Stack::start_with_impostors() else { return };
    let mut stack = with_both(stack, SHORT);
    for (name, port, tls) in
        [("popped", stack.dovecot.pop3s, "implicit"), ("popped-up", stack.dovecot.pop3, "starttls")]
    {
        stack.add(name, ALICE, Route { incoming: ("pop3", port, tls), ..stack.usual_route() }, &[]);
        stack.sign_in(How::Plain, "alice", false);
        stack.run(&["authorize", name]).code(0);
    }
    let home = stack.fixture.path();
    for folder in ["Mail/shop", "Mail/upgraded", "Mail/popped", "Mail/popped-up", ".getmail", ".config/aerc"] {
        for part in ["cur", "new", "tmp"] {
            std::fs::create_dir_all(home.join(folder).join(part)).unwrap();
        }
    }
    std::fs::write(home.join("mail.eml"), mail("for an impostor")).unwrap();
    stack.have_modules();
    stack.have_vendor();
    for name in NAMES {
        every_program(&stack, name);
    }
    let file = |program: &str, name: &str| stack.private(program, name);
    stack.calls_with("getmail", &["--rcfile", &file("getmail", "shop")]);
    stack.calls_with("offlineimap", &["-o", "-c", &file("offlineimap", "shop")]);
    for name in ["popped", "popped-up"] {
        stack.calls_with("mpop", &["--file", &file("mpop", name), name]);
        stack.calls_with("sh", &[&file("curl", name)]);
    }
    let log = stack.dovecot_log();
    assert!(!log.contains("Login: user="), "{log}");
    // Nor was one refused.
    assert!(!log.contains("method=XOAUTH2") && !log.contains("method=OAUTHBEARER"), "{log}");
    let log = stack.postfix_log();
    assert!(!log.contains("sasl_method=") && !log.contains("SASL"), "{log}");
}

/// Runs those that speak to both sides, or over both kinds of TLS.
fn every_program(stack: &Stack, name: &str) {
    let file = |program: &str| stack.private(program, name);
    stack.calls_with("msmtp", &["--file", &file("msmtp"), "--account", name, ALICE]);
    stack.calls_with("mbsync", &["--config", &file("isync"), name]);
    for program in ["mutt", "neomutt"] {
        stack.calls_with(program, &["-F", &file(program), "-s", "for an impostor", ALICE]);
    }
    stack.calls_with("sh", &[&file("curl")]);
    // Its own way out on the first error leaves the other side alone.
    let python = std::fs::read_to_string(stack.snippet("python", name)).unwrap();
    let (reading, sending) = python.split_at(python.find("\nmessage = ").unwrap());
    stack.calls_with("python3", &["-c", reading]);
    let shared = &reading[..reading.find("\nwith ").unwrap()];
    stack.calls_with("python3", &["-c", &format!("{shared}{sending}")]);
    stack.calls_with("php", &[&file("phpmailer")]);
    for program in ["nodemailer", "imapflow"] {
        stack.calls_with("node", &[&stack.module(program, name)]);
    }
    std::fs::copy(file("aerc"), stack.fixture.path().join(".config/aerc/accounts.conf")).unwrap();
    let mut command = stack.other_program("aerc");
    command.env("TERM", "xterm").env("SSL_CERT_FILE", &stack.certs.ca);
    let mut terminal = spawn_command(command, Some(20_000)).unwrap();
    terminal.exp_string("certificate").unwrap_or_else(|error| panic!("{name}: {error}"));
}
