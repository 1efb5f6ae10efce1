//! Client assertions (RFC 7523 §2.2): an app proves itself with a token that it signed, or with one of an issuer that it
//! trusts. The refusals are Microsoft's.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::Value;

use crate::federation;
use crate::http::Params;
use crate::jwt::{PublicKey, Token};
use crate::mail_sign_in::LEEWAY;
use crate::oauth_error::OAuthError;
use crate::world::{App, Dialect, KeyCredential, State, TENANT_DOMAIN, TENANT_ID, World, now};

/// `client_assertion_type` of a JWT.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client that proves itself with the assertion in `form`.
pub fn verify(world: &World, state: &mut State, dialect: Dialect, form: &Params) -> Result<String, OAuthError> {
    if form.get("client_assertion_type") != Some(JWT_BEARER) {
        let text = "The request body must contain the following parameter: 'client_assertion_type'.";
        return Err(OAuthError::new("invalid_request", 900_144, text));
    }
    let text = form.get("client_assertion").unwrap_or_default();
    state.other_secrets.push(text.to_owned());
    let token = Token::read(text).ok_or_else(malformed)?;
    let issuer = Token::text(&token.claims, "iss").to_owned();
    // RFC 7521 §4.2: the assertion names the client, and `client_id` need not be there.
    let client_id = form.get("client_id").unwrap_or(&issuer).to_owned();
    let app = state.app(&client_id).ok_or_else(|| unknown(&client_id))?;
    if !app.confidential {
        let text = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.";
        return Err(OAuthError::new("invalid_client", 700_025, text));
    }
    let is_outside = dialect == Dialect::Entra && issuer.starts_with("https://");
    match is_outside {
        true => federation::verify(world, app, &token)?,
        false => by_certificate(world, dialect, app, &token)?,
    }
    note_use(state, dialect, &token)?;
    Ok(client_id)
}

/// An assertion that the app signed itself.
fn by_certificate(world: &World, dialect: Dialect, app: &App, token: &Token) -> Result<(), OAuthError> {
    let key = named_key(app, token, dialect)?;
    let certificate = &key.certificate;
    // Entra knows RSA keys only; a plain provider takes what its metadata names.
    let fits =
        token.fits(&certificate.key) && (dialect == Dialect::Oidc || matches!(certificate.key, PublicKey::Rsa(_)));
    if !fits {
        let text = "Invalid JWT token. Unsupported key for the signing algorithm.";
        return Err(OAuthError::new("invalid_request", 5_002_730, text));
    }
    if certificate.ends <= now() {
        let thumbprint = certificate.thumbprint();
        let text = format!(
            "Client assertion contains an invalid signature. [Reason - The key used is expired., Thumbprint of key used by \
             client: '{thumbprint}', Found key 'Start={}, End={}']",
            certificate.starts, certificate.ends
        );
        return Err(OAuthError::new("invalid_client", 700_027, text));
    }
    if !token.is_signed_by(&certificate.key) {
        return Err(OAuthError::new("invalid_client", 700_027, "Client assertion failed signature validation."));
    }
    is_in_time(token)?;
    let (issuer, subject) = (Token::text(&token.claims, "iss"), Token::text(&token.claims, "sub"));
    if issuer != subject {
        let text = "Subject mismatches Issuer claim in the client assertion.";
        return Err(OAuthError::new("invalid_client", 50_048, text));
    }
    let is_for_us = audiences(world, dialect).iter().any(|audience| token.is_for(audience));
    if issuer != app.client_id || !is_for_us || Token::text(&token.claims, "jti").is_empty() {
        return Err(malformed());
    }
    Ok(())
}

/// The certificate that the header names: by its thumbprint at Entra, else by any that fits.
fn named_key<'a>(app: &'a App, token: &Token, dialect: Dialect) -> Result<&'a KeyCredential, OAuthError> {
    // Microsoft's libraries pad them, which JOSE does not (RFC 7515 §2).
    let [sha1, sha256] = ["x5t", "x5t#S256"].map(|name| Token::text(&token.header, name).trim_end_matches('='));
    let known = || app.certificates.iter().filter(|key| key.usable_from <= now());
    let named = known().find(|key| key.certificate.x5t() == sha1 || key.certificate.x5t_s256() == sha256);
    let fitting = || known().find(|key| token.is_signed_by(&key.certificate.key));
    let is_unnamed = sha1.is_empty() && sha256.is_empty();
    let found = match dialect {
        Dialect::Entra => named,
        Dialect::Oidc if is_unnamed => fitting(),
        Dialect::Oidc => named,
    };
    found.ok_or_else(|| {
        let shown = if sha256.is_empty() { hex_of(sha1) } else { sha256.to_owned() };
        let client_id = app.client_id;
        let text = format!(
            "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - \
             The key was not found., Thumbprint of key used by client: '{shown}', Please visit the Azure Portal, Graph \
             Explorer or directly use MS Graph to see configured keys for app Id '{client_id}'.]"
        );
        OAuthError::new("invalid_client", 700_027, text)
    })
}

/// `nbf` and `exp` against the clock.
pub fn is_in_time(token: &Token) -> Result<(), OAuthError> {
    let time = |name: &str| token.time(name);
    let Some(ends) = time("exp") else { return Err(malformed()) };
    let starts = time("nbf").or_else(|| time("iat")).unwrap_or(i64::MIN);
    let (now, leeway) = (now().as_second(), LEEWAY.as_secs());
    if starts <= now + leeway && now < ends + leeway {
        return Ok(());
    }
    let shown = |second: i64| jiff::Timestamp::from_second(second).unwrap_or_default().to_string();
    let text = format!(
        "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry time of \
         assertion {}. Review the documentation at \
         https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
        shown(now),
        shown(starts),
        shown(ends)
    );
    Err(OAuthError::new("invalid_client", 700_024, text))
}

/// What `aud` may be: the token endpoint, at Entra under each name of the tenant.
fn audiences(world: &World, dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Entra => {
            [TENANT_ID, TENANT_DOMAIN].map(|tenant| format!("{}/{tenant}/oauth2/v2.0/token", world.authority)).to_vec()
        }
        Dialect::Oidc => vec![format!("{}/token", world.oidc_issuer()), world.oidc_issuer()],
    }
}

/// RFC 7523 §3: a plain provider takes an assertion once. Microsoft's libraries send one again as long as it is good.
fn note_use(state: &mut State, dialect: Dialect, token: &Token) -> Result<(), OAuthError> {
    let Value::String(id) = &token.claims["jti"] else { return Ok(()) };
    if state.assertion_ids.insert(id.clone()) {
        return Ok(());
    }
    state.counters.assertion_reuses += 1;
    match dialect {
        Dialect::Entra => Ok(()),
        Dialect::Oidc => Err(OAuthError::new("invalid_client", 50_027, "The client assertion was used before.")),
    }
}

/// Base64url as hexadecimal digits, as the portal shows a thumbprint; or as it is where it is something else.
fn hex_of(text: &str) -> String {
    match BASE64_URL_SAFE_NO_PAD.decode(text) {
        Ok(bytes) => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
        Err(_) => text.to_owned(),
    }
}

fn unknown(client_id: &str) -> OAuthError {
    let text = format!("Application with identifier '{client_id}' was not found in the directory 'Contoso'.");
    OAuthError::new("unauthorized_client", 700_016, text)
}

pub fn malformed() -> OAuthError {
    OAuthError::new("invalid_request", 50_027, "JWT token is invalid or malformed.")
}
