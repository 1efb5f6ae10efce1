//! The store that the profile asks for, opened. This is the only place that tells the kinds apart.

use super::vault::KEY_VARIABLE;
use super::{KeyringStore, SecretStore, VaultStore, World};
use crate::failure::StoreFault;
use crate::profile::{StoreKind, StoreSpec};

/// The variables of the environment that may hold a secret of a store.
pub const SECRET_VARIABLES: [&str; 1] = [KEY_VARIABLE];

/// Opens the store; there is no fallback to another one (SECURITY.md S1).
///
/// # Errors
/// [`StoreFault`] if its settings do not say enough.
pub fn open(spec: &StoreSpec, world: World<'_>) -> Result<Box<dyn SecretStore>, StoreFault> {
    Ok(match spec.store.unwrap_or_default() {
        StoreKind::Keyring => Box::new(KeyringStore::open(world).beside(VaultStore::open(spec, world))),
        StoreKind::Vault => Box::new(VaultStore::open(spec, world)),
    })
}
