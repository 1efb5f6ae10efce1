//! What a mailbox's access tokens are asked for with: the one place where the kinds of authorization differ.

use crate::oauth::{Grant, grant};
use crate::profile::{App, Scope};
use crate::secrets::{Authorization, RefreshGrant};

/// The grant that brings a new access token for `scopes`.
pub(super) fn grant<'a>(authorization: &'a Authorization, app: &App, scopes: &'a [Scope]) -> Box<dyn Grant + 'a> {
    match authorization {
        Authorization::User(RefreshGrant { refresh_token: token }) => {
            let scopes = if app.provider.quirks.scopes_on_refresh { scopes } else { &[] };
            Box::new(grant::Refresh { token, scopes })
        }
        Authorization::App => Box::new(grant::ClientCredentials { scopes }),
    }
}
