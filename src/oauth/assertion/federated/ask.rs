//! One request to the platform that gives tokens out.

use std::time::Duration;

use oauth2::http::{Request, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use zeroize::Zeroizing;

use super::patience::is_busy;
use super::wrong::fault;
use crate::failure::{Failure, FailureKind};
use crate::finding_code::FindingCode;
use crate::net::{HttpClient, HttpResponse};
use crate::profile::{EndpointUrl, FederatedSource};
use crate::text::{Redactor, Shown};

/// How long a platform on this machine, or on its own network link, may take for everything.
pub(super) const NEARBY: Duration = Duration::from_secs(10);

/// A request of `method` to `url` with these headers and no body.
pub(super) fn request(
    method: &str,
    url: &EndpointUrl,
    headers: &[(&'static str, &str)],
) -> Result<Request<Vec<u8>>, Failure> {
    let mut request = Request::builder().method(method).uri(url.as_url().as_str());
    request = request.header(header::ACCEPT, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Vec::new()).map_err(|error| {
        let (what, reason) = ("build the request for a federated token".into(), Redactor::by_shape(&error.to_string()));
        FailureKind::Local { what, reason }.into()
    })
}

/// `Bearer …` (RFC 6750 §2.1).
pub(super) fn bearer(token: &SecretString) -> Zeroizing<String> {
    Zeroizing::new(format!("Bearer {}", token.expose_secret()))
}

/// `base` with these parameters behind those that it has.
pub(super) fn with_query(base: &EndpointUrl, parameters: &[(&str, &str)]) -> Result<EndpointUrl, Failure> {
    let mut url = base.as_url().clone();
    url.query_pairs_mut().extend_pairs(parameters);
    // What was safe before is safe with a query.
    EndpointUrl::of_platform(url.as_str()).map_err(|_| FailureKind::Bug.into())
}

/// The answer of a platform, whatever its status; that none came is told as a fault of the `source`.
pub(super) fn answer(
    http: &HttpClient,
    source: FederatedSource,
    url: &EndpointUrl,
    request: Request<Vec<u8>>,
) -> Result<HttpResponse, Failure> {
    http.send(url, request).map_err(|failure| match reason(&failure.kind) {
        Some(reason) => {
            let told = fault(FindingCode::FEDERATED_UNANSWERED, source).with("reason", reason);
            told.with("address", address(url)).into()
        }
        // What is wrong with a certificate or a proxy has its own words.
        None => failure,
    })
}

/// Why no answer came, for the end of a sentence; none where the failure itself says more.
fn reason(kind: &FailureKind) -> Option<Shown> {
    Some(match kind {
        FailureKind::NameNotFound { .. } => "its name does not exist".into(),
        FailureKind::NameLookupFailed { .. } => "its name could not be looked up".into(),
        FailureKind::ConnectionRefused { .. } => "it refuses the connection".into(),
        FailureKind::Unreachable { reason, .. } => shown!("it cannot be reached ({})", reason),
        FailureKind::TimedOut { after, .. } => shown!("no answer came within {} seconds", after.as_secs().max(1)),
        FailureKind::ConnectionLost { .. } => "it closed the connection".into(),
        FailureKind::TooLarge { limit, .. } => shown!("its answer has more than {} bytes", limit),
        FailureKind::Unreadable { .. } => "its answer is not HTTP".into(),
        _ => return None,
    })
}

/// Scheme, host, port and path, without a query.
fn address(url: &EndpointUrl) -> Shown {
    let mut bare = url.as_url().clone();
    bare.set_query(None);
    Redactor::by_shape(bare.as_str())
}

/// The token in the `field` of a JSON answer with status 200.
///
/// # Errors
/// What the platform says instead, in its own words.
pub(super) fn token(
    http: &HttpClient,
    source: FederatedSource,
    answer: &HttpResponse,
    field: &str,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if answer.status != 200 {
        return Err(refused(http, source, answer));
    }
    let unreadable =
        || Failure::from(fault(FindingCode::FEDERATED_UNREADABLE, source).with("field", Redactor::by_shape(field)));
    let body: Fields = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
    let text = body.0.iter().find(|(name, _)| name == field).map(|(_, text)| text.as_bytes().to_vec());
    text.map(Zeroizing::new).ok_or_else(unreadable)
}

/// That the platform does not give a token.
pub(super) fn refused(http: &HttpClient, source: FederatedSource, answer: &HttpResponse) -> Failure {
    let status = answer.status;
    // It is in trouble itself, or asks for patience: Azure's metadata service says 410 while it is renewed.
    let is_passing = is_busy(answer) || status == 410;
    let code = if is_passing { FindingCode::FEDERATED_UNAVAILABLE } else { FindingCode::FEDERATED_REFUSED };
    let failure = Failure::from(fault(code, source).with("status", status));
    match words(http, answer) {
        Some(words) => failure.said(words),
        None => failure,
    }
}

/// What the platform says, without what looks like a token.
pub(super) fn words(http: &HttpClient, answer: &HttpResponse) -> Option<Shown> {
    let text = String::from_utf8_lossy(&answer.body);
    let text = said(&text).unwrap_or_else(|| text.lines().next().unwrap_or_default().trim().to_owned());
    let text: String = text.chars().take(1000).collect();
    let words = http.transcript().redactor().clean_of_tokens(&text).cut(300);
    Some(words).filter(|words| !words.is_empty())
}

/// The words in a JSON answer of one of the platforms.
fn said(body: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(body).ok()?;
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let inner = answer.get("error").filter(|error| error.is_object());
    let words = text(&answer, "error_description").or_else(|| text(&answer, "message"));
    let words = words.or_else(|| inner.and_then(|error| text(error, "message"))).or_else(|| text(&answer, "Message"));
    match (text(&answer, "error"), words) {
        (Some(error), Some(words)) => Some(format!("{error}: {words}")),
        (error, words) => words.or(error),
    }
}

/// The texts of a JSON object, wiped when they are dropped.
struct Fields(Vec<(String, Zeroizing<String>)>);

impl<'de> serde::Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = std::collections::BTreeMap::<String, Value>::deserialize(deserializer)?;
        let texts = all.into_iter().filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, Zeroizing::new(text))),
            _ => None,
        });
        Ok(Self(texts.collect()))
    }
}
