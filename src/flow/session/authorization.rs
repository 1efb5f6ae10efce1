//! What a mailbox's access tokens are asked for with: the one place where the kinds of authorization differ.

use super::Session;
use crate::failure::{CredentialFault, Failure};
use crate::oauth::{ClientCredential, Delegation, Grant, ServiceAccount, TokenEndpoint, TokenResponse, grant};
use crate::profile::Scope;
use crate::report::FindingCode;
use crate::secrets::{Authorization, RefreshGrant};

impl Session<'_> {
    /// Asks `endpoint` for an access token for `scopes`; `credential` is what the app authenticates with there.
    ///
    /// # Errors
    /// What the endpoint says, and a service account that cannot state for whom it asks.
    pub(super) fn ask(
        &self,
        authorization: &Authorization,
        scopes: &[Scope],
        endpoint: &TokenEndpoint,
        credential: &ClientCredential,
    ) -> Result<TokenResponse, Failure> {
        let grant = self.grant_of(authorization, scopes, endpoint, credential)?;
        let answer = self.client(endpoint, credential).token(grant.as_ref());
        answer.inspect_err(|failure| self.throttle.hear(&self.app.tenant_key(), failure))
    }

    /// Waits where the token endpoint has asked to be left alone. The mailbox's lock is not held meanwhile.
    ///
    /// # Errors
    /// What it said, where that would take too long.
    pub(super) fn admit(&self) -> Result<(), Failure> {
        self.throttle.admit(&self.app.tenant_key(), self.deadline)
    }

    /// The grant that brings the token.
    fn grant_of<'g>(
        &self,
        authorization: &'g Authorization,
        scopes: &'g [Scope],
        endpoint: &TokenEndpoint,
        credential: &ClientCredential,
    ) -> Result<Box<dyn Grant + 'g>, Failure> {
        Ok(match (authorization, credential) {
            (Authorization::User(RefreshGrant { refresh_token: token }), _) => {
                let scopes = if self.app.provider.quirks.scopes_on_refresh { scopes } else { &[] };
                Box::new(grant::Refresh { token, scopes })
            }
            (Authorization::App, ClientCredential::ServiceAccount(account)) => {
                Box::new(self.statement(account.as_ref(), endpoint)?)
            }
            (
                Authorization::App,
                ClientCredential::None | ClientCredential::Secret(_) | ClientCredential::Assertion(_),
            ) => Box::new(grant::ClientCredentials { scopes }),
        })
    }

    /// What `account` states to get a token for the mailbox's user. One token opens all that is delegated.
    fn statement(&self, account: &dyn ServiceAccount, endpoint: &TokenEndpoint) -> Result<grant::JwtBearer, Failure> {
        let user = &self.mailbox.address;
        if !self.app.provider.delegates_for(user.domain()) {
            return Err(CredentialFault::new(FindingCode::SERVICE_ACCOUNT_NO_DELEGATION).into());
        }
        let scopes = self.app.scopes.for_channels(self.mailbox.channels());
        let delegation = Delegation { user, scopes: &scopes, audience: &endpoint.url, now: self.clock.now() };
        Ok(grant::JwtBearer { assertion: account.assertion(&delegation, &self.http)? })
    }
}
