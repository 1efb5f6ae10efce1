//! Where to sign in: known endpoints, or an issuer's metadata (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error_response;
use super::token_endpoint::{self, TokenEndpoint};
use crate::failure::{Failure, FailureKind};
use crate::net::{HttpClient, HttpResponse};
use crate::profile::{App, EndpointSource, EndpointUrl, IdentityRule};
use crate::text::Shown;
use crate::transcript::{Speaker, Transcript};

/// Where an app signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The authorization endpoint.
    pub authorization: EndpointUrl,
    /// The token endpoint.
    pub token: TokenEndpoint,
    /// The device authorization endpoint (RFC 8628 §3.1, §4), where there is one.
    pub device_authorization: Option<EndpointUrl>,
    /// Whether the issuer has announced that its answers name it (RFC 9207 §3).
    pub issuer_in_response: bool,
}

/// Finds the endpoints of `app`. Known ones need no request.
///
/// # Errors
/// [`FailureKind::UnsafeUrl`] if the metadata names an address that no browser or secret should be sent to,
/// [`FailureKind::NotOAuth`] if there is no metadata, [`FailureKind::OtherIssuer`] if it is another issuer's, and
/// what [`HttpClient::get`] reports.
pub fn endpoints(http: &HttpClient, app: &App) -> Result<Endpoints, Failure> {
    match &app.sign_in {
        EndpointSource::Known { authorization, token, device_authorization } => Ok(Endpoints {
            authorization: authorization.clone(),
            token: token.clone().into(),
            device_authorization: device_authorization.clone(),
            issuer_in_response: false,
        }),
        EndpointSource::Discovered { issuer } => Ok(discover(http, issuer)?.endpoints),
    }
}

/// Where an app signs in, as its provider was just asked.
#[derive(Debug)]
pub struct Found {
    /// Where.
    pub endpoints: Endpoints,
    /// The time by the provider's clock, where it told it.
    pub date: Option<Timestamp>,
}

/// Finds the endpoints of `app` with a request in any case: whether the provider is reached, and whether it knows the
/// tenant, is then known before a person begins.
///
/// # Errors
/// What [`endpoints`] reports, and [`FailureKind::OAuth`] where the provider knows no such tenant. What else it answers where
/// the endpoints are known already is not a reason to stop.
pub fn ask(http: &HttpClient, app: &App) -> Result<Found, Failure> {
    let metadata = match &app.sign_in {
        EndpointSource::Discovered { issuer } => return discover(http, issuer),
        EndpointSource::Known { .. } => metadata_address(app),
    };
    let endpoints = endpoints(http, app)?;
    let Some(metadata) = metadata else { return Ok(Found { endpoints, date: None }) };
    let answer = http.get(&metadata)?;
    let transcript = http.transcript().at(metadata.host());
    if (400..500).contains(&answer.status)
        && let Ok((IgnoredAny, refusal)) = error_response::parse(&transcript, &answer)
    {
        refusal.note(&transcript);
        refusal.check(&transcript, &answer)?;
    }
    Ok(Found { endpoints, date: answer.date })
}

/// The address of the metadata of the issuer that `app` signs in at (OpenID Connect Discovery 1.0 §4.1).
#[must_use]
pub fn metadata_address(app: &App) -> Option<EndpointUrl> {
    let issuer = match (&app.identity, &app.sign_in) {
        (IdentityRule::Tenant { authority, tenant }, _) => format!("{authority}/{}/v2.0", tenant.as_str()),
        (IdentityRule::Issuer(_), EndpointSource::Discovered { issuer }) | (IdentityRule::Issuer(issuer), _) => {
            issuer.to_string()
        }
    };
    openid_metadata(&issuer).parse().ok()
}

fn discover(http: &HttpClient, issuer: &EndpointUrl) -> Result<Found, Failure> {
    let first = http.get(&openid_address(http.transcript(), issuer)?)?;
    // A server without OpenID answers here with 404, or with whatever it has for strangers.
    let second = if (400..500).contains(&first.status) {
        Some(http.get(&oauth_address(http.transcript(), issuer)?)?)
    } else {
        None
    };
    let answer = second.filter(|second| second.status == 200).unwrap_or(first);
    let endpoints = read(&http.transcript().at(issuer.host()), &answer, issuer)?;
    Ok(Found { endpoints, date: answer.date })
}

/// Reads what came from an issuer's metadata address.
pub(super) fn read(transcript: &Transcript, answer: &HttpResponse, issuer: &EndpointUrl) -> Result<Endpoints, Failure> {
    let not_metadata = |what: Shown| {
        Failure::new(FailureKind::NotOAuth {
            status: answer.status,
            content_type: answer.content_type.as_deref().map(|text| clean(transcript, text)),
            what: shown!("{} (metadata of {})", what, issuer),
            retry_after: answer.retry_after,
        })
    };
    if answer.status != 200 {
        let is_redirect = (300..400).contains(&answer.status);
        let target = answer.location.as_ref().filter(|_| is_redirect);
        let what = target.map(|target| shown!("a redirect to {}", clean(transcript, target)));
        return Err(not_metadata(what.unwrap_or_else(|| "no metadata document".into())));
    }
    let body = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    // RFC 8414 §3.2: an object. An array would deserialize too, its items taken for the fields in order.
    let metadata: Option<Metadata> =
        if body.trim_ascii_start().starts_with(b"{") { serde_json::from_slice(body).ok() } else { None };
    let metadata = metadata.ok_or_else(|| match missing(body) {
        Some(name) => not_metadata(shown!("a metadata document without {}", name)),
        None => not_metadata("no metadata document".into()),
    })?;
    metadata.check(transcript, issuer)
}

/// The first field that every metadata document must have (RFC 8414 §2) and this one lacks, where it is one at all.
fn missing(body: &[u8]) -> Option<&'static str> {
    const NEEDED: [&str; 3] = ["issuer", "authorization_endpoint", "token_endpoint"];
    let document: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).ok()?;
    let lacking = NEEDED.into_iter().find(|name| !document.get(*name).is_some_and(serde_json::Value::is_string))?;
    NEEDED.iter().any(|name| document.contains_key(*name)).then_some(lacking)
}

/// `{issuer}/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4.1).
fn openid_metadata(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

fn openid_address(transcript: &Transcript, issuer: &EndpointUrl) -> Result<EndpointUrl, Failure> {
    safe_url(transcript, "metadata address", &openid_metadata(issuer.as_issuer()))
}

/// RFC 8414 §3.1 puts the well-known part between the host and the issuer's path.
fn oauth_address(transcript: &Transcript, issuer: &EndpointUrl) -> Result<EndpointUrl, Failure> {
    let mut url = issuer.as_url().clone();
    let path = format!("/.well-known/oauth-authorization-server{}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    safe_url(transcript, "metadata address", url.as_str())
}

/// An address that may be opened, shown, or sent secrets to.
pub(super) fn safe_url(transcript: &Transcript, name: &'static str, text: &str) -> Result<EndpointUrl, Failure> {
    // A browser is started with this address as an argument. No shell of ours reads it, but what could mean something
    // to one further on (xdg-open is a script) has no business in an endpoint's address (SECURITY.md A3).
    if let Some(c) = text.chars().find(|c| "$`;|<>()\\'\"{}^!*".contains(*c) || !c.is_ascii_graphic()) {
        return Err(unsafe_url(transcript, name, text, &format!("it holds the character {c}")));
    }
    text.parse().map_err(|error: crate::profile::Invalid| unsafe_url(transcript, name, text, &error.problem))
}

fn unsafe_url(transcript: &Transcript, name: &'static str, text: &str, reason: &str) -> Failure {
    let reason = shown!("the {}: {}", name, clean(transcript, reason));
    FailureKind::UnsafeUrl { url: clean(transcript, text), reason }.into()
}

/// Metadata may repeat what we have sent: redacted, escaped and cut short.
fn clean(transcript: &Transcript, text: &str) -> Shown {
    transcript.redactor().clean(&text.chars().take(200).collect::<String>())
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    device_authorization_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: Option<bool>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
}

impl Metadata {
    fn check(self, transcript: &Transcript, issuer: &EndpointUrl) -> Result<Endpoints, Failure> {
        // The comparison that the whole trust hangs on (OpenID Connect Discovery 1.0 §4.3, RFC 8414 §3.3).
        if !super::identity::is_issuer(&self.issuer, issuer) {
            let named = clean(transcript, &self.issuer);
            let what = shown!("the metadata of {} names another issuer: {}", issuer, named);
            let is_slash = self.issuer.trim_end_matches('/') == issuer.as_issuer().trim_end_matches('/');
            return Err(FailureKind::OtherIssuer { what, spelled: is_slash.then_some(named) }.into());
        }
        if self.code_challenge_methods_supported.is_some_and(|methods| methods.iter().all(|method| method != "S256")) {
            let text = "the metadata does not list PKCE S256; it is sent all the same";
            transcript.line("HTTP", Speaker::Remark, text);
        }
        let methods = self.token_endpoint_auth_methods_supported.as_deref();
        let (client_authentication, fallbacks) = token_endpoint::offered(methods);
        Ok(Endpoints {
            authorization: safe_url(transcript, "authorization_endpoint", &self.authorization_endpoint)?,
            token: TokenEndpoint {
                url: safe_url(transcript, "token_endpoint", &self.token_endpoint)?,
                client_authentication,
                fallbacks,
            },
            device_authorization: self
                .device_authorization_endpoint
                .map(|text| safe_url(transcript, "device_authorization_endpoint", &text))
                .transpose()?,
            issuer_in_response: self.authorization_response_iss_parameter_supported.unwrap_or(false),
        })
    }
}

#[cfg(test)]
mod tests;
