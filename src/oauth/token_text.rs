//! A token inside JSON, on its way into a string that is wiped after use.

use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A secret, read from JSON straight into a string that is wiped; anything but a string counts as absent.
#[derive(Default)]
pub(super) enum Token {
    #[default]
    Absent,
    Text(SecretString),
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TokenVisitor)
    }
}

struct TokenVisitor;

impl<'de> Visitor<'de> for TokenVisitor {
    type Value = Token;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }

    fn visit_str<E>(self, text: &str) -> Result<Token, E> {
        Ok(if text.is_empty() { Token::Absent } else { Token::Text(SecretString::from(text)) })
    }

    fn visit_unit<E>(self) -> Result<Token, E> {
        Ok(Token::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Token, E> {
        Ok(Token::Absent)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Token, E> {
        Ok(Token::Absent)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Token, E> {
        Ok(Token::Absent)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Token, E> {
        Ok(Token::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Token, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Token::Absent)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Token, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Token::Absent)
    }
}
