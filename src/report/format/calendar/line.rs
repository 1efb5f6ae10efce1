//! The lines of a calendar (RFC 5545 §3.1).

/// The most octets on a line, its end not counted.
const LONGEST: usize = 75;

/// Appends a content line, folded where it is long: a line end and a blank, which its reader takes out again.
pub(super) fn put(text: &mut String, name: &str, value: &str) {
    let mut room = LONGEST;
    for letter in name.chars().chain([':']).chain(value.chars()) {
        let length = letter.len_utf8();
        // Between octets of one letter it may be folded as well, but not every reader puts such letters together again.
        if length > room {
            text.push_str("\r\n ");
            room = LONGEST - 1;
        }
        text.push(letter);
        room -= length;
    }
    text.push_str("\r\n");
}

/// `value` as TEXT (RFC 5545 §3.3.11).
pub(super) fn text(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            // TEXT has no other control character than the tab.
            control if control.is_control() && control != '\t' => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(value: &str) -> String {
        let mut line = String::new();
        put(&mut line, "SUMMARY", value);
        line
    }

    #[test]
    fn a_line_of_75_octets_stays_whole_and_a_longer_one_is_folded() {
        let just = "x".repeat(LONGEST - "SUMMARY:".len());
        assert_eq!(line(&just), format!("SUMMARY:{just}\r\n"));
        assert_eq!(line(&format!("{just}y")), format!("SUMMARY:{just}\r\n y\r\n"));
    }

    #[test]
    fn folded_lines_are_short_cut_between_letters_and_read_as_before() {
        for letter in ["a", "ü", "€", "𝒳"] {
            for count in 1..300 {
                let value = letter.repeat(count);
                let folded = line(&value);
                let lines = folded.split_terminator("\r\n");
                assert!(lines.clone().all(|line| line.len() <= LONGEST), "{folded:?}");
                assert!(lines.skip(1).all(|line| line.starts_with(' ')), "{folded:?}");
                assert_eq!(folded.replace("\r\n ", ""), format!("SUMMARY:{value}\r\n"));
            }
        }
    }

    #[test]
    fn what_separates_values_is_escaped_and_what_ends_lines_is_gone() {
        assert_eq!(text("a, b; c\\d\ne"), "a\\, b\\; c\\\\d\\ne");
        assert_eq!(text("a\r\nBEGIN:VALARM\u{7f}\tb"), "a\\nBEGIN:VALARM\tb");
    }
}
