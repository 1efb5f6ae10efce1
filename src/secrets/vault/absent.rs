//! A vault that is not where it is expected: not mounted in a container, or never made.

use std::path::Path;

use super::key::VaultKey;
use crate::failure::StoreFault;
use crate::text::Shown;

/// Why nothing is found: there is neither `folder` nor the `single` file of before, and `key` shows that a vault is meant
/// to be used. Without a key the vault was never set up, and a sign-in that is missing is just that.
pub(super) fn fault(single: &Path, folder: &Path, key: &VaultKey) -> Option<StoreFault> {
    let is_absent =
        |path: &Path| matches!(path.symlink_metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound);
    (is_absent(folder) && is_absent(single) && key.identities().is_ok())
        .then(|| StoreFault::NoVault { expected: Shown::of(folder) })
}
