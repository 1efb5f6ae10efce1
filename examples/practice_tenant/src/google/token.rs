//! Google's token endpoint for assertions of service accounts (RFC 7523 §2.1): a token of the user whom `sub` names, for the
//! scopes that the Workspace has delegated.

use serde_json::json;

use super::{SERVICE_ACCOUNT, UNIQUE_ID, key, new_token, refused, token_endpoint};
use crate::faults::At;
use crate::http::{Request, Response};
use crate::jwt::Token;
use crate::world::{AccessToken, Holder, World, now};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The address of Google's own, which its libraries name wherever they ask.
const GOOGLES: &str = "https://oauth2.googleapis.com/token";
/// An assertion may live this long.
const LONGEST: i64 = 3_600;

pub fn answer(world: &World, request: &Request) -> Response {
    world.state().counters.token_requests += 1;
    let answer = judge(world, request);
    if answer.status() != 200 {
        world.state().counters.token_refusals += 1;
    }
    answer
}

fn judge(world: &World, request: &Request) -> Response {
    if let Some((status, body)) = world.faults.token_page() {
        return Response::html(status, body.to_owned());
    }
    let form = request.form().unwrap_or_default();
    if form.get("grant_type") != Some(JWT_BEARER) {
        return refused(400, "unsupported_grant_type", "Invalid grant_type");
    }
    let text = form.get("assertion").unwrap_or_default().to_owned();
    world.state().other_secrets.push(text.clone());
    let Some(token) = Token::read(&text) else { return refused(400, "invalid_grant", "Bad JWT") };
    let claim = |name: &str| Token::text(&token.claims, name).to_owned();
    if let Some(error) = world.faults.refusal(At::ServiceAccount, &claim("iss"), &claim("sub")) {
        return refused(error.status, error.error, &error.text);
    }
    if claim("iss") != SERVICE_ACCOUNT {
        return refused(400, "invalid_grant", "Invalid grant: account not found");
    }
    if !token.is_signed_by(&key(world).public_key()) {
        return refused(400, "invalid_grant", "Invalid JWT Signature.");
    }
    let (starts, ends) = (token.time("iat").unwrap_or_default(), token.time("exp").unwrap_or_default());
    let time = now().as_second();
    if ends - starts > LONGEST || ends <= time || starts > time + 300 {
        let text = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat \
                    and exp values in the JWT claim.";
        return refused(400, "invalid_grant", text);
    }
    if !token.is_for(&token_endpoint(world)) && !token.is_for(GOOGLES) {
        return refused(400, "invalid_grant", "Invalid JWT: Failed audience check.");
    }
    let Some(user) = world.user(&claim("sub")) else {
        return refused(400, "invalid_grant", "Invalid email or User ID");
    };
    let scopes: Vec<String> = claim("scope").split_whitespace().map(str::to_owned).collect();
    let (access_token, lifetime) = new_token(world);
    let mut state = world.state();
    if scopes.is_empty() || scopes.iter().any(|scope| !state.google.delegated.contains(scope)) {
        let text = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of \
                    the scopes requested.";
        return refused(401, "unauthorized_client", text);
    }
    let record = AccessToken {
        holder: Holder::User(user.address.clone()),
        client_id: UNIQUE_ID.to_owned(),
        audience: String::new(),
        scopes,
        roles: Vec::new(),
        expires: now() + jiff::SignedDuration::from_secs(lifetime),
    };
    state.access_tokens.insert(access_token.clone(), record);
    Response::json(200, &json!({ "access_token": access_token, "expires_in": lifetime, "token_type": "Bearer" }))
}
