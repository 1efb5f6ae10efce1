//! A flag that a command line lacks.

use crate::text::Shown;

/// A flag that is missing where no terminal asks.
pub(super) struct MissingFlag {
    /// The flag.
    pub(super) flag: &'static str,
    /// The flag with what it takes, as an instruction names it.
    pub(super) usage: Shown,
}

impl MissingFlag {
    pub(super) fn new(flag: &'static str, usage: impl Into<Shown>) -> Self {
        Self { flag, usage: usage.into() }
    }
}
