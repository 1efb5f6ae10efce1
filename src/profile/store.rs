//! `[secrets]`: the store that a profile asks for, and the settings of the stores.

use std::path::{Path, PathBuf};

/// `[secrets]`. The settings of a store are read where another one is in use too: `--store` may ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreSpec {
    /// Which store; the keyring where the profile does not say.
    pub store: Option<StoreKind>,
    /// The vault; by default beside this program's other data.
    pub vault_file: Option<PathBuf>,
    /// The file with the vault's age identity; by default in this program's configuration folder.
    pub key_file: Option<PathBuf>,
}

/// The stores for secrets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    /// The operating system's keyring: Secret Service, macOS Keychain, Windows Credential Manager.
    #[default]
    Keyring,
    /// An age-encrypted file.
    Vault,
}

impl StoreSpec {
    /// The same with relative paths counted from `base`.
    #[must_use]
    pub fn based_at(self, base: &Path) -> Self {
        let absolute = |path: Option<PathBuf>| path.map(|path| base.join(path));
        Self { vault_file: absolute(self.vault_file), key_file: absolute(self.key_file), ..self }
    }

    /// The same, where a `choice` beside the profile goes first.
    #[must_use]
    pub fn chosen(&self, choice: Option<StoreKind>) -> Self {
        Self { store: choice.or(self.store), ..self.clone() }
    }
}
