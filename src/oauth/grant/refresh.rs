//! The refresh of an access token (RFC 6749 §6).

use secrecy::SecretString;

use super::Grant;
use crate::oauth::form::Form;
use crate::profile::Scope;

/// A refresh token.
pub struct Refresh<'a> {
    /// The token.
    pub token: &'a SecretString,
    /// The scopes to ask for, where the grant holds those of several resources (Microsoft gives each access token for one
    /// resource); none for all that was granted.
    pub scopes: &'a [Scope],
}

impl Grant for Refresh<'_> {
    fn parameters(&self, form: &mut Form<'_>) {
        form.append("grant_type", "refresh_token");
        form.append_secret("refresh_token", self.token);
        form.append_scopes(self.scopes);
    }
}
