//! The device authorization grant (RFC 8628): a code that a person enters in a browser on any machine. What is asked, and
//! what is answered; `device_poll` waits.
//!
//! The oauth2 crate has this grant too, but its loop ends on the first answer that is not to the letter.

use std::cell::Cell;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::client::Client;
use super::discovery::{Endpoints, safe_url};
use super::error_response::{self, foreign, seconds};
use super::grant;
use super::token_endpoint::TokenEndpoint;
use super::token_response::{TokenResponse, is_printable};
use super::token_text::Token;
use crate::failure::{Failure, FailureKind};
use crate::net::HttpResponse;
use crate::profile::{App, ClientAuthentication, EndpointSource, EndpointUrl, Scope};
use crate::text::{Redactor, Shown};
use crate::transcript::{Speaker, Transcript};

/// RFC 8628 §3.2: "If no value is provided, clients MUST use 5 as the default."
const DEFAULT_INTERVAL: f64 = 5.0;
/// An interval of nothing would be a flood.
const SHORTEST_INTERVAL: f64 = 1.0;
/// Where the endpoint does not say how long the code is good (it must), and the longest that we wait.
const DEFAULT_LIFE: f64 = 900.0;
const LONGEST_LIFE: f64 = 3600.0;
const DAY: f64 = 24.0 * 3600.0;
/// A longer one is not for typing.
const LONGEST_USER_CODE: usize = 64;
/// It is not typed either, but may hold a realm and a query.
const LONGEST_ADDRESS: usize = 1000;

/// A device authorization response (RFC 8628 §3.2).
pub struct DeviceAuthorization {
    pub(super) device_code: SecretString,
    /// What the user enters.
    pub user_code: Shown,
    /// Where: https.
    pub verification_uri: EndpointUrl,
    /// The same with the code in it, where there is one that can be trusted to be an address.
    pub verification_uri_complete: Option<EndpointUrl>,
    /// How long the codes are good, at most an hour.
    pub expires_in: Duration,
    /// The shortest time between two polls.
    pub interval: Duration,
    /// How the client secret was sent when it was last accepted.
    pub(super) client_authentication: Cell<ClientAuthentication>,
}

/// Asks for a device code and a user code (RFC 8628 §3.1).
///
/// # Errors
/// [`FailureKind::NoDeviceCode`] before anything is sent, where the provider has none for these scopes;
/// [`FailureKind::OAuth`] if it says no, [`FailureKind::NotOAuth`] if it says something else entirely,
/// [`FailureKind::UnsafeUrl`] if it wants the user sent to an address without TLS, and what [`Client::token`] reports of
/// the way there.
pub fn request_device_code(
    client: &Client<'_>,
    endpoints: &Endpoints,
    scopes: &[Scope],
) -> Result<DeviceAuthorization, Failure> {
    let endpoint = offered(client.app, endpoints, scopes)?;
    // The client authenticates as at the token endpoint (RFC 8628 §3.1).
    let (codes, way) = client.in_turn(|way| {
        let answer = client.post(endpoint, way, |form| form.append_scopes(scopes))?;
        read(&client.http.transcript().at(endpoint.host()), answer)
    });
    let codes = codes?;
    codes.client_authentication.set(way);
    Ok(codes)
}

/// Asks once whether the user has signed in (RFC 8628 §3.4).
///
/// # Errors
/// [`FailureKind::OAuth`] with `authorization_pending` or `slow_down` as long as the user has not (§3.5); else as at
/// any token request.
pub fn redeem_device_code(client: &Client<'_>, authorization: &DeviceAuthorization) -> Result<TokenResponse, Failure> {
    // Whatever has been accepted once is what the next poll begins with.
    let endpoint =
        TokenEndpoint { client_authentication: authorization.client_authentication.get(), ..client.endpoint.clone() };
    let client = Client { endpoint: &endpoint, ..*client };
    let (answer, way) = client.ask(&grant::DeviceCode(&authorization.device_code));
    authorization.client_authentication.set(way);
    answer
}

/// The endpoint, if it can be asked for these scopes.
fn offered<'a>(app: &App, endpoints: &'a Endpoints, scopes: &[Scope]) -> Result<&'a EndpointUrl, Failure> {
    let none = |why: Shown| Failure::new(FailureKind::NoDeviceCode { why });
    if let Some(allowed) = app.provider.quirks.device.scopes
        && let Some(scope) = scopes.iter().find(|scope| !allowed.contains(&scope.as_str()))
    {
        return Err(none(shown!("{} does not grant {} this way", app.provider.title, scope)));
    }
    endpoints.device_authorization.as_ref().ok_or_else(|| match &app.sign_in {
        EndpointSource::Known { .. } => none(shown!("{} has no endpoint for it", app.provider.title)),
        EndpointSource::Discovered { .. } => {
            none("the provider's metadata names no device_authorization_endpoint".into())
        }
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    device_code: Token,
    user_code: Option<Value>,
    verification_uri: Option<Value>,
    /// What drafts of the standard called it; some servers still do.
    verification_url: Option<Value>,
    verification_uri_complete: Option<Value>,
    expires_in: Option<Value>,
    interval: Option<Value>,
}

fn read(transcript: &Transcript, answer: HttpResponse) -> Result<DeviceAuthorization, Failure> {
    let (fields, refusal) = error_response::parse::<Fields>(transcript, &answer)?;
    if let Token::Text(device_code) = &fields.device_code {
        transcript.redactor().learn(device_code);
    }
    refusal.note(transcript);
    refusal.check(transcript, &answer)?;
    let no_codes = |what: &'static str| foreign(transcript, &answer, what.into());
    if !(200..300).contains(&answer.status) {
        return Err(no_codes("JSON without an error code"));
    }
    let device_code = match fields.device_code {
        Token::Text(device_code) if is_printable(&device_code) => device_code,
        _ => return Err(no_codes("JSON without a device code")),
    };
    let user_code = match &fields.user_code {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    if user_code.is_empty() || user_code.chars().count() > LONGEST_USER_CODE {
        return Err(no_codes("JSON without a code that a person could enter"));
    }
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let address = text(&fields.verification_uri).or_else(|| text(&fields.verification_url));
    let address = address.ok_or_else(|| no_codes("JSON without an address at which to enter the code"))?;
    let found = |value: &Option<Value>| value.as_ref().and_then(seconds);
    let life = found(&fields.expires_in).unwrap_or(DEFAULT_LIFE).clamp(0.0, LONGEST_LIFE);
    // Rounded up: never earlier than asked.
    let interval = found(&fields.interval).unwrap_or(DEFAULT_INTERVAL).clamp(SHORTEST_INTERVAL, DAY).ceil();
    transcript.line("HTTP", Speaker::Server, &format!("codes for {life} seconds, to be polled every {interval}"));
    Ok(DeviceAuthorization {
        device_code,
        user_code: Redactor::by_shape(&user_code),
        verification_uri: page(transcript, &address)?,
        // Only a convenience, so one that cannot be shown is left out.
        verification_uri_complete: text(&fields.verification_uri_complete)
            .and_then(|text| page(transcript, &text).ok()),
        expires_in: Duration::from_secs_f64(life),
        interval: Duration::from_secs_f64(interval),
        client_authentication: Cell::default(),
    })
}

/// An address that a person may be sent to, to type a code and a password.
fn page(transcript: &Transcript, address: &str) -> Result<EndpointUrl, Failure> {
    let refused = |reason: &'static str| {
        let url = transcript.redactor().clean(address).cut(200);
        FailureKind::UnsafeUrl { url, reason: reason.into() }
    };
    if address.len() > LONGEST_ADDRESS {
        return Err(refused("the verification_uri: it is too long").into());
    }
    let page = safe_url(transcript, "verification_uri", address)?;
    // No exception for this machine: the page is opened on another.
    if page.as_url().scheme() != "https" {
        let reason = "the verification_uri: it is not protected by TLS, which is needed on this machine too, since the page \
                      at which a code is typed may be opened on any other";
        return Err(refused(reason).into());
    }
    Ok(page)
}

#[cfg(test)]
mod tests;
