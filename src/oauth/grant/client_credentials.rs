//! The client credentials grant (RFC 6749 §4.4): the app itself is authorized, and no user signs in.

use super::Grant;
use crate::oauth::form::Form;
use crate::profile::Scope;

/// What the client authenticates with is all of it, so that only a confidential client has this grant.
pub struct ClientCredentials<'a> {
    /// The scopes to ask for: those of one resource, as in `https://graph.microsoft.com/.default` at Microsoft.
    pub scopes: &'a [Scope],
}

impl Grant for ClientCredentials<'_> {
    fn parameters(&self, form: &mut Form<'_>) {
        form.append("grant_type", "client_credentials");
        form.append_scopes(self.scopes);
    }
}
