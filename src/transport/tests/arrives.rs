//! Waiting for a message.

use std::time::Duration;

use super::kit::*;
use crate::failure::FailureKind;
use crate::profile::{Protocol, TlsMode};
use crate::report::Stage;
use crate::sasl::SaslMechanism::Xoauth2;
use crate::transport::mark::Mark;
use crate::transport::{Log, Task};

const ID: &str = "abcdefghij0123456789";
const SUBJECT: &str = "test mail [abcdefghij0123456789]";
const SEARCH: &str = "SEARCH OR HEADER X-Mailgrant-Test \"abcdefghij0123456789\" OR HEADER Message-ID \"abcdefghij0123456789\" HEADER X-Microsoft-Original-Message-ID \"abcdefghij0123456789\"";
const ITEMS: &str =
    "BODY.PEEK[HEADER.FIELDS (SUBJECT MESSAGE-ID X-MAILGRANT-TEST X-MICROSOFT-ORIGINAL-MESSAGE-ID)]<0.2048>";

fn mark() -> Mark {
    Mark::new(ID, SUBJECT, &format!("<{ID}@contoso.com>")).unwrap()
}

fn fetched(number: u32, head: &str) -> String {
    let len = head.len();
    format!(
        "* {number} FETCH (BODY[HEADER.FIELDS (SUBJECT MESSAGE-ID X-MAILGRANT-TEST X-MICROSOFT-ORIGINAL-MESSAGE-ID)]<0> \
         {{{len}}}\r\n{head})\r\n"
    )
}

/// What the server says to NOOP, SEARCH and FETCH of one look; what FETCH must ask for.
struct Look {
    noop: &'static str,
    search: &'static str,
    fetch: Option<(&'static str, String)>,
}

fn nothing() -> Look {
    Look { noop: "", search: "* SEARCH\r\n", fetch: Some(("1:1", fetched(1, "Subject: other\r\n\r\n"))) }
}

fn imap_session(looks: Vec<Look>) -> Vec<Step> {
    let mut script = vec![
        Step::Tls,
        say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi"),
        hear_response("a1 AUTHENTICATE XOAUTH2 ", Xoauth2),
        say("a1 OK welcome"),
        hear("a2 EXAMINE \"INBOX\""),
        say("* 1 EXISTS\r\na2 OK done"),
    ];
    let mut tag = 2;
    let mut next = || {
        tag += 1;
        format!("a{tag}")
    };
    for look in looks {
        let (noop, search) = (next(), next());
        script.extend([hear(&format!("{noop} NOOP")), say(&format!("{}{noop} OK", look.noop))]);
        script.extend([hear(&format!("{search} {SEARCH}")), say(&format!("{}{search} OK done", look.search))]);
        if let Some((set, answer)) = look.fetch {
            let fetch = next();
            script.extend([hear(&format!("{fetch} FETCH {set} {ITEMS}")), say(&format!("{answer}{fetch} OK done"))]);
        }
    }
    script
}

fn pop3_session(message_id: &str) -> Vec<Step> {
    let mut script = pop3_sign_in("TOP\r\n");
    script.extend([hear("TOP 1 0"), say(&format!("+OK\r\nMessage-ID: {message_id}\r\n\r\n.")), hear("QUIT")]);
    script
}

fn pop3_sign_in(can: &str) -> Vec<Step> {
    vec![
        Step::Tls,
        say("+OK hi"),
        hear("CAPA"),
        say(&format!("+OK\r\n{can}SASL XOAUTH2\r\n.")),
        hear("AUTH XOAUTH2"),
        say("+ "),
        hear_response("", Xoauth2),
        say("+OK in"),
        hear("STAT"),
        say("+OK 1 100"),
    ]
}

fn wait_for(
    protocol: Protocol,
    timeout: Duration,
    scripts: Vec<Vec<Step>>,
) -> (Result<crate::text::Shown, FailureKind>, Vec<Heard>) {
    let pki = Pki::new(Flaw::None);
    let sessions = scripts.len();
    let server = Server::start(&pki, scripts);
    let client = Client::new(server.port, TlsMode::Implicit);
    let mut log = client.exercise(&pki, protocol, &Task::Find { mark: &mark(), patience: timeout });
    let heard = (0..sessions).map(|_| server.heard()).collect();
    let seen = log.observations.pop().expect("there is a step");
    assert!(seen.stage == Stage::Arrival && log == Log::default(), "{log:?}");
    (seen.result.map(|seen| seen.words).map_err(|failure| failure.kind), heard)
}

#[test]
fn imap_searches_on_one_session_until_the_message_is_there() {
    let found = fetched(7, &format!("Message-ID: <{ID}@contoso.com>\r\n\r\n"));
    let third = Look { noop: "* 7 EXISTS\r\n", search: "* SEARCH 7\r\n", fetch: Some(("7", found)) };
    let mut script = imap_session(vec![nothing(), nothing(), third]);
    script.push(hear("p9 LOGOUT"));
    let (seen, heard) = wait_for(Protocol::Imap, Duration::from_secs(20), vec![script]);
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
    let scripts = vec![pop3_session("<other@contoso.com>"), locked, pop3_session(&format!("<{ID}@contoso.com>"))];
    let (seen, heard) = wait_for(Protocol::Pop3, Duration::from_secs(20), scripts);
    for heard in heard {
        assert_eq!(heard.complaint, None);
    }
    assert!(seen.unwrap().starts_with("in INBOX after "));
}

#[test]
fn what_does_not_come_in_time_has_not_arrived() {
    let mut script = imap_session((0..5).map(|_| nothing()).collect());
    script.push(hear("p9 LOGOUT"));
    // How often it asks in that time depends on the machine, so the script may end early.
    let (seen, _) = wait_for(Protocol::Imap, Duration::from_millis(700), vec![script]);
    assert!(matches!(seen, Err(FailureKind::NotArrived { .. })), "{seen:?}");
}

#[test]
fn what_search_does_not_find_is_seen_among_the_newest_messages() {
    let token = format!("X-Mailgrant-Test: {ID}\r\n\r\n");
    for (search, exists, set) in [
        ("* SEARCH\r\n", "* 30 EXISTS\r\n", "11:30"),
        ("* NO [ALERT] the index is being built\r\n", "* 2 EXISTS\r\n* 1 EXPUNGE\r\n* 3 EXISTS\r\n", "1:3"),
    ] {
        let look = Look { noop: exists, search, fetch: Some((set, fetched(3, &token))) };
        let mut script = imap_session(vec![look]);
        script.push(hear("p9 LOGOUT"));
        let (seen, heard) = wait_for(Protocol::Imap, Duration::from_secs(20), vec![script]);
        assert_eq!(heard[0].complaint, None);
        assert!(seen.unwrap().starts_with("in INBOX after "));
    }
}

#[test]
fn an_answer_to_the_mail_is_not_the_mail() {
    let reply = fetched(1, &format!("Subject: Re: {SUBJECT}\r\n\r\n"));
    let look = Look { noop: "", search: "* SEARCH 1\r\n", fetch: Some(("1", reply.clone())) };
    let mut script = imap_session(vec![look]);
    script.extend([hear(&format!("a6 FETCH 1:1 {ITEMS}")), say(&format!("{reply}a6 OK done"))]);
    let (seen, _) = wait_for(Protocol::Imap, Duration::from_millis(200), vec![script]);
    assert!(matches!(seen, Err(FailureKind::NotArrived { .. })), "{seen:?}");
}

#[test]
fn pop3_without_top_reads_a_small_message_whole_and_no_large_one() {
    let mut script = pop3_sign_in("");
    script[9] = say("+OK 2 40000");
    script.extend([
        hear("LIST 2"),
        say("+OK 2 39000"),
        hear("LIST 1"),
        say("+OK 1 1000"),
        hear("RETR 1"),
        say(&format!("+OK\r\nSubject: {SUBJECT}\r\n\r\nMessage-ID: <in the text>\r\n.")),
        hear("QUIT"),
    ]);
    let (seen, heard) = wait_for(Protocol::Pop3, Duration::from_secs(20), vec![script]);
    assert_eq!(heard[0].complaint, None);
    assert!(seen.unwrap().starts_with("in INBOX after "));
}

#[test]
fn a_head_that_is_longer_than_a_reply_may_be_is_read_past() {
    let mut script = pop3_sign_in("TOP\r\n");
    let to = "To: someone@contoso.com,\r\n".repeat(6_000);
    script[9] = say("+OK 2 200000");
    script.extend([
        hear("TOP 2 0"),
        say(&format!("+OK\r\nSubject: hello\r\n{to}\r\n.")),
        hear("TOP 1 0"),
        say(&format!("+OK\r\nSubject: {SUBJECT}\r\n\r\n.")),
        hear("QUIT"),
    ]);
    let (seen, heard) = wait_for(Protocol::Pop3, Duration::from_secs(20), vec![script]);
    assert_eq!(heard[0].complaint, None);
    assert!(seen.unwrap().starts_with("in INBOX after "));
}

#[test]
fn the_last_look_comes_at_the_end_of_the_time() {
    let found = fetched(1, &format!("X-Mailgrant-Test: {ID}\r\n\r\n"));
    let fourth = Look { noop: "", search: "* SEARCH 1\r\n", fetch: Some(("1", found)) };
    let mut script = imap_session(vec![nothing(), nothing(), nothing(), fourth]);
    script.push(hear("p9 LOGOUT"));
    // The looks come after 0, 0.25 and 0.75 s; the next one would be at 1.75 s, and is made a little before 1.5 s.
    let (seen, _) = wait_for(Protocol::Imap, Duration::from_millis(1_500), vec![script]);
    assert!(seen.is_ok(), "{seen:?}");
}
