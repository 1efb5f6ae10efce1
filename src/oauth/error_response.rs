//! What the answers of a token endpoint and of a device authorization endpoint have in common: JSON or something else,
//! and an error that is looked for first, whatever the status says (RFC 6749 §5.2, SECURITY.md T1).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::{Failure, FailureKind, OAuthFault, aadsts_numbers};
use crate::net::HttpResponse;
use crate::text::Shown;
use crate::transcript::{Speaker, Transcript};

/// The fields of an error answer, which may come with all others.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorResponse {
    error: Option<Value>,
    error_description: Option<Value>,
    error_codes: Option<Value>,
    suberror: Option<Value>,
    correlation_id: Option<Value>,
}

/// Reads the body as a JSON object. The caller first tells the redactor of the secrets in it, and then checks the
/// refusal, whose text may repeat them.
///
/// # Errors
/// [`FailureKind::NotOAuth`] if it is something else.
pub(super) fn parse<F: DeserializeOwned>(
    transcript: &Transcript,
    answer: &HttpResponse,
) -> Result<(F, ErrorResponse), Failure> {
    let body = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    // An array would deserialize too, its items taken for the fields in order.
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let parsed = is_object.then(|| Some((serde_json::from_slice(body).ok()?, serde_json::from_slice(body).ok()?)));
    parsed.flatten().ok_or_else(|| foreign(transcript, answer, what_it_is(answer)))
}

impl ErrorResponse {
    /// Shows the fields in the transcript.
    pub(super) fn note(&self, transcript: &Transcript) {
        if !transcript.is_on() {
            return;
        }
        let fields = [
            ("error", &self.error),
            ("error_description", &self.error_description),
            ("suberror", &self.suberror),
            ("correlation_id", &self.correlation_id),
        ];
        let clean = |value: &Value| transcript.redactor().clean_of_tokens(&value.to_string());
        let parts: Vec<String> =
            fields.iter().filter_map(|(name, value)| Some(format!("{name}={}", clean(value.as_ref()?)))).collect();
        if !parts.is_empty() {
            transcript.line("HTTP", Speaker::Server, &parts.join(" & "));
        }
    }

    /// Whether there is none.
    ///
    /// # Errors
    /// [`FailureKind::OAuth`] if there is one, whatever else the answer holds.
    pub(super) fn check(&self, transcript: &Transcript, answer: &HttpResponse) -> Result<(), Failure> {
        match &self.error {
            Some(error) => Err(fault(transcript, answer, self, error)),
            None => Ok(()),
        }
    }
}

fn fault(transcript: &Transcript, answer: &HttpResponse, fields: &ErrorResponse, error: &Value) -> Failure {
    let clean = |text: &str| transcript.redactor().clean_of_tokens(&text.chars().take(2000).collect::<String>());
    let words = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(clean);
    // Google's other interfaces put an object here: {"code": 503, "message": …, "status": "UNAVAILABLE"}.
    let (error, message) = match error {
        Value::String(error) => (transcript.redactor().clean_code(error), None),
        Value::Object(inner) => {
            let inner = |name: &str| inner.get(name).and_then(Value::as_str).map(clean);
            // Such a name is upper case. One that reads like a code of RFC 6749 was not said as one, and must not decide.
            let name = inner("status").or_else(|| inner("code"));
            let name = name.filter(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()));
            (name.unwrap_or_else(|| "unknown".into()), inner("message"))
        }
        _ => ("unknown".into(), None),
    };
    let description = words(&fields.error_description).or(message);
    let mut codes: Vec<u32> = match &fields.error_codes {
        Some(Value::Array(codes)) => codes.iter().filter_map(number).collect(),
        _ => Vec::new(),
    };
    if codes.is_empty() {
        codes = description.as_deref().map(aadsts_numbers).unwrap_or_default();
    }
    let said = match &description {
        Some(description) => shown!("{}: {}", error, description),
        None => error.clone(),
    };
    Failure::from(FailureKind::OAuth(OAuthFault {
        error,
        description,
        status: answer.status,
        codes,
        suberror: words(&fields.suberror),
        correlation_id: words(&fields.correlation_id),
        retry_after: answer.retry_after,
        federated: None,
    }))
    .said(said)
}

fn number(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|number| number.try_into().ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Something that is not an OAuth answer: `what` says what it is instead.
pub(super) fn foreign(transcript: &Transcript, answer: &HttpResponse, what: Shown) -> Failure {
    let content_type = answer.content_type.as_deref().map(|text| transcript.redactor().clean(text));
    let failure = Failure::new(FailureKind::NotOAuth {
        status: answer.status,
        content_type,
        what,
        retry_after: answer.retry_after,
    });
    match their_words(answer) {
        Some(words) => failure.said(transcript.redactor().clean_of_tokens(&words)),
        None => failure,
    }
}

fn what_it_is(answer: &HttpResponse) -> Shown {
    let body = answer.body.trim_ascii();
    let what = match body.first() {
        _ if (300..400).contains(&answer.status) => "a redirect, which a token endpoint never sends",
        None => "an empty body",
        Some(b'<') => "a web page",
        Some(b'{' | b'[') => "broken JSON",
        Some(_) => "neither JSON nor a web page",
    };
    what.into()
}

/// The title of a page, or the beginning of a plain error text. Never of anything that looks like JSON, since that may
/// be a token cut short.
fn their_words(answer: &HttpResponse) -> Option<String> {
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with('<') {
        let lower = text.to_ascii_lowercase();
        let start = lower.find("<title").and_then(|at| lower[at..].find('>').map(|end| at + end + 1))?;
        let end = lower[start..].find('<').map_or(lower.len(), |end| start + end);
        return Some(text[start..end].split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect());
    }
    let is_plain = answer.status >= 400 && !text.is_empty() && !text.contains(['{', '[', '"', '=']);
    is_plain.then(|| text.chars().take(200).collect())
}

/// A number of seconds, as a number or in quotes; `None` where it is neither.
pub(super) fn seconds(value: &Value) -> Option<f64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    seconds.filter(|seconds| !seconds.is_nan())
}
