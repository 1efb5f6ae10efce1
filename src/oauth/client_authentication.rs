//! Which way of sending the client secret a token endpoint gets, and which other one where it refuses the first.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::failure::{Failure, FailureKind};
use crate::profile::{App, ClientAuth, EndpointUrl};
use crate::transcript::{Speaker, Transcript};

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

/// Calls `ask` with the way that the profile or the endpoint wants. Where that is refused for the client's credentials,
/// it asks again in the other ways, as long as they make another request. The answer comes with the way that it took.
///
/// A further request costs nothing: a server authenticates the client before it looks at the code or the refresh token
/// (RFC 6749 §4.1.3, §6), so a refused client has spent neither.
///
/// # Errors
/// What `ask` says; the first refusal where the other ways are refused for the same.
pub(super) fn in_turn<T>(
    transcript: &Transcript,
    app: &App,
    endpoint: &TokenEndpoint,
    secret: Option<&SecretString>,
    mut ask: impl FnMut(ClientAuth) -> Result<T, Failure>,
) -> Result<(T, ClientAuth), Failure> {
    let first = app.client_authentication.unwrap_or(endpoint.client_auth);
    let refusal = match ask(first) {
        Ok(answer) => return Ok((answer, first)),
        Err(failure) => failure,
    };
    let (None, Some(secret), true) = (app.client_authentication, secret, is_about_the_client(&refusal, first)) else {
        return Err(refusal);
    };
    for way in endpoint.fallbacks.iter().copied().filter(|way| differs(first, *way, app, secret)) {
        let text = format!("the client was refused; once more with the secret sent another way ({})", way.key());
        transcript.line("HTTP", Speaker::Remark, &text);
        match ask(way) {
            Ok(answer) => return Ok((answer, way)),
            Err(failure) if is_about_the_client(&failure, way) => {}
            // The client was accepted this way, and something else is wrong.
            Err(failure) if matches!(failure.kind, FailureKind::OAuth(_)) => return Err(failure),
            Err(_) => break,
        }
    }
    Err(refusal)
}

/// Whether the way of sending the secret may be what is wrong.
fn is_about_the_client(failure: &Failure, way: ClientAuth) -> bool {
    let FailureKind::OAuth(fault) = &failure.kind else { return false };
    // A server that knows the body only misses something in it.
    let misses_it = fault.error == "invalid_request"
        && way != ClientAuth::Body
        && fault.description.as_deref().is_some_and(|text| text.to_lowercase().contains("client"));
    fault.refuses_client() || misses_it
}

/// Whether the two ways make different requests of this secret.
fn differs(one: ClientAuth, another: ClientAuth, app: &App, secret: &SecretString) -> bool {
    // A part that is all of the text has nothing in it to be encoded.
    let is_plain = |text: &str| byte_serialize(text.as_bytes()).next().is_none_or(|part| part == text);
    match (one, another) {
        (ClientAuth::Basic, ClientAuth::BasicRaw) | (ClientAuth::BasicRaw, ClientAuth::Basic) => {
            !(is_plain(app.client_id.as_str()) && is_plain(secret.expose_secret()))
        }
        (one, another) => one != another,
    }
}

/// The value of the Authorization header (RFC 7617 §2, RFC 6749 §2.3.1).
pub(super) fn basic(way: ClientAuth, client_id: &str, secret: &SecretString) -> Zeroizing<String> {
    let form = |text: &str| -> Zeroizing<String> {
        Zeroizing::new(match way {
            ClientAuth::BasicRaw => text.to_owned(),
            ClientAuth::Basic | ClientAuth::Body => byte_serialize(text.as_bytes()).collect(),
        })
    };
    let pair = Zeroizing::new(format!("{}:{}", *form(client_id), *form(secret.expose_secret())));
    Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())))
}
