//! Assertions that an app signs with a key of its own, whose certificate the provider knows (RFC 7523 §2.2).
//!
//! The files are read again for each assertion, so that a key that was renewed meanwhile is the one that signs. What is
//! wrong with them is a [`CredentialFault`](crate::failure::CredentialFault), and is known before anything is sent.

mod fault;
mod files;
mod key;
mod make;
mod pem;
mod signer;
mod x509;

// OpenSSL makes what they begin with.
#[cfg(test)]
#[cfg(not(any(windows, target_vendor = "apple")))]
mod tests;

pub use make::{KeyKind, Made, Wanted, make};
pub use x509::Certificate;

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use secrecy::SecretString;

use self::files::Contents;
use self::signer::Signer;
use super::{Assertion, JWT_BEARER};
use crate::failure::{Failure, FailureKind};
use crate::finding_code::FindingCode;
use crate::profile::{App, CertificateSpec, ClientId, EndpointUrl};

/// An app's own signer. The passphrase is asked for once, where the key needs one.
pub struct Signed {
    client_id: ClientId,
    spec: CertificateSpec,
    passphrase: Option<SecretString>,
    last: Mutex<(Contents, Arc<Signer>)>,
}

/// A source of assertions of `app`, signed with its certificate's key. `passphrase` is asked for once, and only where the key
/// is encrypted.
///
/// # Errors
/// [`FailureKind::Credential`] if the certificate or its key cannot be used at `now`; what `passphrase` says.
pub fn open(
    app: &App,
    now: Timestamp,
    passphrase: &dyn Fn() -> Result<Option<SecretString>, Failure>,
) -> Result<Arc<Signed>, Failure> {
    // The profile's reader has seen to it that there is one.
    let spec = app.certificate.as_ref().ok_or(FailureKind::Bug)?;
    signed(&app.client_id, spec, now, passphrase)
}

fn signed(
    client_id: &ClientId,
    spec: &CertificateSpec,
    now: Timestamp,
    passphrase: &dyn Fn() -> Result<Option<SecretString>, Failure>,
) -> Result<Arc<Signed>, Failure> {
    let contents = Contents::read(spec)?;
    let (_, of_key) = contents.blocks(spec)?;
    let passphrase = if key::is_encrypted(&of_key) { passphrase()? } else { None };
    let signer = Signer::of(spec, &contents, passphrase.as_ref())?;
    signer.certificate.must_be_valid(&spec.file, now)?;
    let last = Mutex::new((contents, Arc::new(signer)));
    Ok(Arc::new(Signed { client_id: client_id.clone(), spec: spec.clone(), passphrase, last }))
}

impl Signed {
    /// A proof for `audience` that `issuer` has the key.
    ///
    /// # Errors
    /// [`FailureKind::Credential`] if the certificate or its key cannot be used at `now`.
    pub fn proof(&self, issuer: &str, audience: &str, now: Timestamp) -> Result<SecretString, Failure> {
        self.signer()?.proof(&self.spec, issuer, audience, now)
    }

    /// What the key is encrypted with; none where it is not.
    #[must_use]
    pub fn passphrase(&self) -> Option<&SecretString> {
        self.passphrase.as_ref()
    }

    /// The signer of the files as they are now.
    fn signer(&self) -> Result<Arc<Signer>, Failure> {
        let contents = Contents::read(&self.spec)?;
        // What another thread left half-way is replaced whole.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != contents {
            let signer = Signer::of(&self.spec, &contents, self.passphrase.as_ref())?;
            *last = (contents, Arc::new(signer));
        }
        Ok(Arc::clone(&last.1))
    }
}

impl Assertion for Signed {
    fn assertion_type(&self) -> &'static str {
        JWT_BEARER
    }

    fn sign(&self, audience: &EndpointUrl, now: Timestamp) -> Result<SecretString, Failure> {
        self.signer()?.assertion(&self.spec, self.client_id.as_str(), audience.as_url().as_str(), now)
    }
}

/// Whether the key that `spec` names is encrypted.
///
/// # Errors
/// If there is none that can be read.
pub fn is_locked(spec: &CertificateSpec) -> Result<bool, Failure> {
    let (_, of_key) = Contents::read(spec)?.blocks(spec)?;
    Ok(key::is_encrypted(&of_key))
}

/// Tries the passphrase of the key that `spec` names. What else is wrong with the key is told where it is used.
///
/// # Errors
/// If the files cannot be read, or the passphrase is another one.
pub fn unlock(spec: &CertificateSpec, passphrase: &SecretString) -> Result<(), Failure> {
    let (_, of_key) = Contents::read(spec)?.blocks(spec)?;
    match key::find(spec.key_file(), &of_key, Some(passphrase)) {
        Err(failure) if is_refusal(&failure) => Err(failure),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn is_refusal(failure: &Failure) -> bool {
    matches!(&failure.kind, FailureKind::Credential(fault) if fault.code == FindingCode::CERTIFICATE_PASSPHRASE_WRONG)
}

/// The certificate that `spec` names: the key's own, or the first one where the key cannot be used.
///
/// # Errors
/// If there is none that can be read.
pub fn certificate(spec: &CertificateSpec) -> Result<Certificate, Failure> {
    let contents = Contents::read(spec)?;
    if let Ok(signer) = Signer::of(spec, &contents, None) {
        return Ok(signer.certificate);
    }
    let (certificate, of_key) = contents.blocks(spec)?;
    let blocks = if spec.key_file.is_some() { certificate } else { of_key };
    x509::all(&spec.file, &blocks)?.into_iter().next().ok_or_else(|| x509::none(&spec.file, &blocks))
}
