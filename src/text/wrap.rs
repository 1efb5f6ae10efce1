//! Prose for a terminal, broken between words.

use unicode_width::UnicodeWidthStr as _;

/// `text` in lines of at most `columns`. A word that is longer stays whole, and so does a line that is indented: it is a
/// command or an address, which is copied in one piece.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| if line.starts_with(' ') { line.to_owned() } else { prose(line, columns) }).collect();
    lines.join("\n")
}

fn prose(line: &str, columns: usize) -> String {
    if line.width() <= columns {
        return line.to_owned();
    }
    let mut text = String::with_capacity(line.len());
    let mut used = 0;
    for word in line.split(' ') {
        let width = word.width();
        if used > 0 && used + 1 + width > columns {
            text.push('\n');
            used = 0;
        } else if !text.is_empty() {
            text.push(' ');
            used += 1;
        }
        text.push_str(word);
        used += width;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_broken_between_words_and_what_is_copied_is_not() {
        let text =
            "If the page shows an error,\n  mailgrant explain 'its text'\nhttps://contoso.example/a/long/path is it";
        let wrapped =
            "If the page\nshows an\nerror,\n  mailgrant explain 'its text'\nhttps://contoso.example/a/long/path\nis it";
        assert_eq!(wrap(text, 12), wrapped);
        assert_eq!(wrap(text, 80), text);
        assert_eq!(wrap("zwölf Äpfel", 11), "zwölf Äpfel");
        assert_eq!(wrap("日本 語", 4), "日本\n語");
    }
}
