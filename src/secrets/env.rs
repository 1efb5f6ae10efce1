//! Environment variables as a store: what a CI system, a container or a service manager hands over. Nothing is written.
//!
//! There is one variable for each secret, named after the app or the mailbox ([`variable`]). What a record says besides comes
//! from the profile.

use std::ffi::OsString;

use jiff::Timestamp;
use secrecy::SecretString;

use super::records::{AppRecord, Authorization, Binding, ClientSecret, MailboxRecord, RefreshGrant, encode};
use super::{RecordKey, SecretBytes, SecretStore, World};
use crate::failure::{HandedOver, StoreFault};
use crate::profile::{App, ClientAuthentication, Mailbox, Name, Profile};
use crate::text::Shown;

/// How the variables of apps begin.
const APP: &str = "MAILGRANT_APP_";
/// How the variables of mailboxes begin.
const MAILBOX: &str = "MAILGRANT_MAILBOX_";

/// A client secret is at most this long where it is read from elsewhere, too; a refresh token at most that of a header.
const LARGEST: usize = 16 * 1024;

/// Whether a variable of this name may hold a secret of this store.
pub(super) fn is_of_store(variable: &str) -> bool {
    variable.starts_with(APP) || variable.starts_with(MAILBOX)
}

/// The variable with what the store holds of the credential of `app`; none where that is nothing.
#[must_use]
pub fn app_variable(app: &App) -> Option<Shown> {
    app.stored().map(|stored| variable(APP, &app.name, stored.variable))
}

/// The variable with what an app or a mailbox has, as in `MAILGRANT_APP_CONTOSO_CLIENT_SECRET` and
/// `MAILGRANT_MAILBOX_SHOP_REFRESH_TOKEN`.
fn variable(kind: &'static str, name: &Name, holds: &'static str) -> Shown {
    shown!("{}{}_{}", kind, name.for_variable(), holds)
}

/// The environment, as a store for the apps and mailboxes of one profile.
pub struct EnvStore {
    profile: Profile,
    env: fn(&str) -> Option<OsString>,
}

impl EnvStore {
    /// The variables of the profile's apps and mailboxes. None is read before the first call.
    #[must_use]
    pub fn open(profile: &Profile, world: World<'_>) -> Self {
        Self { profile: profile.clone(), env: world.env }
    }

    /// The variable of a record, and what it holds.
    fn variable(&self, key: &RecordKey) -> Option<(Shown, Shown)> {
        match key {
            RecordKey::App(name) => {
                let app = self.profile.apps.get(name)?;
                Some((app_variable(app)?, shown!("the {} of app '{}'", app.stored()?.title, name)))
            }
            RecordKey::Mailbox(name) => {
                Some((variable(MAILBOX, name, "REFRESH_TOKEN"), shown!("the refresh token of mailbox '{}'", name)))
            }
            RecordKey::Trial(_) => None,
        }
    }

    /// The records that the profile could have here, in the order of their names.
    fn possible(&self) -> Vec<RecordKey> {
        let apps = self.profile.apps.values().filter(|app| app.stored().is_some());
        let apps = apps.map(|app| RecordKey::App(app.name.clone()));
        let mailboxes = self.profile.mailboxes.values().filter(|mailbox| mailbox.access.needs_person());
        apps.chain(mailboxes.map(|mailbox| RecordKey::Mailbox(mailbox.name.clone()))).collect()
    }

    /// The value of a record's variable.
    fn value(&self, key: &RecordKey) -> Result<Option<SecretString>, StoreFault> {
        let Some((variable, _)) = self.variable(key) else { return Ok(None) };
        if let Some(other) = self.possible().iter().find(|other| *other != key && self.shares(other, &variable)) {
            return Err(StoreFault::SharedVariable { variable, one: Shown::of(key), other: Shown::of(other) });
        }
        let Some(value) = (self.env)(variable.as_str()) else { return Ok(None) };
        let unusable = |why: &'static str| StoreFault::BadVariable { variable: variable.clone(), why: why.into() };
        let text = value.into_string().map_err(|_| unusable("it is not UTF-8 text"))?;
        // Files and pipes end with a line end, which is not the secret's.
        let text = text.trim();
        match () {
            () if text.is_empty() => Ok(None),
            () if text.len() > LARGEST => Err(unusable("it is too long for a secret")),
            () if text.chars().any(char::is_control) => {
                Err(unusable("it holds a line end or another control character"))
            }
            () => Ok(Some(SecretString::from(text))),
        }
    }

    fn shares(&self, other: &RecordKey, variable: &Shown) -> bool {
        self.variable(other).is_some_and(|(of_other, _)| of_other == *variable)
    }

    fn read_only(&self, key: &RecordKey) -> StoreFault {
        let handed = self.variable(key).map_or(HandedOver::Vault, |(variable, _)| HandedOver::Variable(variable));
        StoreFault::ReadOnly { store: self.describe(), handed }
    }
}

impl SecretStore for EnvStore {
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        let Some(value) = self.value(key)? else { return Ok(None) };
        match key {
            RecordKey::App(name) => self.profile.apps.get(name).map(|app| encode::app(&of_app(app, value))).transpose(),
            RecordKey::Mailbox(name) => {
                let mailbox = self.profile.mailboxes.get(name);
                let record = mailbox.map(|mailbox| of_mailbox(self.profile.app_of(mailbox), mailbox, value));
                record.map(|record| encode::mailbox(&record)).transpose()
            }
            RecordKey::Trial(_) => Ok(None),
        }
    }

    fn absence(&self, of: &RecordKey) -> Option<StoreFault> {
        self.variable(of).map(|(variable, holds)| StoreFault::NoVariable { variable, holds })
    }

    fn is_read_only(&self) -> bool {
        true
    }

    fn put(&self, key: &RecordKey, _: &SecretBytes) -> Result<(), StoreFault> {
        Err(self.read_only(key))
    }

    fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault> {
        Err(self.read_only(key))
    }

    fn variables(&self, of: &[RecordKey]) -> Vec<Shown> {
        let named = of.iter().filter_map(|key| self.variable(key)).map(|(variable, _)| variable);
        named.filter(|variable| (self.env)(variable).is_some()).collect()
    }

    fn keys(&self) -> Result<Option<Vec<RecordKey>>, StoreFault> {
        let mut set = Vec::new();
        for key in self.possible() {
            if self.value(&key)?.is_some() {
                set.push(key);
            }
        }
        Ok(Some(set))
    }

    fn self_test(&self) -> Result<Shown, StoreFault> {
        let set = self.keys()?.unwrap_or_default();
        let names = |is_set: bool| {
            let keys = self.possible().into_iter().filter(|key| set.contains(key) == is_set);
            let names: Vec<Shown> = keys.filter_map(|key| self.variable(&key)).map(|(variable, _)| variable).collect();
            if names.is_empty() { "none".into() } else { Shown::join(names, ", ") }
        };
        Ok(shown!("set: {}; not set: {}", names(true), names(false)))
    }

    fn describe(&self) -> Shown {
        "environment".into()
    }
}

fn of_app(app: &App, secret: SecretString) -> AppRecord {
    if app.certificate.is_some() {
        return AppRecord { passphrase: Some(secret), ..AppRecord::of(app) };
    }
    // Nothing tells when it came; it is not taken for new.
    let active = ClientSecret { value: secret, expires: None, added: Timestamp::UNIX_EPOCH, key_id: None };
    AppRecord { active: Some(active), ..AppRecord::of(app) }
}

/// What a sign-in with the profile's settings would have left. Where the token is redeemed is found when it is.
fn of_mailbox(app: &App, mailbox: &Mailbox, refresh_token: SecretString) -> MailboxRecord {
    let scopes: Vec<String> =
        app.scopes.for_channels(mailbox.channels()).iter().map(|scope| scope.as_str().to_owned()).collect();
    MailboxRecord {
        binding: Binding::of(app, mailbox),
        profile: None,
        authorization: Authorization::User(RefreshGrant { refresh_token }),
        token_endpoint: String::new(),
        client_authentication: app.client_authentication.unwrap_or(ClientAuthentication::Body),
        identity: None,
        scopes: scopes.clone(),
        asked: scopes,
        obtained: Timestamp::UNIX_EPOCH,
        refreshed: None,
        access: Vec::new(),
        needs_authorization: None,
    }
}

#[cfg(test)]
mod tests;
