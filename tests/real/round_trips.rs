//! Mail tests over a slow line. Run by `benches/round_trips`; it measures and asserts nothing.

use std::process::Command;
use std::time::Duration;

use practice_tenant::world::SHOP;

use crate::compare::time;
use crate::person::How;
use crate::stack::{ALICE, Route, Stack};
use crate::support::fixture::Fixture;
use crate::support::slow_line::SlowLine;

/// How often each program is run; the middle one counts.
const ROUNDS: usize = 15;

/// The lines that are measured: between continents, and within one.
const ROUND_TRIPS: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(20)];

/// The mailbox `far`, whose mail servers are at the other end of slow lines.
struct Far<'a> {
    fixture: &'a Fixture,
    user: &'a str,
    ca_file: String,
    imap: SlowLine,
    smtp: SlowLine,
    round_trip: Duration,
}

#[test]
#[ignore = "it measures; benches/round_trips runs it"]
fn over_a_slow_line() {
    let stack = Stack::start();
    println!("\nservers: {}", if stack.is_some() { "Dovecot, Postfix" } else { "the practice tenant's" });
    println!("{:<44} {:>12} {:>10} {:>12}", "", "round trips", "median", "in round trips");
    match stack {
        Some(stack) => measure_real(stack),
        None => measure_practice(),
    }
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
        Far { fixture: &stack.fixture, user: ALICE, ca_file, imap, smtp, round_trip }.measure();
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
        Far { fixture: &fixture, user: SHOP, ca_file, imap, smtp, round_trip }.measure();
    }
}

impl Far<'_> {
    fn measure(&self) {
        let token = self.fixture.run(&["token", "far"]).finish().code(0).stdout;
        let rules = format!("user = \"{}:\"\noauth2-bearer = \"{}\"\n", self.user, token.trim());
        let mail = self.fixture.path().join("mail.txt");
        std::fs::write(&mail, format!("From: {0}\r\nTo: {0}\r\nSubject: a test\r\n\r\nA test.\r\n", self.user))
            .unwrap();
        let mail = mail.display().to_string();
        let imap = format!("imaps://localhost:{}/INBOX", self.imap.port);
        let smtp = format!("smtps://localhost:{}", self.smtp.port);
        let ours = |arguments: &[&str]| {
            let mut command = self.fixture.program(env!("CARGO_BIN_EXE_mailgrant"));
            command.args(arguments);
            (command, "")
        };
        let curl = |further: &[&str]| {
            let mut curl = self.fixture.program("curl");
            curl.args(["--silent", "--show-error", "--fail", "--output", "/dev/null", "--config", "-"]);
            curl.args(["--cacert", &self.ca_file]).args(further);
            (curl, rules.as_str())
        };
        let ms = self.round_trip.as_millis();
        let read = self.line(&format!("IMAP, {ms} ms: test-mailbox"), &self.imap, || ours(&["test-mailbox", "far"]));
        self.line(&format!("IMAP, {ms} ms: curl, EXAMINE"), &self.imap, || {
            curl(&["--request", "EXAMINE INBOX", &imap])
        });
        let with_mail = ["test-smtp", "far", "--to", self.user];
        self.line(&format!("SMTP, {ms} ms: test-smtp --to"), &self.smtp, || ours(&with_mail));
        self.line(&format!("SMTP, {ms} ms: curl, a mail"), &self.smtp, || {
            curl(&["--mail-from", self.user, "--mail-rcpt", self.user, "--upload-file", &mail, &smtp])
        });
        let sent = self.line(&format!("SMTP, {ms} ms: test-smtp"), &self.smtp, || ours(&["test-smtp", "far"]));
        let both =
            self.line(&format!("both, {ms} ms: test (round trips of IMAP)"), &self.imap, || ours(&["test", "far"]));
        self.ratio(both, read.max(sent));
    }

    /// Runs it so many times, and prints the round trips of `line` and the middle time.
    #[expect(clippy::print_stdout, reason = "the numbers are the result")]
    fn line<'b>(&self, what: &str, line: &SlowLine, program: impl Fn() -> (Command, &'b str)) -> Duration {
        line.take();
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let (mut command, input) = program();
                time(&mut command, input)
            })
            .collect();
        times.sort();
        let round_trips = f64::from(line.take()) / f64::from(u32::try_from(ROUNDS).expect("few"));
        let median = times[ROUNDS / 2];
        let in_round_trips = median.as_secs_f64() / self.round_trip.as_secs_f64();
        println!("{what:<44} {round_trips:>12.1} {:>7.1} ms {in_round_trips:>12.1}", median.as_secs_f64() * 1_000.0);
        median
    }

    #[expect(clippy::print_stdout, reason = "the numbers are the result")]
    fn ratio(&self, both: Duration, slower: Duration) {
        println!("  test to the slower of its sides: {:.2} times", both.as_secs_f64() / slower.as_secs_f64());
    }
}
