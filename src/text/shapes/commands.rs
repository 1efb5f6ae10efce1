//! What a client says to a mail server when it signs in, and to a web server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::words::{Span, words};

/// The SASL mechanisms whose response is a secret.
const MECHANISMS: [&str; 11] = [
    "XOAUTH2",
    "OAUTHBEARER",
    "PLAIN",
    "LOGIN",
    "EXTERNAL",
    "CRAM-MD5",
    "DIGEST-MD5",
    "NTLM",
    "GSSAPI",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
];

/// "Password:" in base64, with which a server asks for it in AUTH LOGIN.
const ASKS_PASSWORD: &str = "UGFzc3dvcmQ6";

/// What begins a line of a client's in a log.
const MARKERS: [&str; 8] = ["C:", "c:", ">", ">>", ">>>", "->", "=>", "POP3>"];

/// What follows the name of a command where prose speaks of it.
const PROSE: [&str; 12] =
    ["command", "failed", "is", "was", "not", "and", "or", "with", "for", "to", "rejected", "authentication"];

/// Secrets in commands and challenges.
pub(super) fn find(text: &str, spans: &mut Vec<Span>) {
    let mut previous = ["", "", ""];
    let mut is_password_next = false;
    let mut end = 0;
    for (start, word) in words(text) {
        let begins_line = text[end..start].contains(['\n', '\r']) || end == 0;
        end = start + word.len();
        sasl(start, word, [previous[1], previous[2]], spans);
        plain(start, word, spans);
        scheme(start, word, previous[2], spans);
        login(text, start, word, previous[2], spans);
        pass(text, start, word, (previous[2], begins_line), spans);
        // "C:" and the like come between the question and the answer.
        if is_password_next && !word.ends_with([':', '>']) {
            if is_base64(word) {
                spans.push((start, end));
            }
            is_password_next = false;
        }
        is_password_next |= word.trim_matches(['\'', '"', '\\']).starts_with(ASKS_PASSWORD);
        previous = [previous[1], previous[2], word];
    }
}

/// `AUTH XOAUTH2 dXNlcj0…`, `a1 AUTHENTICATE OAUTHBEARER bixhPX…`. In a list such as `AUTH LOGIN PLAIN XOAUTH2` and in a
/// sentence such as "AUTHENTICATE PLAIN failed" no base64 follows.
fn sasl(start: usize, word: &str, previous: [&str; 2], spans: &mut Vec<Span>) {
    let command = previous[0].trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let is_command = command.eq_ignore_ascii_case("AUTH") || command.eq_ignore_ascii_case("AUTHENTICATE");
    if !is_command || !MECHANISMS.iter().any(|name| name.eq_ignore_ascii_case(previous[1])) {
        return;
    }
    let len = word.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(b)).count();
    if is_response(&word[..len]) {
        spans.push((start, start + len));
    }
}

/// Whether it is base64 and no word: words have no digits, and say nothing that can be read when they are decoded.
fn is_response(word: &str) -> bool {
    let has = |kind: fn(u8) -> bool| word.bytes().any(kind);
    if !has(|b| b.is_ascii_lowercase() || b"+/=".contains(&b)) {
        return false;
    }
    has(|b| b.is_ascii_digit() || b"+/=".contains(&b)) || decodes_to_text(word)
}

/// A response of PLAIN that nothing announces: a user name and a password, each behind a zero (RFC 4616 §2).
fn plain(start: usize, word: &str, spans: &mut Vec<Span>) {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let bare = word.trim_matches(|c| !is_inside(c));
    if !(12..1_024).contains(&bare.len()) || !bare.chars().all(is_inside) {
        return;
    }
    let bytes = decoded(bare).unwrap_or_default();
    let mut parts = bytes.split(|byte| *byte == 0);
    let is_text =
        |part: Option<&[u8]>| part.is_some_and(|part| !part.is_empty() && !part.iter().any(u8::is_ascii_control));
    if parts.next().is_some_and(|authority| authority.is_ascii()) && is_text(parts.next()) && is_text(parts.next()) {
        let lead = word.len() - word.trim_start_matches(|c| !is_inside(c)).len();
        spans.push((start + lead, start + lead + bare.len()));
    }
}

fn is_base64(word: &str) -> bool {
    word.len() >= 4 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=\\rn\"'".contains(&b))
}

fn decoded(word: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(word.trim_end_matches('=')).ok()
}

/// Whether it holds printable characters and what separates the parts of a response.
fn decodes_to_text(word: &str) -> bool {
    decoded(word)
        .is_some_and(|bytes| bytes.iter().all(|b| b.is_ascii_graphic() || matches!(b, b' ' | 0 | 1)) && bytes.len() > 2)
}

/// `Bearer 2YotnFZFEjr1zCsicMWpAA`, `Basic aWQ6cHc=`; "bearer authentication failed" is left alone.
fn scheme(start: usize, word: &str, previous: &str, spans: &mut Vec<Span>) {
    let is_response = previous.contains("auth=");
    let scheme = previous.rsplit("auth=").next().unwrap_or_default();
    let scheme = scheme.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let len = word.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(b)).count();
    let is_secret = if scheme.eq_ignore_ascii_case("Bearer") {
        let looks_random = word[..len].bytes().any(|b| b.is_ascii_digit());
        len >= 16 || len >= 4 && looks_random || is_response && len > 0
    } else if scheme.eq_ignore_ascii_case("Zoho-oauthtoken") {
        len > 0
    } else {
        // RFC 7617 §2: name and password, with a colon between them.
        let holds_colon = |bytes: Vec<u8>| bytes.contains(&b':') && bytes.iter().all(|b| !b.is_ascii_control());
        scheme.eq_ignore_ascii_case("Basic") && decoded(&word[..len]).is_some_and(holds_colon)
    };
    if is_secret {
        spans.push((start, start + len));
    }
}

/// The password of `a1 LOGIN name password` (RFC 9051 §6.2.3).
fn login(text: &str, start: usize, word: &str, tag: &str, spans: &mut Vec<Span>) {
    let tag = tag.rsplit(['\'', '"']).next().unwrap_or_default();
    let is_tag = tag.ends_with(|c: char| c.is_ascii_digit())
        && tag.len() <= 16
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
        || matches!(tag, "a" | "." | "A");
    if !is_tag || !word.eq_ignore_ascii_case("LOGIN") {
        return;
    }
    let line_end = line_end(text, start);
    let Some((_, behind)) = argument(text, start + word.len(), line_end) else { return };
    let Some((password, behind)) = argument(text, behind, line_end) else { return };
    // A sentence goes on: "2 LOGIN failed for all users".
    if text[behind..line_end].trim_matches(['\'', '"', '\\', 'r', 'n', ' ']).is_empty() {
        spans.push(password);
    }
}

/// Where the line ends that holds the command at `start`; none is longer (RFC 9051 §4, RFC 5321 §4.5.3.1.4), and what is
/// looked at stays short.
fn line_end(text: &str, start: usize) -> usize {
    const LONGEST: usize = 1_024;
    let len = text.as_bytes()[start..].iter().take(LONGEST).take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
    (start + len..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// The argument behind `at`, an atom or a quoted string (RFC 9051 §4.3), and what comes behind it.
fn argument(text: &str, at: usize, line_end: usize) -> Option<(Span, usize)> {
    let line = text.get(at..line_end)?;
    let start = line_end - line.trim_start_matches(' ').len();
    let rest = &text[start..line_end];
    let (from, len, quote) = match rest.strip_prefix('"') {
        Some(inside) => {
            let bytes = inside.as_bytes();
            let ends = |at: &usize| bytes[*at] == b'"' && (*at == 0 || bytes[*at - 1] != b'\\');
            (start + 1, (0..bytes.len()).find(ends)?, 1)
        }
        None => (start, rest.find([' ', '\\', '\'']).unwrap_or(rest.len()), 0),
    };
    (len > 0).then_some(((from, from + len), from + len + quote))
}

/// The password of `PASS password` (RFC 1939 §7), which may hold blanks.
fn pass(text: &str, start: usize, word: &str, (before, begins_line): (&str, bool), spans: &mut Vec<Span>) {
    let is_marked = MARKERS.contains(&before);
    let is_command = word == "PASS" && (begins_line || is_marked) || word.eq_ignore_ascii_case("PASS") && is_marked;
    if !is_command {
        return;
    }
    let line_end = line_end(text, start);
    let rest = &text[start + word.len()..line_end];
    let first = rest.split_whitespace().next().unwrap_or_default();
    if !first.is_empty() && !PROSE.contains(&first) {
        let lead = rest.len() - rest.trim_start().len();
        spans.push((start + word.len() + lead, start + word.len() + rest.trim_end().len()));
    }
}
