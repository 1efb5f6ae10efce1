//! The store that the profile asks for, opened. This is the only place that tells the kinds apart.

use super::vault::KEY_VARIABLE;
use super::{CommandStore, EnvStore, HandedVault, KeyringStore, SecretStore, VaultStore, World, env};
use crate::failure::StoreFault;
use crate::profile::{Profile, StoreKind, StoreSpec};

/// Whether a variable of this name may hold a secret of a store.
#[must_use]
pub fn is_secret_variable(name: &str) -> bool {
    name == KEY_VARIABLE || env::is_of_store(name)
}

/// Opens the store of `spec` for the records of `profile`; there is no fallback to another one (SECURITY.md S1).
///
/// # Errors
/// [`StoreFault`] if its settings do not say enough.
pub fn open(spec: &StoreSpec, profile: &Profile, world: World<'_>) -> Result<Box<dyn SecretStore>, StoreFault> {
    Ok(match spec.store.unwrap_or_default() {
        StoreKind::Keyring => Box::new(KeyringStore::open(world).beside(VaultStore::open(spec, world))),
        StoreKind::Vault => match HandedVault::open(spec, world) {
            Some(vault) => Box::new(vault),
            None => Box::new(VaultStore::open(spec, world)),
        },
        StoreKind::Env => Box::new(EnvStore::open(profile, world)),
        StoreKind::Command => match &spec.command {
            Some(command) => Box::new(CommandStore::open(command, world)),
            None => return Err(StoreFault::NoCommand),
        },
    })
}
