//! Mail tests over a slow line. Run by `benches/round_trips`; it measures, and asserts no time.

mod floor;
mod graph;
mod line;

use std::process::Command;
use std::time::Duration;

use practice_tenant::world::SHOP;

use self::floor::BareClient;
use self::line::{Line, Measured};
use crate::compare::time;
use crate::person::How;
use crate::stack::{ALICE, Route, Stack};
use crate::support::fixture::Fixture;
use crate::support::slow_line::SlowLine;

/// The lines that are measured: between continents, and within one.
const ROUND_TRIPS: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(20)];

/// The mailbox `far`, whose mail servers are at the other end of slow lines.
struct Far<'a> {
    fixture: &'a Fixture,
    user: &'a str,
    ca_file: String,
    imap: SlowLine,
    smtp: SlowLine,
}

#[test]
#[ignore = "it measures; benches/round_trips runs it"]
fn over_a_slow_line() {
    let stack = Stack::start();
    heading(if stack.is_some() { "Dovecot, Postfix" } else { "the practice tenant's" });
    match stack {
        Some(stack) => measure_real(stack),
        None => measure_practice(),
    }
    heading("the practice tenant's Graph and token endpoint");
    ROUND_TRIPS.into_iter().for_each(graph::measure);
}

#[expect(clippy::print_stdout, reason = "the numbers are the result")]
fn heading(servers: &str) {
    println!("\nservers: {servers}");
    line::print_heading();
}

fn measure_real(mut stack: Stack) {
    // A longer one does not fit the line of SMTP's AUTH command and costs a round trip more (RFC 4954 section 4).
    stack.provider.token_length(32);
    for round_trip in ROUND_TRIPS {
        let imap = SlowLine::start(stack.dovecot.imaps, round_trip);
        let smtp = SlowLine::start(stack.postfix.submissions, round_trip);
        let route = Route { incoming: ("imap", imap.port, "implicit"), outgoing: (smtp.port, "implicit") };
        stack.add("far", ALICE, route, &["--force"]);
        stack.sign_in(How::Plain, "alice", false);
        stack.run(&["authorize", "far"]).code(0);
        let ca_file = stack.certs.ca.display().to_string();
        Far { fixture: &stack.fixture, user: ALICE, ca_file, imap, smtp }.measure();
    }
}

fn measure_practice() {
    let fixture = Fixture::new();
    for round_trip in ROUND_TRIPS {
        let ports = fixture.sandbox().ports();
        let imap = SlowLine::start(ports.imap_implicit, round_trip);
        let smtp = SlowLine::start(ports.smtp_implicit, round_trip);
        let (imap_port, smtp_port) = (imap.port.to_string(), smtp.port.to_string());
        let change = [
            ("--incoming-port", Some(imap_port.as_str())),
            ("--outgoing-port", Some(smtp_port.as_str())),
            ("--outgoing-tls", Some("implicit")),
            ("--force", Some("")),
        ];
        fixture.add("far", &change).finish().code(0);
        fixture.authorize_as("far", SHOP).code(0);
        let ca_file = fixture.ca_file();
        Far { fixture: &fixture, user: SHOP, ca_file, imap, smtp }.measure();
    }
}

/// How long `mailgrant` takes in this home, from start to end.
fn ours(fixture: &Fixture, arguments: &[&str]) -> Duration {
    time(fixture.program(env!("CARGO_BIN_EXE_mailgrant")).args(arguments), "")
}

impl Far<'_> {
    fn measure(&self) {
        let token = self.fixture.run(&["token", "far"]).finish().code(0).stdout;
        let bare = BareClient::new(&self.ca_file, self.imap.port, self.user, token.trim());
        let rules = format!("user = \"{}:\"\noauth2-bearer = \"{}\"\n", self.user, token.trim());
        let mail = self.fixture.path().join("mail.txt");
        std::fs::write(&mail, format!("From: {0}\r\nTo: {0}\r\nSubject: a test\r\n\r\nA test.\r\n", self.user))
            .unwrap();
        let mail = mail.display().to_string();
        let imap = format!("imaps://localhost:{}/INBOX", self.imap.port);
        let smtp = format!("smtps://localhost:{}", self.smtp.port);
        let ours = |arguments: &[&str]| ours(self.fixture, arguments);
        let curl = |further: &[&str]| time(self.curl().args(further), &rules);

        let imap_line = Line { title: "IMAP", slow: &self.imap };
        let floor = imap_line.measure("bare client, EXAMINE", || bare.examine());
        let read = imap_line.measure("test-mailbox", || ours(&["test-mailbox", "far"]));
        imap_line.measure("curl, EXAMINE", || curl(&["--request", "EXAMINE INBOX", &imap]));
        print_own_share(&read, &floor);

        let smtp_line = Line { title: "SMTP", slow: &self.smtp };
        let with_mail = ["test-smtp", "far", "--to", self.user];
        smtp_line.measure("test-smtp --to", || ours(&with_mail));
        smtp_line.measure("curl, a mail", || {
            curl(&["--mail-from", self.user, "--mail-rcpt", self.user, "--upload-file", &mail, &smtp])
        });
        let sent = smtp_line.measure("test-smtp", || ours(&["test-smtp", "far"]));
        let both = Line { title: "both", slow: &self.imap };
        let both = both.measure("test (round trips of IMAP)", || ours(&["test", "far"]));
        line::print_ratio("test to the slower of its sides", both.median, read.median.max(sent.median));
    }

    /// curl, which reads the token from its standard input: arguments can be seen by every user.
    fn curl(&self) -> Command {
        let mut curl = self.fixture.program("curl");
        curl.args(["--silent", "--show-error", "--fail", "--output", "/dev/null", "--config", "-"]);
        curl.args(["--cacert", &self.ca_file]);
        curl
    }
}

/// What the bare client takes beyond its round trips is the server's; what a command takes beyond that is its own.
#[expect(clippy::print_stdout, reason = "the numbers are the result")]
fn print_own_share(ours: &Measured, floor: &Measured) {
    println!("  test-mailbox's own share, beyond the bare client: {:.1} ms", ours.beyond - floor.beyond);
}
