//! A new access token: asked for under the lock, and stored before it is used.

use super::{AccessToken, OnLoss, Session, TokenSource, answer, lost};
use crate::failure::{Failure, FailureKind, OAuthFault, StoreFault};
use crate::oauth::{self, ClientCredential, TokenEndpoint};
use crate::profile::{Invalid, Scope, resource_of};
use crate::secrets::{LostGrant, MailboxRecord, load_mailbox, save_mailbox};
use crate::text::Redactor;

impl Session<'_> {
    /// Asks for a new access token. The caller holds the lock, and `record` was read under it.
    pub(super) fn renew(
        &self,
        mut record: MailboxRecord,
        credential: &ClientCredential,
        on_loss: OnLoss,
    ) -> Result<AccessToken, Failure> {
        let endpoint = self.endpoint(&record)?;
        record.token_endpoint = endpoint.url.to_string();
        let audience = self.audience();
        let fits = |scope: &String| resource_of(scope).is_none_or(|resource| Some(resource) == audience.as_deref());
        let scopes: Vec<Scope> =
            record.asked.iter().filter(|scope| fits(scope)).filter_map(|scope| scope.parse().ok()).collect();
        // A refresh token that is good once is spent by the request: a full disk must be noticed before (SECURITY.md C4).
        let room = self.reserve()?;
        let renewed = self.ask(&record.authorization, &scopes, &endpoint, credential);
        match renewed {
            Ok(answer) => {
                record.client_authentication = answer.client_authentication;
                let now = self.clock.now();
                let is_unkept =
                    self.store.is_read_only() && answer.refresh_token.is_some() && record.refresh_token().is_some();
                answer::take_over(&mut record, answer, self.audience(), now, self.http.transcript().redactor());
                if record.refresh_token().is_some() {
                    record.refreshed = Some(now);
                } else {
                    record.obtained = now;
                }
                record.profile.get_or_insert_with(|| self.profile_file.display().to_string());
                // Stored before it is used: a lost refresh token is a lost sign-in (SECURITY.md C4).
                self.save(&record, room)?;
                let token = AccessToken::of(&record, audience.as_deref(), TokenSource::Refresh);
                token.map(|token| AccessToken { is_unkept, ..token }).ok_or_else(|| {
                    FailureKind::NotAuthorized { why: "the provider sent no access token".into() }.into()
                })
            }
            Err(failure) => {
                if on_loss == OnLoss::Mark
                    && record.refresh_token().is_some()
                    && let FailureKind::OAuth(fault) = &failure.kind
                    && lost::is_gone(self.app.provider, fault)
                {
                    // A store that cannot take the mark must not hide what the provider said.
                    let _ = self.mark_lost(&record, fault);
                }
                Err(failure)
            }
        }
    }

    /// Where `record`'s access tokens come from; the issuer is asked where that is not known yet.
    pub(super) fn endpoint(&self, record: &MailboxRecord) -> Result<TokenEndpoint, Failure> {
        if record.token_endpoint.is_empty() {
            return Ok(oauth::endpoints(&self.http, self.app)?.token);
        }
        let url = record.token_endpoint.parse().map_err(|invalid: Invalid| {
            let (url, reason) = (Redactor::by_shape(&record.token_endpoint), Redactor::by_shape(&invalid.problem));
            Failure::new(FailureKind::UnsafeUrl { url, reason })
        })?;
        Ok(TokenEndpoint::known(url, record.client_authentication))
    }

    /// Notes that the provider no longer accepts the grant, and what it said. Nothing is deleted.
    fn mark_lost(&self, tried: &MailboxRecord, fault: &OAuthFault) -> Result<(), StoreFault> {
        // Another program may have refreshed without our lock; then what was refused is not what is stored now.
        let Some(mut now) = load_mailbox(self.store, &self.mailbox.name)? else { return Ok(()) };
        if !now.has_refresh_token_of(tried) {
            return Ok(());
        }
        now.needs_authorization = Some(LostGrant { at: Some(self.clock.now()), fault: fault.clone() });
        save_mailbox(self.store, &self.mailbox.name, &now)
    }
}
