//! SMTP against scripted servers.

use super::kit::*;
use crate::failure::{FailureKind, ReplyCode};
use crate::profile::{Protocol, TlsMode};
use crate::report::Stage;
use crate::sasl::SaslMechanism::{self, OauthBearer, Xoauth2};
use crate::transport::{Log, Task};

const EHLO: &str = "EHLO [127.0.0.1]";
const OFFER: &str = "250-mail\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250 AUTH LOGIN XOAUTH2 OAUTHBEARER";

fn probe_with(
    tls: TlsMode,
    mechanism: Option<SaslMechanism>,
    message: Option<&[u8]>,
    token: &str,
    script: Vec<Step>,
) -> (Log, Heard) {
    let pki = Pki::new(Flaw::None);
    let server = Server::start(&pki, vec![script]);
    let mut client = Client::new(server.port, tls);
    client.mechanism = mechanism;
    client.token = Some(token.to_owned());
    let recipient = "desk@contoso.com".parse().unwrap();
    let log = client.exercise(&pki, Protocol::Smtp, &Task::Send { recipient: &recipient, message });
    let heard = server.heard();
    let shown = client.shown.lock().unwrap();
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(heard.complaint, None, "{log:#?}");
    (log, heard)
}

fn probe(tls: TlsMode, script: Vec<Step>) -> (Log, Heard) {
    probe_with(tls, None, None, TOKEN, script)
}

fn signed_in() -> Vec<Step> {
    vec![
        Step::Tls,
        say("220 ready"),
        hear(EHLO),
        say(OFFER),
        hear_response("AUTH XOAUTH2 ", Xoauth2),
        say("235 2.7.0 welcome"),
    ]
}

#[test]
fn the_name_in_ehlo_is_the_profile_s_where_it_has_one() {
    for (name, said) in [
        (None, EHLO),
        (Some("pc.contoso.com"), "EHLO pc.contoso.com"),
        (Some("192.0.2.7"), "EHLO [192.0.2.7]"),
        (Some("2001:db8::7"), "EHLO [IPv6:2001:db8::7]"),
        (Some("müller.example"), "EHLO xn--mller-kva.example"),
    ] {
        let pki = Pki::new(Flaw::None);
        let before = vec![
            say("220 ready"),
            hear(said),
            say("250-mail\r\n250 STARTTLS"),
            hear("STARTTLS"),
            say("220 go"),
            Step::Tls,
            hear(said),
            say(OFFER),
            hear("RSET"),
            hear("QUIT"),
        ];
        let server = Server::start(&pki, vec![before]);
        let client = Client::new(server.port, TlsMode::StartTls).called(name);
        client.reach(&pki, Protocol::Smtp);
        server.heard_by_script();
    }
}

fn mail_and_rcpt() -> Vec<Step> {
    vec![
        hear("MAIL FROM:<shop@contoso.com>"),
        hear("RCPT TO:<desk@contoso.com>"),
        say("250 2.1.0 sender ok\r\n250 2.1.5 recipient ok"),
    ]
}

#[test]
fn every_way_in_leads_to_sender_and_recipient() {
    for mechanism in [Xoauth2, OauthBearer] {
        for tls in [TlsMode::Implicit, TlsMode::StartTls] {
            let mut script = match tls {
                TlsMode::Implicit => vec![Step::Tls, say("220 ready")],
                TlsMode::StartTls => vec![
                    say("220 ready"),
                    hear(EHLO),
                    say("250-mail\r\n250-AUTH XOAUTH2\r\n250 STARTTLS"),
                    hear("STARTTLS"),
                    say("220 2.0.0 go"),
                    Step::Tls,
                ],
            };
            let prefix = if mechanism == Xoauth2 { "AUTH XOAUTH2 " } else { "AUTH OAUTHBEARER " };
            script.extend([hear(EHLO), say(OFFER), hear_response(prefix, mechanism), say("235 2.7.0 welcome")]);
            script.extend(mail_and_rcpt());
            // Not waited for.
            script.extend([hear("RSET"), hear("QUIT")]);
            let (log, heard) = probe_with(tls, Some(mechanism), None, TOKEN, script);
            let details = details(&log);
            assert_eq!(details.last(), Some(&(Stage::Recipient, "250 2.1.5 recipient ok".into())));
            assert_eq!(log.mechanisms_offered, ["LOGIN", "XOAUTH2", "OAUTHBEARER"]);
            let clear = if tls == TlsMode::StartTls { format!("{EHLO}\r\nSTARTTLS\r\n") } else { String::new() };
            assert_eq!(String::from_utf8_lossy(&heard.in_the_clear), clear);
        }
    }
}

#[test]
fn a_message_is_sent_with_its_dots_doubled() {
    let mut script = signed_in();
    script.extend([
        hear("MAIL FROM:<shop@contoso.com> SIZE=25"),
        hear("RCPT TO:<desk@contoso.com>"),
        hear("DATA"),
        say("250 ok\r\n250 ok\r\n354 go"),
        hear("Subject: x"),
        hear(""),
        hear("..dot"),
        hear("end"),
        hear("."),
        say("250 2.0.0 queued as 4711"),
        hear("RSET"),
        hear("QUIT"),
    ]);
    let message = b"Subject: x\r\n\r\n.dot\r\nend\r\n";
    let (log, _) = probe_with(TlsMode::Implicit, None, Some(message), TOKEN, script);
    assert_eq!(details(&log).last(), Some(&(Stage::Message, "250 2.0.0 queued as 4711".into())));
}

#[test]
fn a_server_without_pipelining_gets_one_command_at_a_time() {
    let mut script = signed_in();
    script[3] = say("250-mail\r\n250 auth xoauth2");
    script.extend([
        hear("MAIL FROM:<shop@contoso.com>"),
        say("250 ok"),
        hear("RCPT TO:<desk@contoso.com>"),
        say("550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
        hear("RSET"),
        hear("QUIT"),
    ]);
    let (log, _) = probe(TlsMode::Implicit, script);
    let (rejection, _) = rejection_at(&log, Stage::Recipient);
    assert_eq!((rejection.code, rejection.detail_code.as_deref()), (Some(ReplyCode::Smtp(550)), Some("5.7.60")));
}

/// What a server answers to MAIL, RCPT and DATA that came in one flight, what it hears then, and what is made of it.
#[test]
fn of_a_flight_every_answer_is_read_and_counts_for_its_own_command() {
    const NO_SENDER: &str = "550 5.7.60 not as this sender";
    const NO_RECIPIENT: &str = "550 5.1.1 unknown";
    let leaves = || vec![hear("RSET"), hear("QUIT")];
    let ends = |said: &str| vec![hear("."), say(said), hear("RSET"), hear("QUIT")];
    for (answers, then, stage, code) in [
        ([NO_SENDER, "503 5.5.1 need MAIL", "503 5.5.1 need RCPT"], leaves(), Stage::Sender, 550),
        ([NO_SENDER, "503 5.5.1 need MAIL", "354 go"], ends("554 5.5.1 no valid recipients"), Stage::Sender, 550),
        (["250 ok", NO_RECIPIENT, "554 5.5.1 no valid recipients"], leaves(), Stage::Recipient, 550),
        (["250 ok", NO_RECIPIENT, "354 go"], ends("250 2.0.0 taken"), Stage::Recipient, 550),
        (["250 ok", "452-4.5.3 too many\r\n452 4.5.3 for now", "354 go"], ends("503 no"), Stage::Recipient, 452),
        (["250 ok", "250 ok", "451 4.3.0 not now"], leaves(), Stage::Message, 451),
    ] {
        let mut script = signed_in();
        script.extend([hear("MAIL FROM:<shop@contoso.com> SIZE=3"), hear("RCPT TO:<desk@contoso.com>"), hear("DATA")]);
        script.push(say(&answers.join("\r\n")));
        script.extend(then);
        let (log, heard) = probe_with(TlsMode::Implicit, None, Some(b"a\r\n"), TOKEN, script);
        assert_eq!(rejection_at(&log, stage).0.code, Some(ReplyCode::Smtp(code)), "{answers:?}");
        assert!(!heard.lines.iter().any(|line| line == "a"), "the message was sent: {answers:?}");
    }
}

#[test]
fn a_server_that_falls_silent_within_a_flight_is_not_waited_for_again() {
    let mut script = signed_in();
    script.extend([hear("MAIL FROM:<shop@contoso.com> SIZE=3"), hear("RCPT TO:<desk@contoso.com>"), hear("DATA")]);
    script.extend([say("421 4.3.2 going down"), Step::HangUp]);
    let (log, heard) = probe_with(TlsMode::Implicit, None, Some(b"a\r\n"), TOKEN, script);
    assert!(rejection_at(&log, Stage::Sender).0.closes);
    assert!(!heard.lines.iter().any(|line| line == "."));
}

#[test]
fn an_error_challenge_is_answered_and_every_line_of_the_final_reply_is_kept() {
    for (mechanism, end) in [(Xoauth2, ""), (OauthBearer, "AQ==")] {
        let prefix = if mechanism == Xoauth2 { "AUTH XOAUTH2 " } else { "AUTH OAUTHBEARER " };
        let script = vec![
            Step::Tls,
            say("220 ready"),
            hear(EHLO),
            say(OFFER),
            hear_response(prefix, mechanism),
            say("334 eyJzdGF0dXMiOiI0MDAifQ=="),
            hear(end),
            say(&format!("535-5.7.8 Username and Password not accepted\r\n535 5.7.8 you sent {TOKEN}\x07")),
            hear("RSET"),
            hear("QUIT"),
        ];
        let (log, _) = probe_with(TlsMode::Implicit, Some(mechanism), None, TOKEN, script);
        let (rejection, said) = rejection_at(&log, Stage::Authentication);
        assert_eq!(rejection.challenge.as_deref(), Some("{\"status\":\"400\"}"));
        assert_eq!((rejection.code, rejection.detail_code.as_deref()), (Some(ReplyCode::Smtp(535)), Some("5.7.8")));
        assert_eq!(said, "535-5.7.8 Username and Password not accepted\n535 5.7.8 you sent [redacted]\\x07");
    }
}

#[test]
fn the_initial_response_goes_along_only_where_the_line_has_at_most_512_bytes() {
    // "AUTH XOAUTH2 " and CRLF leave 497 characters: 496 of base64 carry 372 bytes, 337 of them the token.
    let longest = 372 - format!("user={USER}\x01auth=Bearer \x01\x01").len();
    for (len, is_initial) in [(200, true), (longest, true), (longest + 1, false), (4_000, false), (12_000, false)] {
        let token = "t".repeat(len);
        let mut script = vec![Step::Tls, say("220 ready"), hear(EHLO), say(OFFER)];
        if is_initial {
            script.push(Step::HearResponse("AUTH XOAUTH2 ", Xoauth2, token.clone()));
        } else {
            script.extend([hear("AUTH XOAUTH2"), say("334"), Step::HearResponse("", Xoauth2, token.clone())]);
        }
        script.push(say("235 welcome"));
        script.extend(mail_and_rcpt());
        script.extend([hear("RSET"), hear("QUIT")]);
        let (log, _) = probe_with(TlsMode::Implicit, None, None, &token, script);
        details(&log);
    }
}

#[test]
fn only_235_at_its_time_is_a_success() {
    let start = || vec![Step::Tls, say("220 ready"), hear(EHLO), say(OFFER)];
    let sent = || hear_response("AUTH XOAUTH2 ", Xoauth2);
    let mut scripts: Vec<Vec<Step>> = [200, 220, 221, 234, 236, 250, 251, 354]
        .map(|code| [start(), vec![sent(), say(&format!("{code} welcome"))]].concat())
        .to_vec();
    scripts.push([start(), vec![sent(), say("334 e30="), hear(""), say("235 welcome")]].concat());
    scripts.push([start(), vec![sent(), say("334 e30="), hear(""), say("334 e30=")]].concat());
    scripts.push([start(), vec![sent(), say("235-welcome\r\n250 welcome")]].concat());
    scripts.push([start(), vec![sent(), say("welcome")]].concat());
    // The answer is there before the question.
    scripts.push(vec![Step::Tls, say("220 ready"), hear(EHLO), say(&format!("{OFFER}\r\n235 welcome"))]);
    for script in scripts {
        let (log, heard) = probe(TlsMode::Implicit, script);
        assert!(!violation_at(&log, Stage::Authentication).is_empty());
        assert!(!heard.lines.iter().any(|line| line.starts_with("MAIL")));
    }
}

#[test]
fn a_235_before_the_token_is_not_a_success() {
    let script = vec![Step::Tls, say("220 ready"), hear(EHLO), say(OFFER), hear("AUTH XOAUTH2"), say("235 welcome")];
    let (log, heard) = probe_with(TlsMode::Implicit, None, None, &"t".repeat(2000), script);
    assert!(violation_at(&log, Stage::Authentication).contains("235 instead of 334"));
    assert_eq!(heard.lines.last().map(String::as_str), Some("AUTH XOAUTH2"));
}

#[test]
fn words_behind_the_starttls_answer_end_the_connection() {
    let script = vec![
        say("220 ready"),
        hear(EHLO),
        say("250-mail\r\n250 STARTTLS"),
        hear("STARTTLS"),
        say("220 go\r\n250-mail\r\n250 AUTH XOAUTH2"),
    ];
    let (log, heard) = probe(TlsMode::StartTls, script);
    assert!(violation_at(&log, Stage::Tls).contains("before TLS"));
    assert_no_credential(&heard);
}

#[test]
fn a_missing_or_refused_starttls_ends_the_connection() {
    let script = vec![say("220 ready"), hear(EHLO), say("250-mail\r\n250 AUTH XOAUTH2"), hear("RSET"), hear("QUIT")];
    let (log, heard) = probe(TlsMode::StartTls, script);
    assert_eq!(failure_at(&log, Stage::Tls).kind, FailureKind::StartTlsNotOffered);
    assert_no_credential(&heard);
    let script = vec![
        say("220 ready"),
        hear(EHLO),
        say("250-mail\r\n250 STARTTLS"),
        hear("STARTTLS"),
        say("454 4.7.0 TLS not available"),
        hear("RSET"),
        hear("QUIT"),
    ];
    let (log, heard) = probe(TlsMode::StartTls, script);
    assert_eq!(rejection_at(&log, Stage::Tls).0.code, Some(ReplyCode::Smtp(454)));
    assert_no_credential(&heard);
}

#[test]
fn a_rejecting_greeting_is_passed_on() {
    let (log, _) = probe(TlsMode::Implicit, vec![Step::Tls, say("554 5.7.1 go away"), hear("RSET"), hear("QUIT")]);
    assert_eq!(rejection_at(&log, Stage::Greeting).1, "554 5.7.1 go away");
}

#[test]
fn mechanisms_are_read_from_every_auth_line_in_both_spellings() {
    for offer in [
        "250-mail\r\n250-PIPELINING\r\n250 AUTH=LOGIN XOAUTH2",
        "250-mail\r\n250-PIPELINING\r\n250-AUTH=LOGIN PLAIN\r\n250 AUTH LOGIN XOAUTH2",
        "250-mail\r\n250-PIPELINING\r\n250-AUTH LOGIN\r\n250 AUTH XOAUTH2",
        "250-mail\r\n250-PIPELINING\r\n250 auth=xoauth2",
    ] {
        let mut script = signed_in();
        script[3] = say(offer);
        script.extend(mail_and_rcpt());
        script.extend([hear("RSET"), hear("QUIT")]);
        let (log, _) = probe(TlsMode::Implicit, script);
        assert_eq!(log.mechanism_used, Some(Xoauth2), "{offer}");
    }
}

#[test]
fn a_recipient_that_is_taken_without_being_known_is_taken() {
    for taken in ["251 2.1.5 will forward", "252 2.1.5 cannot verify, will try"] {
        let mut script = signed_in();
        script.extend(mail_and_rcpt());
        let at = script.len() - 1;
        script[at] = say(&format!("250 2.1.0 ok\r\n{taken}"));
        script.extend([hear("RSET"), hear("QUIT")]);
        let (log, _) = probe(TlsMode::Implicit, script);
        assert_eq!(details(&log).last(), Some(&(Stage::Recipient, taken.into())));
    }
}

#[test]
fn a_greeting_of_many_lines_and_a_421_at_any_time_are_lawful() {
    let mut script = signed_in();
    script[1] = say("220-mail.contoso.com ESMTP\r\n220-no spam\r\n220 ready");
    script[5] = say("235 2.7.0 welcome\r\n421 4.3.2 going down");
    script.extend([hear("MAIL FROM:<shop@contoso.com>"), hear("RCPT TO:<desk@contoso.com>"), Step::HangUp]);
    let (log, _) = probe(TlsMode::Implicit, script);
    let (rejection, said) = rejection_at(&log, Stage::Sender);
    assert!(rejection.closes, "{rejection:?}");
    assert_eq!(said, "421 4.3.2 going down");
}
