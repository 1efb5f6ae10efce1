//! Waiting for a message.

use std::time::Duration;

use secrecy::SecretString;

use super::kit::*;
use crate::failure::FailureKind;
use crate::probe::arrival::wait;
use crate::profile::{IncomingProtocol, TlsMode};
use crate::sasl::SaslMechanism::Xoauth2;

fn imap_session(looks: &[&str]) -> Vec<Step> {
    let mut script = vec![
        Step::Tls,
        say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi"),
        hear_response("a1 AUTHENTICATE XOAUTH2 ", Xoauth2),
        say("a1 OK welcome"),
        hear("a2 EXAMINE \"INBOX\""),
        say("* 1 EXISTS\r\na2 OK done"),
    ];
    for (at, found) in looks.iter().enumerate() {
        let tag = 3 + 2 * at;
        script.extend([
            hear(&format!("a{tag} NOOP")),
            say(&format!("a{tag} OK")),
            hear(&format!("a{} SEARCH HEADER Message-ID \"id@contoso.com\"", tag + 1)),
            say(&format!("* SEARCH{found}\r\na{} OK done", tag + 1)),
        ]);
    }
    script
}

fn pop3_session(message_id: &str) -> Vec<Step> {
    vec![
        Step::Tls,
        say("+OK hi"),
        hear("CAPA"),
        say("+OK\r\nTOP\r\nSASL XOAUTH2\r\n."),
        hear("AUTH XOAUTH2"),
        say("+ "),
        hear_response("", Xoauth2),
        say("+OK in"),
        hear("STAT"),
        say("+OK 1 100"),
        hear("TOP 1 0"),
        say(&format!("+OK\r\nMessage-ID: {message_id}\r\n\r\n.")),
        hear("QUIT"),
    ]
}

fn wait_for(
    protocol: IncomingProtocol,
    timeout: Duration,
    scripts: Vec<Vec<Step>>,
) -> (Result<String, FailureKind>, Vec<Heard>) {
    let pki = Pki::new(Flaw::None);
    let sessions = scripts.len();
    let server = Server::start(&pki, scripts);
    let client = Client::new(server.port, TlsMode::Implicit);
    let token = SecretString::from(TOKEN);
    let seen = wait(&client.target(&pki), protocol, &token, "<id@contoso.com>", timeout);
    let heard = (0..sessions).map(|_| server.heard()).collect();
    (seen.result.map_err(|failure| failure.kind), heard)
}

#[test]
fn imap_searches_on_one_session_until_the_message_is_there() {
    let mut script = imap_session(&["", "", " 7"]);
    script.push(hear("p9 LOGOUT"));
    let (seen, heard) = wait_for(IncomingProtocol::Imap, Duration::from_secs(20), vec![script]);
    assert_eq!(heard[0].complaint, None);
    assert!(seen.unwrap().starts_with("in INBOX after "));
}

#[test]
fn pop3_signs_in_again_for_each_look() {
    let locked = vec![
        Step::Tls,
        say("+OK hi"),
        hear("CAPA"),
        say("+OK\r\nSASL XOAUTH2\r\n."),
        hear("AUTH XOAUTH2"),
        say("+ "),
        hear_response("", Xoauth2),
        say("-ERR [IN-USE] locked"),
        hear("QUIT"),
    ];
    let scripts = vec![pop3_session("<other@contoso.com>"), locked, pop3_session("<id@contoso.com>")];
    let (seen, heard) = wait_for(IncomingProtocol::Pop3, Duration::from_secs(20), scripts);
    for heard in heard {
        assert_eq!(heard.complaint, None);
    }
    assert!(seen.unwrap().starts_with("in INBOX after "));
}

#[test]
fn what_does_not_come_in_time_has_not_arrived() {
    let mut script = imap_session(&["", "", "", "", ""]);
    script.push(hear("p9 LOGOUT"));
    // How often it asks in that time depends on the machine, so the script may end early.
    let (seen, _) = wait_for(IncomingProtocol::Imap, Duration::from_millis(700), vec![script]);
    assert!(matches!(seen, Err(FailureKind::NotArrived { .. })), "{seen:?}");
}
