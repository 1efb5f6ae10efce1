//! A file's failure as the store's.

use crate::failure::{Failure, FailureKind, StoreFault};
use crate::text::Shown;

pub(super) fn fault(failure: &Failure) -> StoreFault {
    match failure.kind.clone() {
        FailureKind::Store(fault) => fault,
        FailureKind::File { what, path, reason, kind } => StoreFault::File { what, path, reason, kind },
        FailureKind::TooLarge { what, limit } => {
            StoreFault::Damaged { what: shown!("{}: it is larger than {} bytes", what, limit) }
        }
        FailureKind::Busy { what, holder, waited } => StoreFault::InUse { what, holder, waited },
        _ => StoreFault::Other { reason: Shown::of(failure) },
    }
}
