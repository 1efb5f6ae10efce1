//! `signJwt` and `generateAccessToken` of Google's IAM Credentials API: what a federated identity may do for an account.

use serde_json::{Value, json};

use super::{SERVICE_ACCOUNT, key, new_token};
use crate::faults::Fault;
use crate::http::{Request, Response};
use crate::world::{World, now};

/// `call` is `{account}:{method}`.
pub fn answer(world: &World, request: &Request, call: &str) -> Response {
    let call = request.decoded(call);
    let (account, method) = call.rsplit_once(':').unwrap_or((&call, ""));
    let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let (subject, creators) = {
        let state = world.state();
        (state.federated_tokens.get(bearer).map(|token| token.subject.clone()), state.google.creators.clone())
    };
    let Some(subject) = subject else {
        let text = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid \
                    authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";
        return problem(401, "UNAUTHENTICATED", text);
    };
    let permission = match method {
        "signJwt" => "iam.serviceAccounts.signJwt",
        "generateAccessToken" => "iam.serviceAccounts.getAccessToken",
        _ => return problem(404, "NOT_FOUND", "Method not found."),
    };
    if account != SERVICE_ACCOUNT || !creators.contains(&subject) || world.faults.is_on(Fault::SigningDenied) {
        let text = format!("Permission '{permission}' denied on resource (or it may not exist).");
        return problem(403, "PERMISSION_DENIED", &text);
    }
    let body: Value = serde_json::from_str(&request.body()).unwrap_or_default();
    match method {
        "signJwt" => sign(world, &body),
        _ => {
            let (token, lifetime) = new_token(world);
            world.state().other_secrets.push(token.clone());
            let expires = now() + jiff::SignedDuration::from_secs(lifetime);
            let expires = expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            Response::json(200, &json!({ "accessToken": token, "expireTime": expires }))
        }
    }
}

/// The claims come as a text that holds JSON.
fn sign(world: &World, body: &Value) -> Response {
    let claims = body["payload"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(claims) = claims.filter(Value::is_object) else {
        return problem(400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
    };
    let signed = key(world).sign(&claims);
    world.state().other_secrets.push(signed.clone());
    Response::json(200, &json!({ "keyId": key(world).id(), "signedJwt": signed }))
}

fn problem(status: u16, word: &str, message: &str) -> Response {
    Response::json(status, &json!({ "error": { "code": status, "message": message, "status": word } }))
}
