//! The words of a text.

/// A place in a text, as start and end in bytes.
pub(in crate::text) type Span = (usize, usize);

/// The runs of `text` between blanks and control characters, with their places.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    text.split(is_gap)
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
}
