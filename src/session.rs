//! From a mailbox to an access token that is valid now: read, refresh under the lock, persist, return.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::clock::Clock;
use crate::failure::{Failure, FailureKind, OAuthFault, StoreFault};
use crate::lock::LOCK_WAIT;
use crate::oauth::{self, HttpClient, Identity, TokenAnswer, TokenEndpoint};
use crate::profile::{App, Credential, IdentityRule, Mailbox, Scope};
use crate::secrets::{
    Binding, CachedAccess, Grant, GrantIdentity, RecordKey, RecordLock, Reservation, SecretStore, load_app, load_grant,
    save_grant, save_grant_reserved,
};

pub use crate::profile::missing_scopes;

/// An access token with less time left than this is refreshed before it is handed out.
pub const FRESH: Duration = Duration::from_secs(5 * 60);

/// One mailbox and all that is needed to get its tokens.
pub struct Session<'a> {
    /// Where the grant is kept.
    pub store: &'a dyn SecretStore,
    /// Where the locks are.
    pub locks: &'a Path,
    /// The way to the token endpoint.
    pub http: &'a HttpClient,
    /// The time of day.
    pub clock: Clock,
    /// The mailbox's app.
    pub app: &'a App,
    /// The mailbox.
    pub mailbox: &'a Mailbox,
    /// The client secret to use instead of the active one: a new one that is being proven.
    pub proving: Option<&'a SecretString>,
    /// When everything must be over.
    pub deadline: Option<Instant>,
}

/// A valid access token.
pub struct AccessToken {
    /// The token.
    pub token: SecretString,
    /// When it expires.
    pub expires: Timestamp,
    /// Whether it was in the store, or just fetched.
    pub source: TokenSource,
    /// The scopes that the token endpoint said it is good for; none where it did not say.
    pub scopes: Vec<String>,
    /// When it came from the token endpoint, by this machine's clock of then.
    pub received: Timestamp,
    /// Every name of the account that was accepted at the sign-in.
    pub account_names: Vec<String>,
}

/// Held, this process alone may change the mailbox's grant, and there is room to store a new one.
pub struct Ready {
    _lock: RecordLock,
    room: Reservation,
}

/// Where a token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenSource {
    /// The store: no network was touched.
    Store,
    /// The token endpoint.
    Refresh,
}

impl AccessToken {
    /// The access token that `grant` holds, fresh or not.
    #[must_use]
    pub fn of(grant: &Grant, source: TokenSource) -> Option<Self> {
        let access = grant.access.as_ref()?;
        Some(Self {
            token: access.token.clone(),
            expires: access.expires,
            source,
            scopes: access.scopes.clone(),
            received: grant.refreshed.unwrap_or(grant.obtained),
            account_names: grant.identity.as_ref().map_or_else(Vec::new, GrantIdentity::all_names),
        })
    }
}

impl Session<'_> {
    /// An access token that is valid for at least [`FRESH`]. One in the store is handed out without lock or network.
    ///
    /// # Errors
    /// [`FailureKind::NotAuthorized`] if somebody must sign in first; what the store, the lock or the token endpoint
    /// say.
    pub fn access_token(&self) -> Result<AccessToken, Failure> {
        let grant = self.grant()?;
        if let Some(token) = self.cached(&grant) {
            return Ok(token);
        }
        // Refresh tokens are often good for one use only, so two refreshes at once lose the sign-in (RFC 9700 §2.2.2).
        // Whoever waited for the lock finds what the holder has fetched (SECURITY.md C1).
        let _lock = self.lock()?;
        let grant = self.grant()?;
        if let Some(token) = self.cached(&grant) {
            return Ok(token);
        }
        let secret = self.client_secret()?;
        self.refresh(grant, secret.as_ref())
    }

    /// Fetches a new access token, whatever the store holds: this proves the client secret.
    ///
    /// # Errors
    /// As [`Session::access_token`].
    pub fn refreshed_token(&self) -> Result<AccessToken, Failure> {
        let _lock = self.lock()?;
        let secret = self.client_secret()?;
        self.refresh(self.grant()?, secret.as_ref())
    }

    /// The access token in the store, if it is good for a while yet; neither lock nor network is touched. What has been
    /// said of the grant does not matter: an access token outlives it (RFC 7009 §2).
    #[must_use]
    pub fn stored_token(&self) -> Option<AccessToken> {
        let grant = load_grant(self.store, &self.mailbox.name).ok()??;
        if grant.binding != self.binding() {
            return None;
        }
        grant.secrets().for_each(|secret| self.http.transcript().redactor().learn(secret));
        self.cached(&grant)
    }

    /// Makes ready for a sign-in's tokens. A code is good once, so that nothing may stand between its tokens and the
    /// store: this comes before it is redeemed.
    ///
    /// # Errors
    /// What the lock or the store say.
    pub fn make_ready(&self) -> Result<Ready, Failure> {
        let lock = self.lock()?;
        Ok(Ready { _lock: lock, room: self.reserve()? })
    }

    /// Whether the store would take a new grant now, as far as can be told without waiting: whoever holds the lock is
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

    /// Room in the store for a new grant. The caller holds the lock: some keeps are tried by writing what stands there.
    fn reserve(&self) -> Result<Reservation, Failure> {
        Ok(self.store.reserve(&self.record())?)
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
        ready: Ready,
        endpoint: &TokenEndpoint,
        answer: TokenAnswer,
        identity: Option<&Identity>,
        asked: &[Scope],
    ) -> Result<Grant, Failure> {
        let refresh_token = answer.refresh_token.clone().ok_or(FailureKind::NoRefreshToken)?;
        let asked: Vec<String> = asked.iter().map(Scope::to_string).collect();
        let mut grant = Grant {
            binding: self.binding(),
            refresh_token,
            token_endpoint: endpoint.url.to_string(),
            client_auth: answer.client_auth,
            identity: identity.map(|identity| GrantIdentity {
                issuer: identity.issuer.clone(),
                subject: identity.subject.clone(),
                tenant: identity.tenant.clone(),
                label: identity.label().to_owned(),
                names: identity.names.clone(),
            }),
            // RFC 6749 §5.1: no scope in the answer means "as asked for".
            scopes: answer.scopes.clone().map_or_else(|| asked.clone(), well_formed),
            asked,
            obtained: self.clock.now(),
            refreshed: None,
            access: None,
            needs_authorization: None,
        };
        self.take_over(&mut grant, answer);
        self.save(&grant, ready.room)?;
        Ok(grant)
    }

    /// The grant in the store, if it belongs to this mailbox as the profile has it now.
    ///
    /// # Errors
    /// [`FailureKind::NotAuthorized`] with the reason; what the store says.
    pub fn grant(&self) -> Result<Grant, Failure> {
        let not_authorized = |why: String| Err(FailureKind::NotAuthorized { why }.into());
        let Some(grant) = load_grant(self.store, &self.mailbox.name)? else {
            if let Some(fault) = self.store.absence() {
                return Err(fault.into());
            }
            return not_authorized("nobody has signed in yet".to_owned());
        };
        for secret in grant.secrets() {
            self.http.transcript().redactor().learn(secret);
        }
        if grant.binding != self.binding() {
            return not_authorized(
                "the profile's client ID, sign-in server or address has changed since the last sign-in".to_owned(),
            );
        }
        if let Some(why) = &grant.needs_authorization {
            return not_authorized(why.clone());
        }
        let wanted = self.app.scopes.for_protocols(self.mailbox.protocols());
        if let Some(scope) = wanted.iter().find(|scope| !grant.asked.iter().any(|asked| asked == scope.as_str())) {
            return not_authorized(format!("the profile now needs {scope}, which the last sign-in did not ask for"));
        }
        Ok(grant)
    }

    /// The settings that a grant is good for. A change of any makes it void.
    #[must_use]
    pub fn binding(&self) -> Binding {
        let issuer_or_authority = match &self.app.identity {
            IdentityRule::Issuer(issuer) => issuer.to_string(),
            IdentityRule::Microsoft { authority, tenant } => format!("{authority}/{}", tenant.as_str()),
        };
        Binding {
            client_id: self.app.client_id.clone(),
            issuer_or_authority,
            address: self.mailbox.signs_in_as().as_str().to_lowercase(),
        }
    }

    /// The mailbox's lock.
    ///
    /// # Errors
    /// [`FailureKind::Busy`] if another process holds it for too long.
    pub fn lock(&self) -> Result<RecordLock, Failure> {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let wait = left.map_or(LOCK_WAIT, |left| left.min(LOCK_WAIT));
        RecordLock::acquire(self.locks, &self.record(), wait)
    }

    /// Stores the grant. A refresh token that was just issued stands nowhere else, so a store that stumbles is asked
    /// again before it is given up.
    fn save(&self, grant: &Grant, room: Reservation) -> Result<(), Failure> {
        let mut saved = save_grant_reserved(self.store, &self.mailbox.name, grant, room);
        for _ in 0..3 {
            if !matches!(saved, Err(StoreFault::Slow { .. } | StoreFault::File { .. } | StoreFault::Other { .. })) {
                break;
            }
            std::thread::sleep(Duration::from_millis(500));
            saved = save_grant(self.store, &self.mailbox.name, grant);
        }
        Ok(saved?)
    }

    fn cached(&self, grant: &Grant) -> Option<AccessToken> {
        let left = grant.access.as_ref()?.expires.duration_since(self.clock.now());
        if left > FRESH.try_into().ok()? { AccessToken::of(grant, TokenSource::Store) } else { None }
    }

    /// The client secret to use: the active one, or the one that is being proven; `None` for a public client.
    ///
    /// # Errors
    /// [`FailureKind::NoClientSecret`] if the app needs one and none is stored; what the store says.
    pub fn client_secret(&self) -> Result<Option<SecretString>, Failure> {
        if self.app.credential == Credential::None {
            return Ok(None);
        }
        if let Some(proving) = self.proving {
            return Ok(Some(proving.clone()));
        }
        let record = load_app(self.store, &self.app.name)?.filter(|record| record.client_id == self.app.client_id);
        let Some(active) = record.and_then(|record| record.active) else {
            if let Some(fault) = self.store.absence() {
                return Err(fault.into());
            }
            return Err(FailureKind::NoClientSecret { app: self.app.name.to_string() }.into());
        };
        self.http.transcript().redactor().learn(&active.value);
        Ok(Some(active.value))
    }

    /// Refreshes. The caller holds the lock, and `grant` was read under it.
    fn refresh(&self, mut grant: Grant, secret: Option<&SecretString>) -> Result<AccessToken, Failure> {
        let url = grant.token_endpoint.parse().map_err(|invalid: crate::profile::Invalid| FailureKind::UnsafeUrl {
            url: grant.token_endpoint.clone(),
            reason: invalid.problem,
        })?;
        let endpoint = TokenEndpoint::known(url, grant.client_auth);
        // Microsoft wants to hear for which resource the token shall be; elsewhere no scope means all that was granted
        // (RFC 6749 §6), and naming one that was refused would fail.
        let scopes: Vec<Scope> = if self.app.provider.is_microsoft() {
            grant.asked.iter().filter_map(|scope| scope.parse().ok()).collect()
        } else {
            Vec::new()
        };
        // A refresh token that is good once is spent by the request: a full disk must be noticed before (SECURITY.md C4).
        let room = self.reserve()?;
        match oauth::refresh(self.http, self.app, &endpoint, &grant.refresh_token, &scopes, secret) {
            Ok(answer) => {
                grant.client_auth = answer.client_auth;
                self.take_over(&mut grant, answer);
                grant.refreshed = Some(self.clock.now());
                // Stored before it is used: a lost refresh token is a lost sign-in (SECURITY.md C4).
                self.save(&grant, room)?;
                AccessToken::of(&grant, TokenSource::Refresh).ok_or_else(|| {
                    FailureKind::NotAuthorized { why: "the provider sent no access token".to_owned() }.into()
                })
            }
            Err(failure) => {
                if let FailureKind::OAuth(fault) = &failure.kind
                    && fault.error == "invalid_grant"
                    && matches!(fault.status, 400 | 401)
                    && fault.retry_after.is_none()
                {
                    // A store that cannot take the mark must not hide what the provider said.
                    let _ = self.mark_lost(&grant, fault);
                }
                Err(failure)
            }
        }
    }

    /// Notes that the provider no longer accepts the grant. Nothing else ever does: a portal's HTML, a 5xx or a refused
    /// client secret are no lost sign-ins (SECURITY.md T2). Nothing is deleted.
    fn mark_lost(&self, tried: &Grant, fault: &OAuthFault) -> Result<(), Failure> {
        // Another program may have refreshed without our lock; then what was refused is not what stands there now.
        let Some(mut now) = load_grant(self.store, &self.mailbox.name)? else { return Ok(()) };
        if now.refresh_token.expose_secret() != tried.refresh_token.expose_secret() {
            return Ok(());
        }
        let number = fault.codes.first().map_or(String::new(), |code| format!(", AADSTS{code}"));
        now.needs_authorization = Some(format!("the provider refused its refresh token (invalid_grant{number})"));
        save_grant(self.store, &self.mailbox.name, &now)?;
        Ok(())
    }

    /// Takes an answer's tokens into the grant. A missing refresh token keeps the old one (RFC 6749 §6).
    fn take_over(&self, grant: &mut Grant, answer: TokenAnswer) {
        let redactor = self.http.transcript().redactor();
        redactor.learn(&answer.access_token);
        if let Some(refresh_token) = answer.refresh_token {
            redactor.learn(&refresh_token);
            grant.refresh_token = refresh_token;
        }
        if let Some(scopes) = answer.scopes {
            grant.scopes = well_formed(scopes);
        }
        let expires = self.clock.now().checked_add(answer.expires_in).unwrap_or(Timestamp::MAX);
        grant.access = Some(CachedAccess { token: answer.access_token, expires, scopes: grant.scopes.clone() });
    }
}

/// The scopes that are what RFC 6749 §3.3 calls one; a server's other inventions are not kept, much less shown.
fn well_formed(scopes: Vec<String>) -> Vec<String> {
    scopes.into_iter().filter(|scope| scope.parse::<Scope>().is_ok()).collect()
}

#[cfg(test)]
mod tests;
