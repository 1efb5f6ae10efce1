//! Client authentication (RFC 6749 §2.3): what a client can authenticate with, how one request carries it, and which
//! other way is left where a token endpoint refuses the first.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use oauth2::http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::assertion::{Assertion, JWT_BEARER};
use super::form::Form;
use crate::failure::{Failure, FailureKind};
use crate::profile::{ClientAuth, ClientId, EndpointUrl};
use crate::text::Redactor;

/// What a client can authenticate with.
#[derive(Clone)]
pub enum ClientCredential {
    /// Its ID alone (public client, RFC 6749 §2.1).
    None,
    /// A client secret (RFC 6749 §2.3.1).
    Secret(SecretString),
    /// Signed assertions (RFC 7521 §4.2).
    Assertion(Arc<dyn Assertion>),
}

/// How one request authenticates its client.
pub(super) enum ClientAuthentication<'a> {
    /// By its ID alone.
    None,
    /// `client_secret_post`: the secret in the body.
    SecretPost(&'a SecretString),
    /// `client_secret_basic`: the Authorization header, both halves form-encoded first (RFC 6749 §2.3.1).
    SecretBasic(&'a SecretString),
    /// The header without that encoding, which some providers do not undo.
    SecretBasicRaw(&'a SecretString),
    /// An assertion in the body (RFC 7521 §4.2).
    Assertion(&'a dyn Assertion),
}

impl ClientCredential {
    /// The credential in a request whose secret, where it is one, goes as `way` says.
    pub(super) fn authentication(&self, way: ClientAuth) -> ClientAuthentication<'_> {
        match (self, way) {
            (Self::None, _) => ClientAuthentication::None,
            (Self::Secret(secret), ClientAuth::Body) => ClientAuthentication::SecretPost(secret),
            (Self::Secret(secret), ClientAuth::Basic) => ClientAuthentication::SecretBasic(secret),
            (Self::Secret(secret), ClientAuth::BasicRaw) => ClientAuthentication::SecretBasicRaw(secret),
            (Self::Assertion(assertion), _) => ClientAuthentication::Assertion(assertion.as_ref()),
        }
    }

    /// Whether the two ways make different requests of the secret; never, where there is none to be sent.
    pub(super) fn differs(&self, client_id: &ClientId, one: ClientAuth, another: ClientAuth) -> bool {
        let Self::Secret(secret) = self else { return false };
        // A part that is all of the text has nothing in it to be encoded.
        let is_plain = |text: &str| byte_serialize(text.as_bytes()).next().is_none_or(|part| part == text);
        match (one, another) {
            (ClientAuth::Basic, ClientAuth::BasicRaw) | (ClientAuth::BasicRaw, ClientAuth::Basic) => {
                !(is_plain(client_id.as_str()) && is_plain(secret.expose_secret()))
            }
            (one, another) => one != another,
        }
    }
}

impl ClientAuthentication<'_> {
    /// Appends what goes into the body, and gives the value of the Authorization header where that is used. An assertion
    /// is made for `audience`, the token endpoint.
    ///
    /// # Errors
    /// What [`Assertion::sign`] says.
    pub(super) fn apply(
        &self,
        form: &mut Form<'_>,
        client_id: &ClientId,
        redactor: &Redactor,
        audience: &EndpointUrl,
        now: Timestamp,
    ) -> Result<Option<HeaderValue>, Failure> {
        let encoded = |text: &str| Zeroizing::new(byte_serialize(text.as_bytes()).collect::<String>());
        match self {
            Self::None => form.append("client_id", client_id.as_str()),
            Self::SecretPost(secret) => {
                form.append("client_id", client_id.as_str());
                form.append_secret("client_secret", secret);
            }
            Self::SecretBasic(secret) => {
                redactor.learn(secret);
                return basic(&encoded(client_id.as_str()), &encoded(secret.expose_secret())).map(Some);
            }
            Self::SecretBasicRaw(secret) => {
                redactor.learn(secret);
                return basic(client_id.as_str(), secret.expose_secret()).map(Some);
            }
            Self::Assertion(assertion) => {
                // RFC 7521 §4.2: the client ID is optional here; Microsoft wants it.
                form.append("client_id", client_id.as_str());
                form.append("client_assertion_type", JWT_BEARER);
                form.append_secret("client_assertion", &assertion.sign(audience, now)?);
            }
        }
        Ok(None)
    }
}

/// The value of the Authorization header (RFC 7617 §2).
fn basic(user: &str, password: &str) -> Result<HeaderValue, Failure> {
    let pair = Zeroizing::new(format!("{user}:{password}"));
    let value = Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())));
    HeaderValue::from_str(&value).map_err(|error| {
        let (what, reason) = ("write the Authorization header".to_owned(), error.to_string());
        FailureKind::Local { what, reason }.into()
    })
}

/// Ways of sending the secret that are tried, in this order, where the endpoint refuses the first.
pub(super) type Fallbacks = &'static [ClientAuth];

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEndpoint {
    /// Its address.
    pub url: EndpointUrl,
    /// How a client secret is sent there.
    pub client_auth: ClientAuth,
    /// How else it may be sent, should that be refused.
    pub fallbacks: &'static [ClientAuth],
}

impl TokenEndpoint {
    /// A token endpoint at which `client_auth` has worked.
    #[must_use]
    pub fn known(url: EndpointUrl, client_auth: ClientAuth) -> Self {
        Self { url, client_auth, fallbacks: beside(client_auth) }
    }
}

impl From<EndpointUrl> for TokenEndpoint {
    /// A token endpoint that takes the secret in the request body.
    fn from(url: EndpointUrl) -> Self {
        Self::known(url, ClientAuth::Body)
    }
}

/// What an issuer's metadata offers (`token_endpoint_auth_methods_supported`): the first way and the others.
pub(super) fn offered(methods: Option<&[String]>) -> (ClientAuth, Fallbacks) {
    // RFC 8414 §2: absent means client_secret_basic, and a list without elements is to be left out.
    let Some(methods) = methods.filter(|methods| !methods.is_empty()) else {
        return (ClientAuth::Basic, &[ClientAuth::BasicRaw, ClientAuth::Body]);
    };
    let offers = |name: &str| methods.iter().any(|method| method == name);
    match (offers("client_secret_post"), offers("client_secret_basic")) {
        (false, true) => (ClientAuth::Basic, &[ClientAuth::BasicRaw]),
        // What an endpoint offers, it may still refuse the one client: Ory Hydra registers one way for each. The body
        // comes first, since its encoding is the same everywhere.
        (_, true) => (ClientAuth::Body, &[ClientAuth::Basic]),
        (_, false) => (ClientAuth::Body, &[]),
    }
}

/// What may be tried beside `known`, which has worked with another secret: only that this secret is encoded otherwise.
pub(super) fn beside(known: ClientAuth) -> Fallbacks {
    if known == ClientAuth::Basic { &[ClientAuth::BasicRaw] } else { &[] }
}

/// Whether the way of sending the secret may be what is wrong.
pub(super) fn is_about_the_client(failure: &Failure, way: ClientAuth) -> bool {
    let FailureKind::OAuth(fault) = &failure.kind else { return false };
    // A server that knows the body only misses something in it.
    let misses_it = fault.error == "invalid_request"
        && way != ClientAuth::Body
        && fault.description.as_deref().is_some_and(|text| text.to_lowercase().contains("client"));
    fault.refuses_client() || misses_it
}
