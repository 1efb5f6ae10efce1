//! A text as people send it, made readable: out of a log, a terminal, a URL, a JSON body, a page or a bounce.
//!
//! What comes out is for matching, not for showing: several readings of the same text, one after the other.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::transcript;

/// All readings of `text`, each on lines of its own.
pub(super) fn readings(text: &str) -> String {
    let plain = without_escape_sequences(text);
    let mut readings = vec![plain.clone()];
    let mut note = |reading: String| {
        if !readings.contains(&reading) {
            readings.push(reading);
        }
    };
    note(joined(&plain));
    let soft = without_soft_breaks(&plain);
    note(joined(&soft));
    let open = opened(&soft);
    note(joined(&open));
    // Percent signs are escaped once more where an address stands within another.
    let open = opened(&open);
    note(joined(&open));
    if open.contains('<') {
        note(joined(&without_tags(&open)));
    }
    let challenges = challenges(&plain);
    if !challenges.is_empty() {
        note(challenges);
    }
    readings.join("\n")
}

/// Without the sequences that colour a terminal or move its cursor (ECMA-48 §5.4, §8.3.89).
fn without_escape_sequences(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' => match characters.next() {
                // One that was cut off ends with its line, and never takes what follows along.
                Some('[') => {
                    while characters.next_if(|c| (' '..='?').contains(c)).is_some() {}
                    characters.next_if(|c| ('@'..='~').contains(c));
                }
                Some(']') => {
                    while characters.next_if(|c| !c.is_control()).is_some() {}
                    characters.next_if(|c| *c == '\u{7}');
                }
                Some('\n') => plain.push('\n'),
                _ => {}
            },
            '\n' => plain.push('\n'),
            c if c.is_control() || c.is_whitespace() => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

/// Lines that belong together on one line: wrapped text, and the continuation lines of a reply (RFC 5321 §4.2.1).
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut open_reply: Option<&str> = None;
    for line in text.lines() {
        let mut rest = line.trim_start_matches(['>', ' ', '|']).trim();
        let reply = reply(rest);
        if let (Some(open), Some((code, after))) = (open_reply, reply)
            && open == code
        {
            rest = after;
        }
        if let Some((code, _)) = reply {
            open_reply = Some(code);
        }
        if !joined.is_empty() && !rest.is_empty() {
            joined.push(' ');
        }
        let mut words = rest.split_whitespace();
        if let Some(first) = words.next() {
            joined.push_str(first);
        }
        for word in words {
            joined.push(' ');
            joined.push_str(word);
        }
    }
    joined
}

/// The reply code in a line, and what stands behind it and its enhanced code. A log's prefix may stand before it.
fn reply(line: &str) -> Option<(&str, &str)> {
    let bytes = line.as_bytes();
    let is_code = |at: usize| {
        at + 4 <= bytes.len()
            && matches!(bytes[at], b'2'..=b'5')
            && bytes[at + 1..at + 3].iter().all(u8::is_ascii_digit)
            && matches!(bytes[at + 3], b' ' | b'-')
            && (at == 0 || matches!(bytes[at - 1], b' ' | b':' | b'<' | b'\'' | b'"'))
    };
    let at = (0..bytes.len().min(80)).find(|at| is_code(*at))?;
    let (code, rest) = (&line[at..at + 3], &line[at + 4..]);
    let enhanced = rest.split(' ').next().unwrap_or_default();
    let is_enhanced = enhanced.matches('.').count() == 2 && enhanced.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    Some((code, if is_enhanced { rest[enhanced.len()..].trim_start() } else { rest }))
}

/// Without the escapes of URLs, forms, JSON and HTML.
fn opened(text: &str) -> String {
    let is_form = text.contains("error_description=") || text.contains("error=") && text.contains('%');
    let text = if is_form { text.replace('+', " ") } else { text.to_owned() };
    let text = text.replace("\\r\\n", " ").replace("\\n", " ").replace("\\r", " ").replace("\\t", " ");
    let text = text.replace("&nbsp;", " ").replace("&NewLine;", " ");
    without_escape_sequences(&transcript::unescaped(&text))
}

/// Without the soft line breaks of quoted-printable, and its `=20` (RFC 2045 §6.7).
fn without_soft_breaks(text: &str) -> String {
    if !text.contains("=\n") && !text.contains("=20") && !text.contains("= \n") {
        return text.to_owned();
    }
    text.replace("= \n", "")
        .replace("=\n", "")
        .replace("=20", " ")
        .replace("=3D", "=")
        .replace("=3d", "=")
        .replace("=27", "'")
}

fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        // "<shop@contoso.com>" is an address, and what never closes is no tag.
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        match after.split_once('>').filter(|(tag, _)| is_tag && !tag.contains('@') && tag.len() < 2_000) {
            Some((_, behind)) => {
                plain.push(' ');
                rest = behind;
            }
            None => {
                plain.push('<');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// The error challenges in `text` (RFC 7628 §3.2.2): base64 that holds JSON.
fn challenges(text: &str) -> String {
    let engine = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let words = text.split(|c: char| !is_inner(c)).filter(|word| word.starts_with("ey") && word.len() < 8_192);
    let decoded = words.filter_map(|word| String::from_utf8(engine.decode(word).ok()?).ok());
    decoded.filter(|json| json.starts_with('{')).take(16).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_broken_across_reply_lines_is_whole_again() {
        let text = "S: 535-5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the\r\nS: 535 5.7.139 Tenant. Visit";
        assert!(readings(text).contains("SmtpClientAuthentication is disabled for the Tenant. Visit"));
    }

    #[test]
    fn wraps_colours_escapes_tags_and_soft_breaks_are_undone() {
        for text in [
            "is\n   disabled for the\n Tenant",
            "\u{1b}[31mis disabled\u{1b}[0m for the Tenant",
            "error=x&error_description=is+disabled%20for%2bthe+Tenant",
            r#"{"error_description":"is disabled\r\nfor\u0020the Tenant"}"#,
            "<p>is disabled for <b>the</b>&nbsp;Tenant</p>",
            "is disa=\nbled=20for the Tenant",
            "> is disabled for\n> the Tenant",
        ] {
            let read = readings(text).replace("for+the", "for the");
            assert!(read.contains("is disabled for the Tenant"), "{text:?} reads {read:?}");
        }
    }

    #[test]
    fn a_sequence_that_was_cut_off_takes_no_words_along() {
        for begun in ["\u{1b}[3", "\u{1b}[", "\u{1b}]8;;x", "\u{1b}"] {
            let read = readings(&format!("{begun}\nAADSTS7000222: expired"));
            assert!(read.contains("AADSTS7000222: expired"), "{begun:?}: {read:?}");
        }
    }

    #[test]
    fn a_challenge_is_read_out_of_its_base64() {
        let read = readings("334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=");
        assert!(read.contains(r#"{"status":"400","schemes":"Bearer"}"#), "{read}");
    }

    #[test]
    fn anything_can_be_read() {
        for text in ["", "\u{1b}", "\u{1b}[", "<", "%", "&", "=\n", "535", "535-", "\u{fffd}<é>%é"] {
            let _ = readings(text);
        }
    }
}
