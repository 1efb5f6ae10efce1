//! A file's failure as the store's.

use crate::failure::{Failure, FailureKind, StoreFault};

pub(super) fn fault(failure: &Failure) -> StoreFault {
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
