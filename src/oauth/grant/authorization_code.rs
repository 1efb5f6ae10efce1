//! The authorization code grant (RFC 6749 §4.1.3) with its code verifier (RFC 7636 §4.5).

use secrecy::SecretString;

use super::Grant;
use crate::oauth::authorization_request::AuthorizationRequest;
use crate::oauth::form::Form;
use crate::profile::Scope;

/// The code that `request` brought.
pub struct AuthorizationCode<'a> {
    /// The request that was answered.
    pub request: &'a AuthorizationRequest,
    /// The code of the answer.
    pub code: &'a SecretString,
    /// The scopes of the token to ask for, where the code is for more than one token can carry; else none.
    pub scopes: &'a [Scope],
}

impl Grant for AuthorizationCode<'_> {
    fn parameters(&self, form: &mut Form<'_>) {
        form.append("grant_type", "authorization_code");
        form.append_secret("code", self.code);
        form.append_secret("code_verifier", self.request.verifier());
        // Exactly as the authorization request had it (RFC 6749 §4.1.3).
        form.append("redirect_uri", &self.request.redirect_uri().to_string());
        if !self.scopes.is_empty() {
            // An extension of Microsoft's: a code may be for several resources, a token is for one.
            form.append_scopes(self.scopes);
        }
    }
}
