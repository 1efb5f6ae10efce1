//! An access token beside those of the mailbox: to try what the profile does not have.

use jiff::Timestamp;

use super::{AccessToken, Session, TokenSource, answer};
use crate::failure::Failure;
use crate::oauth::ClientCredential;
use crate::secrets::{GrantIdentity, MailboxRecord};

impl Session<'_> {
    /// Asks for an access token for the mailbox's channels, and hands it out unstored. The caller holds the lock, and
    /// `record` was read under it.
    pub(super) fn renew_aside(
        &self,
        mut record: MailboxRecord,
        credential: &ClientCredential,
    ) -> Result<AccessToken, Failure> {
        let endpoint = self.endpoint(&record)?;
        let scopes = self.app.scopes.for_channels(self.mailbox.channels());
        // A refresh token that is good once is spent by this request too (SECURITY.md C4).
        let room = self.reserve()?;
        let answer = self.ask(&record.authorization, &scopes, &endpoint, credential)?;
        let is_unkept = self.store.is_read_only() && answer.refresh_token.is_some() && record.refresh_token().is_some();
        if let Some(token) = answer.refresh_token {
            record.authorization.take_over(token);
        }
        record.client_authentication = answer.client_authentication;
        self.save(&record, room)?;
        let received = self.clock.now();
        Ok(AccessToken {
            token: answer.access_token,
            expires: received.checked_add(answer.expires_in).unwrap_or(Timestamp::MAX),
            source: TokenSource::Refresh,
            scopes: answer.scopes.map_or_else(Vec::new, answer::well_formed),
            received,
            account_names: record.identity.as_ref().map_or_else(Vec::new, GrantIdentity::all_names),
            is_unkept,
        })
    }
}
