//! Assertions that the key of a certificate signs.

use std::sync::Arc;

use secrecy::SecretString;

use super::Assertion;
use crate::failure::{CredentialFault, Failure};
use crate::finding_code::FindingCode;
use crate::profile::App;

/// The certificate of `app`, read now; `passphrase` is asked for where its key is encrypted.
///
/// # Errors
/// [`FailureKind::Credential`](crate::failure::FailureKind::Credential) if it cannot be used.
pub fn open(
    app: &App,
    _passphrase: &dyn Fn() -> Result<Option<SecretString>, Failure>,
) -> Result<Arc<dyn Assertion>, Failure> {
    Err(CredentialFault::new(FindingCode::CREDENTIAL_UNUSABLE).with("name", &app.name).into())
}
