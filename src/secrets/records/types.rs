//! The records: what an app and a mailbox leave in the store.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use secrecy::{ExposeSecret, SecretString};

use crate::failure::OAuthFault;
use crate::profile::{App, ClientAuthentication, ClientId, IdentityRule, KeyId, Mailbox, Name};

/// An app's client secrets and the state of their rotation. A public client has a record without secrets, or none.
#[derive(Debug, Clone)]
pub struct AppRecord {
    /// The client ID that the secrets belong to; they are of no use to another.
    pub client_id: ClientId,
    /// Who knows the client ID ([`App::registrar`]); unknown in records of version 0.1.0.
    pub registrar: Option<String>,
    /// The secret in use.
    pub active: Option<ClientSecret>,
    /// The one before, until it is discarded.
    pub previous: Option<ClientSecret>,
    /// A new one that has not been proven yet.
    pub pending: Option<ClientSecret>,
    /// What opens the key of its certificate, where that is encrypted.
    pub passphrase: Option<SecretString>,
    /// The rotation under way, or the last one as long as its previous secret is kept.
    pub journal: Option<RotationJournal>,
    /// New secrets that a directory was asked for and that are not in the store: their values are lost, and the directory
    /// may have them.
    pub requested: Vec<RequestedSecret>,
    /// Secrets that a directory is to remove.
    pub removals: Vec<DueRemoval>,
    /// Whether the directory let the app read its own registration when it last asked.
    pub reads_directory: bool,
}

/// A new secret that a directory was asked for, noted before it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedSecret {
    /// The name that the directory was to give it; it has no other secret of that name.
    pub name: String,
    /// When it was asked.
    pub at: Timestamp,
}

/// A secret that a directory is to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRemoval {
    /// Its ID there.
    pub key_id: KeyId,
    /// When it may go.
    pub due: Timestamp,
}

/// A client secret (RFC 6749 §2.3.1).
#[derive(Debug, Clone)]
pub struct ClientSecret {
    /// The secret itself.
    pub value: SecretString,
    /// The day on which it expires, as the portal shows it.
    pub expires: Option<Date>,
    /// When it was given to us.
    pub added: Timestamp,
    /// What a directory calls it, where that is known.
    pub key_id: Option<KeyId>,
}

/// How far a rotation has come (SECURITY.md R1): written before each step's effect is relied upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationJournal {
    /// The last step that is done.
    pub phase: RotationPhase,
    /// When the rotation began.
    pub started: Timestamp,
    /// When the pending secret was proven, and with which mailboxes.
    pub proven: BTreeMap<Name, Timestamp>,
    /// For how many days the directory keeps the previous secret; none where the directory is not asked to remove it.
    pub keep_previous: Option<u16>,
}

impl RotationJournal {
    /// A journal that begins with this step.
    #[must_use]
    pub fn new(phase: RotationPhase, started: Timestamp) -> Self {
        Self { phase, started, proven: BTreeMap::new(), keep_previous: None }
    }
}

/// The steps of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotationPhase {
    /// The pending secret is stored, and nothing else has changed.
    Stored,
    /// It has been proven with every mailbox of the app.
    Proven,
    /// It is the active one.
    Activated,
    /// The previous one was brought back.
    RolledBack,
}

/// What the store holds of a mailbox: who signed in, and what its access tokens are asked for with.
#[derive(Debug, Clone)]
pub struct MailboxRecord {
    /// The settings that it belongs to; under any others it is not this mailbox's any more.
    pub binding: Binding,
    /// The profile whose mailbox signed in, as the path of its file; not known of what a version before 0.2 has stored.
    pub profile: Option<String>,
    /// What access tokens are asked for with.
    pub authorization: Authorization,
    /// Where it is redeemed, as it was when we signed in.
    pub token_endpoint: String,
    /// How the client secret was sent there when it was last accepted.
    pub client_authentication: ClientAuthentication,
    /// Who signed in, if the provider told.
    pub identity: Option<GrantIdentity>,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// The scopes that were asked for.
    pub asked: Vec<String>,
    /// When the user signed in.
    pub obtained: Timestamp,
    /// When it was last refreshed.
    pub refreshed: Option<Timestamp>,
    /// The last access token for each audience.
    pub access: Vec<CachedAccess>,
    /// The provider's word that the refresh token is gone; `None` as long as it has not said so.
    pub needs_authorization: Option<LostGrant>,
}

/// What access tokens are asked for with.
#[derive(Debug, Clone)]
pub enum Authorization {
    /// What a user's sign-in left.
    User(RefreshGrant),
    /// Nothing that is stored: the app is authorized itself (RFC 6749 §4.4).
    App,
}

/// A sign-in that can be refreshed (RFC 6749 §6).
#[derive(Debug, Clone)]
pub struct RefreshGrant {
    /// The refresh token (RFC 6749 §1.5).
    pub refresh_token: SecretString,
}

/// What was said when a refresh token was found to be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostGrant {
    /// When the provider said so; not known of what a version before 0.2 has noted.
    pub at: Option<Timestamp>,
    /// What it said, redacted.
    pub fault: OAuthFault,
}

/// The security-relevant settings that a grant was obtained under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The app's client ID.
    pub client_id: ClientId,
    /// The issuer, or the authority in its place.
    pub issuer_or_authority: String,
    /// The mailbox's address.
    pub address: String,
}

/// Who signed in (OpenID Connect Core 1.0 §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantIdentity {
    /// `iss`.
    pub issuer: String,
    /// `sub`; unique at its issuer.
    pub subject: String,
    /// Microsoft's `tid`.
    pub tenant: Option<String>,
    /// The name for people: a mail address, mostly.
    pub label: String,
    /// All names that the provider gave for the account, the label among them; none in records of before 0.2.
    pub names: Vec<String>,
}

impl Binding {
    /// The settings that a grant of `mailbox` is good for.
    #[must_use]
    pub fn of(app: &App, mailbox: &Mailbox) -> Self {
        let issuer_or_authority = match &app.identity {
            IdentityRule::Issuer(issuer) => issuer.to_string(),
            IdentityRule::Tenant { authority, tenant } => format!("{authority}/{}", tenant.as_str()),
        };
        Self {
            client_id: app.client_id.clone(),
            issuer_or_authority,
            address: mailbox.signs_in_as().as_str().to_lowercase(),
        }
    }
}

impl MailboxRecord {
    /// The scopes that were granted: those of every token that is known, each once.
    #[must_use]
    pub fn granted(&self) -> Vec<String> {
        let mut granted = self.scopes.clone();
        for scope in self.access.iter().flat_map(|access| &access.scopes) {
            if !granted.contains(scope) {
                granted.push(scope.clone());
            }
        }
        granted
    }
}

/// An access token and what is known of it.
#[derive(Debug, Clone)]
pub struct CachedAccess {
    /// The resource that it was asked for (RFC 8707 §2); none where the scopes name none.
    pub audience: Option<String>,
    /// The token.
    pub token: SecretString,
    /// When it came from the token endpoint, by this machine's clock of then.
    pub received: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Its scopes.
    pub scopes: Vec<String>,
}

impl GrantIdentity {
    /// Every name that is known of the account; older records have kept its label alone.
    #[must_use]
    pub fn all_names(&self) -> Vec<String> {
        if self.names.is_empty() { vec![self.label.clone()] } else { self.names.clone() }
    }
}

impl AppRecord {
    /// A record without secrets, of a provider that is not known.
    #[must_use]
    pub fn new(client_id: ClientId) -> Self {
        Self {
            client_id,
            registrar: None,
            active: None,
            previous: None,
            pending: None,
            passphrase: None,
            journal: None,
            requested: Vec::new(),
            removals: Vec::new(),
            reads_directory: false,
        }
    }

    /// A record without secrets for `app`.
    #[must_use]
    pub fn of(app: &App) -> Self {
        Self { registrar: Some(app.registrar().to_owned()), ..Self::new(app.client_id.clone()) }
    }

    /// Whether its secrets are `app`'s. Records are found by name, and another profile may use the name for another
    /// client; two providers may have given out one client ID.
    #[must_use]
    pub fn is_of(&self, app: &App) -> bool {
        self.client_id == app.client_id
            && self.registrar.as_deref().is_none_or(|registrar| registrar == app.registrar())
    }

    /// Drops the pending secret. One that a directory has issued is to be removed there.
    pub fn drop_pending(&mut self, now: Timestamp) {
        let key_id = self.pending.take().and_then(|pending| pending.key_id);
        key_id.into_iter().for_each(|key_id| self.remove_when_due(key_id, now));
    }

    /// Forgets the previous secret, and a rollback's mark, which is about it.
    pub fn forget_previous(&mut self) {
        self.previous = None;
        self.journal = self.journal.take().filter(|journal| journal.phase != RotationPhase::RolledBack);
    }

    /// Notes that a directory is to remove a secret, at `due` or when that was noted for earlier.
    pub fn remove_when_due(&mut self, key_id: KeyId, due: Timestamp) {
        match self.removals.iter_mut().find(|removal| removal.key_id == key_id) {
            Some(removal) => removal.due = removal.due.min(due),
            None => self.removals.push(DueRemoval { key_id, due }),
        }
    }

    /// Every secret in it, for the redactor.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        let secrets = [&self.active, &self.previous, &self.pending].into_iter().flatten().map(|secret| &secret.value);
        secrets.chain(&self.passphrase)
    }
}

impl Authorization {
    /// The refresh token, where a user signed in.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&SecretString> {
        match self {
            Self::User(user) => Some(&user.refresh_token),
            Self::App => None,
        }
    }

    /// Takes a newer refresh token in. An app asks with its own credential each time, whatever comes beside its access token
    /// (RFC 6749 §4.4.3).
    pub fn take_over(&mut self, refresh_token: SecretString) {
        match self {
            Self::User(user) => user.refresh_token = refresh_token,
            Self::App => {}
        }
    }
}

impl MailboxRecord {
    /// Every secret in it, for the redactor.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.refresh_token().into_iter().chain(self.access.iter().map(|access| &access.token))
    }

    /// When the user signed in; none where no user did, or where the sign-in was handed over without saying when.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.refresh_token().map(|_| self.obtained).filter(|obtained| *obtained != Timestamp::UNIX_EPOCH)
    }

    /// The refresh token, where a user signed in.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.authorization.refresh_token()
    }

    /// Whether both have the same refresh token, or none.
    #[must_use]
    pub fn has_refresh_token_of(&self, other: &Self) -> bool {
        self.refresh_token().map(ExposeSecret::expose_secret) == other.refresh_token().map(ExposeSecret::expose_secret)
    }

    /// The access token for `audience`.
    #[must_use]
    pub fn access_for(&self, audience: Option<&str>) -> Option<&CachedAccess> {
        self.access.iter().find(|access| access.audience.as_deref() == audience)
    }

    /// Takes an access token in, in place of the last one for its audience. Those that have ended by then go.
    pub fn remember(&mut self, new: CachedAccess) {
        self.access.retain(|access| access.audience != new.audience && access.expires > new.received);
        self.access.push(new);
    }
}
