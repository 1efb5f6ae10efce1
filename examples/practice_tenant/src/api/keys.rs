//! Graph's `addKey` and `removeKey`: an app changes its own certificates. It needs no permission for that, and proves that it
//! has one of those that are there.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;

use super::applications::{certificate, not_found};
use super::caller::Caller;
use super::problem::{Problem, bad_request};
use crate::http::Response;
use crate::jwt::Token;
use crate::world::{App, Holder, KeyCredential, World, new_guid, now};
use crate::x509::X509;

/// Whom a proof is for: the directory that Graph stands on.
const AUDIENCE: &str = "00000002-0000-0000-c000-000000000000";
/// How many seconds a proof may be good.
const LONGEST: i64 = 600;

/// `addKey`.
pub fn add(world: &World, caller: &Caller, client_id: &str, body: &Value) -> Result<Response, Problem> {
    let asked = &body["keyCredential"];
    if asked["type"] != "AsymmetricX509Cert" || asked["usage"] != "Verify" {
        return Err(bad_request("The type or the usage of the key credential is not known here."));
    }
    let der = asked["key"].as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
    let certificate_of_key = der.and_then(|der| X509::from_der(&der));
    let Some(new) = certificate_of_key else {
        return Err(Problem::new(400, "Request_BadRequest", "Key credential has an invalid certificate."));
    };
    let mut state = world.state();
    let app = state.app_mut(client_id).ok_or_else(|| not_found(client_id))?;
    permit(caller, app, body)?;
    let name = asked["displayName"].as_str().unwrap_or_default().to_owned();
    let usable_from = now() + world.faults.replication_lag();
    let key = KeyCredential { id: new_guid(), name, certificate: new, usable_from };
    let answer = certificate(&key);
    app.certificates.push(key);
    state.counters.keys_added += 1;
    Ok(Response::json(200, &answer))
}

/// `removeKey`.
pub fn remove(world: &World, caller: &Caller, client_id: &str, body: &Value) -> Result<Response, Problem> {
    let id = body["keyId"].as_str().ok_or_else(|| bad_request("The parameter 'keyId' is missing."))?;
    let mut state = world.state();
    let app = state.app_mut(client_id).ok_or_else(|| not_found(client_id))?;
    permit(caller, app, body)?;
    let before = app.certificates.len();
    app.certificates.retain(|key| key.id != id);
    if app.certificates.len() == before {
        return Err(Problem::new(400, "Request_BadRequest", format!("No key credential found with keyId '{id}'.")));
    }
    state.counters.keys_removed += 1;
    Ok(Response::empty(204))
}

/// Refuses everyone but the app itself with a proof: a token that a valid certificate of the app signed, from its object ID
/// to the directory, good for ten minutes at most.
fn permit(caller: &Caller, app: &App, body: &Value) -> Result<(), Problem> {
    if caller.holder != Holder::App || caller.client_id != app.client_id {
        let message = "Insufficient privileges to complete the operation.";
        return Err(Problem::new(403, "Authorization_RequestDenied", message));
    }
    let proof = Token::read(body["proof"].as_str().unwrap_or_default());
    let is_proof = |token: &Token| {
        let time = |name: &str| token.time(name).unwrap_or_default();
        let (now, starts, ends) = (now(), time("nbf"), time("exp"));
        let is_current = starts <= now.as_second() + 300 && now.as_second() < ends && ends - starts <= LONGEST;
        let mut valid = app.certificates.iter().filter(|key| key.certificate.ends > now);
        token.is_for(AUDIENCE)
            && Token::text(&token.claims, "iss") == app.object_id
            && is_current
            && valid.any(|key| token.is_signed_by(&key.certificate.key))
    };
    match proof.as_ref().is_some_and(is_proof) {
        true => Ok(()),
        false => Err(Problem::new(401, "Authentication_MissingOrMalformed", "Access Token missing or malformed.")),
    }
}
