//! What goes wrong with the vault's files, as the store says it.

use std::path::Path;

use crate::failure::StoreFault;
pub(super) use crate::secrets::faults::fault;
use crate::text::Shown;

pub(super) fn damaged(path: &Path, why: impl Into<Shown>) -> StoreFault {
    StoreFault::Damaged { what: shown!("{}: {}", path, why.into()) }
}

/// A fault of the file that is the whole vault.
pub(super) fn unfit(fault: StoreFault, path: &Path) -> StoreFault {
    match fault {
        StoreFault::Damaged { .. } => {
            StoreFault::VaultDamaged { path: path.to_owned(), why: "it is too large for a vault".into() }
        }
        other => other,
    }
}
