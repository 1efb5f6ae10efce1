//! IMAP against scripted servers.

use super::kit::*;
use crate::failure::FailureKind;
use crate::profile::{Protocol, TlsMode};
use crate::report::Stage;
use crate::sasl::SaslMechanism::{self, OauthBearer, Xoauth2};
use crate::text::Shown;
use crate::transport::{Log, Task};

const GREETING: &str = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=OAUTHBEARER] ready";
const ERROR_XOAUTH2: &str = "+ eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=";
const ERROR_JSON: &str = r#"{"status":"400","schemes":"Bearer"}"#;

fn probe(tls: TlsMode, mechanism: Option<SaslMechanism>, latest: usize, script: Vec<Step>) -> (Log, Heard) {
    let pki = Pki::new(Flaw::None);
    let server = Server::start(&pki, vec![script]);
    let mut client = Client::new(server.port, tls);
    client.mechanism = mechanism;
    let log = client.exercise(&pki, Protocol::Imap, &Task::Read { latest });
    let heard = server.heard();
    let shown = client.shown.lock().unwrap();
    assert!(!shown.contains("canary"), "{shown}");
    (log, heard)
}

fn examine() -> Vec<Step> {
    vec![
        hear("a2 EXAMINE \"INBOX\""),
        say("* FLAGS (\\Seen)\r\n* 12 EXISTS\r\n* 0 RECENT\r\n* OK [UNSEEN 10] first\r\na2 OK [READ-ONLY] done"),
    ]
}

fn by_script((log, heard): (Log, Heard)) -> (Log, Heard) {
    assert_eq!(heard.complaint, None, "{log:#?}");
    (log, heard)
}

#[test]
fn implicit_tls_with_everything_in_the_greeting_takes_two_turns() {
    for mechanism in [Xoauth2, OauthBearer] {
        let prefix = if mechanism == Xoauth2 { "a1 AUTHENTICATE XOAUTH2 " } else { "a1 AUTHENTICATE OAUTHBEARER " };
        let mut script = vec![Step::Tls, say(GREETING), hear_response(prefix, mechanism), say("a1 OK welcome")];
        script.extend(examine());
        // LOGOUT is not waited for: the script ends without an answer.
        script.push(hear("p9 LOGOUT"));
        let (log, heard) = by_script(probe(TlsMode::Implicit, Some(mechanism), 0, script));
        assert_eq!(heard.turns, 2, "{:?}", heard.lines);
        let details = details(&log);
        let stages: Vec<Stage> = details.iter().map(|(stage, _)| *stage).collect();
        use Stage::*;
        assert_eq!(stages, [Dns, Tcp, Tls, Greeting, Capabilities, Authentication, Folder]);
        assert!(
            details[2].1.starts_with("TLSv1.2, CN=mail.contoso.com, issued by CN=Contoso Test CA, until 2090-01-01 (")
        );
        assert_eq!(details[5].1, format!("{mechanism} (offered: XOAUTH2, OAUTHBEARER)"));
        assert_eq!(details[6].1, "INBOX, 12 messages, unseen from number 10 on");
        assert_eq!(log.mechanism_used, Some(mechanism));
    }
}

#[test]
fn starttls_forgets_the_capabilities_and_asks_again() {
    for mechanism in [Xoauth2, OauthBearer] {
        let command = if mechanism == Xoauth2 { "a1 AUTHENTICATE XOAUTH2" } else { "a1 AUTHENTICATE OAUTHBEARER" };
        let mut script = vec![
            // Before TLS it offers SASL-IR, after TLS it does not.
            say("* OK [CAPABILITY IMAP4rev1 STARTTLS SASL-IR LOGINDISABLED AUTH=PLAIN] ready"),
            hear("p2 STARTTLS"),
            say("p2 OK begin"),
            Step::Tls,
            hear("p1 CAPABILITY"),
            say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=OAUTHBEARER\r\np1 OK done"),
            hear(command),
            say("+"),
            hear_response("", mechanism),
            say("a1 OK [CAPABILITY IMAP4rev1] welcome"),
        ];
        script.extend(examine());
        script.push(hear("p9 LOGOUT"));
        let (log, heard) = by_script(probe(TlsMode::StartTls, Some(mechanism), 0, script));
        assert_eq!(log.mechanisms_offered, ["XOAUTH2", "OAUTHBEARER"]);
        assert_eq!(heard.in_the_clear, b"p2 STARTTLS\r\n");
        details(&log);
    }
}

fn fetched(number: u32, head: &str) -> Step {
    say(&format!("* {number} FETCH (BODY[HEADER.FIELDS (DATE FROM SUBJECT)]<0> {{{}}}\r\n{head})", head.len()))
}

#[test]
fn the_newest_messages_come_decoded_and_newest_first() {
    let mut script =
        vec![Step::Tls, say(GREETING), hear_response("a1 AUTHENTICATE XOAUTH2 ", Xoauth2), say("a1 OK welcome")];
    script.extend(examine());
    script.extend([
        hear("a3 FETCH 11:12 BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)]<0.2048>"),
        fetched(11, "From: A <a@x.example>\r\nSubject: first\r\n\r\n"),
        fetched(12, "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?q?!?=\r\nFrom: b@x.example\r\n\r\n"),
        say("a3 OK done"),
        hear("p9 LOGOUT"),
    ]);
    let (log, _) = by_script(probe(TlsMode::Implicit, None, 2, script));
    let subjects: Vec<_> = log.latest.iter().map(|message| (message.from.as_str(), message.subject.as_str())).collect();
    assert_eq!(subjects, [("b@x.example", "Grüße!"), ("A <a@x.example>", "first")], "{log:#?}");
}

#[test]
fn an_error_challenge_is_answered_as_the_mechanism_wants_and_the_final_words_are_kept() {
    for (mechanism, end) in [(Xoauth2, ""), (OauthBearer, "AQ==")] {
        let prefix = if mechanism == Xoauth2 { "a1 AUTHENTICATE XOAUTH2 " } else { "a1 AUTHENTICATE OAUTHBEARER " };
        let (log, _) = by_script(probe(
            TlsMode::Implicit,
            Some(mechanism),
            0,
            vec![
                Step::Tls,
                say(GREETING),
                hear_response(prefix, mechanism),
                say(ERROR_XOAUTH2),
                hear(end),
                say(
                    "* NO [ALERT] see https://mail.example\r\na1 NO [AUTHENTICATIONFAILED] Invalid \x1b[31mcredentials",
                ),
                hear("p9 LOGOUT"),
            ],
        ));
        let (rejection, said) = rejection_at(&log, Stage::Authentication);
        assert_eq!(rejection.command, format!("AUTHENTICATE {mechanism}"));
        assert_eq!(rejection.challenge.as_deref(), Some(ERROR_JSON));
        assert_eq!(rejection.detail_code.as_deref(), Some("AUTHENTICATIONFAILED"));
        assert_eq!(said, "NO [ALERT] see https://mail.example\nNO [AUTHENTICATIONFAILED] Invalid \\x1b[31mcredentials");
    }
}

#[test]
fn a_challenge_that_is_not_base64_is_kept_as_it_stands() {
    let script = vec![
        Step::Tls,
        say(GREETING),
        hear_response("a1 AUTHENTICATE XOAUTH2 ", Xoauth2),
        say("+ {\"status\":\"401\"}"),
        hear(""),
        say("a1 BAD no"),
        hear("p9 LOGOUT"),
    ];
    let (log, _) = by_script(probe(TlsMode::Implicit, None, 0, script));
    assert_eq!(rejection_at(&log, Stage::Authentication).0.challenge.as_deref(), Some("{\"status\":\"401\"}"));
}

#[test]
fn a_token_that_fits_no_line_goes_after_the_continuation() {
    // "a1 AUTHENTICATE XOAUTH2 " and CRLF leave 7,974 characters: 7,972 of base64 carry 5,979 bytes.
    let longest = 5_979 - format!("user={USER}\x01auth=Bearer \x01\x01").len();
    let no_ir = "* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] ready";
    for (len, greeting, is_initial) in [
        (200, GREETING, true),
        (longest, GREETING, true),
        (longest + 1, GREETING, false),
        (12_000, GREETING, false),
        // RFC 4959 §3: no initial response where it is not offered.
        (200, no_ir, false),
        (12_000, no_ir, false),
    ] {
        let pki = Pki::new(Flaw::None);
        let token = "t".repeat(len);
        let mut script = vec![Step::Tls, say(greeting)];
        if is_initial {
            script.push(Step::HearResponse("a1 AUTHENTICATE XOAUTH2 ", Xoauth2, token.clone()));
        } else {
            script.extend([hear("a1 AUTHENTICATE XOAUTH2"), say("+ "), Step::HearResponse("", Xoauth2, token.clone())]);
        }
        script.push(say("a1 OK welcome"));
        script.extend(examine());
        script.push(hear("p9 LOGOUT"));
        let server = Server::start(&pki, vec![script]);
        let mut client = Client::new(server.port, TlsMode::Implicit);
        client.token = Some(token);
        let log = client.exercise(&pki, Protocol::Imap, &Task::Read { latest: 0 });
        server.heard_by_script();
        details(&log);
    }
}

#[test]
fn authenticated_but_not_connected_fails_at_the_folder() {
    let script = vec![
        Step::Tls,
        say(GREETING),
        hear_response("a1 AUTHENTICATE XOAUTH2 ", Xoauth2),
        say("a1 OK AUTHENTICATE completed."),
        hear("a2 EXAMINE \"INBOX\""),
        say("a2 BAD User is authenticated but not connected."),
        hear("p9 LOGOUT"),
    ];
    let (log, _) = by_script(probe(TlsMode::Implicit, None, 0, script));
    let (rejection, said) = rejection_at(&log, Stage::Folder);
    assert_eq!(
        (rejection.command.as_str(), said.as_str()),
        ("EXAMINE INBOX", "BAD User is authenticated but not connected.")
    );
}

#[test]
fn no_token_means_a_polite_good_bye_and_no_observation() {
    let pki = Pki::new(Flaw::None);
    let server = Server::start(&pki, vec![vec![Step::Tls, say(GREETING), hear("p9 LOGOUT")]]);
    let mut client = Client::new(server.port, TlsMode::Implicit);
    client.token = None;
    let log = client.exercise(&pki, Protocol::Imap, &Task::Read { latest: 0 });
    server.heard_by_script();
    assert_eq!(details(&log).last().map(|(stage, _)| *stage), Some(Stage::Capabilities));
}

#[test]
fn an_offer_without_our_mechanisms_is_refused_with_the_list() {
    let script = vec![Step::Tls, say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=NTLM] hi"), hear("p9 LOGOUT")];
    let (log, _) = by_script(probe(TlsMode::Implicit, None, 0, script));
    let kind = failure_at(&log, Stage::Authentication).kind;
    let offered = ["PLAIN", "NTLM"].map(Shown::from).to_vec();
    assert_eq!(kind, FailureKind::MechanismNotOffered { wanted: None, offered });
}

#[test]
fn words_behind_the_starttls_answer_end_the_connection() {
    let injected = "p2 OK begin\r\n* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2\r\np1 OK done";
    let script = vec![say("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi"), hear("p2 STARTTLS"), say(injected)];
    let (log, heard) = probe(TlsMode::StartTls, None, 0, script);
    assert!(violation_at(&log, Stage::Tls).contains("before TLS"));
    assert_eq!(heard.in_the_clear, b"p2 STARTTLS\r\n");
    assert_no_credential(&heard);
}

#[test]
fn a_missing_starttls_offer_ends_the_connection() {
    let script = vec![
        say("* OK hi"),
        hear("p1 CAPABILITY"),
        say("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\np1 OK done"),
        hear("p9 LOGOUT"),
    ];
    let (log, heard) = by_script(probe(TlsMode::StartTls, None, 0, script));
    assert_eq!(failure_at(&log, Stage::Tls).kind, FailureKind::StartTlsNotOffered);
    assert_no_credential(&heard);
}

#[test]
fn preauth_ends_the_connection_before_and_after_tls() {
    for (tls, script) in [
        (TlsMode::StartTls, vec![say("* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi")]),
        (TlsMode::Implicit, vec![Step::Tls, say("* PREAUTH hi")]),
    ] {
        let (log, heard) = by_script(probe(tls, None, 0, script));
        assert!(violation_at(&log, Stage::Greeting).contains("PREAUTH"));
        assert_eq!(heard.lines, [""; 0]);
    }
}

#[test]
fn a_bye_in_the_greeting_is_passed_on() {
    let (log, _) = by_script(probe(TlsMode::Implicit, None, 0, vec![Step::Tls, say("* BYE come later"), Step::HangUp]));
    assert_eq!(rejection_at(&log, Stage::Greeting).1, "BYE come later");
}

#[test]
fn a_bye_in_the_middle_is_passed_on() {
    let script = vec![
        Step::Tls,
        say(GREETING),
        hear_response("a1 AUTHENTICATE XOAUTH2 ", Xoauth2),
        say("* BYE too many connections"),
        Step::HangUp,
    ];
    let (log, _) = probe(TlsMode::Implicit, None, 0, script);
    assert_eq!(rejection_at(&log, Stage::Authentication).1, "BYE too many connections");
}

#[test]
fn only_the_tagged_ok_at_its_time_is_a_success() {
    let no_ir = "* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] hi";
    let sent = || hear_response("a1 AUTHENTICATE XOAUTH2 ", Xoauth2);
    for (what, script) in [
        ("an OK before the command", vec![say(&format!("{GREETING}\r\na1 OK welcome"))]),
        ("an OK before the token", vec![say(no_ir), hear("a1 AUTHENTICATE XOAUTH2"), say("a1 OK welcome")]),
        ("an OK with the continuation", vec![say(no_ir), hear("a1 AUTHENTICATE XOAUTH2"), say("+ \r\na1 OK welcome")]),
        ("another tag", vec![say(GREETING), sent(), say("a2 OK welcome")]),
        ("no tag", vec![say(GREETING), sent(), say("OK welcome")]),
        ("another status", vec![say(GREETING), sent(), say("a1 PREAUTH welcome")]),
        (
            "an OK after an error challenge",
            vec![say(GREETING), sent(), say(ERROR_XOAUTH2), hear(""), say("a1 OK welcome")],
        ),
        ("two error challenges", vec![say(GREETING), sent(), say(ERROR_XOAUTH2), hear(""), say(ERROR_XOAUTH2)]),
        ("PREAUTH instead", vec![say(GREETING), sent(), say("* PREAUTH welcome")]),
    ] {
        let script = [vec![Step::Tls], script].concat();
        let (log, heard) = by_script(probe(TlsMode::Implicit, None, 0, script));
        assert!(!violation_at(&log, Stage::Authentication).is_empty(), "{what}");
        assert!(!heard.lines.iter().any(|line| line.contains("EXAMINE")), "{what}");
    }
}

#[test]
fn answers_that_would_break_the_parser_end_the_connection() {
    let too_large = |what: &'static str, limit| FailureKind::TooLarge { what: what.into(), limit };
    let violation = |what: &'static str| FailureKind::ProtocolViolation { what: what.into() };
    for (answer, expected) in [
        // The parser would recurse until the stack is gone.
        (
            format!("* 1 FETCH (BODYSTRUCTURE {}", "(".repeat(7000)),
            violation("its answer has too many parentheses in one another"),
        ),
        ("* 1 FETCH (BODY[] {99999999999999999999999}".to_owned(), too_large("a literal", 65_536)),
        ("* 1 FETCH (BODY[] {65537}".to_owned(), too_large("a literal", 65_536)),
        // The parser would begin again for each.
        (format!("* 1 FETCH ({}", "BODY[] {0}\r\n ".repeat(5000)), too_large("the number of literals", 128)),
        ("* 1 EXISTS\r\n".repeat(10_000), too_large("a reply", 65_536)),
        ("\0\u{1}\u{2}".to_owned(), violation("it answered with a tag that is not ours")),
    ] {
        let script = vec![
            Step::Tls,
            say(GREETING),
            hear_response("a1 AUTHENTICATE XOAUTH2 ", Xoauth2),
            say("a1 OK welcome"),
            hear("a2 EXAMINE \"INBOX\""),
            say(&answer),
        ];
        let start = std::time::Instant::now();
        let (log, _) = probe(TlsMode::Implicit, None, 0, script);
        assert_eq!(failure_at(&log, Stage::Folder).kind, expected);
        assert!(start.elapsed().as_secs() < 10, "{expected:?} took {:?}", start.elapsed());
    }
}
