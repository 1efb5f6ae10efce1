//! Reading environment variables: one that is set to nothing counts as unset, as CI systems set them.

use std::ffi::OsString;
use std::path::PathBuf;

/// The variable's value, unless it is unset or empty.
#[must_use]
pub fn raw(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The file of this program, where the system tells it.
#[must_use]
pub fn own_program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// The names of all variables that are set and have a name of text.
pub fn names() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

/// The variable's value as text. What is not UTF-8 is replaced, so that the value is found wrong, not absent.
#[must_use]
pub fn text(name: &str) -> Option<String> {
    raw(name).map(|value| value.to_string_lossy().into_owned())
}
