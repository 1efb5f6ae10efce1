//! What to do when the system refuses an operation on a file or folder.

use std::io::ErrorKind;
use std::path::Path;

use super::told::Told;
use crate::report::{Finding, FindingCode, Step};
use crate::text::Shown;

/// The steps, the likeliest first.
pub(crate) fn steps(path: &Path, kind: ErrorKind) -> Vec<Step> {
    with_case(Finding::of(FindingCode::LOCAL), path, kind).steps()
}

/// What is told of a file, in the case that its trouble is.
pub(super) fn with_case<'a>(told: Told<'a>, path: &Path, kind: ErrorKind) -> Told<'a> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => Shown::of(folder),
        _ => ".".into(),
    };
    let told = told.with("path", path).with("folder", folder).case("file");
    match kind {
        ErrorKind::PermissionDenied => told.case("permission-denied"),
        ErrorKind::ReadOnlyFilesystem => told.case("read-only"),
        ErrorKind::StorageFull => told.case("disk-full"),
        ErrorKind::QuotaExceeded => told.case("quota"),
        ErrorKind::FileTooLarge => told.case("too-large"),
        ErrorKind::NotFound | ErrorKind::NotADirectory => told.case("absent"),
        ErrorKind::AlreadyExists => told.case("exists"),
        ErrorKind::ResourceBusy | ErrorKind::StaleNetworkFileHandle | ErrorKind::TimedOut => told.case("away"),
        _ => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_change_is_named_for_each_errno() {
        for (errno, words) in [
            (13, "Let this user read and write /var/data"),
            (30, "Make /var/data writable"),
            (28, "df -h /var/data"),
            (122, "quota"),
            (27, "ulimit -f"),
            (2, "Make the folder /var/data"),
        ] {
            let kind = std::io::Error::from_raw_os_error(errno).kind();
            let steps = steps(Path::new("/var/data/vault.age.d"), kind);
            assert!(steps[0].sentence().contains(words), "{errno} ({kind:?}): {steps:?}");
            assert_eq!(steps.last().map(Step::to_string).as_deref(), Some("Then run the command again"));
        }
        assert!(steps(Path::new("a"), ErrorKind::ReadOnlyFilesystem)[1].sentence().contains("XDG_STATE_HOME"));
    }
}
