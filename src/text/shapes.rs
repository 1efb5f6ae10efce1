//! What is shaped like a secret, from any sender, whether or not it was seen before.
//!
//! ```text
//! fields     a name with its value: forms, JSON, YAML, XML, options of a command
//! commands   what a client says to a mail server: AUTH, LOGIN, PASS
//! tokens     what a token begins with, or how it is drawn
//! words      the words of a text, with their places
//! ```

mod commands;
mod fields;
mod tokens;
mod words;

pub use fields::names_secret;
pub(super) use tokens::drawn_by_lot;
pub(super) use words::Span;

/// Headers whose value is a secret (RFC 9110 §11.6.2, RFC 6265).
const SECRET_HEADERS: [&str; 4] = ["authorization:", "cookie:", "proxy-authorization:", "set-cookie:"];

/// Everything in `text` that is shaped like a secret, in no order. One pass over the words, each looked at a bounded
/// number of times.
pub(super) fn find(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    headers(text, &mut spans);
    fields::find(text, &mut spans);
    commands::find(text, &mut spans);
    tokens::find(text, &mut spans);
    keys(text, &mut spans);
    spans
}

/// What is a secret in a text that was made of redacted ones: by its own form, not by the name before it. Behind a name there
/// stands a word of ours by then, as in "without --device-code on a managed computer".
pub(super) fn find_by_form(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    keys(text, &mut spans);
    // A sentence that names the first line of a key goes on behind it.
    spans.retain(|(start, _)| text[..*start].ends_with(['\n', '\r']));
    tokens::find(text, &mut spans);
    spans
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

/// A private key in PEM (RFC 7468), from its first line to its last, or to the end.
fn keys(text: &str, spans: &mut Vec<Span>) {
    const LABEL: &str = "PRIVATE KEY-----";
    let mut at = 0;
    while let Some(found) = text[at..].find(LABEL) {
        let start = at + found + LABEL.len();
        let end = text[start..].find("-----END").map_or(text.len(), |end| start + end);
        let lines = text[start..end].trim();
        if !lines.is_empty() {
            let first = lines.as_ptr().addr() - text.as_ptr().addr();
            spans.push((first, first + lines.len()));
        }
        at = text[end..].find(LABEL).map_or(text.len(), |closing| end + closing + LABEL.len());
    }
}

#[cfg(test)]
mod tests;
