//! The JWT bearer grant (RFC 7523 §2.1): a signed statement, made without a user, that the client may act for one.

use secrecy::SecretString;

use super::Grant;
use crate::oauth::form::Form;

/// A signed statement.
pub struct JwtBearer {
    /// The statement, which names the scopes too.
    pub assertion: SecretString,
}

impl Grant for JwtBearer {
    fn parameters(&self, form: &mut Form<'_>) {
        form.append("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        form.append_secret("assertion", &self.assertion);
    }
}
