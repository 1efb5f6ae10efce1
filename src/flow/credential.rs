//! What an app authenticates with: the one place that makes it, from the profile, what the store holds and who hands out
//! tokens.

use std::sync::Arc;

use secrecy::SecretString;

use super::signers::Signers;
use crate::clock::Clock;
use crate::failure::{CredentialFault, Failure, FailureKind};
use crate::finding_code::FindingCode;
use crate::net::HttpClient;
use crate::oauth::ClientCredential;
use crate::oauth::assertion::certificate::Signed;
use crate::oauth::assertion::federated;
use crate::oauth::service_account;
use crate::profile::{App, Credential, GivenAs};
use crate::secrets::{self, RecordKey, SecretStore, load_app};
use crate::text::Shown;

/// What it is made from.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// Where client secrets are.
    pub store: &'a dyn SecretStore,
    /// The way to those who hand out tokens; its redactor learns what is secret.
    pub http: &'a HttpClient,
    /// The time of day.
    pub clock: Clock,
    /// What apps sign with in this run.
    pub signers: &'a Signers<'a>,
}

impl Desk<'_> {
    /// What `app` authenticates with now.
    ///
    /// # Errors
    /// [`FailureKind::NoClientSecret`] if it needs one and none is stored; [`FailureKind::Credential`] if what the profile
    /// names cannot be used; what the store says.
    pub fn active(&self, app: &App) -> Result<ClientCredential, Failure> {
        match app.credential {
            Credential::None => Ok(ClientCredential::None),
            Credential::Secret => self.secret(app),
            Credential::Certificate => Ok(ClientCredential::Assertion(self.signer(app)?)),
            Credential::Federated => federated::open(app, self.http).map(ClientCredential::Assertion),
            Credential::ServiceAccount => self.service_account(app),
        }
    }

    /// What signs with the key of the app's certificate.
    ///
    /// # Errors
    /// As [`Desk::active`].
    pub fn signer(&self, app: &App) -> Result<Arc<Signed>, Failure> {
        let redactor = self.http.transcript().redactor();
        self.signers.of(app, self.clock.now(), redactor, &|| self.passphrase(app))
    }

    fn secret(&self, app: &App) -> Result<ClientCredential, Failure> {
        let record = load_app(self.store, &app.name)?.filter(|record| record.is_of(app));
        match record.and_then(|record| record.active) {
            Some(active) => {
                self.http.transcript().redactor().learn(&active.value);
                Ok(secret(&active.value))
            }
            // A secret that is not in a store that is not there at all need not be missing.
            None => Err(self
                .store
                .absence(&RecordKey::App(app.name.clone()))
                .map_or_else(|| FailureKind::NoClientSecret { app: Shown::of(&app.name) }.into(), Failure::from)),
        }
    }

    /// The service account of `app`.
    fn service_account(&self, app: &App) -> Result<ClientCredential, Failure> {
        let stored = load_app(self.store, &app.name)?.filter(|record| record.is_of(app));
        let stored = stored.and_then(|record| record.active).map(|active| active.value);
        let federated = app.federated.as_ref().map(|_| federated::open(app, self.http)).transpose()?;
        service_account::open(app, stored.as_ref(), federated, self.http.transcript().redactor())
            .map(ClientCredential::ServiceAccount)
    }

    /// What opens the app's private key, which is encrypted.
    fn passphrase(&self, app: &App) -> Result<Option<SecretString>, Failure> {
        let record = load_app(self.store, &app.name)?.filter(|record| record.is_of(app));
        let Some(passphrase) = record.and_then(|record| record.passphrase) else {
            return Err(self
                .store
                .absence(&RecordKey::App(app.name.clone()))
                .map_or_else(|| locked(app), Failure::from));
        };
        self.http.transcript().redactor().learn(&passphrase);
        Ok(Some(passphrase))
    }
}

/// The key of the app's certificate is encrypted, and nothing stored opens it.
fn locked(app: &App) -> Failure {
    let file = app.certificate.iter().map(|spec| ("file", Shown::of(spec.key_file())));
    let variable = secrets::app_variable(app).map(|variable| ("variable", variable));
    let mut fault =
        CredentialFault::new(FindingCode::CERTIFICATE_PASSPHRASE_MISSING).case("app").with("name", &app.name);
    fault.values.extend(file.chain(variable));
    fault.into()
}

/// What `app` authenticates with once the store has `value`, which is to be proven before that.
#[must_use]
pub fn proposed(app: &App, value: &SecretString) -> ClientCredential {
    match app.credential.given_as() {
        GivenAs::KeyFile => ClientCredential::ServiceAccount(service_account::proposed(app, value)),
        GivenAs::Secret | GivenAs::Passphrase => secret(value),
    }
}

fn secret(value: &SecretString) -> ClientCredential {
    ClientCredential::Secret(value.clone())
}
