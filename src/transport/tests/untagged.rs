//! Every untagged response in every state (RFC 9051 §7, SECURITY.md X3): read past, and shown where people are to read it;
//! never a panic, never an alarm.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::kit::*;
use crate::profile::{Protocol, TlsMode};
use crate::sasl::SaslMechanism::Xoauth2;
use crate::transport::mark::Mark;
use crate::transport::{Log, Task};

/// What a server may say at any time, and what it says wrongly often enough.
const FORMS: [&str; 50] = [
    "* OK",
    "* OK ",
    "* OK still here",
    "* OK [ALERT] Maintenance tonight",
    "* OK [ALERT]",
    "* OK [X-SUPPORT 12 (a b) \"q\"] hello",
    "* OK [hello [nested] world] x",
    "* OK Bitte w\u{e4}hlen",
    "* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] Flags permitted.",
    "* OK [UNSEEN 0] none",
    "* OK [HIGHESTMODSEQ 18446744073709551615] x",
    "* OK [NOMODSEQ] x",
    "* OK [MAILBOXID (F2212ea87-6097-4256-9d51-71338625)] Ok",
    "* OK [UIDNEXT 4294967296] x",
    "* OK [CLOSED] Previous mailbox closed.",
    "* OK Searched 91% of the mailbox, ETA 0:01",
    "* NO Disk is 98% full, please delete unnecessary data",
    "* NO [ALERT] Mailbox is at 97% of quota",
    "* BAD Disk crash, attempting salvage to a new disk!",
    "* FLAGS (\\Seen foo]bar)",
    "* FLAGS (\\Seen  \\Draft )",
    "* FLAGS (\\Seen wichtig\u{e4})",
    "* FLAGS ()",
    "* 1 EXISTS ",
    "* 1 exists",
    "* 0 RECENT",
    "* 9 EXPUNGE",
    "* 1 FETCH (FLAGS (\\Seen) UID 7 MODSEQ (12))",
    "* 1 FETCH (FLAGS (\\Seen))",
    "* LIST () \"/\" INBOX",
    "* LIST () \"/\" INBOX (\"OLDNAME\" (\"inbox\"))",
    "* LIST () \"/\" {5}\r\nINBOX",
    "* LIST () \"/\" {7}\r\na1 OK x (\"OLDNAME\" ({2}\r\nxy))",
    "* LSUB () \"/\" INBOX",
    "* XLIST (\\Inbox) \"/\" \"Inbox\"",
    "* STATUS INBOX (MESSAGES 1 UNSEEN 0)",
    "* STATUS INBOX (MAILBOXID (abc))",
    "* NAMESPACE ((\"\" \"/\")) NIL NIL",
    "* ID NIL",
    "* ID (\"name\" \"x\" \"version\" NIL)",
    "* ENABLED CONDSTORE",
    "* ENABLED",
    "* VANISHED (EARLIER) 1:3",
    "* VANISHED 3",
    "* QUOTA \"\" (STORAGE 10 512)",
    "* QUOTAROOT INBOX \"\"",
    "* METADATA \"INBOX\" (/shared/comment \"x\")",
    "* ESEARCH (TAG \"x\") UID COUNT 3",
    "* X-ANYTHING 1 2 3",
    "* SORT 1 2",
];

const TOKEN_OF_MAIL: &str = "abcdefghij0123456789";

/// The places of a session where `form` is said, by number; each script says it once.
const PLACES: usize = 11;

fn session(place: usize, form: &str) -> Vec<Step> {
    let at = |here: usize| if here == place { format!("{form}\r\n") } else { String::new() };
    let heading = "Subject: hello\r\n\r\n";
    vec![
        say(format!("* OK ready\r\n{}", at(0)).trim_end_matches("\r\n")),
        hear("p1 CAPABILITY"),
        say(format!("{}* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\np1 OK done\r\n{}", at(1), at(2))
            .trim_end_matches("\r\n")),
        hear("p2 STARTTLS"),
        say(&format!("{}p2 OK begin", at(3))),
        Step::Tls,
        hear("p1 CAPABILITY"),
        say(format!("{}* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\np1 OK done\r\n{}", at(4), at(5)).trim_end_matches("\r\n")),
        hear("a1 AUTHENTICATE XOAUTH2"),
        say(&format!("{}+ ", at(6))),
        hear_response("", Xoauth2),
        say(&format!("{}a1 OK welcome", at(7))),
        hear("a2 EXAMINE \"INBOX\""),
        // What is right comes last, as the last word counts.
        say(&format!("{}* 1 EXISTS\r\na2 OK [READ-ONLY] done", at(8))),
        hear("a3 FETCH 1:1 BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)]<0.2048>"),
        say(&format!(
            "{}* 1 FETCH (BODY[HEADER.FIELDS (DATE FROM SUBJECT)]<0> {{{}}}\r\n{heading})\r\n{}a3 OK done",
            at(9),
            heading.len(),
            at(10)
        )),
        hear("p9 LOGOUT"),
    ]
}

#[test]
fn every_untagged_response_is_read_past_in_every_state() {
    let pki = Pki::new(Flaw::None);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((form, place)) = nth(next.fetch_add(1, Ordering::Relaxed)) {
                    let server = Server::start(&pki, vec![session(place, form)]);
                    let client = Client::new(server.port, TlsMode::StartTls);
                    let log = client.exercise(&pki, Protocol::Imap, &Task::Read { latest: 1 });
                    let heard = server.heard();
                    assert_eq!(heard.complaint, None, "{form:?} at {place}: {log:#?}");
                    let folder = details(&log).pop().expect("there are steps");
                    assert!(folder.1.starts_with("1 listed"), "{form:?} at {place}: {log:#?}");
                    assert_eq!(log.latest[0].subject, "hello", "{form:?} at {place}");
                    assert_eq!(is_shown(&log), is_for_people(form), "{form:?} at {place}: {log:#?}");
                }
            });
        }
    });
}

fn nth(number: usize) -> Option<(&'static str, usize)> {
    FORMS.get(number / PLACES).map(|form| (*form, number % PLACES))
}

fn is_shown(log: &Log) -> bool {
    details(log).iter().any(|(_, detail)| detail.contains("the server says: "))
}

fn is_for_people(form: &str) -> bool {
    form.starts_with("* NO") && !form.starts_with("* NOP") || form.starts_with("* BAD") || form.contains("[ALERT]")
}

#[test]
fn every_untagged_response_is_read_past_while_a_mail_is_waited_for() {
    let pki = Pki::new(Flaw::None);
    let mark = Mark::new(TOKEN_OF_MAIL, TOKEN_OF_MAIL, TOKEN_OF_MAIL).unwrap();
    for form in FORMS.iter().filter(|form| !form.contains("EXPUNGE")) {
        let head = format!("Subject: {TOKEN_OF_MAIL}\r\n\r\n");
        let search = mark.search();
        let items = crate::transport::mark::HEADERS;
        let script = vec![
            Step::Tls,
            say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi"),
            hear_response("a1 AUTHENTICATE XOAUTH2 ", Xoauth2),
            say("a1 OK welcome"),
            hear("a2 EXAMINE \"INBOX\""),
            say("* 1 EXISTS\r\na2 OK done"),
            hear("a3 NOOP"),
            say(&format!("{form}\r\na3 OK done\r\n{form}")),
            hear(&format!("a4 SEARCH {search}")),
            say(&format!("{form}\r\n* SEARCH 1\r\n{form}\r\na4 OK done")),
            hear(&format!("a5 FETCH 1 {items}")),
            say(&format!(
                "{form}\r\n* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)]<0> {{{}}}\r\n{head})\r\n{form}\r\na5 OK done",
                head.len()
            )),
            hear("p9 LOGOUT"),
        ];
        let server = Server::start(&pki, vec![script]);
        let client = Client::new(server.port, TlsMode::Implicit);
        let task = Task::Find { mark: &mark, patience: Duration::from_secs(20) };
        let seen = client.exercise(&pki, Protocol::Imap, &task).observations.pop().expect("there is a step");
        assert_eq!(server.heard().complaint, None, "{form:?}: {seen:?}");
        assert!(seen.result.is_ok(), "{form:?}: {seen:?}");
    }
}

#[test]
fn a_bye_ends_the_session_in_its_own_words_wherever_it_comes() {
    use crate::report::Stage;
    let pki = Pki::new(Flaw::None);
    for (place, stage) in [
        (0, Stage::Tls),
        (1, Stage::Tls),
        (2, Stage::Tls),
        (3, Stage::Tls),
        (4, Stage::Capabilities),
        (5, Stage::Authentication),
        (6, Stage::Authentication),
        (7, Stage::Authentication),
        (8, Stage::Folder),
        (9, Stage::Latest),
        (10, Stage::Latest),
    ] {
        let server = Server::start(&pki, vec![session(place, "* BYE going down")]);
        let client = Client::new(server.port, TlsMode::StartTls);
        let log = client.exercise(&pki, Protocol::Imap, &Task::Read { latest: 1 });
        let (rejection, said) = rejection_at(&log, stage);
        assert!(rejection.closes, "at {place}: {rejection:?}");
        assert_eq!(said, "BYE going down", "at {place}");
    }
}
