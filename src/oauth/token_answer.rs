//! Reads what a token endpoint sent (RFC 6749 §5). Real endpoints stray from the letter, and a token that works is not
//! refused over it (security.md T3); errors are looked for first, whatever the status says.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::http::HttpAnswer;
use super::token::TokenAnswer;
use crate::failure::{Failure, FailureKind, OAuthFault};
use crate::transcript::{Speaker, Transcript};

/// Where the endpoint does not say how long a token lives, and the longest that we believe.
const DEFAULT_LIFE: Duration = Duration::from_secs(3600);
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Reads an answer of whatever status.
///
/// # Errors
/// [`FailureKind::OAuth`] for an error answer, [`FailureKind::NotOAuth`] for anything that is neither that nor a token.
pub(super) fn read(transcript: &Transcript, answer: HttpAnswer) -> Result<TokenAnswer, Failure> {
    let body = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    let Ok(fields) = serde_json::from_slice::<Fields>(body) else {
        return Err(foreign(transcript, &answer, what_it_is(&answer)));
    };
    for secret in [&fields.access_token, &fields.refresh_token, &fields.id_token] {
        if let Token::Text(secret) = secret {
            transcript.redactor().learn(secret);
        }
    }
    fields.note(transcript);
    if let Some(error) = &fields.error {
        return Err(fault(transcript, &answer, &fields, error));
    }
    let not_a_token = |what: &str| Err(foreign(transcript, &answer, what.to_owned()));
    if !(200..300).contains(&answer.status) {
        return not_a_token("JSON without an error code");
    }
    if let Some(kind) = fields.token_type.as_ref().and_then(Value::as_str)
        && !kind.eq_ignore_ascii_case("bearer")
    {
        // RFC 6749 §7.1: a token of a type that one does not understand must not be used.
        return not_a_token("a token of another type than Bearer");
    }
    let Token::Text(access_token) = fields.access_token else {
        return not_a_token("JSON without an access token");
    };
    if !is_printable(&access_token) {
        return not_a_token("an access token with characters that no token has");
    }
    let optional = |token: Token| match token {
        Token::Text(text) if is_printable(&text) => Some(text),
        _ => None,
    };
    Ok(TokenAnswer {
        access_token,
        refresh_token: optional(fields.refresh_token),
        expires_in: life(fields.expires_in.as_ref()),
        scopes: scopes(fields.scope.as_ref()),
        id_token: optional(fields.id_token),
    })
}

/// A secret, read from JSON straight into a string that is wiped; anything but a string counts as absent.
#[derive(Default)]
enum Token {
    #[default]
    Absent,
    Text(SecretString),
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TokenVisitor)
    }
}

struct TokenVisitor;

impl<'de> Visitor<'de> for TokenVisitor {
    type Value = Token;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }

    fn visit_str<E>(self, text: &str) -> Result<Token, E> {
        Ok(if text.is_empty() { Token::Absent } else { Token::Text(SecretString::from(text)) })
    }

    fn visit_unit<E>(self) -> Result<Token, E> {
        Ok(Token::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Token, E> {
        Ok(Token::Absent)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Token, E> {
        Ok(Token::Absent)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Token, E> {
        Ok(Token::Absent)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Token, E> {
        Ok(Token::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Token, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Token::Absent)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Token, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Token::Absent)
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Fields {
    error: Option<Value>,
    error_description: Option<Value>,
    error_codes: Option<Value>,
    suberror: Option<Value>,
    correlation_id: Option<Value>,
    access_token: Token,
    refresh_token: Token,
    id_token: Token,
    token_type: Option<Value>,
    expires_in: Option<Value>,
    scope: Option<Value>,
}

impl Fields {
    fn note(&self, transcript: &Transcript) {
        if !transcript.is_on() {
            return;
        }
        let mut parts = Vec::new();
        let plain = [
            ("error", &self.error),
            ("error_description", &self.error_description),
            ("suberror", &self.suberror),
            ("correlation_id", &self.correlation_id),
            ("token_type", &self.token_type),
            ("expires_in", &self.expires_in),
            ("scope", &self.scope),
        ];
        for (name, value) in plain {
            if let Some(value) = value {
                parts.push(format!("{name}={value}"));
            }
        }
        let tokens = [
            ("access_token", &self.access_token),
            ("refresh_token", &self.refresh_token),
            ("id_token", &self.id_token),
        ];
        for (name, token) in tokens {
            if let Token::Text(text) = token {
                parts.push(format!("{name}=[redacted, {} characters]", text.expose_secret().len()));
            }
        }
        transcript.line("HTTP", Speaker::Server, &parts.join(" & "));
    }
}

fn fault(transcript: &Transcript, answer: &HttpAnswer, fields: &Fields, error: &Value) -> Failure {
    let clean = |text: &str| transcript.redactor().clean(&text.chars().take(2000).collect::<String>());
    let words = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(clean);
    // Google's other interfaces put an object here: {"code": 503, "message": …, "status": "UNAVAILABLE"}.
    let (error, message) = match error {
        Value::String(error) => (clean(error), None),
        Value::Object(inner) => {
            let inner = |name: &str| inner.get(name).and_then(Value::as_str).map(clean);
            (inner("status").or_else(|| inner("code")).unwrap_or_else(|| "unknown".to_owned()), inner("message"))
        }
        _ => ("unknown".to_owned(), None),
    };
    let description = words(&fields.error_description).or(message);
    let mut codes: Vec<u32> = match &fields.error_codes {
        Some(Value::Array(codes)) => codes.iter().filter_map(number).collect(),
        _ => Vec::new(),
    };
    if codes.is_empty() {
        codes = description.as_deref().map(aadsts).unwrap_or_default();
    }
    let said = match &description {
        Some(description) => format!("{error}: {description}"),
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

/// The numbers behind `AADSTS` in Microsoft's texts, each once.
pub(super) fn aadsts(text: &str) -> Vec<u32> {
    let mut codes = Vec::new();
    for rest in text.split("AADSTS").skip(1) {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(code) = digits.parse()
            && !codes.contains(&code)
        {
            codes.push(code);
        }
    }
    codes
}

fn foreign(transcript: &Transcript, answer: &HttpAnswer, what: String) -> Failure {
    let content_type = answer.content_type.as_deref().map(|text| transcript.redactor().clean(text));
    let failure = Failure::new(FailureKind::NotOAuth { status: answer.status, content_type, what });
    match their_words(answer) {
        Some(words) => failure.said(transcript.redactor().clean(&words)),
        None => failure,
    }
}

fn what_it_is(answer: &HttpAnswer) -> String {
    let body = answer.body.trim_ascii();
    let what = match body.first() {
        _ if (300..400).contains(&answer.status) => "a redirect, which a token endpoint never sends",
        None => "an empty body",
        Some(b'<') => "a web page",
        Some(b'{' | b'[') => "broken JSON",
        Some(_) => "neither JSON nor a web page",
    };
    what.to_owned()
}

/// The title of a page, or the beginning of a plain error text. Never of anything that looks like JSON, since that may
/// be a token cut short.
fn their_words(answer: &HttpAnswer) -> Option<String> {
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

/// RFC 6749 appendix A.12: VSCHAR, and no blank, which no token has.
fn is_printable(token: &SecretString) -> bool {
    token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic())
}

fn life(value: Option<&Value>) -> Duration {
    let seconds = match value {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    match seconds {
        Some(seconds) if seconds.is_nan() => DEFAULT_LIFE,
        Some(seconds) => Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_LIFE.as_secs_f64()).floor()),
        None => DEFAULT_LIFE,
    }
}

fn scopes(value: Option<&Value>) -> Option<Vec<String>> {
    let scopes: Vec<String> = match value? {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(items) => {
            items.iter().filter_map(Value::as_str).flat_map(str::split_whitespace).map(str::to_owned).collect()
        }
        _ => return None,
    };
    if scopes.is_empty() { None } else { Some(scopes) }
}
