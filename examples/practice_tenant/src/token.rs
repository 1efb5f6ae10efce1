//! The token endpoint (RFC 6749 §3.2): what is redeemed, and what is issued for it.

use std::thread;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::claims::{access_claims, change, changed, id_claims, opened_by, resource_of};
use crate::client_authentication::authenticate;
use crate::client_credentials::{self, OwnToken};
use crate::device;
use crate::faults::Fault;
use crate::http::{Params, Request, Response};
use crate::oauth_error::OAuthError;
use crate::world::{
    ALICE, AccessToken, Dialect, Endpoint, Hold, Holder, RefreshState, RefreshToken, State, World, now, random_text,
};

/// What a good request earns: a token on behalf of a user, or the app's own.
enum Outcome {
    User(Earned),
    App(OwnToken),
}

/// What a user's sign-in earns.
pub struct Earned {
    pub client_id: String,
    pub user: String,
    /// What this access token is for.
    pub scopes: Vec<String>,
    /// All that was consented to: a refresh token is good for each resource.
    pub granted: Vec<String>,
    pub nonce: Option<String>,
    pub refresh: bool,
}

pub fn answer(world: &World, dialect: Dialect, request: &Request) -> Response {
    let (number, delay) = {
        let mut state = world.state();
        state.counters.token_requests += 1;
        (state.counters.token_requests, state.token_delay)
    };
    thread::sleep(delay);
    world.wait_while_held(Endpoint::Token, Hold::Request, number);
    if let Some((status, body)) = world.faults.token_page() {
        return Response::html(status, body.to_owned());
    }
    match judge(world, dialect, request) {
        Ok(outcome) => {
            let body = match outcome {
                Outcome::User(earned) => issue(world, dialect, earned),
                Outcome::App(earned) => client_credentials::issue(world, dialect, earned),
            };
            let answer = Response::json(200, &body);
            world.wait_while_held(Endpoint::Token, Hold::Answer, number);
            answer
        }
        Err(mut error) => {
            world.state().counters.token_refusals += 1;
            if world.faults.is_on(Fault::RefusalsEcho) {
                let form = request.form().unwrap_or_default();
                let secrets: Vec<&str> = ["client_secret", "client_assertion", "refresh_token"]
                    .iter()
                    .filter_map(|name| form.get(name))
                    .collect();
                error.text = format!("{} You sent: {} That is: {}", error.text, request.body(), secrets.join(" "));
            }
            error.body(dialect)
        }
    }
}

fn judge(world: &World, dialect: Dialect, request: &Request) -> Result<Outcome, OAuthError> {
    let Some(form) = request.form() else {
        world.surprise("token: the body is not a form");
        let text = "The request body must contain the following parameter: 'grant_type'.";
        return Err(OAuthError::new("invalid_request", 900_144, text));
    };
    if let Some(name) = form.duplicate() {
        world.surprise(format!("token: {name} twice"));
        return Err(OAuthError::new("invalid_request", 90_014, format!("'{name}' occurs more than once.")));
    }
    if ["client_secret", "client_assertion", "code", "refresh_token"]
        .iter()
        .any(|name| request.query.get(name).is_some())
    {
        world.surprise("token: a secret in the URL");
    }
    let mut state = world.state();
    let client_id = authenticate(world, &mut state, dialect, request, &form)?;
    match form.get("grant_type") {
        Some("authorization_code") => redeem_code(&mut state, dialect, client_id, &form).map(Outcome::User),
        Some("urn:ietf:params:oauth:grant-type:device_code") => {
            let (user, granted) = device::poll(&mut state, dialect, &client_id, &form)?;
            let scopes = one_resource(dialect, requested(&form, &granted)?)?;
            let refresh = scopes.iter().any(|scope| scope == "offline_access");
            Ok(Outcome::User(Earned { client_id, user, scopes, granted, nonce: None, refresh }))
        }
        Some("refresh_token") => redeem_refresh_token(&mut state, dialect, client_id, &form).map(Outcome::User),
        Some("client_credentials") => client_credentials::judge(&state, dialect, client_id, &form).map(Outcome::App),
        other => {
            let text = format!("The app requested an unsupported grant type '{}'.", other.unwrap_or_default());
            Err(OAuthError::new("unsupported_grant_type", 70_003, text))
        }
    }
}

fn redeem_code(state: &mut State, dialect: Dialect, client_id: String, form: &Params) -> Result<Earned, OAuthError> {
    let refused = |number, text: &str| OAuthError::new("invalid_grant", number, text);
    let Some(code) = state.codes.get_mut(form.get("code").unwrap_or_default()) else {
        return Err(refused(9_002_313, "Invalid request. Request is malformed or invalid."));
    };
    if code.sign_in.client_id != client_id || code.sign_in.dialect != dialect {
        return Err(refused(700_005, "The provided Authorization Code is intended to use against another client."));
    }
    if code.redeemed {
        state.surprises.push("token: an authorization code a second time".to_owned());
        return Err(refused(
            54_005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
        ));
    }
    // Spent by the first attempt, good or bad: there is no second guess at the verifier.
    code.redeemed = true;
    if code.expires <= now() {
        return Err(refused(70_008, "The provided authorization code or refresh token has expired due to inactivity."));
    }
    if form.get("redirect_uri") != Some(&code.sign_in.redirect_uri) {
        let text = "The reply address does not match the reply address provided when requesting Authorization code.";
        return Err(OAuthError::new("invalid_client", 500_112, text));
    }
    let verifier = form.get("code_verifier").unwrap_or_default();
    let fits = (43..=128).contains(&verifier.len())
        && BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == code.sign_in.code_challenge;
    if !fits {
        let text = "The Code_Verifier does not match the code_challenge supplied in the authorization request.";
        return Err(refused(501_481, text));
    }
    state.other_secrets.push(verifier.to_owned());
    let sign_in = code.sign_in.clone();
    let user = code.user.clone();
    let scopes = one_resource(dialect, requested(form, &sign_in.scopes)?)?;
    let offline = scopes.iter().any(|scope| scope == "offline_access");
    // OpenID Connect Core §11: a plain provider grants offline access only where consent was asked for.
    let refresh = offline && (dialect == Dialect::Entra || sign_in.consented);
    Ok(Earned { client_id, user, scopes, granted: sign_in.scopes, nonce: sign_in.nonce, refresh })
}

fn redeem_refresh_token(
    state: &mut State,
    dialect: Dialect,
    client_id: String,
    form: &Params,
) -> Result<Earned, OAuthError> {
    let refused = |number, text: &str| OAuthError::new("invalid_grant", number, text);
    let Some(token) = state.refresh_tokens.get_mut(form.get("refresh_token").unwrap_or_default()) else {
        return Err(refused(9_002_313, "Invalid request. Request is malformed or invalid."));
    };
    if token.client_id != client_id || token.dialect != dialect {
        return Err(refused(700_005, "The provided refresh token is intended to use against another client."));
    }
    if token.state == RefreshState::Revoked {
        let text = "The provided grant has expired due to it being revoked, a fresh auth token is needed.";
        return Err(refused(50_173, text));
    }
    let used = token.state == RefreshState::Used;
    if used {
        state.counters.refresh_reuses += 1;
    }
    if used && !state.refresh_reuse {
        return Err(refused(70_000, "The provided value for the input parameter 'refresh_token' was used before."));
    }
    let (user, granted) = (token.user.clone(), token.scopes.clone());
    let is_named = form.get("scope").is_some_and(|asked| !asked.is_empty());
    let more = if is_named { state.consented.as_slice() } else { &[] };
    let scopes = one_resource(dialect, requested(form, &[&granted, more].concat())?)?;
    token.state = RefreshState::Used;
    Ok(Earned { client_id, user, scopes, granted, nonce: None, refresh: true })
}

/// The scopes asked for now, which may be fewer than were granted, never more (RFC 6749 §6).
fn requested(form: &Params, granted: &[String]) -> Result<Vec<String>, OAuthError> {
    let Some(asked) = form.get("scope").filter(|asked| !asked.is_empty()) else { return Ok(granted.to_vec()) };
    let asked: Vec<String> = asked.split(' ').map(str::to_owned).collect();
    match asked.iter().find(|scope| !granted.contains(scope)) {
        Some(more) => {
            let text = format!("The user or administrator has not consented to use the scope '{more}'.");
            Err(OAuthError::new("invalid_grant", 65_001, text))
        }
        None => Ok(asked),
    }
}

/// At Microsoft an access token is for one resource.
fn one_resource(dialect: Dialect, scopes: Vec<String>) -> Result<Vec<String>, OAuthError> {
    if dialect == Dialect::Oidc {
        return Ok(scopes);
    }
    let resource = |scope: &String| scope.rsplit_once('/').map(|(resource, _)| resource.to_owned());
    let mut resources: Vec<String> = scopes.iter().filter_map(resource).collect();
    resources.dedup();
    if resources.len() > 1 {
        let text =
            "Provided value for the input parameter scope is not valid because it contains more than one resource.";
        return Err(OAuthError::new("invalid_request", 28_000, text));
    }
    Ok(scopes)
}

/// Writes down what was earned and words the answer (RFC 6749 §5.1).
fn issue(world: &World, dialect: Dialect, mut earned: Earned) -> Value {
    let user = world.user(&earned.user).expect("only known users sign in");
    if world.faults.is_on(Fault::SendingNotGranted) {
        earned.scopes.retain(|scope| !scope.ends_with("/SMTP.Send") && scope != "smtp");
    }
    let has = |name: &str| earned.scopes.iter().any(|scope| scope == name);
    let openid = has("openid");
    // Microsoft names the resource's scopes only.
    let named: Vec<String> = match dialect {
        Dialect::Entra => earned.scopes.iter().filter(|scope| scope.contains('/')).cloned().collect(),
        Dialect::Oidc => earned.scopes.clone(),
    };
    let mut state = world.state();
    let lifetime = state.access_lifetime;
    let foreign = world.user(ALICE).filter(|_| world.faults.is_on(Fault::ForeignAccessToken));
    let holder = foreign.unwrap_or(user);
    let mut claims = access_claims(world, dialect, holder, &earned, lifetime.as_secs());
    if !state.access_claims.is_null() {
        claims = changed(claims, &state.access_claims);
    }
    let changes = world.faults.access_claims();
    change(world, &mut claims, changes);
    // A token opens what it says, so that what is wrong with it shows at the mail servers too.
    let opens = if changes.is_empty() { earned.scopes.clone() } else { opened_by(&claims) };
    let access_token = if state.access_claims.is_null() { random_text(400) } else { world.signer.sign(&claims) };
    let expires = now() + jiff::SignedDuration::try_from(lifetime).expect("a short lifetime");
    let record = AccessToken {
        holder: Holder::User(holder.address.clone()),
        client_id: earned.client_id.clone(),
        audience: resource_of(&earned.scopes),
        scopes: opens,
        roles: Vec::new(),
        expires,
    };
    state.access_tokens.insert(access_token.clone(), record);
    let mut body = json!({
        "token_type": "Bearer",
        "scope": named.join(" "),
        "expires_in": lifetime.as_secs(),
        "access_token": access_token,
    });
    if dialect == Dialect::Entra {
        body["ext_expires_in"] = json!(lifetime.as_secs());
    }
    if openid {
        let mut claims = id_claims(world, dialect, user, &earned);
        change(world, &mut claims, world.faults.id_claims());
        for (name, value) in &state.forged_claims {
            claims[name] = value.clone();
        }
        if let Value::Object(claims) = &mut claims {
            claims.retain(|_, value| !value.is_null());
        }
        let id_token = world.signer.sign(&claims);
        state.other_secrets.push(id_token.clone());
        body["id_token"] = Value::String(id_token);
    }
    if earned.refresh && !world.faults.is_on(Fault::NoRefreshToken) {
        // As long as Entra's often are: stores and lines that hold too little must fail here.
        let token = format!("1.{}", random_text(900));
        let record = RefreshToken {
            dialect,
            client_id: earned.client_id,
            user: user.address.clone(),
            scopes: earned.granted,
            state: RefreshState::Fresh,
        };
        state.refresh_tokens.insert(token.clone(), record);
        body["refresh_token"] = Value::String(token);
    }
    body
}
