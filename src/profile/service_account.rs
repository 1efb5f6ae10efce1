//! Google's service accounts, which may act for the users of an organisation (domain-wide delegation).

use std::path::PathBuf;

use super::EndpointUrl;

/// How a service account is used: `service_account = { … }` of an app, and what its provider has where that says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccountSpec {
    /// Google's configuration of an external account (its `type` is `external_account`), where there is no key. Without
    /// it, the account's key is in the store.
    pub external_account: Option<PathBuf>,
    /// Where the token of another issuer is traded (RFC 8693).
    pub token_exchange: EndpointUrl,
    /// What signs for an account without a key: the address before the version.
    pub signer: EndpointUrl,
}
