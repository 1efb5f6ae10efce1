//! What a token endpoint's answer leaves in the record.

use jiff::Timestamp;

use crate::oauth::TokenResponse;
use crate::profile::Scope;
use crate::secrets::{CachedAccess, MailboxRecord};
use crate::text::Redactor;

/// Takes a response's tokens, which came `now` and are for `audience`, into the record. Where no refresh token comes, the old
/// one stays (RFC 6749 §6). Whatever the provider has said of the grant before is over.
pub(super) fn take_over(
    record: &mut MailboxRecord,
    answer: TokenResponse,
    audience: Option<String>,
    now: Timestamp,
    redactor: &Redactor,
) {
    redactor.learn(&answer.access_token);
    answer.refresh_token.iter().for_each(|token| redactor.learn(token));
    if let Some(token) = answer.refresh_token {
        record.authorization.take_over(token);
    }
    if let Some(scopes) = answer.scopes {
        record.scopes = well_formed(scopes);
    }
    record.needs_authorization = None;
    let expires = now.checked_add(answer.expires_in).unwrap_or(Timestamp::MAX);
    let (token, scopes) = (answer.access_token, record.scopes.clone());
    record.remember(CachedAccess { audience, token, received: now, expires, scopes });
}

/// The scopes that are what RFC 6749 §3.3 calls one; a server's other inventions are not kept, much less shown.
pub(super) fn well_formed(scopes: Vec<String>) -> Vec<String> {
    scopes.into_iter().filter(|scope| scope.parse::<Scope>().is_ok()).collect()
}
