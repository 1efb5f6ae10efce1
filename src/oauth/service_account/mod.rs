//! Google's service accounts: an account of a program, which may act for the users of an organisation whose administrator
//! has delegated that to it (domain-wide delegation).
//!
//! `file` reads what Google hands out for one. With a key in it, `key` signs; without, `keyless` trades the token of another
//! issuer, which `subject` fetches, for a signature that Google makes.

mod file;
mod key;
mod keyless;
mod statement;
mod subject;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use self::file::{CredentialFile, Expected};
use self::key::Key;
use self::keyless::Keyless;
pub use self::statement::{Delegation, ServiceAccount};
use crate::failure::{CredentialFault, Failure};
use crate::finding_code::FindingCode;
use crate::net::HttpClient;
use crate::profile::{App, EndpointSource};
use crate::text::Redactor;

/// The account of `app`: the one whose configuration the profile names, else the one whose file is `stored`. The redactor
/// learns what is secret of it.
///
/// # Errors
/// [`FailureKind::Credential`](crate::failure::FailureKind::Credential) if it cannot be used.
pub fn open(app: &App, stored: Option<&SecretString>, redactor: &Redactor) -> Result<Arc<dyn ServiceAccount>, Failure> {
    let (EndpointSource::Known { token, .. }, Some(spec)) = (&app.sign_in, &app.service_account) else {
        return Err(not_stored(app));
    };
    let expected = Expected { client_id: &app.client_id, token, spec };
    let read = match &spec.external_account {
        Some(path) => file::read_outside(path, &expected)?,
        None => {
            let stored = stored.ok_or_else(|| not_stored(app))?;
            redactor.learn(stored);
            file::read(stored.expose_secret(), &expected)?
        }
    };
    Ok(match read {
        CredentialFile::Key(file) => {
            redactor.learn(&file.private_key);
            Arc::new(Key::read(&file)?)
        }
        CredentialFile::External(external) => {
            let (exchange, signer) = (spec.token_exchange.clone(), spec.signer.clone());
            Arc::new(Keyless { external, exchange, signer })
        }
    })
}

/// The account of `app` once `value` is stored. One that cannot be used says why as soon as it is asked for a statement.
#[must_use]
pub fn proposed(app: &App, value: &SecretString) -> Arc<dyn ServiceAccount> {
    open(app, Some(value), &Redactor::without_memory()).unwrap_or_else(|failure| Arc::new(Unusable(failure)))
}

/// An account that states nothing.
struct Unusable(Failure);

impl ServiceAccount for Unusable {
    fn assertion(&self, _: &Delegation<'_>, _: &HttpClient) -> Result<SecretString, Failure> {
        Err(self.0.clone())
    }
}

fn not_stored(app: &App) -> Failure {
    CredentialFault::new(FindingCode::SERVICE_ACCOUNT_NOT_STORED).with("name", &app.name).into()
}

// OpenSSL makes the keys, which the other systems do not build.
#[cfg(test)]
#[cfg(target_os = "linux")]
pub(crate) mod testing;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
