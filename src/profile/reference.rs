//! What a person calls a mailbox or an app by.

use std::str::FromStr;

use super::invalid::{Invalid, refuse_controls};

/// A mailbox's name or address, or an app's name, as a person writes it; whether there is one is for the profile to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

impl AsRef<str> for Reference {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const INSTEAD: &str = "write a mailbox's name or address, as mailgrant list shows them";
        refuse_controls(text, INSTEAD)?;
        let text = text.trim();
        // The longest address (RFC 5321 §4.5.3.1).
        match text.len() {
            0 => Err(Invalid::new("it is empty", INSTEAD)),
            1..=320 => Ok(Self(text.to_owned())),
            _ => Err(Invalid::new("it is too long for a name or an address", INSTEAD)),
        }
    }
}
