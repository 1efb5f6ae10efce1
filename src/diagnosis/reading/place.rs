//! Whose servers a text is from, and where in the chain.

use super::origin::Origin;
use crate::profile::{Family, Protocol};

/// The families that `lower`, a text in lower case, names.
pub(super) fn families(lower: &str) -> Vec<Family> {
    Family::all().into_iter().filter(|family| family.is_named_in(lower)).collect()
}

/// Where `text` seems to come from, the likeliest first.
pub(super) fn origins(text: &str) -> Vec<Origin> {
    let mut origins = Vec::new();
    let mut note = |origin, is_there: bool| {
        if is_there {
            origins.push(origin);
        }
    };
    note(Origin::Server(Protocol::Pop3), text.contains("-ERR") || text.contains("POP3"));
    let is_imap = |word: &&str| text.contains(word);
    note(
        Origin::Server(Protocol::Imap),
        ["IMAP", "imap", "Imap", "AUTHENTICATE "].iter().any(is_imap)
            || ["BYE ", "BAD ", "NO "].iter().any(|word| begins_word(text, word)),
    );
    note(
        Origin::Server(Protocol::Smtp),
        ["SMTP", "smtp", "Smtp", "EHLO"].iter().any(|sign| text.contains(sign)) || has_enhanced_code(text),
    );
    note(
        Origin::Token,
        ["AADSTS", "aadsts", "error_description", "invalid_grant", "invalid_client"]
            .iter()
            .any(|sign| text.contains(sign)),
    );
    if origins.contains(&Origin::Token) {
        origins.push(Origin::Authorize);
    }
    origins
}

/// Whether a line is about tokens and sign-in servers rather than mail servers.
pub(super) fn is_about_sign_in(line: &str) -> bool {
    const SIGNS: [&str; 6] = ["oauth", "token", "refresh", "login.", "accounts.", "/authorize"];
    let lower = line.to_ascii_lowercase();
    SIGNS.iter().any(|sign| lower.contains(sign))
}

/// Whether `word` is at the start of a line or behind a blank.
fn begins_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| at == 0 || text[..at].ends_with([' ', '\n']))
}

/// Whether a reply code and an enhanced one are side by side, as in `535 5.7.8` (RFC 3463 §2).
fn has_enhanced_code(text: &str) -> bool {
    text.as_bytes().windows(9).any(|bytes| {
        let digit = |at: usize| bytes[at].is_ascii_digit();
        matches!(bytes[0], b'4' | b'5')
            && digit(1)
            && digit(2)
            && matches!(bytes[3], b' ' | b'-')
            && bytes[4] == bytes[0]
            && bytes[5] == b'.'
            && digit(6)
            && (bytes[7] == b'.' || digit(7))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_by_its_words() {
        for (text, origin) in [
            ("535 5.7.8 no", Origin::Server(Protocol::Smtp)),
            ("a1 NO no", Origin::Server(Protocol::Imap)),
            ("a1 AUTHENTICATE XOAUTH2 dXNlcj0=", Origin::Server(Protocol::Imap)),
            ("-ERR no", Origin::Server(Protocol::Pop3)),
            ("AADSTS50011: x", Origin::Token),
            ("imaplib.IMAP4.error: x", Origin::Server(Protocol::Imap)),
        ] {
            assert_eq!(origins(text).first(), Some(&origin), "{text}");
        }
        assert_eq!(origins("the moon"), []);
    }

    #[test]
    fn a_host_names_its_family_and_an_address_does_not() {
        let named = |text: &str| families(&text.to_lowercase());
        assert_eq!(named("imap.gmail.com:993 refuses"), [Family::GOOGLE]);
        assert_eq!(named("connecting to outlook.office365.com"), [Family::MICROSOFT]);
        assert_eq!(named("relay=mail.example.com to=<shop@gmail.com>"), []);
        assert_eq!(named("550 5.1.1 no such user"), []);
        assert_eq!(named("A1 NO Invalid credentials (Failure)"), [Family::GOOGLE], "Gmail words it so");
    }
}
