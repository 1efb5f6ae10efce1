//! A federated token as it was given: its form, its time and its audience. Its signature is for the provider to check, and so
//! is whether issuer and subject may speak for the app.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::wrong::fault;
use crate::clock::in_words;
use crate::failure::{Failure, FederatedClaims};
use crate::finding_code::FindingCode;
use crate::jwt::{self, Claims, LEEWAY, TOKEN_LIMIT};
use crate::profile::{App, FederatedSource, is_guid};
use crate::text::{Redactor, Shown};

/// The longest issuer, subject or audience that a provider compares, with room to spare: Microsoft takes 600 characters.
const CLAIM_LIMIT: usize = 1000;

/// Whom a token must be for.
pub(super) struct Audience {
    /// As it is asked for, and registered.
    name: String,
    /// Whether Microsoft Entra's own tokens name it by an application ID, which differs from cloud to cloud.
    has_id: bool,
}

impl Audience {
    /// Of the tokens that `app` proves itself with.
    pub(super) fn of(app: &App) -> Self {
        let own = app.federated.as_ref().and_then(|spec| spec.audience.clone());
        let exchange = app.deployment().token_exchange_audience;
        let name = own.or(exchange.map(str::to_owned)).unwrap_or_else(|| app.registrar().to_owned());
        Self { has_id: exchange == Some(&name), name }
    }

    /// As it is asked for.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn is_in(&self, audiences: &[&str]) -> bool {
        audiences.iter().any(|audience| *audience == self.name || self.has_id && is_guid(audience))
    }
}

/// A token that is good in form, in its time, and for the audience.
pub struct FederatedToken {
    /// The token.
    pub value: SecretString,
    /// What a provider compares.
    pub claims: FederatedClaims,
    /// When it ends (RFC 7523 §3 requires it).
    pub expires: Timestamp,
}

/// Reads what `source` gave.
///
/// # Errors
/// What keeps it from being sent.
pub(super) fn read(
    bytes: &[u8],
    asked: &Audience,
    source: FederatedSource,
    now: Timestamp,
    redactor: &Redactor,
) -> Result<FederatedToken, Failure> {
    let wrong = |code| fault(code, source);
    if bytes.len() > TOKEN_LIMIT {
        return Err(wrong(FindingCode::FEDERATED_TOO_LARGE).with("limit", TOKEN_LIMIT).into());
    }
    let not_jwt = |reason: Shown| Failure::from(wrong(FindingCode::FEDERATED_NOT_JWT).with("reason", reason));
    let text = std::str::from_utf8(bytes).map_err(|_| not_jwt("it is not text".into()))?.trim();
    if text.is_empty() {
        return Err(wrong(FindingCode::FEDERATED_EMPTY).into());
    }
    let value = SecretString::from(text);
    redactor.learn(&value);
    let claims = signed(text).map_err(not_jwt)?;
    let claim = |name: &'static str| {
        let text = jwt::text(&claims, name).filter(|text| text.chars().count() <= CLAIM_LIMIT);
        text.map(|text| redactor.clean(text)).ok_or_else(|| not_jwt(shown!("it has no {} that can be used", name)))
    };
    let (issuer, subject) = (claim("iss")?, claim("sub")?);
    let audiences = audiences(&claims);
    if audiences.is_empty() {
        return Err(not_jwt("it has no aud that can be used".into()));
    }
    let expires = expires(&claims).ok_or_else(|| not_jwt("it has no exp that can be used".into()))?;
    // Clocks differ; what is just over may still be taken.
    let over = now.as_second().saturating_sub(expires.as_second());
    if over > LEEWAY {
        return Err(wrong(FindingCode::FEDERATED_EXPIRED).with("ago", in_words(over.unsigned_abs())).into());
    }
    let ahead = jwt::seconds(&claims, "nbf").map_or(0, |begins| begins.saturating_sub(now.as_second()));
    if ahead > LEEWAY {
        return Err(wrong(FindingCode::FEDERATED_NOT_YET_VALID).with("ahead", in_words(ahead.unsigned_abs())).into());
    }
    if !asked.is_in(&audiences) {
        let found = Shown::join(audiences.iter().map(|audience| redactor.clean(audience)), ", ");
        let told = wrong(FindingCode::FEDERATED_OTHER_AUDIENCE)
            .with("found", found)
            .with("audience", redactor.clean(&asked.name));
        return Err(told.into());
    }
    let audience = redactor.clean(&asked.name);
    Ok(FederatedToken { value, claims: FederatedClaims { issuer, subject, audience }, expires })
}

/// The claims of a JWS in compact form (RFC 7515 §3.1, §7.1) that says how it is signed.
fn signed(text: &str) -> Result<Claims, Shown> {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, _, signature] = parts.as_slice() else {
        return Err(match parts.len() {
            5 => "it is encrypted (a JWE)".into(),
            1 => "it is one piece of text, without the three parts of a JWT".into(),
            number => shown!("it has {} parts, and a JWT has three", number),
        });
    };
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).ok();
    let header: Map<String, Value> = header
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Shown::from("its first part is not the header of a JWT"))?;
    let is_signed = BASE64_URL_SAFE_NO_PAD.decode(signature).is_ok_and(|bytes| !bytes.is_empty());
    let algorithm = header.get("alg").and_then(Value::as_str);
    if !is_signed || algorithm.is_none_or(|name| name.eq_ignore_ascii_case("none")) {
        return Err("it is not signed".into());
    }
    jwt::read(text).map_err(Shown::of)
}

/// The audiences, one or several (RFC 7519 §4.1.3).
fn audiences(claims: &Claims) -> Vec<&str> {
    let all = match claims.get("aud") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).take(16).collect(),
        _ => Vec::new(),
    };
    all.into_iter().filter(|audience| !audience.is_empty() && audience.chars().count() <= CLAIM_LIMIT).collect()
}

fn expires(claims: &Claims) -> Option<Timestamp> {
    Timestamp::from_second(jwt::seconds(claims, "exp")?).ok()
}
