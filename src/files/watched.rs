//! This program's own files and folders, and what each needs.

use std::path::PathBuf;

/// A file or folder of this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedPath {
    /// What it is, as in "vault key".
    pub what: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// What it needs.
    pub sensitivity: Sensitivity,
}

/// What a file or folder needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    /// A file with secrets: only its owner may read it.
    Secret,
    /// A file with settings: every user may read it, but a user who can write it can send our secrets elsewhere.
    Settings,
    /// A folder for settings: as such a file.
    SettingsFolder,
    /// A folder of ours: only its owner may write in it.
    OwnFolder,
    /// A folder of ours that is full of files with secrets.
    SecretFolder,
}

impl WatchedPath {
    /// The file or folder at `path`.
    #[must_use]
    pub fn new(what: &'static str, path: PathBuf, sensitivity: Sensitivity) -> Self {
        Self { what, path, sensitivity }
    }
}
