//! From a mailbox to an access token that is valid now: read, refresh under the lock, persist, return.

mod answer;
mod aside;
mod authorization;
mod binding;
mod fresh;
mod lost;
mod renewal;
mod stored;
mod token;

use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;

use super::credential::Desk;
use super::signers::Signers;
use super::throttle::Throttle;
use crate::clock::Clock;
use crate::failure::{Failure, FailureKind, StoreFault};
use crate::files::lock;
use crate::net::HttpClient;
use crate::oauth::{Client, ClientCredential, Identity, TokenEndpoint, TokenResponse};
use crate::profile::{App, Audience, Mailbox, Protocol, Scope};
use crate::secrets::{
    Authorization, Binding, GrantIdentity, MailboxRecord, RecordKey, RecordLock, RefreshGrant, Reservation,
    SecretStore, load_mailbox, save_mailbox, save_mailbox_reserved,
};

pub use self::binding::Replaced;
pub use self::lost::OnLoss;
pub use self::token::{AccessToken, TokenSource};
pub use crate::profile::missing_scopes;

/// One mailbox and all that is needed to get its tokens.
pub struct Session<'a> {
    /// Where the grant is kept.
    pub store: &'a dyn SecretStore,
    /// Where the locks are.
    pub locks: &'a Path,
    /// The way to the token endpoint.
    pub http: HttpClient,
    /// The time of day.
    pub clock: Clock,
    /// The mailbox's app.
    pub app: &'a App,
    /// The mailbox.
    pub mailbox: &'a Mailbox,
    /// The protocol whose token is wanted; the mailbox's first where none is named.
    pub protocol: Option<Protocol>,
    /// What to authenticate with instead of the active secret: a new one that is being proven.
    pub proving: Option<&'a ClientCredential>,
    /// When everything must be over.
    pub deadline: Option<Instant>,
    /// The profile's file, as a sign-in notes it: another profile may use the mailbox's name too.
    pub profile_file: &'a Path,
    /// What becomes of a sign-in whose refresh token is gone.
    pub on_loss: OnLoss,
    /// Token endpoints that have asked to be left alone.
    pub throttle: &'a Throttle,
    /// What apps sign with in this run.
    pub signers: &'a Signers<'a>,
}

/// Held, this process alone may change the mailbox's grant, and there is space to store a new one.
pub struct Ready<'a> {
    _lock: Option<RecordLock>,
    room: Box<dyn Reservation + 'a>,
}

impl<'a> Session<'a> {
    /// An access token that is good for a while yet (half of its life, or five minutes). One in the store is handed out without lock or
    /// network, and one that still is good whatever the provider has said of the refresh token since: an access token
    /// outlives it (RFC 7009 §2).
    ///
    /// # Errors
    /// [`FailureKind::NotAuthorized`] or [`FailureKind::GrantLost`] if someone must sign in first; what the store, the
    /// lock or the token endpoint say.
    pub fn access_token(&self) -> Result<AccessToken, Failure> {
        let seen = self.stored_grant()?;
        if let Some(token) = self.at_hand(&seen)? {
            return Ok(token);
        }
        if let Err(throttled) = self.admit() {
            return self.good(&seen).ok_or(throttled);
        }
        // Refresh tokens are often good for one use only, so two refreshes at once lose the sign-in (RFC 9700 §2.2.2).
        // A process that waited for the lock finds what the holder has fetched (SECURITY.md C1).
        let _lock = self.lock()?;
        let grant = self.stored_grant()?;
        if let Some(token) = self.fetched_since(&seen, &grant) {
            return Ok(token);
        }
        if let Some(token) = self.at_hand(&grant)? {
            return Ok(token);
        }
        let left = self.good(&grant);
        let credential = self.client_credential()?;
        // A no, or no answer, comes early enough for what is left of the last token.
        self.renew(grant, &credential, self.on_loss).or_else(|failure| left.ok_or(failure))
    }

    /// Fetches a new access token, whatever the store holds and whatever the provider has said before: this proves grant
    /// and client secret, and a success takes the mark of a lost sign-in away. A refusal changes nothing.
    ///
    /// # Errors
    /// As [`Session::access_token`].
    pub fn refreshed_token(&self) -> Result<AccessToken, Failure> {
        self.admit()?;
        let _lock = self.lock()?;
        let credential = self.client_credential()?;
        self.renew(self.stored_grant()?, &credential, OnLoss::LeaveUnmarked)
    }

    /// Fetches an access token for what the mailbox needs here, with a sign-in that may have been made for something else.
    /// The store keeps what it has: a refresh token that replaces the old one is all that goes there.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token). No refusal marks the sign-in as lost.
    pub fn token_aside(&self) -> Result<AccessToken, Failure> {
        self.admit()?;
        let _lock = self.lock()?;
        let credential = self.client_credential()?;
        self.renew_aside(self.bound_grant()?, &credential)
    }

    /// The access token in the store, if it is still good; neither lock nor network is touched.
    #[must_use]
    pub fn stored_token(&self) -> Option<AccessToken> {
        let grant = load_mailbox(self.store, &self.mailbox.name).ok()??;
        if grant.binding != self.binding() {
            return None;
        }
        grant.secrets().for_each(|secret| self.http.transcript().redactor().learn(secret));
        self.good(&grant)
    }

    /// Makes ready for a sign-in's tokens. A code is good once, so that nothing may come between its tokens and the
    /// store: this comes before it is redeemed.
    ///
    /// # Errors
    /// What the lock or the store say, and [`FailureKind::GrantOfAnother`].
    pub fn make_ready(&self, replaced: Replaced) -> Result<Ready<'a>, Failure> {
        let lock = self.lock()?;
        if replaced == Replaced::Own {
            self.refuse_foreign()?;
        }
        Ok(Ready { _lock: lock, room: self.reserve()? })
    }

    /// Whether the store would take a new grant now, as far as can be told without waiting: a process that holds the lock is
    /// just finding out.
    ///
    /// # Errors
    /// What the lock or the store say.
    pub fn check_store(&self) -> Result<(), Failure> {
        match RecordLock::acquire(self.locks, &self.record(), Duration::ZERO) {
            Err(failure) if matches!(failure.kind, FailureKind::Busy { .. }) => Ok(()),
            lock => {
                let _lock = lock?;
                self.reserve().map(drop)
            }
        }
    }

    /// Space in the store for a new grant. The caller holds the lock: some stores are tried by writing what is there.
    fn reserve(&self) -> Result<Box<dyn Reservation + 'a>, Failure> {
        Ok(self.store.reserve(&self.record())?)
    }

    /// What is not in a store that is not there at all need not be missing.
    fn refuse_absent_store(&self) -> Result<(), Failure> {
        self.store.absence(&self.record()).map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// Refuses to replace what another profile's mailbox of the same name left in the store.
    ///
    /// # Errors
    /// [`FailureKind::GrantOfAnother`]; what the store says.
    pub fn refuse_foreign(&self) -> Result<(), Failure> {
        // What cannot be read any more is of no use to any profile.
        let grant = match load_mailbox(self.store, &self.mailbox.name) {
            Err(StoreFault::Damaged { .. }) => None,
            grant => grant?,
        };
        match grant {
            Some(grant) if grant.binding != self.binding() && !self.is_ours(&grant) => Err(binding::of_another(&grant)),
            _ => Ok(()),
        }
    }

    /// Whether this profile's mailbox made the grant, though its settings may have been changed since.
    fn is_ours(&self, grant: &MailboxRecord) -> bool {
        grant.profile.as_deref().is_some_and(|profile| Path::new(profile) == self.profile_file)
    }

    fn desk(&self) -> Desk<'_> {
        Desk { store: self.store, http: &self.http, clock: self.clock, signers: self.signers }
    }

    fn record(&self) -> RecordKey {
        RecordKey::Mailbox(self.mailbox.name.clone())
    }

    /// Stores what a sign-in left us.
    ///
    /// # Errors
    /// [`FailureKind::NoRefreshToken`], and what the store or the lock say.
    pub fn establish(
        &self,
        ready: Ready<'_>,
        endpoint: &TokenEndpoint,
        answer: TokenResponse,
        identity: Option<&Identity>,
        asked: &[Scope],
    ) -> Result<MailboxRecord, Failure> {
        let refresh_token = answer.refresh_token.clone().ok_or(FailureKind::NoRefreshToken)?;
        let asked: Vec<String> = asked.iter().map(Scope::to_string).collect();
        let now = self.clock.now();
        let mut grant = MailboxRecord {
            binding: self.binding(),
            profile: Some(self.profile_file.display().to_string()),
            authorization: Authorization::User(RefreshGrant { refresh_token }),
            token_endpoint: endpoint.url.to_string(),
            client_authentication: answer.client_authentication,
            identity: identity.map(|identity| GrantIdentity {
                issuer: identity.issuer.clone(),
                subject: identity.subject.clone(),
                tenant: identity.tenant.clone(),
                label: identity.label().to_owned(),
                names: identity.names.clone(),
            }),
            // RFC 6749 §5.1: no scope in the answer means "as asked for".
            scopes: answer.scopes.clone().map_or_else(|| asked.clone(), answer::well_formed),
            asked,
            obtained: now,
            refreshed: None,
            access: Vec::new(),
            needs_authorization: None,
        };
        answer::take_over(&mut grant, answer, self.audience(), now, self.http.transcript().redactor());
        self.save(&grant, ready.room)?;
        Ok(grant)
    }

    /// The grant in the store, if it belongs to this mailbox as the profile has it now and the provider has not said that
    /// it is gone.
    ///
    /// # Errors
    /// As [`Session::stored_grant`], and [`FailureKind::GrantLost`].
    pub fn grant(&self) -> Result<MailboxRecord, Failure> {
        let grant = self.stored_grant()?;
        match lost::loss(self.app.provider, &grant) {
            Some(lost) => Err(lost),
            None => Ok(grant),
        }
    }

    /// The grant in the store, if it belongs to this mailbox as the profile has it now, whatever the provider has said
    /// of it since.
    ///
    /// # Errors
    /// [`FailureKind::NotAuthorized`] with the reason, [`FailureKind::GrantOfAnother`]; what the store says.
    pub fn stored_grant(&self) -> Result<MailboxRecord, Failure> {
        let grant = self.bound_grant()?;
        let wanted = self.app.scopes.for_channels(self.mailbox.channels());
        match wanted.iter().find(|scope| !grant.asked.iter().any(|asked| asked == scope.as_str())) {
            Some(scope) => {
                let why = shown!("the profile now needs {}, which the last sign-in did not ask for", scope);
                Err(FailureKind::NotAuthorized { why }.into())
            }
            None => Ok(grant),
        }
    }

    /// The same, whatever the last sign-in asked for.
    fn bound_grant(&self) -> Result<MailboxRecord, Failure> {
        let grant = self.stored_record()?;
        for secret in grant.secrets() {
            self.http.transcript().redactor().learn(secret);
        }
        if grant.binding == self.binding() {
            return Ok(grant);
        }
        if !self.is_ours(&grant) {
            return Err(binding::of_another(&grant));
        }
        let why = "the profile's client ID, sign-in server or address has changed since the last sign-in".into();
        Err(FailureKind::NotAuthorized { why }.into())
    }

    /// The settings that a grant is good for. A change of any makes it void.
    #[must_use]
    pub fn binding(&self) -> Binding {
        Binding::of(self.app, self.mailbox)
    }

    /// The audience of the access token that the protocol needs.
    #[must_use]
    pub fn audience(&self) -> Option<String> {
        let mut audiences = self.app.scopes.audiences(self.mailbox.channels()).into_iter();
        let is_wanted = |audience: &Audience| self.protocol.is_none_or(|wanted| audience.protocols.contains(&wanted));
        audiences.find(is_wanted)?.resource
    }

    /// The mailbox's lock; none where nothing can be written, so that nothing can be lost.
    ///
    /// # Errors
    /// [`FailureKind::Busy`] if another process holds it for too long.
    pub fn lock(&self) -> Result<Option<RecordLock>, Failure> {
        if self.store.is_read_only() {
            return Ok(None);
        }
        RecordLock::acquire(self.locks, &self.record(), lock::wait_until(self.deadline)).map(Some)
    }

    /// Stores the grant. A refresh token that was just issued is nowhere else, so a store that fails is asked
    /// again before it is given up.
    fn save(&self, grant: &MailboxRecord, room: Box<dyn Reservation + '_>) -> Result<(), Failure> {
        if self.store.is_read_only() {
            // The token serves this command alone.
            return Ok(());
        }
        let mut saved = save_mailbox_reserved(room, grant);
        for _ in 0..3 {
            if !matches!(saved, Err(StoreFault::Slow { .. } | StoreFault::File { .. } | StoreFault::Other { .. })) {
                break;
            }
            std::thread::sleep(Duration::from_millis(500));
            saved = save_mailbox(self.store, &self.mailbox.name, grant);
        }
        Ok(saved?)
    }

    /// What can be handed out without asking the provider; none where it must be asked.
    ///
    /// # Errors
    /// [`FailureKind::GrantLost`] if asking is of no use.
    fn at_hand(&self, grant: &MailboxRecord) -> Result<Option<AccessToken>, Failure> {
        if let Some(token) = self.good(grant)
            && token.life().is_fresh(self.clock.now())
        {
            return Ok(Some(token));
        }
        match lost::loss(self.app.provider, grant) {
            Some(lost) => self.good(grant).map(Some).ok_or(lost),
            None => Ok(None),
        }
    }

    /// The access token that another process has stored since `seen` was read. It is as new as one of our own would be,
    /// however short its life is.
    fn fetched_since(&self, seen: &MailboxRecord, now: &MailboxRecord) -> Option<AccessToken> {
        let audience = self.audience();
        let token = |grant: &MailboxRecord| {
            grant.access_for(audience.as_deref()).map(|access| access.token.expose_secret().to_owned())
        };
        if token(seen) == token(now) { None } else { self.good(now) }
    }

    /// The grant's access token, if it is still good.
    fn good(&self, grant: &MailboxRecord) -> Option<AccessToken> {
        AccessToken::of(grant, self.audience().as_deref(), TokenSource::Store)
            .filter(|token| token.life().is_good(self.clock.now()))
    }

    /// What the client authenticates with: the active secret, or what is being proven.
    ///
    /// # Errors
    /// [`FailureKind::NoClientSecret`] if the app needs one and none is stored; what the store says.
    pub fn client_credential(&self) -> Result<ClientCredential, Failure> {
        self.proving.cloned().map_or_else(|| self.desk().active(self.app), Ok)
    }

    /// The client as it asks `endpoint`.
    #[must_use]
    pub fn client<'c>(&'c self, endpoint: &'c TokenEndpoint, credential: &'c ClientCredential) -> Client<'c> {
        Client { http: &self.http, clock: self.clock, app: self.app, endpoint, credential }
    }
}

#[cfg(test)]
mod tests;
