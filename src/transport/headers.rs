//! What a message's headers say: unfolding (RFC 5322 §2.2.3) and encoded words (RFC 2047).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;

use crate::text::Shown;

/// A header is shown up to this many characters.
const SHOWN: usize = 200;
/// The longest encoded word that is decoded, in characters. RFC 2047 §2 allows 75; some senders write longer ones. The
/// bound keeps hostile headers linear.
const LONGEST_WORD: usize = 1024;

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

/// A block of headers with these fields. A value's own line breaks were its folding (RFC 5322 §2.2.3).
pub(super) fn block<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    fields.map(|(name, value)| format!("{name}: {}\r\n", value.replace(['\r', '\n'], " "))).collect()
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
    let window = text.char_indices().nth(LONGEST_WORD).map_or(text, |(end, _)| &text[..end]);
    let mut parts = window.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (content, _) = rest.split_once("?=")?;
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(content.trim()).ok()?,
        "Q" | "q" => decode_q(content)?,
        _ => return None,
    };
    let len = "=?".len() + charset.len() + "?Q?".len() + content.len() + "?=".len();
    // RFC 2231 §5: a language may follow the character set.
    let charset = charset.split('*').next()?;
    Some((in_charset(charset, &bytes)?, len))
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

/// `bytes` as text, if the Encoding Standard knows the character set. It reads ISO 8859-1 as Windows-1252, as senders mean
/// it.
fn in_charset(charset: &str, bytes: &[u8]) -> Option<String> {
    let encoding = match charset.to_ascii_lowercase().as_str() {
        // The standard reads ASCII as Windows-1252; under this name, bytes beyond ASCII are most often UTF-8.
        "us-ascii" | "ascii" => encoding_rs::UTF_8,
        label => Encoding::for_label_no_replacement(label.as_bytes())?,
    };
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    Some(text.into_owned())
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
    fn subjects_decode_whatever_their_character_set() {
        for (encoded, decoded) in [
            ("=?ISO-2022-JP?B?GyRCJDRAQTVhPXEkTjdvGyhC?=", "ご請求書の件"),
            ("=?koi8-r?Q?=F0=D2=C9=D7=C5=D4,_=CD=C9=D2?=", "Привет, мир"),
            ("=?GB18030?B?xPq6w6OsysC95w==?=", "您好，世界"),
            ("=?windows-1251?Q?=D1=F7=B8=F2_=B9_7?=", "Счёт № 7"),
            ("=?iso-8859-1?Q?5_=80?=", "5 €"),
            ("=?us-ascii?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ] {
            let message = message(&format!("Subject: {encoded}\r\n"), Redactor::by_shape);
            assert_eq!(message.subject.as_str(), decoded);
        }
    }

    #[test]
    fn bytes_that_are_not_of_their_character_set_are_marked_and_names_without_one_stay() {
        for (encoded, decoded) in [
            ("=?gb18030?Q?a=FF?= b", "a\u{fffd} b"),
            ("=?iso-2022-jp?Q?=1B$B=80?=", "\u{fffd}"),
            ("=?utf-8?Q?=EF=BB=BFa?=", "a"),
            ("=?iso-2022-kr?Q?a?=", "=?iso-2022-kr?Q?a?="),
            ("=??Q?a?=", "=??Q?a?="),
        ] {
            assert_eq!(decode_words(encoded), decoded, "{encoded}");
        }
    }

    #[test]
    fn a_word_of_more_than_a_thousand_characters_stays_wherever_its_bytes_fall() {
        for filling in ["", "a", "aa"] {
            let long = format!("=?utf-8?Q?{filling}{}?=", "é".repeat(LONGEST_WORD));
            assert_eq!(decode_words(&long), long);
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
        fn any_header_is_survived(value in "(=\\?|utf-8|iso-2022-jp|gb18030|=1B|=FF|\\?|q|B|=|=C3|\\PC){0,60}") {
            let _ = decode_words(&value);
        }
    }
}
