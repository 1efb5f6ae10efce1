//! What an app authenticates with: the one place that makes it, from the profile and what the store holds.

use secrecy::SecretString;

use crate::failure::{Failure, FailureKind};
use crate::oauth::ClientCredential;
use crate::profile::{App, Credential};
use crate::secrets::{SecretStore, load_app};
use crate::text::{Redactor, Shown};

/// What `app` authenticates with now. The redactor learns what is secret of it.
///
/// # Errors
/// [`FailureKind::NoClientSecret`] if it needs one and none is stored; what the store says.
pub fn active(app: &App, store: &dyn SecretStore, redactor: &Redactor) -> Result<ClientCredential, Failure> {
    match app.credential {
        Credential::None => Ok(ClientCredential::None),
        Credential::Secret => {
            let record = load_app(store, &app.name)?.filter(|record| record.is_of(app));
            match record.and_then(|record| record.active) {
                Some(active) => {
                    redactor.learn(&active.value);
                    Ok(secret(&active.value))
                }
                // A secret that is not in a store that is not there at all need not be missing.
                None => Err(store
                    .absence()
                    .map_or_else(|| FailureKind::NoClientSecret { app: Shown::of(&app.name) }.into(), Failure::from)),
            }
        }
    }
}

/// A client secret that is to be proven before it is used.
#[must_use]
pub fn secret(value: &SecretString) -> ClientCredential {
    ClientCredential::Secret(value.clone())
}
