//! The commands that a client's log shows, and the mechanisms.

/// Mechanisms that send a user name and a password, or prove to know it.
const PASSWORD_MECHANISMS: [&str; 7] =
    ["plain", "login", "cram-md5", "digest-md5", "ntlm", "scram-sha-1", "scram-sha-256"];

/// Mechanisms that send an access token.
pub(super) const TOKEN_MECHANISMS: [&str; 2] = ["xoauth2", "oauthbearer"];

/// A client's command in a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command<'a> {
    /// Its name, in lower case.
    pub verb: &'a str,
    /// The first word behind it; empty where there is none.
    pub argument: &'a str,
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

/// Arrows and words with which programs show in which direction a line goes.
const ARROWS: [&str; 9] = ["->", " > ", "> ", "<~", "c: ", ">> ", ">>> ", "~>", "send"];

/// More words than these are not a conversation.
const MOST_WORDS: usize = 2_000;

/// The commands that a line in lower case shows: by its tag, its arrow or its words.
pub(super) fn commands(lower: &str) -> Vec<Command<'_>> {
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | ')' | ',' | '<' | '>');
    let words: Vec<&str> = lower.split(is_edge).filter(|word| !word.is_empty()).take(MOST_WORDS).collect();
    let has_arrow = ARROWS.iter().any(|arrow| lower.contains(arrow));
    let mut commands = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let bare = word.trim_end_matches([':', '.', ';', '\\']);
        let Some(verb) = VERBS.iter().find(|verb| **verb == bare) else { continue };
        // Java's library lists each mechanism that is offered in a line such as "AUTH: PLAIN".
        if word.ends_with(':') && *verb == "auth" {
            continue;
        }
        let behind = |by: usize| words.get(at + by).map_or("", |word| word.trim_end_matches(['.', ';', '\\']));
        let around = Around {
            before: at.checked_sub(1).map_or("", |before| words[before]),
            argument: behind(1),
            next: behind(2),
            has_arrow,
            is_alone: words.len() == 1,
        };
        if around.shows(verb) {
            commands.push(Command { verb, argument: around.argument });
        }
    }
    commands
}

/// What is around a word in its line.
struct Around<'a> {
    before: &'a str,
    argument: &'a str,
    next: &'a str,
    has_arrow: bool,
    is_alone: bool,
}

impl Around<'_> {
    /// Whether `verb` is a command here, and neither a server's list nor prose.
    fn shows(&self, verb: &str) -> bool {
        let Self { before, argument, .. } = self;
        let is_reply = before.starts_with("250") || matches!(*before, "ok" | "no" | "bad");
        let is_led = before.is_empty() || before.ends_with(':') || is_tag(before) || LEADS.contains(before);
        match verb {
            // A list goes on with further mechanisms.
            "auth" | "authenticate" => !is_reply && is_mechanism(argument) && !is_mechanism(self.next),
            "mail" => argument.starts_with("from"),
            "rcpt" => argument.starts_with("to"),
            "ehlo" | "helo" => !argument.is_empty() && !is_reply,
            "login" => is_tag(before) && !matches!(*argument, "" | "failed" | "completed"),
            _ => !is_reply && (is_led && (self.has_arrow || is_tag(before)) || self.is_alone),
        }
    }
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
pub(super) fn listed(lower: &str) -> impl Iterator<Item = &str> {
    let is_list =
        lower.contains("auth=") || lower.contains("250-auth") || lower.contains("250 auth") || lower.contains("sasl ");
    let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter(move |word| is_list && is_mechanism(word))
}

/// Whether `word` is a mechanism that is known here.
pub(super) fn is_mechanism(word: &str) -> bool {
    PASSWORD_MECHANISMS.contains(&word) || TOKEN_MECHANISMS.contains(&word)
}
