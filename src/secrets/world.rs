//! What a store needs of the outside world.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// The outside world as a store may use it.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The folder for settings.
    pub config: &'a Path,
    /// The folder for data.
    pub data: &'a Path,
    /// The environment's variables; an empty one counts as unset.
    pub env: fn(&str) -> Option<OsString>,
    /// The bound on the whole command.
    pub timeout: Option<Duration>,
    /// Writes a line on standard error.
    pub say: fn(&str),
}
