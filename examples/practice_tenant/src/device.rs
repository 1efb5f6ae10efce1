//! The device authorization grant (RFC 8628): codes for a machine without a browser, the page on which a person enters
//! one, and the polls. Strict: who polls too early is told to slow down, and it is noted.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::authorize::is_known;
use crate::client_authentication::authenticate;
use crate::http::{Params, Request, Response, escape_html};
use crate::oauth_error::OAuthError;
use crate::world::{DeviceCode, DeviceDecision, Dialect, State, World, now, random_text};

/// `POST` to the device authorization endpoint.
pub fn answer(world: &World, dialect: Dialect, request: &Request) -> Response {
    match begin(world, dialect, request) {
        Ok(response) => response,
        Err(error) => error.body(dialect),
    }
}

fn begin(world: &World, dialect: Dialect, request: &Request) -> Result<Response, OAuthError> {
    let form = request.form().unwrap_or_default();
    if let Some(name) = form.duplicate() {
        world.surprise(format!("device code: {name} twice"));
        return Err(OAuthError::new("invalid_request", 90_014, format!("'{name}' occurs more than once.")));
    }
    let mut state = world.state();
    state.counters.device_requests += 1;
    let client_id = authenticate(world, &mut state, dialect, request, &form)?;
    let scopes: Vec<String> = form.get("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() {
        let text = "The request body must contain the following parameter: 'scope'.";
        return Err(OAuthError::new("invalid_request", 900_144, text));
    }
    if let Some(unknown) = scopes.iter().find(|scope| !is_known(dialect, scope)) {
        let text = format!("The application asked for scope '{unknown}' that doesn't exist on the resource.");
        return Err(OAuthError::new("invalid_scope", 650_053, text));
    }
    let (interval, lifetime) = (state.device_interval, state.device_lifetime);
    // As long as Entra's: about 200 characters.
    let device_code = format!("D{}", random_text(150));
    let user_code = user_code();
    let page = format!("{}/device", world.authority);
    let mut body = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "expires_in": lifetime.as_secs(),
        "interval": interval.as_secs(),
    });
    match dialect {
        Dialect::Entra => {
            body["message"] = json!(format!("To sign in, open {page} and enter the code {user_code}."));
        }
        Dialect::Oidc => body["verification_uri_complete"] = json!(format!("{page}?user_code={user_code}")),
    }
    let record = DeviceCode {
        dialect,
        client_id,
        user_code,
        scopes,
        interval,
        earliest: Instant::now() + interval,
        ends: Instant::now() + lifetime,
        decision: DeviceDecision::Open,
    };
    state.device_codes.insert(device_code, record);
    Ok(Response::json(200, &body))
}

/// Consonants only, so that no word comes of it (RFC 8628 §6.1).
fn user_code() -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the machine has random numbers");
    let letters: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    format!("{}-{}", &letters[..4], &letters[4..])
}

/// A poll (§3.4): whose tokens, and with which scopes.
pub fn poll(
    state: &mut State,
    dialect: Dialect,
    client_id: &str,
    form: &Params,
) -> Result<(String, Vec<String>), OAuthError> {
    state.counters.device_polls += 1;
    let slow_downs = &mut state.slow_downs;
    let surprises = &mut state.surprises;
    let Some(code) = state.device_codes.get_mut(form.get("device_code").unwrap_or_default()) else {
        return Err(OAuthError::new("bad_verification_code", 70_000, "The device code is not known."));
    };
    if code.client_id != client_id || code.dialect != dialect {
        return Err(OAuthError::new("invalid_grant", 700_005, "The device code belongs to another client."));
    }
    let now = Instant::now();
    let slow_down = || OAuthError::new("slow_down", 70_016, "You poll faster than you were told to.");
    let is_early = now < code.earliest;
    if is_early {
        surprises.push(format!("device code: a poll {:?} too early", code.earliest - now));
    }
    if is_early || *slow_downs > 0 {
        *slow_downs = slow_downs.saturating_sub(1);
        // "for this and all subsequent requests" (§3.5)
        code.interval += Duration::from_secs(5);
        code.earliest = now + code.interval;
        return Err(slow_down());
    }
    code.earliest = now + code.interval;
    if code.ends <= now {
        return Err(OAuthError::new("expired_token", 70_019, "The device code has expired."));
    }
    match &code.decision {
        DeviceDecision::Open => {
            let text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
            Err(OAuthError::new("authorization_pending", 70_016, text))
        }
        DeviceDecision::Declined => {
            // Microsoft's word for access_denied.
            let error = if dialect == Dialect::Entra { "authorization_declined" } else { "access_denied" };
            Err(OAuthError::new(error, 65_004, "User declined to consent to access the app."))
        }
        DeviceDecision::Accepted(user) => {
            let earned = (user.clone(), code.scopes.clone());
            code.decision = DeviceDecision::Redeemed;
            Ok(earned)
        }
        DeviceDecision::Redeemed => {
            surprises.push("device code: polled after it had brought tokens".to_owned());
            Err(OAuthError::new("invalid_grant", 54_005, "The device code was already redeemed."))
        }
    }
}

/// `GET` of the page on which a person enters the code.
pub fn show(world: &World, query: &Params) -> Response {
    let code = escape_html(query.get("user_code").unwrap_or_default());
    let mut choices = String::new();
    for user in world.users.iter().filter(|user| user.can_sign_in) {
        choices.push_str(&format!(
            "<p><label><input type=\"radio\" name=\"user\" value=\"{address}\" required> {name} &lt;{address}&gt;\
             </label></p>\n",
            address = escape_html(&user.address),
            name = escape_html(user.name),
        ));
    }
    Response::html(
        200,
        format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Practice device sign-in</title>\n\
             <body style=\"font-family: sans-serif; max-width: 30em; margin: 4em auto\">\n\
             <h1>Enter the code</h1>\n<p>This is mailgrant's sandbox. There are no passwords here.</p>\n\
             <form method=\"post\" action=\"{}/device\">\n\
             <p><input name=\"user_code\" value=\"{code}\" autocomplete=\"off\" required></p>\n\
             {choices}<p><button name=\"decision\" value=\"accept\">Accept</button>\n\
             <button name=\"decision\" value=\"decline\" formnovalidate>Decline</button></p>\n</form></body></html>\n",
            world.authority
        ),
    )
}

/// `POST` of that page: `user_code`, `user` and `decision` (`accept` or `decline`).
pub fn decide(world: &World, request: &Request) -> Response {
    let form = request.form().unwrap_or_default();
    let wanted = form.get("user_code").unwrap_or_default();
    let user = form.get("user").and_then(|address| world.user(address)).filter(|user| user.can_sign_in);
    let mut state = world.state();
    let open = state.device_codes.values_mut().find(|code| {
        code.user_code.eq_ignore_ascii_case(wanted)
            && code.decision == DeviceDecision::Open
            && code.ends > Instant::now()
    });
    let problem = |text: &str| Response::html(400, format!("<!doctype html><title>No</title><p>{text}</p>"));
    let Some(code) = open else { return problem("That code didn't work. Check the code and try again.") };
    code.decision = match (form.get("decision"), user) {
        (Some("decline"), _) => DeviceDecision::Declined,
        (_, Some(user)) => DeviceDecision::Accepted(user.address.clone()),
        (_, None) => return problem("The user account does not exist in this directory."),
    };
    if let DeviceDecision::Accepted(_) = code.decision {
        state.counters.sign_ins += 1;
    }
    Response::html(200, format!("<!doctype html><title>Done</title><p>You may close this page. {}</p>", now()))
}
