//! What other people's text may do to whoever looks at it, and how it is kept from that (SECURITY.md P2). The one list
//! that the transcript, the reports in both formats, the browser's page and the profile's names all go by.

pub mod html;
mod redactor;
mod shapes;
mod unprintable;
mod views;

pub use redactor::Redactor;
pub use unprintable::{escape, is_unprintable};
pub use views::unescaped;

/// `text` with a capital letter.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
