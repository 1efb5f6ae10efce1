//! Google's Security Token Service: a token of an issuer that the pool trusts for one of Google's (RFC 8693 §2.1).

use serde_json::json;

use super::{Federated, PROVIDER, new_token, refused};
use crate::faults::Fault;
use crate::http::{Request, Response};
use crate::issuer;
use crate::jwt::Token;
use crate::world::{World, now};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The scopes that the IAM API takes.
const IAM: [&str; 2] = ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/iam"];

pub fn answer(world: &World, request: &Request) -> Response {
    let form = request.form().unwrap_or_default();
    let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
    if field("grant_type") != GRANT || field("requested_token_type") != ACCESS_TOKEN {
        return refused(400, "invalid_request", "Invalid value for \"grantType\" or \"requestedTokenType\".");
    }
    if !field("scope").split_whitespace().any(|scope| IAM.contains(&scope)) {
        return refused(400, "invalid_scope", "Some requested scopes are invalid.");
    }
    let trusted = world.state().google.trusted_issuer.clone();
    let is_there = field("audience") == PROVIDER && !world.faults.is_on(Fault::PoolGone);
    let (true, Some(trusted)) = (is_there, trusted) else {
        let text = "The target service indicated by the \"audience\" parameters is invalid. This might either be because the \
                    pool or provider is disabled or deleted or because it doesn't exist.";
        return refused(400, "invalid_target", text);
    };
    let types = ["jwt", "id_token"].map(|kind| format!("urn:ietf:params:oauth:token-type:{kind}"));
    let token = Token::read(&field("subject_token")).filter(|_| types.contains(&field("subject_token_type")));
    let Some(token) = token else {
        return refused(400, "invalid_request", "Invalid value for \"subject_token\".");
    };
    let claim = |name: &str| Token::text(&token.claims, name).to_owned();
    if claim("iss") != trusted {
        let text = format!("The issuer in ID Token {} does not match the expected ones: {trusted}", claim("iss"));
        return refused(400, "invalid_grant", &text);
    }
    if !token.is_for(&format!("https:{PROVIDER}")) && !token.is_for(PROVIDER) {
        let text = format!("The audience in ID Token [{}] does not match the expected audience.", claim("aud"));
        return refused(400, "invalid_grant", &text);
    }
    if !issuer::published_key(world, &trusted).is_some_and(|key| token.is_signed_by(&key)) {
        return refused(400, "invalid_grant", "Unable to verify the ID Token signature.");
    }
    if token.time("exp").is_none_or(|end| end <= now().as_second()) {
        return refused(400, "invalid_grant", "ID Token issued is stale to sign-in.");
    }
    let (access_token, lifetime) = new_token(world);
    let mut state = world.state();
    state.other_secrets.push(access_token.clone());
    state.federated_tokens.insert(access_token.clone(), Federated { subject: claim("sub") });
    Response::json(
        200,
        &json!({
            "access_token": access_token,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": lifetime,
        }),
    )
}
