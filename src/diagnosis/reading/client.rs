//! What the client did, read from its lines: a log of a conversation shows them beside the server's.

use super::clue::{Clue, Clues};
use super::phase::Phase;

/// Mechanisms that send a user name and a password, or prove to know it.
const PASSWORD_MECHANISMS: [&str; 7] =
    ["plain", "login", "cram-md5", "digest-md5", "ntlm", "scram-sha-1", "scram-sha-256"];

/// Mechanisms that send an access token.
const TOKEN_MECHANISMS: [&str; 2] = ["xoauth2", "oauthbearer"];

/// Words of a text in lower case that show what was done, wherever they stand.
const SIGNS: [(Clue, &[&str]); 8] = [
    (
        Clue::Password,
        &[
            "imap_open(",
            "imap_login_user",
            "retrying plain authentication",
            "retrying login authentication",
            "authenticate plain command",
            "authenticate login command",
            "password command failed",
            "auth [login]",
            "auth [plain]",
            "authmech [login]",
            "authmech [plain]",
            "smtp.login(",
            "server.login(",
            "imap.login(",
            "mail.login(",
            "basic authentication",
            "basic auth ",
        ],
    ),
    (
        Clue::Token,
        &[
            "authenticate xoauth2",
            "authenticate oauthbearer",
            "authmech [xoauth2]",
            "auth_type=xoauth2",
            "auth_type: xoauth2",
            "mechanism xoauth2",
            "mechanism: xoauth2",
            "sasl xoauth2",
            "using xoauth2",
            "xoauth2 authentication",
            "saslmechanismoauth",
            "bearer token",
        ],
    ),
    (
        Clue::Unencrypted,
        &[
            "isssl false",
            "ssl=false,starttls=false",
            "encryption: none",
            "use_ssl: false",
            "ssl: false",
            "/notls",
            "/novalidate-cert/notls",
        ],
    ),
    (
        Clue::TlsAtOnce,
        &[
            "ssl://",
            "isssl true",
            "imaps://",
            "smtps://",
            "pop3s://",
            "/imap/ssl",
            "/pop3/ssl",
            "ssl=true",
            "sslonconnect",
            "smtp_ssl(",
        ],
    ),
    (Clue::Starttls, &["starttls=true", "/tls}", "smtp+starttls", "starttls command", "secureSocketOptions.starttls"]),
    (
        Clue::AppOnly,
        &[
            "client_credentials",
            "clientcredential",
            "acquiretokenforclient",
            "acquire_token_for_client",
            "/.default",
            "app-only",
            "application permission",
            "serviceprincipal",
        ],
    ),
    (
        Clue::Personal,
        &[
            "live.com",
            "/consumers/",
            "9188040d-6c67-4c5b-b112-36a304b66dad",
            "@outlook.com",
            "@hotmail.",
            "@live.",
            "@msn.com",
            "personal microsoft account",
            "personal account",
        ],
    ),
    (
        Clue::Refresh,
        &["refresh_token", "refreshtoken", "refresh token", "refreshing", "tokenstore::refresh", "acquiretokensilent"],
    ),
];

/// Words that say that a sign-in worked.
const WORKED: [&str; 7] = [
    "authenticate completed",
    "login completed",
    "235 2.7.0",
    "authentication successful",
    "session invalidated",
    "successfully logged in",
    "successfully authenticated",
];

/// Words that say that something is tried once more.
const AGAIN: [&str; 4] = ["retry", "retrying", "again", "attempt 2"];

/// What a text shows, line by line.
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
    let (mut used, mut offered): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (number, line) in lines {
        let lower = line.to_ascii_lowercase();
        for (clue, signs) in SIGNS {
            if !seen.clues.has(clue) && signs.iter().any(|sign| lower.contains(sign)) {
                seen.clues = seen.clues.and(Clues::of(clue));
            }
        }
        // Exchange names the command that it refuses; "Login failed" is what programs say of any.
        if line.contains("LOGIN failed") {
            seen.clues = seen.clues.and(Clues::of(Clue::Password));
        }
        if WORKED.iter().any(|sign| lower.contains(sign)) {
            seen.clues = seen.clues.and(Clues::of(Clue::WorkedBefore));
            seen.worked.push(number);
        }
        if AGAIN.iter().any(|sign| lower.contains(sign)) {
            seen.retries.push(number);
        }
        for command in commands(&lower) {
            if let Some(phase) = Phase::of(command.verb) {
                seen.phases.push((number, phase));
            }
            match (command.verb, command.argument) {
                ("auth" | "authenticate", mechanism) if is_mechanism(mechanism) => used.push(mechanism.to_owned()),
                ("login" | "pass", argument) if !argument.is_empty() => {
                    seen.clues = seen.clues.and(Clues::of(Clue::Password));
                }
                ("ehlo" | "helo", name) if is_bare(name) => seen.clues = seen.clues.and(Clues::of(Clue::BareHello)),
                ("starttls" | "stls", _) => seen.clues = seen.clues.and(Clues::of(Clue::Starttls)),
                _ => {}
            }
        }
        offered.extend(listed(&lower).map(str::to_owned));
    }
    for mechanism in &used {
        let clue = if TOKEN_MECHANISMS.contains(&mechanism.as_str()) { Clue::Token } else { Clue::Password };
        seen.clues = seen.clues.and(Clues::of(clue));
        if !offered.is_empty() && !offered.contains(mechanism) {
            seen.clues = seen.clues.and(Clues::of(Clue::NotOffered));
        }
    }
    seen
}

fn is_mechanism(word: &str) -> bool {
    PASSWORD_MECHANISMS.contains(&word) || TOKEN_MECHANISMS.contains(&word)
}

/// Whether a mail server would not take it for a full host name (RFC 5321 §4.1.1.1, §4.1.3).
fn is_bare(name: &str) -> bool {
    !name.is_empty() && (name.starts_with('[') || !name.contains('.') || name.parse::<std::net::IpAddr>().is_ok())
}

/// A client's command in a line.
#[derive(Debug, PartialEq, Eq)]
struct Command<'a> {
    verb: &'a str,
    /// The first word behind it; empty where there is none.
    argument: &'a str,
}

/// Words that begin a command, and what must follow them; others would be found in prose.
const VERBS: [&str; 18] = [
    "ehlo",
    "helo",
    "capability",
    "capa",
    "starttls",
    "stls",
    "auth",
    "authenticate",
    "login",
    "user",
    "pass",
    "mail",
    "rcpt",
    "data",
    "examine",
    "select",
    "stat",
    "uidl",
];

/// Words in which a program says that a command follows.
const LEADS: [&str; 6] = ["-", "=", "--", "to", "command", "-->"];

/// The commands that the line shows: by its tag, its arrow or its words.
fn commands(lower: &str) -> Vec<Command<'_>> {
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | ')' | ',' | '<' | '>');
    let words: Vec<&str> = lower.split(is_edge).filter(|word| !word.is_empty()).take(64).collect();
    let mut commands = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let bare = word.trim_end_matches("\\r\\n").trim_end_matches([':', '.', ';', '\\']);
        let Some(verb) = VERBS.iter().find(|verb| **verb == bare) else { continue };
        // Java's library lists each mechanism that is offered in a line such as "AUTH: PLAIN".
        if word.ends_with(':') && *verb == "auth" {
            continue;
        }
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        let argument =
            words.get(at + 1).map_or("", |word| word.trim_end_matches("\\r\\n").trim_end_matches(['.', ';', '\\']));
        if is_command(lower, verb, before, argument) {
            commands.push(Command { verb, argument });
        }
    }
    commands
}

/// Whether `verb` is a command here, and neither a server's list nor prose.
fn is_command(lower: &str, verb: &str, before: &str, argument: &str) -> bool {
    let is_reply = before.starts_with("250") || before == "ok" || before == "no" || before == "bad";
    let is_led = before.is_empty() || before.ends_with(':') || is_tag(before) || LEADS.contains(&before);
    let is_arrow =
        ["->", " > ", "> ", "<~", "c: ", ">> ", ">>> ", "~>", "send"].iter().any(|arrow| lower.contains(arrow));
    match verb {
        "auth" | "authenticate" => {
            !is_reply && is_mechanism(argument) && !lower.contains(&format!("{verb} {argument} {}", other(argument)))
        }
        "mail" => argument.starts_with("from"),
        "rcpt" => argument.starts_with("to"),
        "ehlo" | "helo" => !argument.is_empty() && !is_reply,
        "login" => is_tag(before) && !matches!(argument, "" | "failed" | "completed" | "failed."),
        "user" | "pass" | "capability" | "capa" | "starttls" | "stls" | "data" | "examine" | "select" | "stat"
        | "uidl" => !is_reply && (is_led && (is_arrow || is_tag(before)) || lower.trim() == verb),
        _ => false,
    }
}

/// What a list of mechanisms goes on with behind `mechanism`.
fn other(mechanism: &str) -> &'static str {
    if mechanism == "plain" { "login" } else { "plain" }
}

/// Whether `word` is the tag of a command (RFC 9051 §2.2.1), as clients choose them.
fn is_tag(word: &str) -> bool {
    word.len() <= 12
        && word.ends_with(|c: char| c.is_ascii_digit())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        || word == "a"
        || word == "."
}

/// The mechanisms that a line of the server lists.
fn listed(lower: &str) -> impl Iterator<Item = &str> {
    let is_list =
        lower.contains("auth=") || lower.contains("250-auth") || lower.contains("250 auth") || lower.contains("sasl ");
    let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter(move |word| is_list && is_mechanism(word))
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
            "Host2 failure: Error login on [h] with user [u] auth [LOGIN]: 2 NO LOGIN failed.",
        ] {
            let clues = clues(text);
            assert!(clues.has(Clue::Password) && !clues.has(Clue::Token), "{text}: {clues:?}");
        }
        for text in [
            "C: AUTH XOAUTH2 dXNlcj0=",
            "A01 AUTHENTICATE XOAUTH2",
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
