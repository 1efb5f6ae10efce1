//! Names with a value behind them: forms, URLs, JSON, YAML, XML, settings, options of a command.

use super::words::{Span, words};

/// Fields whose value is a secret wherever they are, without what names are joined with; in any case of letters.
const SECRET_FIELDS: [&str; 30] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apppassword",
    "assertion",
    "authcode",
    "authorizationcode",
    "authtoken",
    "clientassertion",
    "clientsecret",
    "codeverifier",
    "devicecode",
    "idtoken",
    "idtokenhint",
    "imappassword",
    "logintoken",
    "mailpassword",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "saslpassword",
    "secretkey",
    "sessiontoken",
    "smtppassword",
    "subjecttoken",
    "usercode",
    "userpassword",
    "xapikey",
];

/// Parts of the names that people give to secrets in files of settings.
const SECRET_WORDS: [&str; 5] = ["secret", "password", "passwd", "token", "credential_value"];

/// Whether a key of a file of settings is one that people put secrets behind. `key` is in small letters.
#[must_use]
pub fn names_secret(key: &str) -> bool {
    is_secret(key.as_bytes()) || SECRET_WORDS.iter().any(|word| key.contains(word))
}

/// Fields whose value is a secret in forms and URLs (`code=…`), but not in JSON: `"code":"InvalidAuthenticationToken"` is
/// how Microsoft names an error.
const FORM_FIELDS: [&str; 3] = ["code", "state", "token"];

/// Names that prose has as well: what is behind them is a secret where it looks drawn.
const SHORT_FIELDS: [&str; 4] = ["pass", "pwd", "secret", "token"];

/// Headers, where they are fields of a logged request.
const HEADER_FIELDS: [&str; 4] = ["authorization", "cookie", "proxyauthorization", "setcookie"];

/// What stands behind a name where prose speaks of it, and not where it has a value.
const PROSE: [&str; 40] = [
    "a",
    "an",
    "and",
    "are",
    "authentication",
    "cannot",
    "changed",
    "could",
    "empty",
    "error",
    "expired",
    "failed",
    "failure",
    "false",
    "has",
    "incorrect",
    "invalid",
    "is",
    "malformed",
    "mismatch",
    "missing",
    "must",
    "no",
    "none",
    "not",
    "null",
    "ok",
    "or",
    "refused",
    "rejected",
    "required",
    "revoked",
    "the",
    "this",
    "true",
    "undefined",
    "unknown",
    "was",
    "wrong",
    "yes",
];

/// `client_secret=…`, `"refresh_token": "…"`, `\"id_token\":\"…\"`, `<password>…</password>`, `--password …`.
pub(super) fn find(text: &str, spans: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let is_part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'_' | b'-');
        let len = bytes[at..].iter().take_while(is_part).count();
        at += len.max(1);
        // No name is longer, and what is compared stays short.
        if len == 0 || len > 64 {
            continue;
        }
        if let Some(value) = value_of(text, start, at) {
            // A name inside a value is not a field: going on behind the value keeps `code=code=code=…` linear.
            at = value.1;
            spans.push(value);
        }
    }
    options(text, spans);
    addresses(text, spans);
}

/// The secret behind the name from `start` to `end`, if it has one.
fn value_of(text: &str, start: usize, end: usize) -> Option<Span> {
    let name = &text.as_bytes()[start..end];
    let is_in = |names: &[&str]| names.iter().any(|known| is_called(name, known));
    if is_secret(name) {
        return value_after(text, end, true)
            .or_else(|| element(text, start, end))
            .filter(|span| !is_prose(text, *span))
            .map(|span| with_groups(text, span));
    }
    if is_in(&HEADER_FIELDS) && text[..start].ends_with(['"', '\'']) {
        return value_after(text, end, true);
    }
    let is_query = text[..start].ends_with(['?', '&']);
    if is_in(&FORM_FIELDS)
        && let Some(span) = value_after(text, end, false)
        && (is_query || is_called(name, "token") || !is_name(&text[span.0..span.1]))
        && !is_prose(text, span)
    {
        return Some(span);
    }
    if !is_in(&SHORT_FIELDS) {
        return None;
    }
    value_after(text, end, true).filter(|span| looks_drawn(&text[span.0..span.1]))
}

/// Whether `name` is one of [`SECRET_FIELDS`].
fn is_secret(name: &[u8]) -> bool {
    SECRET_FIELDS.iter().any(|known| is_called(name, known))
}

/// Whether `name` is `known` in small letters and without what joins its words.
fn is_called(name: &[u8], known: &str) -> bool {
    let mut letters = name.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
    known.bytes().all(|byte| letters.next() == Some(byte)) && letters.next().is_none()
}

/// Whether it is the name of an error or a state: letters alone, as no code is drawn.
fn is_name(value: &str) -> bool {
    value.len() <= 40 && value.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.'))
}

/// Whether a sentence goes on there, and no value stands there.
fn is_prose(text: &str, (start, end): Span) -> bool {
    let word = text[start..end].trim_end_matches(['.', ':', '!']);
    PROSE.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether it is more than a word. What is longer than any word is taken for it without a look, so that no name is looked
/// at again within it.
fn looks_drawn(value: &str) -> bool {
    if value.len() > 64 {
        return true;
    }
    let has = |kind: fn(&u8) -> bool| value.bytes().any(|byte| kind(&byte));
    value.len() >= 8 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && !value.starts_with("AADSTS")
}

/// The same with the rest of a password in four groups of four letters, as Google and Yahoo show theirs.
fn with_groups(text: &str, (start, end): Span) -> Span {
    const GROUPS: usize = 4 * 4 + 3;
    let is_sign = |(at, byte): (usize, &u8)| if at % 5 == 4 { *byte == b' ' } else { byte.is_ascii_lowercase() };
    let rest = &text.as_bytes()[start..];
    let is_over = rest.get(GROUPS).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let are_groups = rest.len() >= GROUPS && is_over && rest[..GROUPS].iter().enumerate().all(is_sign);
    (start, if are_groups { start + GROUPS } else { end })
}

/// The value that follows a field's name ending at `at`.
fn value_after(text: &str, at: usize, or_json: bool) -> Option<Span> {
    let bytes = text.as_bytes();
    // Bounded, so that a run of blanks or backslashes after each of many names does not make this quadratic.
    let skip = |from: usize, set: &[u8]| {
        let len = bytes[from.min(bytes.len())..].iter().take(16).take_while(|b| set.contains(b)).count();
        from + len
    };
    let quoted = skip(at, b"\\\"'");
    let sign = skip(quoted, b" \t");
    // `key="password" value="…"`.
    let attribute = bytes.get(sign..sign + 6).filter(|word| quoted > at && word.eq_ignore_ascii_case(b"value="));
    let sign = attribute.map_or(sign, |word| sign + word.len() - 1);
    match bytes.get(sign)? {
        b'=' => {}
        b':' if or_json => {}
        _ => return None,
    }
    // `=>` of Ruby and PHP, `:=` of Go.
    let sign = sign + usize::from(matches!(bytes.get(sign..sign + 2), Some(b"=>" | b":=")));
    let opening = skip(sign + 1, b" \t");
    let value = skip(opening, b"\\\"'");
    let len = value_len(&bytes[value..], &bytes[opening..value]);
    // "code=535" in a message is a number to read, not a code to redeem.
    let is_number = !or_json && len <= 6 && bytes[value..value + len].iter().all(u8::is_ascii_digit);
    (len > 0 && !is_number).then_some((value, value + len))
}

/// How long a value is that began with the quotes `opening`.
fn value_len(value: &[u8], opening: &[u8]) -> usize {
    if opening.is_empty() {
        return value.iter().take_while(|b| !b"&\"' \t\r\n,;})<>".contains(b)).count();
    }
    // `\"` ends what `\"` began, and means itself in what `"` began.
    let is_nested = opening.contains(&b'\\');
    let mut len = 0;
    while let Some(&byte) = value.get(len) {
        match byte {
            b'"' | b'\'' => break,
            b'\\' if is_nested && value.get(len + 1).is_some_and(|b| matches!(b, b'"' | b'\'' | b'\\')) => break,
            b'\\' => len += 2,
            _ => len += 1,
        }
    }
    len.min(value.len())
}

/// What the XML element called by the name from `start` to `end` holds.
fn element(text: &str, start: usize, end: usize) -> Option<Span> {
    let is_one = text[..start].ends_with('<') && text[end..].starts_with('>');
    let value = text[end..].get(1..).filter(|_| is_one)?;
    let len = value.bytes().take_while(|b| !b"<\r\n".contains(b)).count();
    (len > 0).then_some((end + 1, end + 1 + len))
}

/// `--password …`, `--client-secret …`, `-u name:…`.
fn options(text: &str, spans: &mut Vec<Span>) {
    let mut option = "";
    for (start, word) in words(text) {
        let name = option.trim_start_matches('-');
        if option.starts_with("--") && is_secret(name.as_bytes()) && !is_prose(text, (start, start + word.len())) {
            spans.push((start, start + word.len()));
        }
        if matches!(option, "-u" | "--user")
            && let Some((user, secret)) = word.split_once(':')
            && !secret.is_empty()
        {
            spans.push((start + user.len() + 1, start + word.len()));
        }
        option = word;
    }
}

/// The password in an address, `scheme://user:…@host` (RFC 3986 §3.2.1).
fn addresses(text: &str, spans: &mut Vec<Span>) {
    for (found, _) in text.match_indices("://") {
        let start = found + 3;
        let is_end = |b: &u8| b.is_ascii_whitespace() || b"/\"'<>?#".contains(b);
        let authority = text.as_bytes()[start..].iter().take(512).take_while(|b| !is_end(b)).count();
        let authority = &text.as_bytes()[start..start + authority];
        let Some(sign) = authority.iter().rposition(|b| *b == b'@') else { continue };
        if let Some(colon) = authority[..sign].iter().position(|b| *b == b':').filter(|colon| colon + 1 < sign) {
            spans.push((start + colon + 1, start + sign));
        }
    }
}
