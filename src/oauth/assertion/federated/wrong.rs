//! How a federated token, or the way to it, is wrong.

use crate::failure::CredentialFault;
use crate::finding_code::FindingCode;
use crate::profile::{FederatedSource, Invalid};
use crate::text::Redactor;

/// What the entry under `code` says of tokens of `source`, which is a case by its word in the profile.
pub(super) fn fault(code: FindingCode, source: FederatedSource) -> CredentialFault {
    CredentialFault::new(code).with("source", source.title()).case(source.key())
}

/// That `variable` holds an address at which no token of `source` is asked for.
pub(super) fn address(variable: &'static str, source: FederatedSource, invalid: &Invalid) -> CredentialFault {
    let told = fault(FindingCode::FEDERATED_UNSAFE_ADDRESS, source).with("variable", variable);
    told.with("reason", Redactor::by_shape(&invalid.problem))
}
