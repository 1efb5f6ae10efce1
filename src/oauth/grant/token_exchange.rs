//! Token exchange (RFC 8693 §2.1): the token of another issuer for an access token of this one.

use secrecy::SecretString;

use super::Grant;
use crate::oauth::form::Form;
use crate::profile::Scope;

/// The token of another issuer.
pub struct TokenExchange<'a> {
    /// The token.
    pub subject_token: &'a SecretString,
    /// What it is, as a token type identifier (RFC 8693 §3).
    pub subject_token_type: &'a str,
    /// What the new token is for.
    pub audience: &'a str,
    /// The scopes to ask for.
    pub scopes: &'a [Scope],
}

impl Grant for TokenExchange<'_> {
    fn parameters(&self, form: &mut Form<'_>) {
        form.append("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
        form.append("requested_token_type", "urn:ietf:params:oauth:token-type:access_token");
        form.append("audience", self.audience);
        form.append_scopes(self.scopes);
        form.append("subject_token_type", self.subject_token_type);
        form.append_secret("subject_token", self.subject_token);
    }
}
