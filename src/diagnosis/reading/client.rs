//! What the client did, read from its lines: a log of a conversation shows them beside the server's.

use std::collections::{BTreeSet, HashMap};

use super::clue::{Clue, Clues};
use super::command::{Command, TOKEN_MECHANISMS, commands, listed};
use super::phase::Phase;
use super::signs::{AGAIN, SIGNS, WORKED};

/// What a text shows.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub clues: Clues,
    /// The phase of each line that shows a command.
    pub phases: Vec<(usize, Phase)>,
    /// The lines that say that something is tried once more.
    pub retries: Vec<usize>,
    /// The lines that say that a sign-in worked.
    pub worked: Vec<usize>,
}

/// What these lines show of the client; the numbers are those of the lines.
pub(super) fn seen<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Seen {
    let mut seen = Seen::default();
    // A log repeats itself.
    let mut known: HashMap<&str, Said> = HashMap::new();
    for (number, line) in lines {
        let said = known.entry(line).or_insert_with(|| said(line));
        seen.phases.extend(said.phases.iter().map(|phase| (number, *phase)));
        if said.is_retry {
            seen.retries.push(number);
        }
        if said.clues.has(Clue::WorkedBefore) {
            seen.worked.push(number);
        }
    }
    seen.clues = known.values().fold(seen.clues, |clues, said| clues.and(said.clues));
    let used: BTreeSet<&str> = known.values().flat_map(|said| said.used.iter().map(String::as_str)).collect();
    let offered: BTreeSet<&str> = known.values().flat_map(|said| said.offered.iter().map(String::as_str)).collect();
    for mechanism in used {
        let clue = if TOKEN_MECHANISMS.contains(&mechanism) { Clue::Token } else { Clue::Password };
        seen.clues = seen.clues.and(Clues::of(clue));
        if !offered.is_empty() && !offered.contains(mechanism) {
            seen.clues = seen.clues.and(Clues::of(Clue::NotOffered));
        }
    }
    seen
}

/// What one line shows.
#[derive(Debug, Default)]
struct Said {
    clues: Clues,
    phases: Vec<Phase>,
    is_retry: bool,
    /// The mechanisms that were used, and those that a server listed.
    used: BTreeSet<String>,
    offered: BTreeSet<String>,
}

fn said(line: &str) -> Said {
    let lower = line.to_ascii_lowercase();
    let has = |signs: &[&str]| signs.iter().any(|sign| lower.contains(sign));
    let mut said = Said { is_retry: has(&AGAIN), ..Said::default() };
    for (clue, signs) in SIGNS {
        said.note_if(has(signs), clue);
    }
    // Exchange names the command that it refuses; "Login failed" is what programs say of any.
    said.note_if(line.contains("LOGIN failed"), Clue::Password);
    said.note_if(has(&WORKED), Clue::WorkedBefore);
    // A conversation in one string has its line breaks escaped.
    for part in lower.replace("\\r\\n", "\n").replace("\\n", "\n").lines() {
        for command in commands(part) {
            said.note(&command);
        }
        said.offered.extend(listed(part).map(str::to_owned));
    }
    said
}

impl Said {
    fn note_if(&mut self, is_so: bool, clue: Clue) {
        if is_so {
            self.clues = self.clues.and(Clues::of(clue));
        }
    }

    fn note(&mut self, command: &Command<'_>) {
        self.phases.extend(Phase::of(command.verb));
        match (command.verb, command.argument) {
            ("auth" | "authenticate", mechanism) => {
                self.used.insert(mechanism.to_owned());
            }
            ("login" | "pass", argument) => self.note_if(!argument.is_empty(), Clue::Password),
            ("ehlo" | "helo", name) => self.note_if(is_bare(name), Clue::BareHello),
            ("starttls" | "stls", _) => self.note_if(true, Clue::Starttls),
            _ => {}
        }
    }
}

/// Whether a mail server would not take it for a full host name (RFC 5321 §4.1.1.1, §4.1.3).
fn is_bare(name: &str) -> bool {
    !name.is_empty() && (name.starts_with('[') || !name.contains('.') || name.parse::<std::net::IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clues(text: &str) -> Clues {
        seen(text.lines().enumerate()).clues
    }

    #[test]
    fn a_password_is_told_from_a_token() {
        for text in [
            "C: AUTH LOGIN",
            "CLIENT -> SERVER: AUTH PLAIN AGpvaG4=",
            "a1 AUTHENTICATE PLAIN",
            r#"2 LOGIN "user@example.com" "****""#,
            "IMAPS: AUTHENTICATE PLAIN command trace suppressed",
            "POP3> PASS *****",
            "SMTP Exception: Login using LOGIN password failed: 535 no",
            "Host2 failure: Error login on [h] with user [u] auth [LOGIN]: 2 NO LOGIN failed.",
        ] {
            let clues = clues(text);
            assert!(clues.has(Clue::Password) && !clues.has(Clue::Token), "{text}: {clues:?}");
        }
        for text in [
            "C: AUTH XOAUTH2 dXNlcj0=",
            "A01 AUTHENTICATE XOAUTH2",
            "imap.authenticate('XOAUTH2', address, token)",
            "code: 'EAUTH', command: 'AUTH XOAUTH2'",
            "fetching imap (host port=993,ssl=true,auth_type=XOAUTH2)",
        ] {
            let clues = clues(text);
            assert!(clues.has(Clue::Token) && !clues.has(Clue::Password), "{text}: {clues:?}");
        }
    }

    #[test]
    fn the_logs_of_programs_are_read() {
        use Clue::{BareHello, NotOffered, Password, Starttls, Token, Unencrypted};
        for (log, wanted, unwanted) in [
            (
                "send: 'ehlo [127.0.1.1]\\r\\n'\nreply: b'250-AUTH LOGIN XOAUTH2\\r\\n'\nsend: 'AUTH LOGIN am9obg==\\r\\n'",
                vec![BareHello, Password],
                Token,
            ),
            ("> AUTH XOAUTH2\n< 334 \n< 535 5.7.3 no", vec![Token], Password),
            (" -> AUTH LOGIN\n<-  334 VXNlcm5hbWU6\n<** 535 5.7.139 no", vec![Password], Token),
            ("--> AUTH PLAIN AGpvaG4=\n<-- 535 no", vec![Password], Token),
            ("DEBUG SMTP: AUTH LOGIN command trace suppressed\nDEBUG SMTP: AUTH LOGIN failed", vec![Password], Token),
            ("DEBUG IMAPS: AUTHENTICATE XOAUTH2 command trace suppressed", vec![Token], Password),
            (
                "DEBUG IMAP: AUTH: PLAIN\nDEBUG IMAP: AUTH: XOAUTH2\nA1 LOGIN user@example.com secret\nA1 NO LOGIN failed.",
                vec![Password],
                Token,
            ),
            ("C: A00000001 AUTHENTICATE XOAUTH2 ********", vec![Token], Password),
            ("SendData: AUTH XOAUTH2 Logging suppressed", vec![Token], Password),
            (
                "fetchmail: IMAP> A0002 LOGIN \"john\" *\nfetchmail: IMAP< A0002 NO [AUTHENTICATIONFAILED]",
                vec![Password],
                Token,
            ),
            ("4> a0001 AUTHENTICATE XOAUTH2 dXNlcj0=", vec![Token], Password),
            (
                "> mail.example.com[192.0.2.1]:587: STARTTLS\n> mail.example.com[192.0.2.1]:587: AUTH PLAIN xxx",
                vec![Starttls, Password],
                Token,
            ),
            (
                "CLIENT -> SERVER: EHLO localhost\nSERVER -> CLIENT: 250-AUTH PLAIN LOGIN\nCLIENT -> SERVER: AUTH XOAUTH2 dXNl",
                vec![BareHello, Token, NotOffered],
                Password,
            ),
            ("POP3> USER john\nPOP3> PASS *\nPOP3< -ERR Authentication failure", vec![Password], Token),
            ("imaplib.IMAP4.error: b'LOGIN failed.'", vec![Password], Token),
            ("connect: host=mail.example.com, port=143, isSSL false", vec![Unencrypted], Token),
        ] {
            let clues = clues(log);
            assert!(wanted.iter().all(|clue| clues.has(*clue)), "{log}: {clues:?} lacks some of {wanted:?}");
            assert!(!clues.has(unwanted), "{log}: {clues:?} has {unwanted:?}");
        }
    }

    #[test]
    fn what_a_server_lists_was_not_used() {
        for text in [
            "250-AUTH LOGIN PLAIN XOAUTH2",
            "S: 250 AUTH PLAIN LOGIN",
            "* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2",
            "POP3< SASL PLAIN XOAUTH2",
            "POP3< USER",
        ] {
            assert_eq!(clues(text), Clues::default(), "{text}");
        }
    }

    #[test]
    fn a_mechanism_that_was_not_listed_is_noticed() {
        let not_offered = "S: 250-AUTH PLAIN LOGIN\nC: AUTH XOAUTH2 dXNlcj0=";
        assert!(clues(not_offered).has(Clue::NotOffered));
        assert!(!clues("S: 250-AUTH PLAIN XOAUTH2\nC: AUTH XOAUTH2 dXNlcj0=").has(Clue::NotOffered));
    }

    #[test]
    fn a_greeting_without_a_host_name_is_noticed() {
        for text in ["C: EHLO localhost", "'ehlo [127.0.0.1]\\r\\n'", "HELO 192.0.2.1", "ehlo DESKTOP-1"] {
            assert!(clues(text).has(Clue::BareHello), "{text}");
        }
        assert!(!clues("C: EHLO mail.example.com").has(Clue::BareHello));
    }

    #[test]
    fn a_line_tells_the_phase_of_its_command() {
        let phases = |text: &str| seen(text.lines().enumerate()).phases;
        assert_eq!(phases("C: RCPT TO:<a@example.com>"), [(0, Phase::Rcpt)]);
        assert_eq!(
            phases("> MAIL FROM:<a@example.com>\n< 250 ok\n> RCPT TO:<b@example.com>"),
            [(0, Phase::Mail), (2, Phase::Rcpt)]
        );
        assert_eq!(phases("550 no (in reply to RCPT TO command)"), [(0, Phase::Rcpt)]);
        assert_eq!(phases("the user may select a mail"), []);
    }
}
