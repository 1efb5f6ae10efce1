//! Text as HTML, for the pages that the browser shows and the report that is sent to an administrator.

use super::unprintable::is_unprintable;

/// `text` in an element or a quoted attribute. Characters that are invisible, or that turn the text around, go
/// (SECURITY.md P2).
#[must_use]
pub fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' | '\t' => html.push(' '),
            c if is_unprintable(c) => {}
            c => html.push(c),
        }
    }
    html
}
