//! XML (1.0, fifth edition) as far as a report needs it.

use std::fmt::Write as _;
use std::time::Duration;

/// A start tag in the making.
pub(super) struct Tag {
    name: &'static str,
    attributes: String,
}

impl Tag {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, attributes: String::new() }
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        // Writing to a String cannot fail.
        let _ = write!(self.attributes, " {name}=\"{}\"", escaped(value));
        self
    }

    /// The tag, for elements to follow.
    pub(super) fn open(&self) -> String {
        format!("<{}{}>\n", self.name, self.attributes)
    }

    /// An element with nothing in it.
    pub(super) fn empty(&self) -> String {
        format!("<{}{}/>\n", self.name, self.attributes)
    }

    /// An element around `text`.
    pub(super) fn around(&self, text: &str) -> String {
        format!("<{0}{1}>{2}</{0}>\n", self.name, self.attributes, escaped(text))
    }
}

/// A time as the attribute `time` has it.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// An element without attributes around `text`.
pub(super) fn element(name: &'static str, text: &str) -> String {
    Tag::new(name).around(text)
}

/// `text` for an element or an attribute. What XML has no place for (§2.2) is replaced; the end of a line is a reference, which
/// an attribute keeps (§3.3.3).
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\n' => safe.push_str("&#10;"),
            '\t' => safe.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_element_or_its_attribute() {
        assert_eq!(escaped("a\"b'c<d>&]]>\ne\u{ffff}\0"), "a&quot;b&apos;c&lt;d&gt;&amp;]]&gt;&#10;e\u{fffd}\u{fffd}");
        assert_eq!(element("x", "📫"), "<x>📫</x>\n");
    }
}
