//! Google's service accounts, which may act for the users of an organisation (domain-wide delegation).

use std::path::PathBuf;

/// `service_account = { … }` of an app. Without it, the account's key is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccountSpec {
    /// Google's configuration of an external account (its `type` is `external_account`), where there is no key.
    pub external_account: PathBuf,
}
