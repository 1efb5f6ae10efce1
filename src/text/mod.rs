//! Text that is safe to show: without secrets (SECURITY.md K2) and without characters that a terminal or a page obeys (P2).
//! [`Shown`] is its type, [`Redactor`] the way to it for the text of other sides, [`shown!`](crate::shown) for our own.

pub mod html;
mod redactor;
mod shapes;
#[macro_use]
mod shown;
mod unprintable;
mod views;
mod wrap;

pub use redactor::Redactor;
pub use shapes::names_secret;
pub use shown::{Show, Showing, Shown};
pub use unprintable::{escape, is_unprintable};
pub use views::unescaped;
pub use wrap::wrap;

/// `text` with a capital letter.
#[must_use]
pub fn sentence(text: &str) -> Shown {
    let mut chars = text.chars();
    let capital = chars.next().into_iter().flat_map(char::to_uppercase);
    Redactor::by_shape(&capital.chain(chars).collect::<String>())
}

/// A name in angle brackets: what to put there, where the value is not known or cannot be written safely.
#[must_use]
pub fn open(name: &str) -> Shown {
    let words = match name {
        "client_id" => "client ID".to_owned(),
        "redirect_uri" => "redirect URI".to_owned(),
        name => name.replace('_', " "),
    };
    Redactor::by_shape(&format!("<{words}>"))
}

/// So many of what `noun` names: "1 message", "2 mailboxes".
#[must_use]
pub fn count(number: u64, noun: &'static str) -> Shown {
    let plural = match number {
        1 => "",
        _ if noun.ends_with('x') => "es",
        _ => "s",
    };
    shown!("{} {}{}", number, noun, plural)
}
