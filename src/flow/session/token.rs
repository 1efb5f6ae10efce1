//! An access token as it is handed out.

use jiff::Timestamp;
use secrecy::SecretString;

use super::fresh::Life;
use crate::secrets::{GrantIdentity, MailboxRecord};

/// A valid access token.
pub struct AccessToken {
    /// The token.
    pub token: SecretString,
    /// When it expires.
    pub expires: Timestamp,
    /// Where it came from.
    pub source: TokenSource,
    /// The scopes that the token endpoint said it is good for; none where it did not say.
    pub scopes: Vec<String>,
    /// When it came from the token endpoint, by this machine's clock of then.
    pub received: Timestamp,
    /// Every name of the account that was accepted at the sign-in.
    pub account_names: Vec<String>,
    /// Whether a new refresh token came with it and is lost with this process, as the store takes nothing.
    pub is_unkept: bool,
}

/// Where a token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenSource {
    /// The store: no network was touched.
    Store,
    /// The token endpoint.
    Refresh,
    /// The caller of the command: no token endpoint was asked.
    Given,
}

impl AccessToken {
    /// The access token for `audience` that `grant` holds, fresh or not.
    #[must_use]
    pub fn of(grant: &MailboxRecord, audience: Option<&str>, source: TokenSource) -> Option<Self> {
        let access = grant.access_for(audience)?;
        Some(Self {
            token: access.token.clone(),
            expires: access.expires,
            source,
            scopes: access.scopes.clone(),
            received: access.received,
            account_names: grant.identity.as_ref().map_or_else(Vec::new, GrantIdentity::all_names),
            is_unkept: false,
        })
    }

    /// When it came and when it ends.
    pub(super) fn life(&self) -> Life {
        Life { received: self.received, expires: self.expires }
    }
}
