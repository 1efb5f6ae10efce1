//! What can be wrong with a certificate or its key, as facts; the words are the catalogue's.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::failure::{CredentialFault, Failure, FailureKind, StoreFault};
use crate::finding_code::FindingCode;

/// `code` of what `file` holds.
pub(super) fn of(code: FindingCode, file: &Path) -> CredentialFault {
    CredentialFault::new(code).with("file", file)
}

/// The day of `time`, as findings name it.
pub(super) fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// What a failure to read `file` means here.
pub(super) fn unread(file: &Path, failure: Failure) -> Failure {
    match failure.kind {
        FailureKind::TooLarge { limit, .. } => {
            of(FindingCode::CERTIFICATE_FILE_TOO_LARGE, file).with("limit", limit / 1024).into()
        }
        FailureKind::Store(StoreFault::Unsafe { reason, .. }) => {
            of(FindingCode::CERTIFICATE_KEY_EXPOSED, file).with("reason", reason).into()
        }
        FailureKind::File { kind: std::io::ErrorKind::NotFound, .. } => missing(file),
        FailureKind::File { reason, .. } => {
            of(FindingCode::CERTIFICATE_FILE_UNREADABLE, file).with("reason", reason).into()
        }
        _ => failure,
    }
}

/// There is no such file.
pub(super) fn missing(file: &Path) -> Failure {
    of(FindingCode::CERTIFICATE_FILE_MISSING, file).into()
}
