//! The vault's key: an age identity from the environment or a private file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::faults::fault;
use crate::failure::{FailureKind, KeyTrouble, StoreFault};
use crate::files;
use crate::text::Shown;

/// The variable that may hold the key.
pub(in crate::secrets) const KEY_VARIABLE: &str = "MAILGRANT_VAULT_KEY";

/// The variable that names the folder of a service's credentials, and the name of ours.
const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
const CREDENTIAL: &str = "mailgrant-vault-key";

const LARGEST: usize = 64 * 1024;

/// Where the vault's key comes from. Both forms are an age identity file: `#` comments, blank lines, and one
/// `AGE-SECRET-KEY-1…` a line. The first is used for writing, every one for reading, so that a key is changed by putting
/// the new one on top.
pub enum VaultKey {
    /// The text itself, as `MAILGRANT_VAULT_KEY` holds it.
    Value(SecretString),
    /// A private file.
    File(PathBuf),
}

impl VaultKey {
    /// The key in `MAILGRANT_VAULT_KEY`, else the one that systemd hands over, else the one in `file`. Blanks are not a key:
    /// compose files leave them.
    pub(super) fn of(env: fn(&str) -> Option<OsString>, file: PathBuf) -> Self {
        let text = env(KEY_VARIABLE).map(|value| value.to_string_lossy().into_owned());
        match text.filter(|text| !text.trim().is_empty()) {
            Some(text) => Self::Value(SecretString::from(text)),
            None => Self::File(credential(env).unwrap_or(file)),
        }
    }

    /// The variable that holds it, if one does.
    pub(super) fn variable(&self) -> Option<&'static str> {
        match self {
            Self::Value(_) => Some(KEY_VARIABLE),
            Self::File(_) => None,
        }
    }

    pub(super) fn identities(&self) -> Result<Vec<Identity>, StoreFault> {
        match self {
            Self::Value(text) => parse(&KEY_VARIABLE.into(), text.expose_secret()),
            Self::File(path) => {
                let place = Shown::of(path);
                let not_text = || StoreFault::BadKey { place: place.clone(), trouble: KeyTrouble::NotText };
                let bytes = files::read_private(path, LARGEST).map_err(|failure| match failure.kind {
                    FailureKind::TooLarge { .. } => not_text(),
                    _ => fault(&failure),
                })?;
                let Some(bytes) = bytes else { return Err(StoreFault::NoKey { expected: place }) };
                parse(&place, std::str::from_utf8(&bytes).map_err(|_| not_text())?)
            }
        }
    }
}

/// The file in which systemd hands the key over (systemd.exec(5), `LoadCredential=`), if it does.
fn credential(env: fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let file = PathBuf::from(env(CREDENTIALS_VARIABLE)?).join(CREDENTIAL);
    file.symlink_metadata().is_ok().then_some(file)
}

/// Writes a fresh identity to `path` (0600) and returns its public half, which `age --encrypt -r` takes.
///
/// # Errors
/// [`StoreFault`] if there is a file already, or it cannot be written.
pub fn new_vault_key(path: &Path) -> Result<String, StoreFault> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        files::create_private_folder(folder).map_err(|failure| fault(&failure))?;
    }
    let identity = Identity::generate();
    let public = identity.to_public().to_string();
    let secret = identity.to_string();
    let parts = ["# public key: ", &public, "\n", secret.expose_secret(), "\n"];
    let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| text.push_str(part));
    files::create_private(path, text.as_bytes()).map_err(|failure| fault(&failure))?;
    Ok(public)
}

fn parse(place: &Shown, text: &str) -> Result<Vec<Identity>, StoreFault> {
    let mut identities = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            identities.push(line.parse().map_err(|_| bad_key(place, KeyTrouble::Line(index + 1)))?);
        }
    }
    if identities.is_empty() { Err(bad_key(place, KeyTrouble::Empty)) } else { Ok(identities) }
}

/// Says where, never what: the line may be half a key.
fn bad_key(place: &Shown, trouble: KeyTrouble) -> StoreFault {
    StoreFault::BadKey { place: place.clone(), trouble }
}
