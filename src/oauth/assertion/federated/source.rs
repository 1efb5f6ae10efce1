//! A source of tokens, and what it looks at.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::net::HttpClient;

/// Where tokens come from.
pub(super) trait Source: Send + Sync {
    /// A token for `audience`, as it was given.
    ///
    /// # Errors
    /// If there is none to be had.
    fn token(&self, audience: &str, world: &World) -> Result<Zeroizing<Vec<u8>>, Failure>;
}

/// What a variable holds.
pub(super) type Env = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Lets so much time pass.
pub(super) type Wait = Box<dyn Fn(Duration) + Send + Sync>;

/// What the sources look at.
pub(super) struct World {
    pub(super) env: Env,
    pub(super) http: HttpClient,
    /// Where Azure Arc's agent puts its keys.
    pub(super) arc_keys: PathBuf,
    pub(super) wait: Wait,
}

impl World {
    /// A variable that is set to something.
    pub(super) fn text(&self, variable: &str) -> Option<String> {
        (self.env)(variable).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The same, where it is a secret.
    pub(super) fn secret(&self, variable: &str) -> Option<SecretString> {
        let secret = SecretString::from(self.text(variable)?);
        self.http.transcript().redactor().learn(&secret);
        Some(secret)
    }
}
