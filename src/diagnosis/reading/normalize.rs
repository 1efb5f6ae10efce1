//! A text as people send it, made readable: out of a log, a terminal, a URL, a JSON body, a page or a bounce.
//!
//! What comes out is for matching, not for showing: several readings of the same text, one after the other.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::text;

/// A reading of a text, and where in it each line of the text begins.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    /// The reading.
    pub text: String,
    /// Offsets in it with the number of the line, from 0; both only grow.
    pub starts: Vec<(usize, usize)>,
}

/// A line of a text with its number, from 0.
type Line = (usize, String);

/// The lines of `text`, without what colours a terminal.
pub(super) fn lines(text: &str) -> Vec<Line> {
    without_escape_sequences(text).lines().map(str::to_owned).enumerate().collect()
}

/// All readings of these lines.
pub(super) fn readings(lines: &[Line]) -> Vec<Piece> {
    let mut readings = vec![as_it_is(lines)];
    let mut note = |reading: Piece| {
        if !readings.iter().any(|known| known.text == reading.text) {
            readings.push(reading);
        }
    };
    note(joined(lines));
    let soft = without_soft_breaks(lines);
    note(joined(&soft));
    let open = opened(&soft);
    note(joined(&open));
    // Percent signs are escaped once more where an address is within another.
    let open = joined(&opened(&open));
    let tagless = open.text.contains('<').then(|| without_tags(&open));
    note(open);
    tagless.map(&mut note);
    let challenges = challenges(lines);
    if !challenges.text.is_empty() {
        note(challenges);
    }
    readings
}

/// The lines one below the other.
fn as_it_is(lines: &[Line]) -> Piece {
    let mut piece = Piece::default();
    for (number, line) in lines {
        piece.starts.push((piece.text.len(), *number));
        piece.text.push_str(line);
        piece.text.push('\n');
    }
    piece
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
fn joined(lines: &[Line]) -> Piece {
    let mut joined = Piece::default();
    let mut open_reply: Option<&str> = None;
    for (number, line) in lines {
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
        if !joined.text.is_empty() && !rest.is_empty() {
            joined.text.push(' ');
        }
        joined.starts.push((joined.text.len(), *number));
        let mut words = rest.split_whitespace();
        if let Some(first) = words.next() {
            joined.text.push_str(first);
        }
        for word in words {
            joined.text.push(' ');
            joined.text.push_str(word);
        }
    }
    joined
}

/// The reply code in a line, and what follows it and its enhanced code. A log's prefix may come before it.
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

/// Without the escapes of URLs, forms, JSON and HTML; a line break that was escaped is a blank.
fn opened(lines: &[Line]) -> Vec<Line> {
    let has = |sign: &str| lines.iter().any(|(_, line)| line.contains(sign));
    let is_form = has("error_description=") || has("error=") && has("%");
    let opened = |line: &str| {
        let line = if is_form { line.replace('+', " ") } else { line.to_owned() };
        let line = line.replace("\\r\\n", " ").replace("\\n", " ").replace("\\r", " ").replace("\\t", " ");
        let line = line.replace("&nbsp;", " ").replace("&NewLine;", " ");
        without_escape_sequences(&text::unescaped(&line)).replace('\n', " ")
    };
    lines.iter().map(|(number, line)| (*number, opened(line))).collect()
}

/// Without the soft line breaks of quoted-printable, and its `=20` (RFC 2045 §6.7).
fn without_soft_breaks(lines: &[Line]) -> Vec<Line> {
    let is_open = |line: &str| line.ends_with('=') || line.ends_with("= ");
    if !lines.iter().any(|(_, line)| is_open(line) || line.contains("=20")) {
        return lines.to_vec();
    }
    let mut whole: Vec<Line> = Vec::with_capacity(lines.len());
    for (number, line) in lines {
        let before = whole.last_mut().filter(|(_, before)| is_open(before));
        match before {
            Some((_, before)) => {
                before.truncate(before.trim_end_matches(' ').len() - 1);
                before.push_str(line);
            }
            None => whole.push((*number, line.clone())),
        }
    }
    let plain = |line: &str| line.replace("=20", " ").replace("=3D", "=").replace("=3d", "=").replace("=27", "'");
    whole.into_iter().map(|(number, line)| (number, plain(&line))).collect()
}

/// A tag that is longer than this is none.
const LONGEST_TAG: usize = 2_000;

/// Without HTML's tags. Takes time in proportion to the text: `Ahead` never looks at a character twice.
fn without_tags(piece: &Piece) -> Piece {
    let text = piece.text.as_str();
    let mut plain = Piece::default();
    let mut starts = piece.starts.iter().peekable();
    let mut copy = |plain: &mut Piece, from: usize, to: usize| {
        while let Some((start, number)) = starts.next_if(|(start, _)| *start < to) {
            plain.starts.push((plain.text.len() + start.saturating_sub(from), *number));
        }
        let words = &text[from..to];
        plain.text.push_str(if plain.text.ends_with(' ') { words.trim_start_matches(' ') } else { words });
    };
    let (mut close, mut sign) = (Ahead::of(text, b'>'), Ahead::of(text, b'@'));
    let mut at = 0;
    while let Some(open) = text[at..].find('<').map(|found| at + found) {
        let inner = open + 1;
        // "<shop@contoso.com>" is an address, and what never closes is not a tag.
        let is_tag = text[inner..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        let end = if is_tag { close.from(inner) } else { None };
        match end.filter(|end| end - inner < LONGEST_TAG && sign.from(inner).is_none_or(|sign| sign > *end)) {
            Some(end) => {
                copy(&mut plain, at, open);
                if !plain.text.ends_with(' ') {
                    plain.text.push(' ');
                }
                at = end + 1;
            }
            None => {
                copy(&mut plain, at, inner);
                at = inner;
            }
        }
    }
    copy(&mut plain, at, text.len());
    plain
}

/// Where one byte comes next in a text, asked from places that only grow.
struct Ahead<'a> {
    bytes: &'a [u8],
    wanted: u8,
    /// Up to where has been looked; `wanted` is there, unless it is the end.
    at: usize,
    /// How many bytes have been looked at in all.
    #[cfg(test)]
    looked_at: usize,
}

impl<'a> Ahead<'a> {
    fn of(text: &'a str, wanted: u8) -> Self {
        Self {
            bytes: text.as_bytes(),
            wanted,
            at: 0,
            #[cfg(test)]
            looked_at: 0,
        }
    }

    fn from(&mut self, start: usize) -> Option<usize> {
        if self.at < start || self.bytes.get(self.at) != Some(&self.wanted) {
            let start = start.max(self.at);
            let rest = self.bytes.get(start..).unwrap_or_default();
            let found = rest.iter().position(|byte| *byte == self.wanted).unwrap_or(rest.len());
            #[cfg(test)]
            {
                self.looked_at += found;
            }
            self.at = start + found;
        }
        (self.at < self.bytes.len()).then_some(self.at)
    }
}

/// More challenges than these are of one log that repeats itself.
const MOST_CHALLENGES: usize = 16;

/// The error challenges in these lines (RFC 7628 §3.2.2): base64 that holds JSON.
fn challenges(lines: &[Line]) -> Piece {
    let engine = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let decoded = lines.iter().flat_map(|(number, line)| {
        let words = line.split(|c: char| !is_inner(c)).filter(|word| word.starts_with("ey") && word.len() < 8_192);
        let decoded = words.filter_map(|word| String::from_utf8(engine.decode(word).ok()?).ok());
        decoded.filter(|json| json.starts_with('{')).map(|json| (*number, json)).collect::<Vec<_>>()
    });
    as_it_is(&decoded.take(MOST_CHALLENGES).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All readings, one after the other.
    fn readings(text: &str) -> String {
        super::readings(&lines(text)).into_iter().map(|piece| piece.text).collect::<Vec<_>>().join("\n")
    }

    fn without_tags(text: &str) -> String {
        super::without_tags(&Piece { text: text.to_owned(), starts: Vec::new() }).text
    }

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
    fn a_tag_closes_soon_and_holds_no_address() {
        let long = format!("<a {}>x", "y".repeat(LONGEST_TAG));
        for (text, plain) in [
            ("<p>one <b>two</b>", " one two "),
            ("<shop@contoso.com> 1 < 2 <b", "<shop@contoso.com> 1 < 2 <b"),
            ("<a <b>c", " c"),
            ("<a@b <i>c> d", "<a@b c> d"),
            ("<i>@<i>", " @ "),
            (&long, &long),
            ("<<<", "<<<"),
            ("<ü>", "<ü>"),
        ] {
            assert_eq!(without_tags(text), plain, "{text}");
        }
    }

    #[test]
    fn each_byte_is_looked_at_once_however_often_it_is_asked_for() {
        // Asked from every place of a text without one, it has looked to the end at the first.
        let text = "<a".repeat(10_000);
        let mut close = Ahead::of(&text, b'>');
        for start in 0..text.len() {
            assert_eq!(close.from(start), None);
        }
        assert_eq!(close.looked_at, text.len());
        let text = "..>..>.";
        let mut close = Ahead::of(text, b'>');
        let found: Vec<_> = (0..text.len()).map(|start| close.from(start)).collect();
        assert_eq!(found, [Some(2), Some(2), Some(2), Some(5), Some(5), Some(5), None]);
    }

    #[test]
    fn each_reading_knows_the_lines_of_the_text() {
        let text = "first\nsec=\nond &lt;b\nthi%0Ard <i>fourth\nover</i> fifth\n";
        for piece in super::readings(&lines(text)) {
            for (word, line) in [("first", 0), ("fifth", 4), ("fourth", 3), ("ond", 2)] {
                let Some(at) = piece.text.find(word) else { continue };
                let number = piece.starts.iter().rev().find(|(start, _)| *start <= at).map(|(_, number)| *number);
                // What a soft break has joined counts as its first line.
                let joined = if piece.text.contains("second") && word == "ond" { 1 } else { line };
                assert_eq!(number, Some(joined), "{word} in {piece:?}");
            }
            assert!(piece.starts.is_sorted(), "{piece:?}");
        }
    }

    #[test]
    fn anything_can_be_read() {
        for text in ["", "\u{1b}", "\u{1b}[", "<", "%", "&", "=\n", "535", "535-", "\u{fffd}<é>%é"] {
            let _ = readings(text);
        }
    }
}
