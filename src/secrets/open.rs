//! The store that the profile asks for, opened. This is the only place that tells the kinds apart.

use super::vault::KEY_VARIABLE;
use super::{CommandStore, EnvStore, HandedVault, KeyringStore, SecretStore, VaultStore, World, env, vault};
use crate::failure::StoreFault;
use crate::profile::{Mailbox, Profile, StoreKind, StoreSpec};
use crate::text::Shown;

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

/// The variables of this process that the store of `spec` is found and read by, for the records of `mailbox`: another program
/// that runs `mailgrant` needs them too. No value is told.
#[must_use]
pub fn variables(spec: &StoreSpec, profile: &Profile, mailbox: &Mailbox, world: World<'_>) -> Vec<Shown> {
    match spec.store.unwrap_or_default() {
        StoreKind::Keyring | StoreKind::Command => Vec::new(),
        StoreKind::Vault => vault::variables(world.env),
        StoreKind::Env => env::variables(profile.app_of(mailbox), mailbox, world.env),
    }
}
