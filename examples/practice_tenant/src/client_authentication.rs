//! Client authentication (RFC 6749 §2.3): who asks, and whether the secret is right.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::client_assertion;
use crate::client_rules::SecretIn;
use crate::faults::At;
use crate::http::{Params, Request};
use crate::oauth_error::OAuthError;
use crate::world::{Dialect, State, World, now};

/// Who asks, if nothing is to be refused here.
pub fn authenticate(
    world: &World,
    state: &mut State,
    dialect: Dialect,
    request: &Request,
    form: &Params,
) -> Result<String, OAuthError> {
    let client_id = match form.get("client_assertion") {
        Some(_) if form.get("client_secret").is_some() || request.header("authorization").is_some() => {
            return Err(twice(state));
        }
        Some(_) => client_assertion::verify(world, state, dialect, form)?,
        None => identify(state, request, form)?,
    };
    let place = match form.get("grant_type") {
        Some("client_credentials") => At::Own,
        Some("refresh_token") => At::Refresh,
        Some(_) => At::Code,
        // A device code is asked for; it is not redeemed yet.
        None => return Ok(client_id),
    };
    world.faults.refusal(place, &client_id, "").map_or(Ok(client_id), Err)
}

/// Who asks (RFC 6749 §2.3), as this provider wants to be told.
fn identify(state: &mut State, request: &Request, form: &Params) -> Result<String, OAuthError> {
    let Some(rules) = state.client_rules.clone() else { return identify_by(state, request, form, None) };
    let header = request.header("authorization").is_some();
    let fits = match rules.accepts {
        None => true,
        Some(SecretIn::Body) => !header,
        Some(SecretIn::Header | SecretIn::HeaderUndecoded) => header,
    };
    let identified = if fits { identify_by(state, request, form, rules.accepts) } else { Err(rules.refuse()) };
    identified.map_err(|_| rules.refuse())
}

/// By HTTP Basic or in the body, and not by both.
fn identify_by(
    state: &mut State,
    request: &Request,
    form: &Params,
    place: Option<SecretIn>,
) -> Result<String, OAuthError> {
    let invalid = |number, text: String| OAuthError::new("invalid_client", number, text);
    let undecoded = place == Some(SecretIn::HeaderUndecoded);
    let basic = request.header("authorization").and_then(|header| basic_credentials(header, undecoded));
    if basic.is_some() && form.get("client_secret").is_some() {
        return Err(twice(state));
    }
    let (client_id, secret) = match basic {
        Some((client_id, secret)) => (client_id, Some(secret)),
        None => {
            let client_id = form.get("client_id").unwrap_or_default().to_owned();
            (client_id, form.get("client_secret").map(str::to_owned))
        }
    };
    let Some(app) = state.app(&client_id) else {
        let text = format!("Application with identifier '{client_id}' was not found in the directory 'Contoso'.");
        return Err(OAuthError::new("unauthorized_client", 700_016, text));
    };
    let Some(secret) = secret.filter(|secret| !secret.is_empty()) else {
        if app.confidential {
            let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
            return Err(invalid(7_000_218, text.to_owned()));
        }
        return Ok(client_id);
    };
    if !app.confidential {
        let text = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.";
        return Err(invalid(700_025, text.to_owned()));
    }
    let Some(known) = app.secrets.iter().find(|known| known.value == secret && known.usable_from <= now()) else {
        // The same answer for a wrong value and for the Secret ID given as the value: Entra knows only values.
        let text = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
             not the client secret ID, for a secret added to app '{client_id}'."
        );
        return Err(invalid(7_000_215, text));
    };
    if known.expires <= now() {
        let text = format!("The provided client secret keys for app '{client_id}' are expired.");
        return Err(invalid(7_000_222, text));
    }
    Ok(client_id)
}

/// RFC 6749 §2.3: a client proves itself in one way.
fn twice(state: &mut State) -> OAuthError {
    state.surprises.push("token: the client proves itself twice".to_owned());
    OAuthError::new("invalid_request", 900_144, "Two client authentications.")
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined. Some providers take them as they are.
fn basic_credentials(header: &str, undecoded: bool) -> Option<(String, String)> {
    let encoded = header.strip_prefix("Basic ")?;
    let pair = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    let decode = |text: &str| {
        if undecoded {
            return text.to_owned();
        }
        let pairs: String = url::form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned()).collect();
        pairs
    };
    Some((decode(user), decode(password)))
}
