//! What a message's headers say: unfolding (RFC 5322 §2.2.3) and encoded words (RFC 2047).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::text::Shown;

/// A header is shown up to this many characters.
const SHOWN: usize = 200;

/// A message as a list shows it: headers decoded (RFC 2047).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The Date header.
    pub date: Shown,
    /// The From header.
    pub from: Shown,
    /// The Subject header.
    pub subject: Shown,
}

/// The value of the first header `name` in `head`, unfolded and not decoded.
pub(super) fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines();
    let first = lines.by_ref().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.trim_end().eq_ignore_ascii_case(name).then_some(value)
    })?;
    let mut value = first.trim().to_owned();
    for line in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push(' ');
        value.push_str(line.trim());
    }
    Some(value)
}

/// The message that a block of headers belongs to. `clean` makes text fit to be shown.
pub(super) fn message(head: &str, clean: impl Fn(&str) -> Shown) -> Message {
    let shown = |name| show(&header(head, name).unwrap_or_default(), &clean);
    Message { date: shown("Date"), from: shown("From"), subject: shown("Subject") }
}

/// A header's value, decoded, cleaned and of a bearable length.
pub(super) fn show(value: &str, clean: impl Fn(&str) -> Shown) -> Shown {
    let cleaned = clean(&decode_words(value));
    if cleaned.chars().nth(SHOWN).is_none() { cleaned } else { shown!("{}…", cleaned.cut(SHOWN)) }
}

/// Decodes `=?charset?B?…?=` and `=?charset?Q?…?=`. Blanks between two encoded words belong to neither (RFC 2047 §6.2).
/// A word in a character set that we do not know stays as it is.
pub(super) fn decode_words(value: &str) -> String {
    let mut decoded = String::with_capacity(value.len());
    let mut rest = value;
    let mut follows_word = false;
    while let Some(at) = rest.find("=?") {
        let (before, from_word) = rest.split_at(at);
        let Some((text, len)) = encoded_word(from_word) else {
            decoded.push_str(before);
            decoded.push_str("=?");
            rest = &from_word[2..];
            follows_word = false;
            continue;
        };
        if !(follows_word && before.trim().is_empty()) {
            decoded.push_str(before);
        }
        decoded.push_str(&text);
        rest = &from_word[len..];
        follows_word = true;
    }
    decoded.push_str(rest);
    decoded
}

/// The encoded word at the start of `text`, and its length.
fn encoded_word(text: &str) -> Option<(String, usize)> {
    // RFC 2047 §2 allows 75 characters; some senders write longer ones. The bound keeps hostile headers linear.
    let window = text.get(..text.len().min(1024)).unwrap_or(text);
    let mut parts = window.get(2..)?.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let content = &rest[..rest.find("?=")?];
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(content.trim()).ok()?,
        "Q" | "q" => decode_q(content)?,
        _ => return None,
    };
    // RFC 2231 §5: a language may follow the character set.
    let charset = charset.split('*').next()?;
    let len = 2 + charset_len(window)? + 1 + encoding.len() + 1 + content.len() + 2;
    Some((in_charset(charset, bytes)?, len))
}

fn charset_len(word: &str) -> Option<usize> {
    word.get(2..)?.find('?')
}

fn decode_q(content: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(content.len());
    let mut rest = content.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'_' => bytes.push(b' '),
            b'=' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    Some(bytes)
}

fn in_charset(charset: &str, bytes: Vec<u8>) -> Option<String> {
    // What ISO 8859-1 leaves to control characters, Windows-1252 fills with these.
    const WINDOWS_1252: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Some(String::from_utf8_lossy(&bytes).into_owned()),
        "iso-8859-1" | "latin1" => Some(bytes.into_iter().map(char::from).collect()),
        "iso-8859-15" => Some(bytes.into_iter().map(|b| if b == 0xa4 { '€' } else { char::from(b) }).collect()),
        "windows-1252" | "cp1252" => Some(
            bytes
                .into_iter()
                .map(|b| if (0x80..0xa0).contains(&b) { WINDOWS_1252[usize::from(b) - 0x80] } else { char::from(b) })
                .collect(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::Redactor;

    #[test]
    fn the_examples_of_rfc_2047_decode() {
        for (encoded, decoded) in [
            ("=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>", "André Pirard <PIRARD@vm1.ulg.ac.be>"),
            ("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=", "If you can read this yo"),
            ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
            ("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"),
            ("=?ISO-8859-1?Q?a_b?=", "a b"),
            ("=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("=?windows-1252?Q?5_=80?=", "5 €"),
            ("=?x-unknown?Q?a?= =?", "=?x-unknown?Q?a?= =?"),
        ] {
            assert_eq!(decode_words(encoded), decoded);
        }
    }

    #[test]
    fn folded_headers_are_found_whatever_their_case() {
        let head =
            "Received: x\r\nsubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?q?_aus?=\r\nFROM: a@b.example\r\n\r\n";
        let message = message(head, Redactor::by_shape);
        assert_eq!((message.subject.as_str(), message.from.as_str()), ("Grüße aus", "a@b.example"));
        assert_eq!(message.date, "");
    }

    proptest! {
        #[test]
        fn any_header_is_survived(value in "(=\\?|utf-8|\\?|q|B|=|=C3|\\PC){0,60}") {
            let _ = decode_words(&value);
        }
    }
}
