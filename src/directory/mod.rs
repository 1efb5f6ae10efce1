//! The directory that knows an app's registration: Microsoft Graph's `applications`. It lists the app's secrets with the
//! days on which they end, and gives out and removes secrets where the one who asks may do that. Beside it Exchange, which knows
//! the app as well.
//!
//! ```text
//! Directory            asks, with a bearer token that goes to the directory alone
//! application          what a registration has: secrets and certificates, without their values
//! keys                 certificates, which an app changes itself with a proof
//! permissions          what a registration asks for, and what was consented to
//! exchange             what Exchange knows of the app and of a mailbox
//! policy               how long the organisation lets a new secret live
//! answer               an answer's JSON, or the refusal in it
//! request              a request that carries a token
//! azure_cli            an administrator's token from `az`
//! ```
//!
//! A directory is asked once for each call: which failures are worth another try, the caller knows.

mod answer;
mod application;
pub mod azure_cli;
mod exchange;
mod keys;
mod permissions;
mod policy;
mod request;

pub use application::{Application, Certificate, IssuedSecret, Match, Secret};
pub use exchange::{ExchangeAdmin, ServicePrincipal, Switches};
pub use keys::{PROOF_AUDIENCE, is_proof_refused};
pub use permissions::Permissions;
pub use policy::LongestLife;

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use oauth2::http::Method;
use secrecy::SecretString;
use serde_json::json;

use self::answer::Answer;
use crate::failure::{Failure, FailureKind, ReplyCode};
use crate::net::HttpClient;
use crate::profile::{ClientId, EndpointUrl, Invalid, KeyId};
use crate::text::{Redactor, Shown};

/// The least that reads the registrations of other apps.
pub const READ_PERMISSION: &str = "Application.Read.All";
/// The least that an app needs to change a registration that it owns.
pub const WRITE_PERMISSION: &str = "Application.ReadWrite.OwnedBy";
/// What a person needs to change a registration, beside a role that lets them.
pub const ADMIN_PERMISSION: &str = "Application.ReadWrite.All";

/// What Graph says where a secret is named that the registration does not have.
const NO_SUCH_SECRET: &str = "No password credential found";

/// Gives the access token for the directory; asked again where the directory says that the last one has run out.
pub type TokenSource<'a> = Box<dyn Fn() -> Result<SecretString, Failure> + Send + Sync + 'a>;

/// The directory, as the holder of a token asks it about one app registration.
pub struct Directory<'a> {
    http: HttpClient,
    base: EndpointUrl,
    client_id: ClientId,
    source: TokenSource<'a>,
    token: Mutex<Option<SecretString>>,
}

/// A request that changes something, before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The method.
    pub method: &'static str,
    /// The address.
    pub url: Shown,
    /// The body, in which no secret is.
    pub body: Shown,
}

/// What became of the removal of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is removed.
    Removed,
    /// The directory does not know it: it was removed before, or is so new that not every server knows it.
    NotFound,
}

impl<'a> Directory<'a> {
    /// The directory at `base` (as in `https://graph.microsoft.com`), asked about the app with this client ID.
    #[must_use]
    pub fn new(http: HttpClient, base: EndpointUrl, client_id: ClientId, source: TokenSource<'a>) -> Self {
        Self { http, base, client_id, source, token: Mutex::new(None) }
    }

    /// The registration with all its secrets and certificates.
    ///
    /// # Errors
    /// [`FailureKind::Rejected`] if the directory says no; [`FailureKind::Unreadable`] if it says something else; what the
    /// network and the source of the token say.
    pub fn application(&self) -> Result<Application, Failure> {
        let url =
            self.url(&[&self.registration()], Some("id,appId,createdDateTime,passwordCredentials,keyCredentials"))?;
        application::read(&self.ask(Method::GET, &url, "GET applications", None)?)
    }

    /// How long a new secret may live at most, by the policies of the organisation and of the app.
    pub fn longest_life(&self, application: &Application, now: Timestamp) -> LongestLife {
        let ask = |path: &[&str]| -> Result<LongestLife, Failure> {
            let answer = self.ask(Method::GET, &self.url(path, None)?, "GET policies", None)?;
            Ok(policy::read(&answer, application.created, now))
        };
        let of_app = ask(&[&self.registration(), "appManagementPolicies"]);
        // A policy of the app's own takes the place of the organisation's.
        match of_app {
            Ok(LongestLife::Is(life)) => LongestLife::Is(life),
            _ => ask(&["policies", "defaultAppManagementPolicy"]).unwrap_or(LongestLife::Unknown),
        }
    }

    /// What the policy that a refusal names lets a new secret live.
    pub fn longest_life_by(&self, refusal: &Failure, application: &Application, now: Timestamp) -> LongestLife {
        let Some(id) = policy::named_in(refusal) else { return LongestLife::Unknown };
        let url = self.url(&["policies", "appManagementPolicies", &id], None);
        let answer = url.and_then(|url| self.ask(Method::GET, &url, "GET policies", None));
        answer.map_or(LongestLife::Unknown, |answer| policy::read(&answer, application.created, now))
    }

    /// A new secret of this name that ends at `ends`. The redactor learns it.
    ///
    /// After a failure that is not a refusal ([`is_refusal`]) the directory may have added one that can never be known: only
    /// its name tells it from the others.
    ///
    /// # Errors
    /// As [`Directory::application`].
    pub fn add_secret(&self, name: &str, ends: Timestamp) -> Result<IssuedSecret, Failure> {
        let url = self.url(&[&self.registration(), "addPassword"], None)?;
        let answer = self.ask(Method::POST, &url, "POST addPassword", Some(addition(name, ends)))?;
        application::read_issued(&answer, self.http.transcript().redactor())
    }

    /// Removes a secret.
    ///
    /// # Errors
    /// As [`Directory::application`].
    pub fn remove_secret(&self, key: &KeyId) -> Result<Removal, Failure> {
        let url = self.url(&[&self.registration(), "removePassword"], None)?;
        match self.ask(Method::POST, &url, "POST removePassword", Some(removal(key))) {
            Ok(_) => Ok(Removal::Removed),
            Err(failure) if is_no_such_secret(&failure) => Ok(Removal::NotFound),
            Err(failure) => Err(failure),
        }
    }

    /// What [`Directory::add_secret`] would send.
    ///
    /// # Errors
    /// If the address of the directory cannot be extended.
    pub fn planned_addition(&self, name: &str, ends: Timestamp) -> Result<Planned, Failure> {
        self.planned("addPassword", &addition(name, ends))
    }

    /// What [`Directory::remove_secret`] would send.
    ///
    /// # Errors
    /// If the address of the directory cannot be extended.
    pub fn planned_removal(&self, key: &KeyId) -> Result<Planned, Failure> {
        self.planned("removePassword", &removal(key))
    }

    fn planned(&self, action: &str, body: &serde_json::Value) -> Result<Planned, Failure> {
        let url = Shown::of(self.url(&[&self.registration(), action], None)?);
        Ok(Planned { method: "POST", url, body: Redactor::by_shape(&body.to_string()) })
    }

    /// `applications(appId='…')`, a quote in a string of OData doubled.
    fn registration(&self) -> String {
        format!("applications(appId='{}')", self.client_id.as_str().replace('\'', "''"))
    }

    fn url(&self, path: &[&str], select: Option<&str>) -> Result<EndpointUrl, Failure> {
        let mut url = self.base.as_url().clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1.0").extend(path);
        }
        url.set_query(select.map(|names| format!("$select={names}")).as_deref());
        url.as_str().parse().map_err(|invalid: Invalid| {
            let (url, reason) = (Redactor::by_shape(url.as_str()), Redactor::by_shape(&invalid.problem));
            FailureKind::UnsafeUrl { url, reason }.into()
        })
    }

    /// Asks once, and once more with a new token where the last one has run out in the midst.
    fn ask(
        &self,
        method: Method,
        url: &EndpointUrl,
        what: &'static str,
        body: Option<serde_json::Value>,
    ) -> Result<Answer, Failure> {
        let known = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let had_one = known.is_some();
        let token = known.map_or_else(|| self.new_token(), Ok)?;
        match self.ask_with(&token, &method, url, what, body.as_ref()) {
            Err(failure) if had_one && is_token_refused(&failure) => {
                self.ask_with(&self.new_token()?, &method, url, what, body.as_ref())
            }
            answer => answer,
        }
    }

    fn new_token(&self) -> Result<SecretString, Failure> {
        let token = (self.source)()?;
        self.http.transcript().redactor().learn(&token);
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    fn ask_with(
        &self,
        token: &SecretString,
        method: &Method,
        url: &EndpointUrl,
        what: &'static str,
        body: Option<&serde_json::Value>,
    ) -> Result<Answer, Failure> {
        request::Bearer { http: &self.http, token, method, url, what, headers: &[] }.send(body)
    }
}

fn addition(name: &str, ends: Timestamp) -> serde_json::Value {
    // Graph knows whole seconds.
    let ends = ends.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    json!({ "passwordCredential": { "displayName": name, "endDateTime": ends } })
}

fn removal(key: &KeyId) -> serde_json::Value {
    json!({ "keyId": key.as_str() })
}

/// Whether the directory has looked at the request and said no, so that nothing has changed. A server in trouble has not
/// said so, nor has a connection that was lost.
#[must_use]
pub fn is_refusal(failure: &Failure) -> bool {
    status(failure).is_some_and(|status| (400..500).contains(&status) && status != 408)
}

/// Whether the one who asks lacks the permission.
#[must_use]
pub fn is_denied(failure: &Failure) -> bool {
    status(failure) == Some(403)
}

/// Whether the organisation's policy wants an earlier end.
#[must_use]
pub fn is_life_too_long(failure: &Failure) -> bool {
    code(failure) == Some("CredentialInvalidLifetimeAsPerAppPolicy")
}

/// How long to wait before the same request may be sent again: it was refused for its number, and has changed nothing.
#[must_use]
pub fn throttled(failure: &Failure) -> Option<std::time::Duration> {
    const USUAL: std::time::Duration = std::time::Duration::from_secs(10);
    match &failure.kind {
        FailureKind::Rejected(rejection) if rejection.code == Some(ReplyCode::Http(429)) => {
            Some(rejection.retry_after.unwrap_or(USUAL))
        }
        _ => None,
    }
}

fn is_token_refused(failure: &Failure) -> bool {
    status(failure) == Some(401)
}

fn is_no_such_secret(failure: &Failure) -> bool {
    status(failure).is_some_and(|status| matches!(status, 400 | 404))
        && failure.server_said.as_deref().is_some_and(|words| words.contains(NO_SUCH_SECRET))
}

fn status(failure: &Failure) -> Option<u16> {
    match &failure.kind {
        FailureKind::Rejected(rejection) => match rejection.code {
            Some(ReplyCode::Http(status)) => Some(status),
            Some(ReplyCode::Smtp(_)) | None => None,
        },
        _ => None,
    }
}

fn code(failure: &Failure) -> Option<&str> {
    match &failure.kind {
        FailureKind::Rejected(rejection) => rejection.detail_code.as_deref(),
        _ => None,
    }
}

/// How long `life` is in whole days.
#[must_use]
pub fn days(life: SignedDuration) -> i64 {
    life.as_hours() / 24
}

#[cfg(test)]
mod tests;
