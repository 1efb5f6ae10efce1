//! POP3 against scripted servers.

use super::kit::*;
use crate::failure::FailureKind;
use crate::profile::{Protocol, TlsMode};
use crate::report::Stage;
use crate::sasl::SaslMechanism::{self, OauthBearer, Xoauth2};
use crate::transport::{Log, Task};

const CAPA: &str = "+OK\r\nTOP\r\nSASL PLAIN XOAUTH2 OAUTHBEARER\r\n.";

fn probe(tls: TlsMode, mechanism: Option<SaslMechanism>, latest: usize, script: Vec<Step>) -> (Log, Heard) {
    let pki = Pki::new(Flaw::None);
    let server = Server::start(&pki, vec![script]);
    let mut client = Client::new(server.port, tls);
    client.mechanism = mechanism;
    let log = client.exercise(&pki, Protocol::Pop3, &Task::Read { latest });
    let heard = server.heard();
    let shown = client.shown.lock().unwrap();
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(heard.complaint, None, "{log:#?}");
    (log, heard)
}

fn sign_in(mechanism: SaslMechanism) -> Vec<Step> {
    vec![
        hear("CAPA"),
        say(CAPA),
        hear(&format!("AUTH {mechanism}")),
        say("+ "),
        hear_response("", mechanism),
        say("+OK Logged in."),
        hear("STAT"),
        say("+OK 12 34567"),
    ]
}

#[test]
fn every_way_in_leads_to_the_count() {
    for mechanism in [Xoauth2, OauthBearer] {
        for tls in [TlsMode::Implicit, TlsMode::StartTls] {
            let mut script = match tls {
                TlsMode::Implicit => vec![Step::Tls, say("+OK ready")],
                TlsMode::StartTls => {
                    vec![
                        say("+OK ready"),
                        hear("CAPA"),
                        say("+OK\r\nSTLS\r\nSASL\r\n."),
                        hear("STLS"),
                        say("+OK go"),
                        Step::Tls,
                    ]
                }
            };
            script.extend(sign_in(mechanism));
            script.push(hear("QUIT"));
            let (log, heard) = probe(tls, Some(mechanism), 0, script);
            let details = details(&log);
            assert_eq!(details.last(), Some(&(Stage::Folder, "12 messages, 34567 octets".into())));
            assert_eq!(log.mechanisms_offered, ["PLAIN", "XOAUTH2", "OAUTHBEARER"]);
            let clear: &[u8] = if tls == TlsMode::StartTls { b"CAPA\r\nSTLS\r\n" } else { b"" };
            assert_eq!(heard.in_the_clear, clear);
        }
    }
}

#[test]
fn the_newest_messages_come_through_top() {
    let mut script = vec![Step::Tls, say("+OK ready")];
    script.extend(sign_in(Xoauth2));
    script.extend([
        hear("TOP 12 0"),
        say("+OK\r\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\r\nFrom: a@x.example\r\n\r\n."),
        hear("TOP 11 0"),
        say("+OK\r\n..hidden: x\r\nSubject: second\r\n\r\n."),
        hear("QUIT"),
    ]);
    let (log, _) = probe(TlsMode::Implicit, None, 2, script);
    let subjects: Vec<_> = log.latest.iter().map(|message| message.subject.as_str()).collect();
    assert_eq!(subjects, ["Grüße", "second"]);
}

#[test]
fn an_error_challenge_is_answered_and_the_final_words_are_kept() {
    for (mechanism, end) in [(Xoauth2, ""), (OauthBearer, "AQ==")] {
        let mut script = vec![Step::Tls, say("+OK ready")];
        script.extend(sign_in(mechanism).into_iter().take(5));
        script.extend([
            say("+ eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0="),
            hear(end),
            say("-ERR [AUTH] Authentication failed."),
            hear("QUIT"),
        ]);
        let (log, _) = probe(TlsMode::Implicit, Some(mechanism), 0, script);
        let (rejection, said) = rejection_at(&log, Stage::Authentication);
        assert_eq!(rejection.challenge.as_deref(), Some("{\"status\":\"invalid_token\"}"));
        assert_eq!(rejection.detail_code.as_deref(), Some("AUTH"));
        assert_eq!(said, "-ERR [AUTH] Authentication failed.");
    }
}

#[test]
fn only_ok_at_its_time_is_a_success() {
    let start = |more: Vec<Step>| [vec![Step::Tls, say("+OK ready"), hear("CAPA"), say(CAPA)], more].concat();
    let asked = || hear("AUTH XOAUTH2");
    let sent = || hear_response("", Xoauth2);
    let challenge = || say("+ e30=");
    for (what, script) in [
        (
            "before the command",
            [vec![Step::Tls, say("+OK ready"), hear("CAPA")], vec![say(&format!("{CAPA}\r\n+OK in"))]].concat(),
        ),
        ("before the token", start(vec![asked(), say("+OK in")])),
        ("with the continuation", start(vec![asked(), say("+ \r\n+OK in")])),
        ("another word", start(vec![asked(), say("+ "), sent(), say("+OKAY in")])),
        ("no sign", start(vec![asked(), say("+ "), sent(), say("OK in")])),
        ("after an error challenge", start(vec![asked(), say("+ "), sent(), challenge(), hear(""), say("+OK in")])),
        ("two error challenges", start(vec![asked(), say("+ "), sent(), challenge(), hear(""), challenge()])),
    ] {
        let (log, heard) = probe(TlsMode::Implicit, None, 0, script);
        assert!(!violation_at(&log, Stage::Authentication).is_empty(), "{what}");
        assert!(!heard.lines.contains(&"STAT".to_owned()), "{what}");
    }
}

#[test]
fn words_behind_the_stls_answer_end_the_connection() {
    let script = vec![
        say("+OK hi"),
        hear("CAPA"),
        say("+OK\r\nSTLS\r\n."),
        hear("STLS"),
        say("+OK go\r\n+OK\r\nSASL XOAUTH2\r\n."),
    ];
    let (log, heard) = probe(TlsMode::StartTls, None, 0, script);
    assert!(violation_at(&log, Stage::Tls).contains("before TLS"));
    assert_eq!(heard.in_the_clear, b"CAPA\r\nSTLS\r\n");
    assert_no_credential(&heard);
}

#[test]
fn a_missing_or_refused_stls_ends_the_connection() {
    let script = vec![say("+OK hi"), hear("CAPA"), say("+OK\r\nSASL XOAUTH2\r\n."), hear("QUIT")];
    let (log, heard) = probe(TlsMode::StartTls, None, 0, script);
    assert_eq!(failure_at(&log, Stage::Tls).kind, FailureKind::StartTlsNotOffered);
    assert_no_credential(&heard);
    let script =
        vec![say("+OK hi"), hear("CAPA"), say("+OK\r\nSTLS\r\n."), hear("STLS"), say("-ERR not now"), hear("QUIT")];
    let (log, heard) = probe(TlsMode::StartTls, None, 0, script);
    assert_eq!(rejection_at(&log, Stage::Tls).1, "-ERR not now");
    assert_no_credential(&heard);
}

#[test]
fn a_long_token_goes_in_one_line_of_its_own() {
    let pki = Pki::new(Flaw::None);
    for len in [200, 4_000, 12_000] {
        let token = "t".repeat(len);
        let mut script = vec![Step::Tls, say("+OK ready")];
        script.extend(sign_in(Xoauth2));
        script[6] = Step::HearResponse("", Xoauth2, token.clone());
        script.push(hear("QUIT"));
        let server = Server::start(&pki, vec![script]);
        let mut client = Client::new(server.port, TlsMode::Implicit);
        client.token = Some(token);
        details(&client.exercise(&pki, Protocol::Pop3, &Task::Read { latest: 0 }));
        server.heard_by_script();
    }
}

/// From the greeting to the count, with what the server says to CAPA and to AUTH alone.
fn told(capa: &str, auth: Option<&str>, mechanism: SaslMechanism) -> Vec<Step> {
    let mut script = vec![Step::Tls, say("+OK ready"), hear("CAPA"), say(capa)];
    if let Some(list) = auth {
        script.extend([hear("AUTH"), say(list)]);
    }
    script.extend(sign_in(mechanism).split_off(2));
    script.push(hear("QUIT"));
    script
}

#[test]
fn mechanisms_that_capa_does_not_list_are_asked_for_and_tried() {
    for (capa, auth, forced, used, offered) in [
        ("-ERR what?", Some("+OK\r\nPLAIN\r\nXOAUTH2\r\n."), None, Xoauth2, &["PLAIN", "XOAUTH2"][..]),
        ("+OK\r\nTOP\r\n.", Some("+OK\r\nOAUTHBEARER\r\n."), None, OauthBearer, &["OAUTHBEARER"]),
        ("+OK\r\nTOP\r\nSASL\r\n.", Some("+OK list\r\nPLAIN XOAUTH2\r\n."), None, Xoauth2, &["PLAIN", "XOAUTH2"]),
        ("-ERR what?", Some("-ERR which one?"), None, Xoauth2, &[]),
        ("+OK\r\n.", Some("-ERR"), Some(OauthBearer), OauthBearer, &[]),
        // The mechanism that was asked for is tried, though AUTH does not list it.
        ("-ERR what?", Some("+OK\r\nPLAIN\r\n."), Some(Xoauth2), Xoauth2, &["PLAIN"]),
        ("+OK\r\nTOP\r\n.", Some("+OK\r\nPLAIN\r\n."), Some(OauthBearer), OauthBearer, &["PLAIN"]),
        // A bare +OK with no list behind it.
        ("+OK\r\n.", Some("+OK"), None, Xoauth2, &[]),
        ("+OK\r\nSASL XOAUTH2\r\n.", None, None, Xoauth2, &["XOAUTH2"]),
    ] {
        let (log, _) = probe(TlsMode::Implicit, forced, 0, told(capa, auth, used));
        assert_eq!(details(&log).last(), Some(&(Stage::Folder, "12 messages, 34567 octets".into())));
        assert_eq!(log.mechanism_used, Some(used), "{capa} {auth:?}");
        assert_eq!(log.mechanisms_offered, offered, "{capa} {auth:?}");
    }
}

#[test]
fn what_auth_lists_without_ours_is_an_offer_without_ours() {
    let script =
        vec![Step::Tls, say("+OK hi"), hear("CAPA"), say("-ERR"), hear("AUTH"), say("+OK\r\nPLAIN\r\n."), hear("QUIT")];
    let (log, heard) = probe(TlsMode::Implicit, None, 0, script);
    let offered = vec!["PLAIN".into()];
    let kind = failure_at(&log, Stage::Authentication).kind;
    assert_eq!(kind, FailureKind::MechanismNotOffered { wanted: None, offered });
    assert_eq!(heard.lines, ["CAPA", "AUTH", "QUIT"]);
}

#[test]
fn stls_is_tried_where_capa_is_not_known_and_nothing_is_sent_without_it() {
    let mut script = vec![say("+OK hi"), hear("CAPA"), say("-ERR"), hear("STLS"), say("+OK go")];
    script.extend([Step::Tls, hear("CAPA"), say("-ERR"), hear("AUTH"), say("-ERR")]);
    script.extend(sign_in(Xoauth2).split_off(2));
    script.push(hear("QUIT"));
    details(&probe(TlsMode::StartTls, None, 0, script).0);
    let script = vec![say("+OK hi"), hear("CAPA"), say("-ERR"), hear("STLS"), say("-ERR"), hear("QUIT")];
    let (log, heard) = probe(TlsMode::StartTls, None, 0, script);
    assert_eq!(rejection_at(&log, Stage::Tls).0.command, "STLS");
    assert_no_credential(&heard);
}

#[test]
fn a_server_that_has_waited_too_long_says_so_and_is_not_an_attacker() {
    let mut script = vec![Step::Tls, say("+OK ready")];
    script.extend(sign_in(Xoauth2).into_iter().take(5));
    script.extend([say("+OK in\r\n-ERR Disconnected for inactivity."), hear("STAT"), hear("QUIT")]);
    let (log, _) = probe(TlsMode::Implicit, None, 0, script);
    assert_eq!(rejection_at(&log, Stage::Folder).1, "-ERR Disconnected for inactivity.");
}
