//! Tokens of another issuer, which the provider trusts for the app.

use std::sync::Arc;

use super::Assertion;
use crate::clock::Clock;
use crate::failure::{CredentialFault, Failure};
use crate::finding_code::FindingCode;
use crate::net::HttpClient;
use crate::profile::App;

/// The source of `app`'s tokens, which is asked for one whenever the app proves itself.
///
/// # Errors
/// [`FailureKind::Credential`](crate::failure::FailureKind::Credential) if it cannot be used.
pub fn open(app: &App, _http: &HttpClient, _clock: Clock) -> Result<Arc<dyn Assertion>, Failure> {
    Err(CredentialFault::new(FindingCode::CREDENTIAL_UNUSABLE).with("name", &app.name).into())
}
