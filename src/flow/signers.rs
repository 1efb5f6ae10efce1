//! What apps sign with, opened once in a run: deriving the key of an encrypted file takes a while, and its passphrase may be a
//! person's to type.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use secrecy::SecretString;

use crate::context::Prompter;
use crate::failure::{Failure, FailureKind};
use crate::finding_code::FindingCode;
use crate::oauth::assertion::certificate::{self, Signed};
use crate::profile::{App, CertificateSpec, Name};
use crate::text::Redactor;

/// So many passphrases are asked for.
const TRIES: u32 = 3;

/// The signers of a run. Those who need one at the same time wait for one opening.
#[derive(Default)]
pub struct Signers<'a> {
    prompter: Option<&'a dyn Prompter>,
    opened: Mutex<Vec<Opened>>,
}

struct Opened {
    app: Name,
    spec: CertificateSpec,
    /// Why there is none, where a person was asked, who is not asked twice.
    signer: Result<Arc<Signed>, Failure>,
    is_asked: bool,
}

impl Opened {
    fn is_of(&self, app: &App) -> bool {
        let is_same =
            |spec: &CertificateSpec| self.spec.files().are(&spec.files()) && self.spec.algorithm == spec.algorithm;
        self.app == app.name && app.certificate.as_ref().is_some_and(is_same)
    }
}

impl<'a> Signers<'a> {
    /// None yet. Passphrases that are neither stored nor right are asked for at the terminal, where there is one.
    #[must_use]
    pub fn asking(prompter: &'a dyn Prompter) -> Self {
        Self { prompter: Some(prompter), opened: Mutex::default() }
    }

    /// The signer of `app`. `passphrase` is what the store has of it; what is typed is not stored, and the redactor learns it.
    ///
    /// # Errors
    /// [`FailureKind::Credential`] if the certificate or its key cannot be used at `now`; what `passphrase` says.
    pub fn of(
        &self,
        app: &App,
        now: Timestamp,
        redactor: &Redactor,
        passphrase: &dyn Fn() -> Result<Option<SecretString>, Failure>,
    ) -> Result<Arc<Signed>, Failure> {
        // The profile's reader has seen to it that there is one.
        let spec = app.certificate.clone().ok_or(FailureKind::Bug)?;
        // What another thread left half-way was not put into the list.
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = opened.iter().find(|known| known.is_of(app)) {
            return known.signer.clone();
        }
        let stored = certificate::open(app, now, passphrase);
        let (signer, is_asked) = match (stored, self.prompter.filter(|prompter| prompter.is_interactive())) {
            (Err(failure), Some(prompter)) if is_about_passphrase(&failure) => {
                (ask(prompter, app, now, redactor, failure), true)
            }
            (stored, _) => (stored, false),
        };
        if signer.is_ok() || is_asked {
            opened.push(Opened { app: app.name.clone(), spec, signer: signer.clone(), is_asked });
        }
        signer
    }

    /// Whether a person has typed the passphrase of the app's key.
    #[must_use]
    pub fn has_asked_for(&self, app: &App) -> bool {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.iter().any(|known| known.is_of(app) && known.is_asked)
    }
}

/// Asks for the passphrase, and again where it is another one.
fn ask(
    prompter: &dyn Prompter,
    app: &App,
    now: Timestamp,
    redactor: &Redactor,
    mut why: Failure,
) -> Result<Arc<Signed>, Failure> {
    let question = format!("Passphrase of the key of app '{}'", app.name);
    for _ in 0..TRIES {
        let Ok(typed) = prompter.secret(&question) else { break };
        redactor.learn(&typed);
        match certificate::open(app, now, &|| Ok(Some(typed.clone()))) {
            Err(failure) if is_about_passphrase(&failure) => {
                prompter.say("  It does not open the key.");
                why = failure;
            }
            ended => return ended,
        }
    }
    Err(why)
}

/// Whether another passphrase could open the key.
fn is_about_passphrase(failure: &Failure) -> bool {
    let codes = [FindingCode::CERTIFICATE_PASSPHRASE_MISSING, FindingCode::CERTIFICATE_PASSPHRASE_WRONG];
    matches!(&failure.kind, FailureKind::Credential(fault) if codes.contains(&fault.code))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::config;
    use crate::oauth::assertion::certificate::{KeyKind, Wanted, make};

    const PASSPHRASE: &str = "practice-only-passphrase";

    #[test]
    fn the_key_of_an_app_is_opened_once_for_all_who_sign_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let from = "2026-11-28".parse().unwrap();
        let secret = SecretString::from(PASSPHRASE);
        let wanted = Wanted { name: "app", kind: KeyKind::Ec, from, days: 90, passphrase: Some(&secret) };
        let made = make(wanted).unwrap();
        let file = folder.path().join("app.pem");
        crate::files::create_private(&file, made.both.as_bytes()).unwrap();
        let app = |name: &str| {
            let text = format!(
                "[apps.{name}]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\n\
                 client_id = \"11111111-2222-3333-4444-555555555555\"\ncredential = \"certificate\"\n\
                 certificate = {{ file = \"app.pem\" }}\n"
            );
            let profile = config::parse(&folder.path().join("config.toml"), &text).unwrap();
            profile.apps.into_values().next().unwrap()
        };
        let (signers, read) = (Signers::default(), AtomicUsize::new(0));
        let open = |app: &App, passphrase: Option<&str>| {
            let passphrase = || {
                read.fetch_add(1, Ordering::Relaxed);
                Ok(passphrase.map(SecretString::from))
            };
            signers.of(app, now, &Redactor::default(), &passphrase)
        };
        let (one, other) = (app("one"), app("other"));
        // What failed is tried again, where no person was asked.
        assert!(is_about_passphrase(&open(&one, None).err().unwrap()));
        assert!(is_about_passphrase(&open(&one, Some("another one")).err().unwrap()));
        read.store(0, Ordering::Relaxed);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| open(&one, Some(PASSPHRASE)).unwrap());
            }
        });
        assert_eq!(read.load(Ordering::Relaxed), 1);
        open(&other, Some(PASSPHRASE)).unwrap();
        assert_eq!(read.load(Ordering::Relaxed), 2, "another app may have another passphrase");
        assert!(!signers.has_asked_for(&one));
    }
}
