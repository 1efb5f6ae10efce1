//! Where to sign in: known endpoints, or an issuer's metadata (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).

use serde::Deserialize;

use super::http::HttpClient;
use crate::failure::{Failure, FailureKind};
use crate::profile::{App, EndpointUrl, SignIn};

/// Where an app signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The authorization endpoint.
    pub authorization: EndpointUrl,
    /// The token endpoint.
    pub token: TokenEndpoint,
    /// Whether the issuer has announced that its answers name it (RFC 9207 §3).
    pub issuer_in_response: bool,
}

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEndpoint {
    /// Its address.
    pub url: EndpointUrl,
    /// How a client secret is sent there.
    pub client_auth: ClientAuth,
}

/// How a client secret is sent (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// In the request body: `client_secret_post`.
    #[default]
    Body,
    /// In the Authorization header: `client_secret_basic`, where the metadata offers nothing else.
    Basic,
}

impl From<EndpointUrl> for TokenEndpoint {
    /// A token endpoint that takes the secret in the request body.
    fn from(url: EndpointUrl) -> Self {
        Self { url, client_auth: ClientAuth::Body }
    }
}

/// Finds the endpoints of `app`. Known ones need no request.
///
/// # Errors
/// [`FailureKind::UnsafeUrl`] if the metadata names an address that no browser or secret should be sent to,
/// [`FailureKind::NotOAuth`] if there is no metadata, [`FailureKind::ProtocolViolation`] if it is another issuer's, and
/// what [`HttpClient::get`] reports.
pub fn endpoints(http: &HttpClient, app: &App) -> Result<Endpoints, Failure> {
    match &app.sign_in {
        SignIn::Known { authorization, token } => Ok(Endpoints {
            authorization: authorization.clone(),
            token: token.clone().into(),
            issuer_in_response: false,
        }),
        SignIn::Discovered { issuer } => discover(http, issuer),
    }
}

fn discover(http: &HttpClient, issuer: &EndpointUrl) -> Result<Endpoints, Failure> {
    let first = http.get(&openid_address(issuer)?)?;
    let answer = if first.status == 404 { http.get(&oauth_address(issuer)?)? } else { first };
    let not_metadata = |what: &str| {
        Failure::new(FailureKind::NotOAuth {
            status: answer.status,
            content_type: answer.content_type.clone(),
            what: format!("{what} (metadata of {issuer})"),
        })
    };
    if answer.status != 200 {
        return Err(not_metadata("no metadata document"));
    }
    let body = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    let metadata: Metadata = serde_json::from_slice(body).map_err(|_| not_metadata("no metadata document"))?;
    metadata.check(http, issuer)
}

/// `{issuer}/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4.1).
fn openid_address(issuer: &EndpointUrl) -> Result<EndpointUrl, Failure> {
    let base = issuer.as_issuer().trim_end_matches('/');
    safe_url("metadata address", &format!("{base}/.well-known/openid-configuration"))
}

/// RFC 8414 §3.1 puts the well-known part between the host and the issuer's path.
fn oauth_address(issuer: &EndpointUrl) -> Result<EndpointUrl, Failure> {
    let mut url = issuer.as_url().clone();
    let path = format!("/.well-known/oauth-authorization-server{}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    safe_url("metadata address", url.as_str())
}

fn safe_url(name: &str, text: &str) -> Result<EndpointUrl, Failure> {
    let url: EndpointUrl =
        text.parse().map_err(|error: crate::profile::Invalid| unsafe_url(name, text, error.problem))?;
    // A browser is started with this address as an argument. Its parser has already escaped quotes and blanks; what
    // could still mean something to a shell between here and there is refused (security.md A3).
    match url.as_url().as_str().chars().find(|c| "$`;|<>()\\'\"{}^!*".contains(*c) || !c.is_ascii()) {
        Some(c) => Err(unsafe_url(name, text, format!("it holds the character {c}"))),
        None => Ok(url),
    }
}

fn unsafe_url(name: &str, text: &str, reason: String) -> Failure {
    let clean = |text: &str| super::identity::plain(text, 200);
    FailureKind::UnsafeUrl { url: clean(text), reason: format!("the {name}: {}", clean(&reason)) }.into()
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: Option<bool>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    fn check(self, http: &HttpClient, issuer: &EndpointUrl) -> Result<Endpoints, Failure> {
        // The comparison that the whole trust hangs on (OpenID Connect Discovery 1.0 §4.3, RFC 8414 §3.3).
        if !super::identity::is_issuer(&self.issuer, issuer) {
            let named = super::identity::plain(&self.issuer, 200);
            let what = format!("the metadata of {issuer} names another issuer: {named}");
            return Err(FailureKind::ProtocolViolation { what }.into());
        }
        if self.code_challenge_methods_supported.is_some_and(|methods| methods.iter().all(|method| method != "S256")) {
            let text = "the metadata does not list PKCE S256; it is sent all the same";
            http.transcript().line("HTTP", crate::transcript::Speaker::Remark, text);
        }
        let methods = self.token_endpoint_auth_methods_supported.unwrap_or_default();
        let offers = |name: &str| methods.iter().any(|method| method == name);
        let basic_only = offers("client_secret_basic") && !offers("client_secret_post");
        Ok(Endpoints {
            authorization: safe_url("authorization_endpoint", &self.authorization_endpoint)?,
            token: TokenEndpoint {
                url: safe_url("token_endpoint", &self.token_endpoint)?,
                client_auth: if basic_only { ClientAuth::Basic } else { ClientAuth::Body },
            },
            issuer_in_response: self.authorization_response_iss_parameter_supported.unwrap_or(false),
        })
    }
}
