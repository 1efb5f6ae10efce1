//! What goes wrong with the vault's files, as the store says it.

use std::path::Path;

use crate::failure::{Failure, FailureKind, StoreFault};

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

/// A file's failure as the store's.
pub(in crate::secrets) fn fault(failure: &Failure) -> StoreFault {
    match failure.kind.clone() {
        FailureKind::Store(fault) => fault,
        FailureKind::File { what, path, reason, kind } => StoreFault::File { what, path, reason, kind },
        FailureKind::TooLarge { what, limit } => {
            StoreFault::Damaged { what: format!("{what}: it is larger than {limit} bytes") }
        }
        FailureKind::Busy { what, holder, waited } => StoreFault::InUse { what, holder, waited },
        _ => StoreFault::Other { reason: failure.to_string() },
    }
}
