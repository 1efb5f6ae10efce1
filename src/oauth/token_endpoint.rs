//! The token endpoint (RFC 6749 §3.2), and the ways in which it may want the client secret.

use crate::failure::{Failure, FailureKind};
use crate::profile::{ClientAuthentication, EndpointUrl};

/// Ways of sending the secret that are tried, in this order, where the endpoint refuses the first.
pub(super) type Fallbacks = &'static [ClientAuthentication];

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEndpoint {
    /// Its address.
    pub url: EndpointUrl,
    /// How a client secret is sent there.
    pub client_authentication: ClientAuthentication,
    /// How else it may be sent, should that be refused.
    pub fallbacks: &'static [ClientAuthentication],
}

impl TokenEndpoint {
    /// A token endpoint at which `client_authentication` has worked.
    #[must_use]
    pub fn known(url: EndpointUrl, client_authentication: ClientAuthentication) -> Self {
        Self { url, client_authentication, fallbacks: beside(client_authentication) }
    }
}

impl From<EndpointUrl> for TokenEndpoint {
    /// A token endpoint that takes the secret in the request body.
    fn from(url: EndpointUrl) -> Self {
        Self::known(url, ClientAuthentication::Body)
    }
}

/// What an issuer's metadata offers (`token_endpoint_auth_methods_supported`): the first way and the others.
pub(super) fn offered(methods: Option<&[String]>) -> (ClientAuthentication, Fallbacks) {
    // RFC 8414 §2: absent means client_secret_basic, and a list without elements is to be left out.
    let Some(methods) = methods.filter(|methods| !methods.is_empty()) else {
        return (ClientAuthentication::Basic, &[ClientAuthentication::BasicRaw, ClientAuthentication::Body]);
    };
    let offers = |name: &str| methods.iter().any(|method| method == name);
    match (offers("client_secret_post"), offers("client_secret_basic")) {
        (false, true) => (ClientAuthentication::Basic, &[ClientAuthentication::BasicRaw]),
        // What an endpoint offers, it may still refuse the one client: Ory Hydra registers one way for each. The body
        // comes first, since its encoding is the same everywhere.
        (_, true) => (ClientAuthentication::Body, &[ClientAuthentication::Basic]),
        (_, false) => (ClientAuthentication::Body, &[]),
    }
}

/// What may be tried beside `known`, which has worked with another secret: only that this secret is encoded otherwise.
pub(super) fn beside(known: ClientAuthentication) -> Fallbacks {
    if known == ClientAuthentication::Basic { &[ClientAuthentication::BasicRaw] } else { &[] }
}

/// Whether the way of sending the secret may be what is wrong.
pub(super) fn is_about_the_client(failure: &Failure, way: ClientAuthentication) -> bool {
    let FailureKind::OAuth(fault) = &failure.kind else { return false };
    // A server that knows the body only misses something in it.
    let misses_it = fault.error == "invalid_request"
        && way != ClientAuthentication::Body
        && fault.description.as_deref().is_some_and(|text| text.to_lowercase().contains("client"));
    fault.refuses_client() || misses_it
}
