//! Characters that a terminal or a page obeys instead of showing them (SECURITY.md P2): the one list.

use std::fmt::Write as _;

/// Whether `c` moves a cursor, changes a terminal's state, turns text around or hides some of it.
#[must_use]
pub fn is_unprintable(c: char) -> bool {
    // C0, DEL and C1: ESC and its one-byte relatives, such as CSI and OSC (ECMA-48 §5.3).
    c.is_control()
        || matches!(c,
            // Bidirectional controls (Unicode Standard Annex 9 §2) make text read as what it is not; the others between
            // them have no glyph: zero-width blanks and joiners, line and paragraph separators, invisible operators.
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{ad}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // Tags: invisible letters.
            | '\u{e0000}'..='\u{e007f}')
}

/// `text` on one line, with everything harmful written out as `\x1b` or `\u{202e}`. Backslashes stay as they are: the
/// result is for eyes, not for decoding.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_unprintable(c) => {
                let code = u32::from(c);
                // Writing to a String cannot fail.
                let _ = if code < 0x100 { write!(shown, "\\x{code:02x}") } else { write!(shown, "\\u{{{code:x}}}") };
            }
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_and_direction_character_is_written_out_and_nothing_else_is() {
        let c1 = (0x80..0xa0).map(|code| char::from_u32(code).unwrap());
        let directions =
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        for c in ('\0'..' ').chain(['\x7f']).chain(c1).chain(directions.chars()) {
            let shown = escape(&format!("a{c}b"));
            assert!(shown.chars().all(|c| c.is_ascii_graphic()), "{shown:?}");
        }
        for text in [r"a\b", "Grüße, Жук, 邮件, بريد, 📫 ~"] {
            assert_eq!(escape(text), text);
        }
    }
}
