//! A JWT's claims, read and not verified (RFC 7519): who reads them knows why the token can be believed.
//!
//! For an identity token that is the way it came (`oauth::identity`). An access token's claims are never believed at all:
//! the resource server checks its signature, and we only look for what explains a refusal (`diagnosis::preflight`).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Clocks may differ by this many seconds.
pub const LEEWAY: i64 = 300;
/// No token of any provider comes near this many bytes.
pub const TOKEN_LIMIT: usize = 64 * 1024;

/// The claims of a token, by name.
pub type Claims = Map<String, Value>;

/// Why a token's claims cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It has more than [`TOKEN_LIMIT`] bytes.
    #[error("it is too large")]
    TooLarge,
    /// It is a JWE (RFC 7516 §3.1).
    #[error("it is encrypted, and no key was agreed on")]
    Encrypted,
    /// It does not have the three parts of a JWS, or its payload is not base64url (RFC 7515 §3.1).
    #[error("it is not a JWT")]
    NoJwt,
    /// Its payload is something else (RFC 7519 §7.2 item 10).
    #[error("its claims are not a JSON object")]
    NoObject,
}

show_as_displayed!(Unreadable);

/// The claims of `token`.
///
/// # Errors
/// What it is instead of a JWT that can be read.
pub fn read(token: &str) -> Result<Claims, Unreadable> {
    if token.len() > TOKEN_LIMIT {
        return Err(Unreadable::TooLarge);
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [_, payload, _] = parts.as_slice() else {
        return Err(if parts.len() == 5 { Unreadable::Encrypted } else { Unreadable::NoJwt });
    };
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).map_err(|_| Unreadable::NoJwt)?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(claims)) => Ok(claims),
        _ => Err(Unreadable::NoObject),
    }
}

/// A claim that is a text, unless it is empty.
#[must_use]
pub fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A claim that is a NumericDate, in seconds (RFC 7519 §2: it may have a fraction).
#[must_use]
pub fn seconds(claims: &Claims, name: &str) -> Option<i64> {
    let number = claims.get(name)?;
    #[expect(clippy::cast_possible_truncation, reason = "a float beyond i64 saturates, and is as wrong as before")]
    number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64))
}

/// The names that people know the account by, each once.
#[must_use]
pub fn names(claims: &Claims) -> Vec<String> {
    // An address that the provider itself calls unverified was typed in by the person who made the account.
    let unverified = matches!(claims.get("email_verified"), Some(Value::Bool(false)));
    let mut names: Vec<String> = Vec::new();
    for claim in ["preferred_username", "email", "upn", "unique_name"] {
        if claim == "email" && unverified {
            continue;
        }
        let Some(name) = text(claims, claim).map(|name| bounded(name, 320)) else { continue };
        if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            names.push(name);
        }
    }
    names
}

/// The first `limit` characters of a claim.
#[must_use]
pub fn bounded(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}
