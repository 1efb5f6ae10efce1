//! Where things of the vault are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::profile::StoreSpec;
use crate::secrets::World;

/// Where drafts are written, in the vault's folder.
pub(super) const DRAFTS: &str = "drafts";

/// The variable that names the vault.
const VARIABLE: &str = "MAILGRANT_VAULT_FILE";

/// The ending of the folder's name.
const FOLDER: &str = ".d";

/// Of the vault at `path`, the one file that earlier versions wrote, and the folder of its records; `path` may name
/// either.
pub(super) fn vault_places(path: &Path) -> (PathBuf, PathBuf) {
    match path.as_os_str().to_str().and_then(|text| text.strip_suffix(FOLDER)) {
        Some(single) if path.extension().is_some() => (PathBuf::from(single), path.to_owned()),
        _ => (path.to_owned(), beside(path, FOLDER)),
    }
}

/// `path` with more at its end.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(ending);
    PathBuf::from(beside)
}

/// The vault: where `MAILGRANT_VAULT_FILE` or the profile names it, else among this program's data.
pub(super) fn vault_file(spec: &StoreSpec, world: World<'_>) -> PathBuf {
    let named = (world.env)(VARIABLE).map(PathBuf::from).or_else(|| spec.vault_file.clone());
    named.unwrap_or_else(|| world.data.join("vault.age"))
}

/// The variable that names the vault, if there is one.
pub(super) fn variable(env: fn(&str) -> Option<OsString>) -> Option<&'static str> {
    env(VARIABLE).map(|_| VARIABLE)
}

/// The file with the vault's key: where the profile names it, else beside the default profile.
#[must_use]
pub fn vault_key_file(spec: &StoreSpec, world: World<'_>) -> PathBuf {
    spec.key_file.clone().unwrap_or_else(|| world.config.join("vault.key"))
}

/// Whether there is something at the vault's place: a vault, or what an earlier version left of one.
#[must_use]
pub fn is_vault_made(spec: &StoreSpec, world: World<'_>) -> bool {
    let (single, folder) = vault_places(&vault_file(spec, world));
    [single, folder].iter().any(|path| path.symlink_metadata().is_ok())
}
