//! A vault that is not where it is expected: not mounted in a container, or never made.

use std::path::Path;

use super::key::VaultKey;
use crate::failure::StoreFault;

/// Why nothing is found: there is nothing at `path`, and `key` shows that a vault is meant to be used. Without a key the
/// vault was never set up, and a sign-in that is missing is just that.
pub(super) fn fault(path: &Path, key: &VaultKey) -> Option<StoreFault> {
    let is_absent = matches!(path.symlink_metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound);
    (is_absent && key.identities().is_ok()).then(|| StoreFault::NoVault { expected: path.display().to_string() })
}
