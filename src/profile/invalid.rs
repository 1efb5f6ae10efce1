//! What is wrong with a text of the profile, and the checks that all of them share.

use super::placeholder;
use crate::text::is_unprintable;

/// Why a text is not what it should be: what is there, and what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {instead}")]
pub struct Invalid {
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub instead: String,
}

impl Invalid {
    /// `problem` says what is there, `instead` what to write.
    pub fn new(problem: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { problem: problem.into(), instead: instead.into() }
    }
}

/// Refuses what a template leaves behind.
pub(super) fn refuse_placeholder(text: &str, instead: &str) -> Result<(), Invalid> {
    if placeholder::is_certain(text) {
        return Err(Invalid::new(format!("'{text}' is a placeholder"), instead));
    }
    Ok(())
}

/// First of all checks: what is refused for another reason is quoted in the message.
pub(super) fn refuse_controls(text: &str, instead: &str) -> Result<(), Invalid> {
    match text.chars().find(|c| is_unprintable(*c)) {
        Some(c) => {
            Err(Invalid::new(format!("it holds the control character U+{:04X}", u32::from(c)), instead.to_owned()))
        }
        None => Ok(()),
    }
}
