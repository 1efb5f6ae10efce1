//! Servers that send too much, too slowly, or nothing (SECURITY.md P1).

use std::time::{Duration, Instant};

use super::kit::*;
use crate::failure::FailureKind;
use crate::profile::{Protocol, TlsMode};
use crate::report::Stage;
use crate::transport::{Log, Target, Task};

fn probe(protocol: Protocol, timeout: Duration, script: Vec<Step>) -> (Log, Duration) {
    let (log, took, _) = probe_and_hear(protocol, timeout, script);
    (log, took)
}

fn probe_and_hear(protocol: Protocol, timeout: Duration, script: Vec<Step>) -> (Log, Duration, Server) {
    let pki = Pki::new(Flaw::None);
    let server = Server::start(&pki, vec![script]);
    let mut client = Client::new(server.port, TlsMode::Implicit);
    client.timeout = timeout;
    let start = Instant::now();
    let log = client.exercise(&pki, protocol, &client.usual_task(protocol));
    (log, start.elapsed(), server)
}

#[test]
fn a_line_of_100_megabytes_is_given_up_after_eight_kilobytes() {
    for protocol in spoken_directly() {
        let script = vec![Step::Tls, Step::Flood(100 << 20)];
        let (log, _, server) = probe_and_hear(protocol, Duration::from_secs(20), script);
        // What the system's buffers take is not ours.
        assert!(server.heard().flooded < 32 << 20, "{protocol}");
        let kind = failure_at(&log, Stage::Greeting).kind;
        assert_eq!(kind, FailureKind::TooLarge { what: "a line".into(), limit: 8192 }, "{protocol}");
    }
}

#[test]
fn what_came_of_a_line_that_never_ends_is_told() {
    for protocol in spoken_directly() {
        let words = if protocol == Protocol::Imap { "* OK rea" } else { "+OK rea" };
        let words = if protocol == Protocol::Smtp { "220 rea" } else { words };
        for end in [Step::Hang, Step::HangUp] {
            let is_late = matches!(end, Step::Hang);
            let script = vec![Step::Tls, Step::Say(words.to_owned()), end];
            let (log, _) = probe(protocol, Duration::from_secs(1), script);
            let failure = failure_at(&log, Stage::Greeting);
            assert_eq!(failure.server_said.as_deref(), Some(words), "{protocol}: {failure}");
            assert_eq!(matches!(failure.kind, FailureKind::TimedOut { .. }), is_late, "{protocol}: {failure}");
        }
    }
}

#[test]
fn a_reply_without_end_is_given_up_after_64_kilobytes() {
    for (greeting, asked, line, protocol) in [
        ("220 ready", "EHLO [127.0.0.1]", "250-SIZE\r\n", Protocol::Smtp),
        ("+OK ready", "CAPA", "TOP\r\n", Protocol::Pop3),
        ("* OK ready", "p1 CAPABILITY", "* CAPABILITY X\r\n", Protocol::Imap),
    ] {
        let first = if asked == "CAPA" { "+OK\r\n" } else { "" };
        let flood = Step::Say(format!("{first}{}", line.repeat(100_000 / line.len())));
        let (log, _) = probe(protocol, Duration::from_secs(20), vec![Step::Tls, say(greeting), hear(asked), flood]);
        let kind = failure_at(&log, Stage::Capabilities).kind;
        assert_eq!(kind, FailureKind::TooLarge { what: "a reply".into(), limit: 65_536 }, "{asked}");
    }
}

#[test]
fn a_line_may_have_8_kilobytes_and_a_reply_64_and_neither_a_byte_more() {
    let probe_at = |protocol: Protocol, script: Vec<Step>| probe(protocol, Duration::from_secs(20), script).0;
    for (greeting, protocol) in [("* OK ", Protocol::Imap), ("+OK ", Protocol::Pop3), ("220 ", Protocol::Smtp)] {
        let line = |len: usize| say(&format!("{greeting}{}", "x".repeat(len - greeting.len() - 2)));
        let kind = failure_at(&probe_at(protocol, vec![Step::Tls, line(8_193), Step::HangUp]), Stage::Greeting).kind;
        assert_eq!(kind, FailureKind::TooLarge { what: "a line".into(), limit: 8_192 }, "{greeting}");
        failure_at(&probe_at(protocol, vec![Step::Tls, line(8_192), Step::HangUp]), Stage::Capabilities);
    }
    // What comes until we speak again is one reply, however many lines it has.
    for (greeting, asked, start, line, end, protocol) in [
        ("* OK hi", "p1 CAPABILITY", "", "* X ", "* CAPABILITY X\r\np1 OK\r\n", Protocol::Imap),
        ("+OK hi", "CAPA", "+OK\r\n", "X", "SASL PLAIN\r\n.\r\n", Protocol::Pop3),
        ("220 hi", "EHLO [127.0.0.1]", "", "250-", "250 X\r\n", Protocol::Smtp),
    ] {
        let reply = |len: usize| {
            let mut reply = start.to_owned();
            let room = len - end.len();
            while room - reply.len() > 4_000 {
                reply.push_str(&format!("{line}{}\r\n", "x".repeat(1_000)));
            }
            reply.push_str(&format!("{line}{}\r\n{end}", "x".repeat(room - reply.len() - line.len() - 2)));
            assert_eq!(reply.len(), len);
            vec![Step::Tls, say(greeting), hear(asked), Step::Say(reply), Step::HangUp]
        };
        // A line that begins in the middle of what is read at once, and whose end is read along with too much of it.
        let second = |len: usize| {
            let long = format!("{line}{}\r\n", "x".repeat(len - line.len() - 2));
            let reply = Step::Say(format!("{start}{line}X\r\n{long}{end}"));
            vec![Step::Tls, say(greeting), hear(asked), reply, Step::HangUp]
        };
        let kind = failure_at(&probe_at(protocol, second(8_193)), Stage::Capabilities).kind;
        assert_eq!(kind, FailureKind::TooLarge { what: "a line".into(), limit: 8_192 }, "{asked}");
        failure_at(&probe_at(protocol, second(8_192)), Stage::Authentication);
        let kind = failure_at(&probe_at(protocol, reply(65_537)), Stage::Capabilities).kind;
        assert_eq!(kind, FailureKind::TooLarge { what: "a reply".into(), limit: 65_536 }, "{asked}");
        let kind = failure_at(&probe_at(protocol, reply(65_536)), Stage::Authentication).kind;
        assert!(matches!(kind, FailureKind::MechanismNotOffered { .. }), "{asked}: {kind:?}");
    }
}

#[test]
fn whole_lines_that_are_never_the_last_end_with_the_phase() {
    let timeout = Duration::from_millis(600);
    for (greeting, asked, first, line, protocol) in [
        ("* OK hi", "p1 CAPABILITY", "", "* 1 EXISTS\r\n", Protocol::Imap),
        ("+OK hi", "CAPA", "+OK\r\n", "X\r\n", Protocol::Pop3),
        ("220 hi", "EHLO [127.0.0.1]", "", "250-X\r\n", Protocol::Smtp),
    ] {
        let script = vec![Step::Tls, say(greeting), hear(asked), Step::Say(first.to_owned()), Step::Trickle(line)];
        let (log, took) = probe(protocol, timeout, script);
        let kind = failure_at(&log, Stage::Capabilities).kind;
        assert!(matches!(kind, FailureKind::TimedOut { .. }), "{asked}: {kind:?}");
        assert!(took < timeout * 5, "{asked} took {took:?}");
    }
}

#[test]
fn silence_and_drips_end_with_the_phase() {
    let timeout = Duration::from_millis(600);
    for protocol in spoken_directly() {
        for (script, stage) in [
            (vec![Step::Hang], Stage::Tls),
            (vec![Step::Drip(0x16)], Stage::Tls),
            (vec![Step::Tls, Step::Hang], Stage::Greeting),
            (vec![Step::Tls, Step::Drip(b'x')], Stage::Greeting),
        ] {
            let (log, took) = probe(protocol, timeout, script);
            // Zero bytes that look like TLS records may be refused before the deadline; longer it must never take.
            let kind = failure_at(&log, stage).kind;
            // What drips is not a greeting, whatever else it is.
            let is_bounded =
                matches!(kind, FailureKind::TimedOut { .. } | FailureKind::Tls(_) | FailureKind::OtherService(_));
            assert!(is_bounded, "{protocol} at {stage:?}: {kind:?}");
            assert!(took < timeout * 5, "{protocol} at {stage:?} took {took:?}");
        }
    }
}

#[test]
fn silence_after_the_token_names_the_phase() {
    let script = vec![
        Step::Tls,
        say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi"),
        hear_response("a1 AUTHENTICATE XOAUTH2 ", crate::sasl::SaslMechanism::Xoauth2),
        Step::Hang,
    ];
    let (log, _) = probe(Protocol::Imap, Duration::from_millis(600), script);
    match failure_at(&log, Stage::Authentication).kind {
        FailureKind::TimedOut { during, .. } => assert_eq!(during, "signing in"),
        kind => panic!("{kind:?}"),
    }
}

#[test]
fn the_overall_deadline_cuts_a_phase_short() {
    let pki = Pki::new(Flaw::None);
    let server = Server::start(&pki, vec![vec![Step::Tls, Step::Hang]]);
    let client = Client::new(server.port, TlsMode::Implicit);
    let start = Instant::now();
    let target = Target { overall: Some(start + Duration::from_millis(700)), ..client.target(&pki) };
    let log = client.exercise_at(&target, Protocol::Imap, &Task::Read { latest: 0 });
    assert!(matches!(failure_at(&log, Stage::Greeting).kind, FailureKind::TimedOut { .. }));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_lost_connection_names_the_phase() {
    for protocol in spoken_directly() {
        let (log, _) = probe(protocol, Duration::from_secs(20), vec![Step::Tls, Step::HangUp]);
        let kind = failure_at(&log, Stage::Greeting).kind;
        assert_eq!(kind, FailureKind::ConnectionLost { during: "waiting for the greeting".into() }, "{protocol}");
    }
}

#[test]
fn a_closed_port_refuses() {
    let pki = Pki::new(Flaw::None);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = Client::new(port, TlsMode::Implicit);
    let log = client.exercise(&pki, Protocol::Imap, &Task::Read { latest: 0 });
    let kind = failure_at(&log, Stage::Tcp).kind;
    assert_eq!(kind, FailureKind::ConnectionRefused { host: "localhost".into(), port });
}
