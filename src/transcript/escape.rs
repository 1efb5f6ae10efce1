//! Makes text harmless to look at (SECURITY.md P2).

use std::fmt::Write as _;

/// `text` on one line, with everything that moves a cursor, changes a terminal's state or hides text written out as
/// `\x1b` or `\u{202e}`. Backslashes stay as they are: the result is for eyes, not for decoding.
pub(super) fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_harmful(c) => {
                let code = u32::from(c);
                // Writing to a String cannot fail.
                let _ = if code < 0x100 { write!(shown, "\\x{code:02x}") } else { write!(shown, "\\u{{{code:x}}}") };
            }
            c => shown.push(c),
        }
    }
    shown
}

fn is_harmful(c: char) -> bool {
    // C0, DEL and C1: ESC and its one-byte relatives, such as CSI (ECMA-48 §5.3).
    c.is_control()
        || matches!(c,
            // Bidirectional controls (Unicode Standard Annex 9 §2) make text read as what it is not.
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line and paragraph separators, and characters without a glyph.
            | '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}
