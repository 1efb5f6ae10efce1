//! What SEARCH looks for (RFC 3501 §6.4.4): as much as a tool that looks for one mail may ask.

use crate::imap_syntax::Word;
use crate::mailstore::Message;

/// One key.
pub enum Key {
    /// Every message.
    All,
    /// Those that have this text, in small letters, in this header.
    Header(String, String),
    /// Those for which one of two keys holds.
    Or(Box<Key>, Box<Key>),
}

impl Key {
    /// The key that `words` begin with, and the words behind it.
    pub fn read(words: &[Word]) -> Option<(Self, &[Word])> {
        let (key, rest) = words.split_first()?;
        let text = |word: &Word| word.text().map(str::to_lowercase);
        match (key.text()?.to_ascii_uppercase().as_str(), rest) {
            ("ALL", rest) => Some((Self::All, rest)),
            ("HEADER", [name, value, rest @ ..]) => Some((Self::Header(text(name)?, text(value)?), rest)),
            ("SUBJECT", [value, rest @ ..]) => Some((Self::Header("subject".to_owned(), text(value)?), rest)),
            ("OR", rest) => {
                let (one, rest) = Self::read(rest)?;
                let (other, rest) = Self::read(rest)?;
                Some((Self::Or(Box::new(one), Box::new(other)), rest))
            }
            _ => None,
        }
    }

    /// Whether it holds for `message`.
    pub fn holds(&self, message: &Message) -> bool {
        match self {
            Self::All => true,
            Self::Header(name, value) => {
                message.field(name).is_some_and(|text| text.to_lowercase().contains(value.as_str()))
            }
            Self::Or(one, other) => one.holds(message) || other.holds(message),
        }
    }
}
