//! What every kind of credential with settings has: flags for them, and a question.

use std::path::{Path, PathBuf};

use crate::commands::add::missing_flag::MissingFlag;
use crate::config::AppFile;
use crate::context::Context;
use crate::error::CommandError;
use crate::profile::Credential;

/// What one kind of credential must be told: its flags, and what is asked where they leave it open.
pub(super) trait Settings {
    /// The kind.
    fn kind(&self) -> Credential;

    /// The first of the flags that is given.
    fn given(&self) -> Option<&'static str>;

    /// Writes the flags over what `file` has. Called only where one of them is given.
    ///
    /// # Errors
    /// If a file cannot be named from elsewhere.
    fn write(&self, file: &mut AppFile) -> Result<(), CommandError>;

    /// The flags that say the same as `file`, whether they are given or not.
    fn flags_of(&self, file: &AppFile) -> Vec<(&'static str, String)>;

    /// What `file`, of an app with this credential, does not say and must.
    fn missing(&self, file: &AppFile) -> Option<MissingFlag>;

    /// Asks at a terminal for what is missing of an app with this credential.
    ///
    /// # Errors
    /// If the question is given up.
    fn ask(&self, file: &mut AppFile, context: &Context) -> Result<(), CommandError>;
}

/// The file that `flag` names, from wherever: the profile may be in another folder than the one where the command was typed.
/// `instead` says what to name where that cannot be told.
pub(super) fn absolute(flag: &'static str, path: &Path, instead: &'static str) -> Result<PathBuf, CommandError> {
    std::path::absolute(path).map_err(|error| CommandError::usage(shown!("{} {}: {}.", flag, path, error), instead))
}

/// The first of `flags` that is given.
pub(super) fn first<const N: usize>(flags: [(&'static str, bool); N]) -> Option<&'static str> {
    flags.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
}
