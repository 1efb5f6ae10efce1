//! The practice tenant's mail servers, spoken to by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::practice::Tenant;
use crate::sandbox::browser;
use crate::sandbox::world::{ALICE, SHARED, SHOP};

const MAIL: &str = "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/POP.AccessAsUser.All \
                    https://outlook.office.com/SMTP.Send";

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A conversation by hand.
pub(crate) struct Talk(BufReader<Box<dyn Stream>>);

impl Talk {
    pub(crate) fn tls(tenant: &Tenant, port: u16) -> Self {
        let stream = plain(port);
        Self::with(browser::connector(tenant.sandbox.ca_file()).unwrap().connect("localhost", stream).unwrap())
    }

    fn with(stream: impl Stream + 'static) -> Self {
        Self(BufReader::new(Box::new(stream)))
    }

    /// Reads lines up to the first that begins with `end`, and answers all of them.
    pub(crate) fn until(&mut self, end: &str) -> String {
        let mut text = String::new();
        loop {
            let before = text.len();
            assert!(self.0.read_line(&mut text).unwrap() > 0, "the server hung up after {text:?}, before {end:?}");
            if text[before..].starts_with(end) {
                return text;
            }
        }
    }

    /// Sends a line and reads to the line that begins with `end`.
    pub(crate) fn say(&mut self, line: &str, end: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.0.get_mut().flush().unwrap();
        self.until(end)
    }
}

fn plain(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

pub(crate) fn xoauth2(user: &str, token: &str) -> String {
    BASE64_STANDARD.encode(format!("user={user}\x01auth=Bearer {token}\x01\x01"))
}

fn oauthbearer(user: &str, token: &str) -> String {
    BASE64_STANDARD.encode(format!("n,a={user},\x01host=localhost\x01port=993\x01auth=Bearer {token}\x01\x01"))
}

#[test]
fn what_smtp_takes_in_imap_and_pop3_show() {
    let tenant = Tenant::new();
    let ports = tenant.sandbox.ports();
    let token = tenant.access_token(SHOP, MAIL);

    let mut smtp = Talk::tls(&tenant, ports.smtp_implicit);
    smtp.until("220 ");
    assert!(smtp.say("EHLO test", "250 ").contains("AUTH LOGIN XOAUTH2"));
    smtp.say("AUTH XOAUTH2", "334 ");
    smtp.say(&xoauth2(SHOP, &token), "235 ");
    smtp.say(&format!("MAIL FROM:<{SHOP}>"), "250 ");
    smtp.say("RCPT TO:<absent@contoso.example>", "550 5.1.10");
    smtp.say("RCPT TO:<person@elsewhere.example>", "550 5.7.54");
    smtp.say(&format!("RCPT TO:<{ALICE}>"), "250 ");
    smtp.say("DATA", "354 ");
    let lines = [
        &format!("From: {SHOP}"),
        "Subject: =?UTF-8?Q?caf=C3=A9?= \"quoted\"",
        "Date: Sun, 22 Nov 2026 12:00:00 +0000",
        "Message-ID: <one@contoso.example>",
        "",
        "..leading dot",
        ".",
    ];
    smtp.say(&lines.join("\r\n"), "250 ");
    assert_eq!(tenant.sandbox.sent().len(), 1);

    let alice = tenant.access_token(ALICE, MAIL);
    let mut imap = Talk::tls(&tenant, ports.imap_implicit);
    imap.until("* OK");
    imap.say(&format!("a1 AUTHENTICATE XOAUTH2 {}", xoauth2(ALICE, &alice)), "a1 OK");
    imap.say("a2 LIST \"\" \"*\"", "a2 OK");
    assert!(imap.say("a3 EXAMINE \"INBOX\"", "a3 OK [READ-ONLY]").contains("* 2 EXISTS"));
    let found = imap.say("a4 UID SEARCH HEADER Message-ID \"<one@contoso.example>\"", "a4 OK");
    assert!(found.starts_with("* SEARCH 5\r\n"), "{found}");
    let fetched = imap.say("a5 FETCH 2 (UID ENVELOPE BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)])", "a5 OK");
    assert!(
        fetched.contains(r#"ENVELOPE ("Sun, 22 Nov 2026 12:00:00 +0000" "=?UTF-8?Q?caf=C3=A9?= \"quoted\"""#),
        "{fetched}"
    );
    assert!(fetched.contains(r#"((NIL NIL "shop" "contoso.example"))"#), "{fetched}");
    assert!(fetched.contains("From: shop@contoso.example\r\n"), "{fetched}");
    let part = imap.say("a6 FETCH 2:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)]<9.5>)", "a6 OK");
    assert!(part.contains("BODY[HEADER.FIELDS (SUBJECT)]<9> {5}\r\n=?UTF)\r\n"), "{part}");
    imap.say("a7 LOGOUT", "a7 OK");

    let mut pop3 = Talk::tls(&tenant, ports.pop3_implicit);
    pop3.until("+OK");
    pop3.say("AUTH XOAUTH2", "+ ");
    pop3.say(&xoauth2(ALICE, &alice), "+OK");
    assert!(pop3.say("STAT", "+OK").starts_with("+OK 2 "));
    assert!(pop3.say("TOP 2 1", ".\r\n").contains("\r\n\r\n..leading dot\r\n"));
    assert_eq!(tenant.sandbox.surprises(), Vec::<String>::new());
}

#[test]
fn starttls_ports_ask_for_tls_first() {
    let tenant = Tenant::new();
    let ports = tenant.sandbox.ports();
    for (port, greeting, (ask, answer), (start, go)) in [
        (ports.imap_starttls, "* OK", ("a CAPABILITY", "a OK"), ("b STARTTLS", "b OK")),
        (ports.pop3_starttls, "+OK", ("CAPA", "."), ("STLS", "+OK")),
        (ports.smtp_starttls, "220 ", ("EHLO test", "250 "), ("STARTTLS", "220 ")),
    ] {
        let tcp = plain(port);
        let mut talk = Talk::with(tcp.try_clone().unwrap());
        talk.until(greeting);
        let before = talk.say(ask, answer);
        assert!(!before.contains("XOAUTH2"), "{before}");
        talk.say(start, go);
        let tls = browser::connector(tenant.sandbox.ca_file()).unwrap().connect("localhost", tcp).unwrap();
        let after = Talk::with(tls).say(ask, answer);
        assert!(after.contains("XOAUTH2") && !after.contains(start.trim_start_matches("b ")), "{after}");
    }
    assert_eq!(tenant.sandbox.surprises(), Vec::<String>::new());
}

#[test]
fn a_token_opens_only_what_it_is_for() {
    let tenant = Tenant::new();
    let ports = tenant.sandbox.ports();
    let imap = |user: &str, token: &str, end: &str| {
        let mut imap = Talk::tls(&tenant, ports.imap_implicit);
        imap.until("* OK");
        imap.say(&format!("a AUTHENTICATE XOAUTH2 {}", xoauth2(user, token)), end);
        imap
    };
    let alice = tenant.access_token(ALICE, MAIL);
    imap(SHARED, &alice, "a OK").say("b EXAMINE INBOX", "b OK");
    imap(SHOP, &alice, "a OK").say("b EXAMINE INBOX", "b BAD User is authenticated but not connected.");
    imap(ALICE, "no-token-at-all", "a NO");
    let smtp_only = tenant.access_token(ALICE, "https://outlook.office.com/SMTP.Send");
    imap(ALICE, &smtp_only, "a NO");
    let smtp = |user: &str, token: &str, end: &str| {
        let mut smtp = Talk::tls(&tenant, ports.smtp_implicit);
        smtp.until("220 ");
        smtp.say("EHLO test", "250 ");
        smtp.say("AUTH XOAUTH2", "334 ");
        smtp.say(&xoauth2(user, token), end);
    };
    smtp(ALICE, &smtp_only, "235 ");
    smtp(SHARED, &alice, "535 5.7.3");
    tenant.sandbox.expire_access_tokens();
    smtp(ALICE, &alice, "535 5.7.3");
    imap(ALICE, &alice, "a NO");
}

#[test]
fn oauthbearer_gets_a_challenge_before_the_refusal() {
    let tenant = Tenant::new();
    let ports = tenant.sandbox.ports();
    let token = tenant.access_token(SHOP, MAIL);
    let mut pop3 = Talk::tls(&tenant, ports.pop3_implicit);
    pop3.until("+OK");
    pop3.say("AUTH OAUTHBEARER", "+ ");
    let challenge = pop3.say(&oauthbearer(SHOP, "no-token-at-all"), "+ ");
    let challenge = BASE64_STANDARD.decode(challenge[2..].trim_end()).unwrap();
    assert!(String::from_utf8(challenge).unwrap().contains("invalid_token"));
    pop3.say("AQ==", "-ERR");
    pop3.say("AUTH OAUTHBEARER", "+ ");
    pop3.say(&oauthbearer(SHOP, &token), "+OK");
    assert_eq!(tenant.sandbox.surprises(), Vec::<String>::new());
    let mut one_line = Talk::tls(&tenant, ports.pop3_implicit);
    one_line.until("+OK");
    one_line.say(&format!("AUTH XOAUTH2 {}", xoauth2(SHOP, &token)), "-ERR Protocol error.");
    assert_eq!(tenant.sandbox.surprises().len(), 1);
}
