//! What a token begins with, and how it is drawn.

use super::words::Span;

/// How secrets of the providers begin, and how long the whole is at least.
const PREFIXES: [(&str, usize); 18] = [
    // A JSON object in base64url: JWT (RFC 7519 §3.1), and the `x5t…` tokens in its likeness.
    ("eyJ", 20),
    // Google: client secret, access token, refresh token, authorization code.
    ("GOCSPX-", 20),
    ("ya29.", 20),
    ("1//0", 20),
    ("4/0A", 20),
    // Microsoft: refresh tokens and authorization codes of work accounts, and the older ones.
    ("0.A", 60),
    ("1.A", 60),
    ("OAQABAA", 60),
    ("AQABAAA", 60),
    // Of personal accounts.
    ("M.C1", 20),
    ("M.C5", 20),
    ("M.R3", 20),
    ("EwB", 200),
    // Zoho, whose two numbers of 128 bits follow; its client IDs are shorter.
    ("1000.", 60),
    // Yandex.
    ("y0_", 20),
    // Fastmail.
    ("fmu1-", 20),
    // age, our vault's key.
    ("AGE-SECRET-KEY-", 20),
    ("age-secret-key-", 20),
];

/// Secrets known by how they begin, and Microsoft's client secrets, which have `Q~` after three characters and a digit.
pub(super) fn find(text: &str, spans: &mut Vec<Span>) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    for run in text.split(|c: char| !is_token(c)).filter(|run| run.len() >= 20) {
        let start = run.as_ptr().addr() - text.as_ptr().addr();
        // `token=eyJ…`, `user/eyJ…`: a prefix may follow a sign. The rest of the run goes with it.
        let found = PREFIXES
            .iter()
            .filter_map(|(prefix, least)| at_sign(run, prefix).filter(|at| run.len() - at >= *least))
            .chain(run.find("Q~").filter(|at| *at >= 4 && run.len() >= 37).map(|at| at - 4))
            .min();
        if let Some(at) = found {
            // Tokens of Microsoft's personal accounts have these signs within them.
            let behind = text.as_bytes()[start + run.len()..].iter().take(2_048);
            let more = behind.take_while(|b| b"!*$".contains(b) || is_token(char::from(**b)));
            spans.push((start + at, start + run.len() + more.count()));
        }
    }
}

/// Where `prefix` is in `run`; one that is short or begins with a digit only where no letter or digit is before it.
fn at_sign(run: &str, prefix: &str) -> Option<usize> {
    let is_weak = prefix.starts_with(|c: char| c.is_ascii_digit()) || prefix == "EwB";
    let begins = |at: &usize| !is_weak || *at == 0 || !run.as_bytes()[at - 1].is_ascii_alphanumeric();
    run.match_indices(prefix).map(|(at, _)| at).find(begins)
}

/// Long runs of letters and digits that no word, host name, GUID or date has: of both cases with a digit in it, or in one
/// piece. Nothing says that it is a secret, so this is for texts only in which one is likely.
pub(in crate::text) fn drawn_by_lot(text: &str) -> impl Iterator<Item = Span> {
    const LEAST: usize = 20;
    const LEAST_OF_ONE_CASE: usize = 32;
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "-_~+/=".contains(c);
    let looks_drawn = |run: &str| {
        let has = |kind: fn(&u8) -> bool| run.bytes().any(|byte| kind(&byte));
        let (upper, lower) = (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase));
        let is_one_piece = run.len() >= LEAST_OF_ONE_CASE && run.bytes().all(|byte| byte.is_ascii_alphanumeric());
        run.len() >= LEAST
            && has(u8::is_ascii_digit)
            && (upper && lower || (upper || lower) && is_one_piece)
            && changes(run) * 5 >= run.len()
    };
    // A path is not drawn because it is long; a part of it may be.
    let drawn = move |run| std::iter::once(run).chain(str::split(run, '/')).find(|piece| looks_drawn(piece));
    text.split(move |c| !is_inside(c)).filter_map(drawn).map(move |run| {
        let start = run.as_ptr().addr() - text.as_ptr().addr();
        (start, start + run.len())
    })
}

/// How often the kind of character changes in a way that the words of a name do not: "OAuth2AuthenticationException" has
/// few of these, and what is drawn by lot has one in every two or three characters.
fn changes(run: &str) -> usize {
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    let pairs = run.as_bytes().windows(2).map(|pair| (kind(pair[0]), kind(pair[1])));
    // A capital begins a word, and a sign joins two.
    pairs
        .filter(|(before, after)| before != after && *before != 3 && !matches!((before, after), (2, 1) | (_, 3)))
        .count()
}
