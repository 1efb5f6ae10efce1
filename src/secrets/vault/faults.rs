//! What goes wrong with the vault's files, as the store says it.

use std::path::Path;

use crate::failure::StoreFault;
pub(super) use crate::secrets::faults::fault;

pub(super) fn damaged(path: &Path, why: &str) -> StoreFault {
    StoreFault::Damaged { what: format!("{}: {why}", path.display()) }
}

/// A fault of the file that is the whole vault.
pub(super) fn unfit(fault: StoreFault, path: &Path) -> StoreFault {
    match fault {
        StoreFault::Damaged { .. } => {
            StoreFault::VaultDamaged { path: path.to_owned(), why: "it is too large for a vault".to_owned() }
        }
        other => other,
    }
}
