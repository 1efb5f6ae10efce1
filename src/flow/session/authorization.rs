//! What a mailbox's access tokens are asked for with: the one place where the kinds of authorization differ.

use secrecy::SecretString;

use crate::failure::{Failure, FailureKind};
use crate::oauth::{Grant, grant};
use crate::profile::{App, Scope};
use crate::secrets::{Authorization, RefreshGrant};

/// The grant that brings a new access token for `scopes`.
///
/// # Errors
/// [`FailureKind::NotAuthorized`] if the record holds nothing to ask with.
pub(super) fn grant<'a>(
    authorization: &'a Authorization,
    app: &App,
    scopes: &'a [Scope],
) -> Result<Box<dyn Grant + 'a>, Failure> {
    match authorization {
        Authorization::User(RefreshGrant { refresh_token: token }) => {
            let scopes = if app.provider.quirks.scopes_on_refresh { scopes } else { &[] };
            Ok(Box::new(grant::Refresh { token, scopes }))
        }
        Authorization::App => {
            Err(FailureKind::NotAuthorized { why: "the stored record has no refresh token".into() }.into())
        }
    }
}

/// Takes over the refresh token of an answer. Where it has none, the old one stays good (RFC 6749 §6).
pub(super) fn take_over(authorization: &mut Authorization, new: Option<SecretString>) {
    match authorization {
        Authorization::User(user) => user.refresh_token = new.unwrap_or_else(|| user.refresh_token.clone()),
        // The app asks with its own credential each time, whatever comes beside the token (RFC 6749 §4.4.3).
        Authorization::App => {}
    }
}
