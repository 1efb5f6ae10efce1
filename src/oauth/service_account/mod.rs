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

use self::file::{CredentialFile, Expected, ExternalAccount};
use self::key::Key;
use self::keyless::Keyless;
pub use self::statement::{Delegation, ServiceAccount};
use self::subject::Subject;
use super::assertion::Assertion;
use crate::failure::{CredentialFault, Failure};
use crate::finding_code::FindingCode;
use crate::net::HttpClient;
use crate::profile::{App, EndpointSource, ServiceAccountSpec};
use crate::text::Redactor;

/// What federated tokens are (RFC 8693 §3).
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// The account of `app`: the one whose configuration the profile names, or the one that Google signs for against the app's
/// `federated` tokens, else the one whose file is `stored`. The redactor learns what is secret of it.
///
/// # Errors
/// [`FailureKind::Credential`](crate::failure::FailureKind::Credential) if it cannot be used.
pub fn open(
    app: &App,
    stored: Option<&SecretString>,
    federated: Option<Arc<dyn Assertion>>,
    redactor: &Redactor,
) -> Result<Arc<dyn ServiceAccount>, Failure> {
    let (EndpointSource::Known { token, .. }, Some(spec)) = (&app.sign_in, &app.service_account) else {
        return Err(not_stored(app));
    };
    if let (Some(workload), Some(tokens)) = (&spec.workload, federated) {
        let external = ExternalAccount {
            account: workload.account.clone(),
            audience: workload.audience.clone(),
            token_type: JWT.to_owned(),
            subject: Subject::Federated(tokens),
        };
        return Ok(keyless(Box::new(external), spec));
    }
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
        CredentialFile::External(external) => keyless(external, spec),
    })
}

fn keyless(external: Box<ExternalAccount>, spec: &ServiceAccountSpec) -> Arc<dyn ServiceAccount> {
    Arc::new(Keyless { external, exchange: spec.token_exchange.clone(), signer: spec.signer.clone() })
}

/// The account of `app` once `value` is stored. One that cannot be used says why as soon as it is asked for a statement.
#[must_use]
pub fn proposed(app: &App, value: &SecretString) -> Arc<dyn ServiceAccount> {
    open(app, Some(value), None, &Redactor::without_memory()).unwrap_or_else(|failure| Arc::new(Unusable(failure)))
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
