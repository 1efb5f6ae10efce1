//! The operating system's keyring: Secret Service, macOS Keychain, Windows Credential Manager.
//!
//! Entries have the service `mailgrant` and the username `mailbox:NAME` or `app:NAME`, so that
//! `secret-tool lookup service mailgrant username mailbox:NAME` finds them too.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use keyring::{Entry, Error};
use zeroize::Zeroizing;

use super::chunks::{self, Entries};
use super::deadline::{Notice, within};
use super::{RecordKey, SERVICE, SecretBytes, SecretStore, VaultStore, World, self_test};
use crate::failure::StoreFault;
use crate::text::{Redactor, Shown};

/// With a terminal: a person may be typing the keyring's password into a dialog.
const WITH_TERMINAL: Duration = Duration::from_secs(120);
/// Without a terminal.
const WITHOUT_TERMINAL: Duration = Duration::from_secs(3);

/// What one entry holds. Windows: CRED_MAX_CREDENTIAL_BLOB_SIZE. Elsewhere the limit is the value's sanity.
const ENTRY_LIMIT: usize = if cfg!(windows) { 2560 } else { 256 * 1024 };

const KIND: &str = if cfg!(target_os = "macos") {
    "Keychain"
} else if cfg!(windows) {
    "Credential Manager"
} else {
    "Secret Service"
};

/// The operating system's keyring. It is asked for nothing before the first call.
pub struct KeyringStore {
    limit: Duration,
    waiting: Option<Box<dyn Fn() + Send + Sync>>,
    /// Lives as long as a call that we gave up on.
    hanging: Mutex<Weak<()>>,
    /// The vault that is told of where there is no keyring.
    beside: Option<VaultStore>,
}

impl KeyringStore {
    /// The keyring of `world`; the user is told where to look when a call takes long.
    #[must_use]
    pub fn open(world: World<'_>) -> Self {
        let say = world.say;
        let tell = move || say("Waiting for the keyring: look for a dialog that asks to unlock it.");
        Self::new().at_most(world.timeout).on_wait(tell)
    }

    /// The keyring, each call limited to 3 s if standard input is not a terminal, else to 120 s.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(if std::io::stdin().is_terminal() { WITH_TERMINAL } else { WITHOUT_TERMINAL })
    }

    /// The keyring, each call limited to `limit`.
    #[must_use]
    pub fn with_limit(limit: Duration) -> Self {
        Self { limit, waiting: None, hanging: Mutex::default(), beside: None }
    }

    /// Limits each call to `limit` as well.
    #[must_use]
    pub fn at_most(mut self, limit: Option<Duration>) -> Self {
        self.limit = limit.map_or(self.limit, |limit| self.limit.min(limit));
        self
    }

    /// Calls `tell` when a call has been waiting for 3 s, so that the user can be told to look for a dialog.
    #[must_use]
    pub fn on_wait(mut self, tell: impl Fn() + Send + Sync + 'static) -> Self {
        self.waiting = Some(Box::new(tell));
        self
    }

    /// Tells of `vault` where there is no keyring: it may have what is asked for.
    #[must_use]
    pub fn beside(mut self, vault: VaultStore) -> Self {
        self.beside = Some(vault);
        self
    }

    /// The fault, with the vault beside the keyring where that has records.
    fn told(&self, fault: StoreFault) -> StoreFault {
        let StoreFault::Absent { reason, .. } = fault else { return fault };
        let has_records = |vault: &&VaultStore| matches!(vault.keys(), Ok(Some(keys)) if !keys.is_empty());
        StoreFault::Absent { reason, vault: self.beside.as_ref().filter(has_records).map(SecretStore::describe) }
    }

    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, StoreFault> + Send + 'static,
    ) -> Result<T, StoreFault> {
        // A keyring that hangs is not waited for again and again: five hundred mailboxes would take half an hour.
        if self.hanging.lock().unwrap_or_else(PoisonError::into_inner).strong_count() > 0 {
            return Err(StoreFault::Slow { after: self.limit });
        }
        let notice = self.waiting.as_deref().map(|tell| Notice { after: WITHOUT_TERMINAL, tell });
        let running = Arc::new(());
        let token = Arc::downgrade(&running);
        let answer = within(self.limit, notice, move || {
            let _running = running;
            job()
        });
        if matches!(answer, Err(StoreFault::Slow { .. })) {
            *self.hanging.lock().unwrap_or_else(PoisonError::into_inner) = token;
        }
        answer.map_err(|fault| self.told(fault))
    }
}

impl Default for KeyringStore {
    fn default() -> Self {
        Self::new()
    }
}

impl SecretStore for KeyringStore {
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        let name = key.entry_name();
        self.ask(move || Ok(chunks::get(&OsEntries, &name)?.map(SecretBytes::from)))
    }

    fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault> {
        let (name, value) = (key.entry_name(), value.clone());
        self.ask(move || chunks::put(&OsEntries, &name, value.expose(), ENTRY_LIMIT))
    }

    fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault> {
        let name = key.entry_name();
        self.ask(move || chunks::delete(&OsEntries, &name))
    }

    fn self_test(&self) -> Result<Shown, StoreFault> {
        self_test::of_entry(self)
    }

    fn describe(&self) -> Shown {
        shown!("OS keyring ({})", KIND)
    }
}

struct OsEntries;

impl OsEntries {
    fn entry(name: &str) -> Result<Entry, StoreFault> {
        Entry::new(SERVICE, name).map_err(|error| match (&error, Entry::store_status()) {
            // The reason why there is no store is in the status alone.
            (Error::NoDefaultStore, Err(cause)) => explain_absence(cause),
            _ => explain(&error),
        })
    }
}

impl Entries for OsEntries {
    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        match Self::entry(name)?.get_secret() {
            Ok(value) => Ok(Some(Zeroizing::new(value))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(explain(&error)),
        }
    }

    fn set(&self, name: &str, value: &[u8]) -> Result<(), StoreFault> {
        // Bytes, not `set_password`: Windows would store UTF-16, twice as long.
        Self::entry(name)?.set_secret(value).map_err(|error| explain(&error))
    }

    fn delete(&self, name: &str) -> Result<bool, StoreFault> {
        match Self::entry(name)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(explain(&error)),
        }
    }
}

/// Why the keyring could not even be reached. Whatever the cause, there is none for us.
fn explain_absence(error: &Error) -> StoreFault {
    match explain(error) {
        StoreFault::Other { reason } => StoreFault::Absent { reason, vault: None },
        fault => fault,
    }
}

/// Never through `Debug`: two of the variants carry the secret.
fn explain(error: &Error) -> StoreFault {
    match error {
        Error::NoStorageAccess(cause) | Error::PlatformFailure(cause) => explain_cause(&cause.to_string()),
        Error::NoDefaultStore => StoreFault::Absent { reason: "this platform has no keyring".into(), vault: None },
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            StoreFault::Damaged { what: "the keyring's entry cannot be decoded".into() }
        }
        Error::Ambiguous(entries) => StoreFault::Other {
            reason: shown!("{} entries of the keyring have the same service and username", entries.len()),
        },
        other => StoreFault::Other { reason: Redactor::by_shape(&other.to_string()) },
    }
}

/// The libraries below do not export their error types, so their words and D-Bus' error names must do.
fn explain_cause(cause: &str) -> StoreFault {
    let reason = Redactor::by_shape(cause);
    let has = |words: &[&str]| words.iter().any(|word| cause.contains(word));
    if has(&["object locked", "prompt dismissed", "Secret.Error.IsLocked", "interaction is not allowed"]) {
        StoreFault::Locked
    } else if has(&["result not returned"]) {
        StoreFault::Absent { reason: "the Secret Service has no default collection".into(), vault: None }
    } else if has(&["Error.AccessDenied", "Error.AuthFailed", "authorization was denied"]) {
        StoreFault::Denied { reason }
    } else if has(&[
        "no secret service provider",
        "Error.ServiceUnknown",
        "Error.NameHasNoOwner",
        "Error.Spawn",
        "Error.Disconnected",
        "connection closed before prompt",
    ]) {
        StoreFault::Absent { reason, vault: None }
    } else {
        StoreFault::Other { reason }
    }
}

#[cfg(test)]
mod tests;
