//! Google's service accounts, which may act for the users of an organisation (domain-wide delegation).

use std::path::PathBuf;

use super::{Address, EndpointUrl, FederatedSpec};

/// How a service account is used: `service_account = { … }` of an app, and what its provider has where that says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccountSpec {
    /// Google's configuration of an external account (its `type` is `external_account`), where there is no key. Without
    /// it, the account's key is in the store.
    pub external_account: Option<PathBuf>,
    /// Whom Google signs for against the app's federated tokens, where there is neither.
    pub workload: Option<Workload>,
    /// Where the token of another issuer is traded (RFC 8693).
    pub token_exchange: EndpointUrl,
    /// What signs for an account without a key: the address before the version.
    pub signer: EndpointUrl,
}

/// An account that a workload identity pool may act for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// The account's address.
    pub account: Address,
    /// The pool's provider, as in `//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/github`.
    pub audience: String,
}

impl Workload {
    /// The tokens that are traded: where the profile names no audience, they are for the one that Google expects then.
    #[must_use]
    pub fn traded(&self, tokens: FederatedSpec) -> FederatedSpec {
        FederatedSpec { audience: tokens.audience.or_else(|| Some(format!("https:{}", self.audience))), ..tokens }
    }
}
