//! Where things are: the profile, the state, the data.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// The folders of this program, from the platform's conventions (XDG on Unix, Known Folders on Windows).
#[derive(Debug, Clone)]
pub struct Folders {
    /// For the profile and the vault's key.
    pub config: PathBuf,
    /// For the vault.
    pub data: PathBuf,
    /// For locks.
    pub state: PathBuf,
}

impl Folders {
    /// This user's.
    ///
    /// # Errors
    /// If the machine does not say where the user's home is.
    pub fn of_user() -> Result<Self, String> {
        let base = etcetera::choose_base_strategy().map_err(|error| error.to_string())?;
        let state = base.state_dir().unwrap_or_else(|| base.data_dir());
        Ok(Self {
            config: base.config_dir().join("mailgrant"),
            data: base.data_dir().join("mailgrant"),
            state: state.join("mailgrant"),
        })
    }

    /// The profile that is used where neither `--profile` nor `MAILGRANT_CONFIG` names one.
    #[must_use]
    pub fn default_profile(&self) -> PathBuf {
        self.config.join("config.toml")
    }
}

/// The folder that relative paths in the profile at `path` start from.
#[must_use]
pub fn base_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
