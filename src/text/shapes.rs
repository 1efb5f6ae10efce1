//! What is shaped like a secret, from any sender, whether or not it was seen before.

/// A place in a text, as start and end in bytes.
pub(super) type Span = (usize, usize);

/// Fields whose value is a secret wherever they are: forms, URLs, JSON, and text that quotes them.
const SECRET_FIELDS: [&str; 13] = [
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code_verifier",
    "device_code",
    "id_token",
    "id_token_hint",
    "passwd",
    "password",
    "refresh_token",
    "subject_token",
    "user_code",
];

/// Parts of the names that people give to secrets in files of settings.
const SECRET_WORDS: [&str; 5] = ["secret", "password", "passwd", "token", "credential_value"];

/// Whether a key of a file of settings is one that people put secrets behind. `key` is in small letters.
#[must_use]
pub fn names_secret(key: &str) -> bool {
    SECRET_FIELDS.contains(&key) || SECRET_WORDS.iter().any(|word| key.contains(word))
}

/// Fields whose value is a secret in forms and URLs (`code=…`), but not in JSON: `"code":"InvalidAuthenticationToken"` is
/// how Microsoft names an error.
const FORM_FIELDS: [&str; 3] = ["code", "state", "token"];

/// Headers whose value is a secret (RFC 9110 §11.6.2, RFC 6265).
const SECRET_HEADERS: [&str; 4] = ["authorization:", "cookie:", "proxy-authorization:", "set-cookie:"];

/// How secrets of our providers begin, and how long the whole is at least.
const PREFIXES: [(&str, usize); 6] = [
    // A JSON object in base64url: JWT (RFC 7519 §3.1), and the `x5t…` tokens in its likeness.
    ("eyJ", 20),
    // Google: client secret, access token, refresh token.
    ("GOCSPX-", 20),
    ("ya29.", 20),
    ("1//0", 20),
    // age, our vault's key.
    ("AGE-SECRET-KEY-", 20),
    ("age-secret-key-", 20),
];

/// The SASL mechanisms whose response is a secret.
const MECHANISMS: [&str; 10] = [
    "XOAUTH2",
    "OAUTHBEARER",
    "PLAIN",
    "LOGIN",
    "EXTERNAL",
    "CRAM-MD5",
    "DIGEST-MD5",
    "NTLM",
    "GSSAPI",
    "SCRAM-SHA-256",
];

/// Everything in `text` that is shaped like a secret, in no order. One pass over the words, each looked at a bounded
/// number of times.
pub(super) fn find(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    headers(text, &mut spans);
    fields(text, &mut spans);
    let mut previous = ["", ""];
    for (start, word) in words(text) {
        sasl(start, word, previous, &mut spans);
        bearer(start, word, previous[1], &mut spans);
        previous = [previous[1], word];
    }
    tokens(text, &mut spans);
    spans
}

/// Long runs of letters and digits that no word, host name, GUID or date has: of both cases with a digit in it, or in one
/// piece. Nothing says that it is a secret, so this is for texts only in which one is likely.
pub(super) fn drawn_by_lot(text: &str) -> impl Iterator<Item = Span> {
    const LEAST: usize = 20;
    const LEAST_OF_ONE_CASE: usize = 32;
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "-_~+/=".contains(c);
    let looks_drawn = |run: &&str| {
        let has = |kind: fn(&u8) -> bool| run.bytes().any(|byte| kind(&byte));
        let (upper, lower) = (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase));
        let is_one_piece = run.len() >= LEAST_OF_ONE_CASE && run.bytes().all(|byte| byte.is_ascii_alphanumeric());
        run.len() >= LEAST && has(u8::is_ascii_digit) && (upper && lower || (upper || lower) && is_one_piece)
    };
    text.split(move |c| !is_inside(c)).filter(looks_drawn).map(move |run| {
        let start = run.as_ptr().addr() - text.as_ptr().addr();
        (start, start + run.len())
    })
}

/// The runs of `text` between blanks and control characters, with their places.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    text.split(is_gap)
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
}

/// `Authorization: Bearer …` to the end of its line. The scheme stays, it is what one looks for.
fn headers(text: &str, spans: &mut Vec<Span>) {
    for line in text.split(['\n', '\r']) {
        let line_start = line.as_ptr().addr() - text.as_ptr().addr();
        let lower = line.to_ascii_lowercase();
        for header in SECRET_HEADERS {
            let Some(at) = lower.find(header) else { continue };
            let value = at + header.len();
            let value = value + line[value..].len() - line[value..].trim_start().len();
            let scheme = ["bearer ", "basic ", "dpop "].iter().find(|scheme| lower[value..].starts_with(**scheme));
            let secret = value + scheme.map_or(0, |scheme| scheme.len());
            spans.push((line_start + secret, line_start + line.len()));
        }
    }
}

/// `client_secret=…`, `"refresh_token": "…"`, `\"id_token\":\"…\"`.
fn fields(text: &str, spans: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let len = bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let name = &bytes[at..at + len];
        at += len.max(1);
        let is_in = |names: &[&str]| names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
        let always = is_in(&SECRET_FIELDS);
        if (always || is_in(&FORM_FIELDS))
            && let Some(span) = value_after(text, at, always)
        {
            // A name inside a value is not a field: going on behind the value keeps `code=code=code=…` linear.
            at = span.1;
            spans.push(span);
        }
    }
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
    match bytes.get(sign)? {
        b'=' => {}
        b':' if or_json => {}
        _ => return None,
    }
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

/// `AUTH XOAUTH2 dXNlcj0…`, `a1 AUTHENTICATE OAUTHBEARER bixhPX…`. A list such as `AUTH LOGIN PLAIN XOAUTH2` has no
/// character in it that base64 has and a mechanism's name (RFC 4422 §3.1) has not.
fn sasl(start: usize, word: &str, previous: [&str; 2], spans: &mut Vec<Span>) {
    let command = previous[0].trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let is_command = command.eq_ignore_ascii_case("AUTH") || command.eq_ignore_ascii_case("AUTHENTICATE");
    if !is_command || !MECHANISMS.iter().any(|name| name.eq_ignore_ascii_case(previous[1])) {
        return;
    }
    let len = word.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(b)).count();
    if word[..len].bytes().any(|b| b.is_ascii_lowercase() || b"+/=".contains(&b)) {
        spans.push((start, start + len));
    }
}

/// `Bearer 2YotnFZFEjr1zCsicMWpAA`; "bearer authentication failed" is left alone.
fn bearer(start: usize, word: &str, previous: &str, spans: &mut Vec<Span>) {
    let scheme = previous.trim_start_matches("auth=").trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return;
    }
    let len = word.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(b)).count();
    let looks_random = word[..len].bytes().any(|b| b.is_ascii_digit());
    if len >= 16 || len >= 4 && looks_random || previous.starts_with("auth=") && len > 0 {
        spans.push((start, start + len));
    }
}

/// Secrets known by how they begin, and Microsoft's client secrets, which have `Q~` after three characters and a digit.
fn tokens(text: &str, spans: &mut Vec<Span>) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    for run in text.split(|c: char| !is_token(c)).filter(|run| run.len() >= 20) {
        let start = run.as_ptr().addr() - text.as_ptr().addr();
        // `token=eyJ…`, `user/eyJ…`: a prefix may follow a sign. The rest of the run goes with it.
        let found = PREFIXES
            .iter()
            .filter_map(|(prefix, least)| run.find(prefix).filter(|at| run.len() - at >= *least))
            .chain(run.find("Q~").filter(|at| *at >= 4 && run.len() >= 37).map(|at| at - 4))
            .min();
        if let Some(at) = found {
            spans.push((start + at, start + run.len()));
        }
    }
}
