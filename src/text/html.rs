//! Text as HTML, for the pages that the browser shows and the report that is sent to an administrator.

use maud::{PreEscaped, Render};

use super::unprintable::is_unprintable;

/// What a page begins with.
pub const DOCTYPE: PreEscaped<&str> = PreEscaped("<!doctype html>\n");

/// Text in an element or a quoted attribute. Characters that are invisible, or that turn the text around, go (SECURITY.md
/// P2); what is markup in it is escaped, as maud escapes everything else in a page.
pub struct Text<'a>(pub &'a str);

impl Render for Text<'_> {
    fn render_to(&self, html: &mut String) {
        for c in self.0.chars() {
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
    }
}
