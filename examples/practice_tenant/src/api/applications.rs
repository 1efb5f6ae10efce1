//! Graph's directory: app registrations, their client secrets, and the policy on them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::caller::Caller;
use super::problem::{Problem, bad_request};
use super::{keys, permissions, selected};
use crate::faults::Fault;
use crate::http::{Request, Response};
use crate::world::{App, ClientSecret, EXCHANGE_APP, Holder, KeyCredential, World, new_guid, now, random_text};

/// Microsoft's default: a secret that no date is given for lives two years.
const USUAL_YEARS: i64 = 2;
/// The ID of the policy on client secrets, where there is one.
const POLICY: &str = "0a11ce00-0000-4000-8000-00000000b01c";

/// `applications(appId='…')` or `applications/{id}`, and what is behind it.
pub fn route(
    world: &World,
    caller: &Caller,
    request: &Request,
    first: &str,
    rest: &[&str],
) -> Result<Response, Problem> {
    let by_client_id = first.strip_prefix("applications(appId='").and_then(|name| name.strip_suffix("')"));
    let (name, action) = match (by_client_id, rest) {
        (Some(name), action) => (name, action),
        (None, [name, action @ ..]) if first == "applications" => (*name, action),
        (None, [] | [_, ..]) => return filtered(world, caller, request),
    };
    let client_id = {
        let state = world.state();
        let app = state.apps.iter().find(|app| app.client_id == name || app.object_id == name);
        app.map(|app| app.client_id).ok_or_else(|| not_found(name))?
    };
    match (request.method.as_str(), action) {
        ("GET", []) => {
            permit(world, caller, client_id, Want::Read)?;
            let state = world.state();
            let app = state.app(client_id).ok_or_else(|| not_found(name))?;
            Ok(Response::json(200, &selected(request, shown(world, app))))
        }
        ("GET", ["appManagementPolicies"]) => {
            may_read_policies(caller)?;
            Ok(super::collection(Vec::new()))
        }
        ("POST", ["addPassword"]) => {
            permit(world, caller, client_id, Want::Write)?;
            add_password(world, client_id, &json_body(request)?)
        }
        ("POST", ["addKey"]) => keys::add(world, caller, client_id, &json_body(request)?),
        ("POST", ["removeKey"]) => keys::remove(world, caller, client_id, &json_body(request)?),
        ("POST", ["removePassword"]) => {
            permit(world, caller, client_id, Want::Write)?;
            remove_password(world, client_id, &json_body(request)?)
        }
        _ => {
            world.surprise(format!("Graph: {} {}", request.method, request.path));
            Err(bad_request("Resource not found for the segment."))
        }
    }
}

/// `applications?$filter=appId eq '…'`.
fn filtered(world: &World, caller: &Caller, request: &Request) -> Result<Response, Problem> {
    let filter = request.query.get("$filter").unwrap_or_default();
    let name = filter.strip_prefix("appId eq '").and_then(|rest| rest.strip_suffix('\''));
    let Some(name) = name else { return Err(bad_request("Only a filter by appId is known here.")) };
    permit(world, caller, name, Want::Read)?;
    let state = world.state();
    Ok(super::collection(state.app(name).into_iter().map(|app| selected(request, shown(world, app))).collect()))
}

/// `servicePrincipals(appId='…')`, and what is behind it.
pub fn principal(
    world: &World,
    caller: &Caller,
    request: &Request,
    first: &str,
    rest: &[&str],
) -> Result<Response, Problem> {
    let name = first.strip_prefix("servicePrincipals(appId='").and_then(|name| name.strip_suffix("')"));
    let name = name.ok_or_else(|| bad_request("Resource not found for the segment."))?;
    permit(world, caller, name, Want::Read)?;
    if (name, rest) == (EXCHANGE_APP, &[]) {
        return Ok(Response::json(200, &selected(request, permissions::of_exchange())));
    }
    let state = world.state();
    let app = state.app(name).ok_or_else(|| not_found(name))?;
    let value = match (request.method.as_str(), rest) {
        ("GET", []) => json!({ "id": app.principal_id, "appId": app.client_id, "displayName": app.name }),
        ("GET", ["appRoleAssignments"]) => return Ok(super::collection(permissions::granted(app))),
        _ => return Err(bad_request("Resource not found for the segment.")),
    };
    Ok(Response::json(200, &selected(request, value)))
}

/// `policies/defaultAppManagementPolicy`.
pub fn policy(world: &World, caller: &Caller) -> Result<Response, Problem> {
    may_read_policies(caller)?;
    let restrictions = restrictions(world);
    Ok(Response::json(
        200,
        &json!({
            "id": "00000000-0000-0000-0000-000000000000",
            "displayName": "Default app management tenant policy",
            "isEnabled": !restrictions.is_empty(),
            "applicationRestrictions": { "passwordCredentials": restrictions, "keyCredentials": [] },
        }),
    ))
}

/// `policies/appManagementPolicies/{id}`.
pub fn policy_called(world: &World, caller: &Caller, id: &str) -> Result<Response, Problem> {
    may_read_policies(caller)?;
    if id != POLICY {
        return Err(not_found(id));
    }
    let restrictions = json!({ "passwordCredentials": restrictions(world), "keyCredentials": [] });
    Ok(Response::json(200, &json!({ "id": id, "isEnabled": true, "restrictions": restrictions })))
}

fn may_read_policies(caller: &Caller) -> Result<(), Problem> {
    let readers =
        ["Policy.Read.All", "Policy.Read.ApplicationConfiguration", "Policy.ReadWrite.ApplicationConfiguration"];
    let held = caller.scopes.iter().chain(&caller.roles);
    let may = held.into_iter().any(|name| readers.contains(&name.as_str()));
    if may { Ok(()) } else { Err(denied()) }
}

fn restrictions(world: &World) -> Vec<Value> {
    let restriction = |days| {
        json!({
            "restrictionType": "passwordLifetime",
            "state": "enabled",
            "maxLifetime": format!("P{days}D"),
            "restrictForAppsCreatedAfterDateTime": "2019-01-01T00:00:00Z",
        })
    };
    world.faults.longest_secret().map(restriction).into_iter().collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Read,
    Write,
}

/// Refuses callers without a directory permission. `Application.ReadWrite.OwnedBy` is good for apps that the caller's
/// service principal owns.
fn permit(world: &World, caller: &Caller, client_id: &str, want: Want) -> Result<(), Problem> {
    let has = |held: &[String], name: &str| held.iter().any(|other| other == name);
    let permitted = match &caller.holder {
        Holder::User(_) => {
            has(&caller.scopes, "Application.ReadWrite.All")
                || want == Want::Read && has(&caller.scopes, "Application.Read.All")
        }
        Holder::App => {
            let owns = world.state().app(client_id).is_some_and(|app| app.owners.contains(&caller.client_id));
            has(&caller.roles, "Application.ReadWrite.All")
                || want == Want::Read && has(&caller.roles, "Application.Read.All")
                || owns && has(&caller.roles, "Application.ReadWrite.OwnedBy")
        }
    };
    if permitted { Ok(()) } else { Err(denied()) }
}

fn add_password(world: &World, client_id: &str, body: &Value) -> Result<Response, Problem> {
    let asked = &body["passwordCredential"];
    let start = now();
    let end = match asked["endDateTime"].as_str() {
        None => start + jiff::SignedDuration::from_hours(24 * 365 * USUAL_YEARS),
        Some(text) => {
            text.parse::<Timestamp>().map_err(|_| bad_request("Cannot convert the value to DateTimeOffset."))?
        }
    };
    if end <= start {
        return Err(Problem::new(400, "Request_BadRequest", "The end date is in the past."));
    }
    if let Some(days) = world.faults.longest_secret() {
        // A day's grace: clocks differ.
        if end > start + jiff::SignedDuration::from_hours(24 * days + 1) {
            let message =
                format!("Credential lifetime exceeds the max value allowed as per assigned policy '{}'.", POLICY);
            return Err(Problem::new(400, "CredentialInvalidLifetimeAsPerAppPolicy", message));
        }
    }
    let secret = ClientSecret {
        id: new_guid(),
        value: random_text(30),
        name: asked["displayName"].as_str().map(str::to_owned),
        starts: start,
        usable_from: start + world.faults.replication_lag(),
        expires: end,
    };
    let mut answer = credential(&secret);
    answer["secretText"] = json!(secret.value);
    let mut state = world.state();
    state.counters.passwords_added += 1;
    state.other_secrets.push(secret.value.clone());
    let app = state.apps.iter_mut().find(|app| app.client_id == client_id).ok_or_else(|| not_found(client_id))?;
    app.secrets.push(secret);
    Ok(Response::json(200, &answer))
}

fn remove_password(world: &World, client_id: &str, body: &Value) -> Result<Response, Problem> {
    let key = body["keyId"].as_str().ok_or_else(|| bad_request("The parameter 'keyId' is missing."))?;
    let mut state = world.state();
    let app = state.apps.iter_mut().find(|app| app.client_id == client_id).ok_or_else(|| not_found(client_id))?;
    let before = app.secrets.len();
    app.secrets.retain(|secret| secret.id != key);
    if app.secrets.len() == before {
        let message = format!("No password credential found with keyId '{key}'.");
        return Err(Problem::new(400, "Request_BadRequest", message));
    }
    state.counters.passwords_removed += 1;
    Ok(Response::empty(204))
}

fn shown(world: &World, app: &App) -> Value {
    json!({
        "id": app.object_id,
        "appId": app.client_id,
        "displayName": app.name,
        "requiredResourceAccess": permissions::asked_for(app),
        "passwordCredentials": listed(world, app),
        "keyCredentials": app.certificates.iter().map(certificate).collect::<Vec<_>>(),
    })
}

/// A certificate as the directory shows it: without its key.
pub fn certificate(key: &KeyCredential) -> Value {
    json!({
        "keyId": key.id,
        "displayName": key.name,
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "key": null,
        "customKeyIdentifier": key.certificate.thumbprint(),
        "startDateTime": key.certificate.starts.to_string(),
        "endDateTime": key.certificate.ends.to_string(),
    })
}

/// The client secrets of an app.
fn listed(world: &World, app: &App) -> Vec<Value> {
    let mut values: Vec<Value> = app.secrets.iter().map(credential).collect();
    let same = values.first().map(|first| first["hint"].clone()).filter(|_| world.faults.is_on(Fault::SameHints));
    let hint = same.or_else(|| world.faults.is_on(Fault::NoHints).then_some(Value::Null));
    if let Some(hint) = hint {
        values.iter_mut().for_each(|value| value["hint"] = hint.clone());
    }
    values
}

/// A client secret as the directory shows it: never its value, but the first three characters.
fn credential(secret: &ClientSecret) -> Value {
    json!({
        "keyId": secret.id,
        "displayName": secret.name,
        "hint": secret.value.chars().take(3).collect::<String>(),
        "startDateTime": secret.starts.to_string(),
        "endDateTime": secret.expires.to_string(),
        "secretText": null,
        "customKeyIdentifier": null,
    })
}

fn json_body(request: &Request) -> Result<Value, Problem> {
    serde_json::from_str(&request.body()).map_err(|_| bad_request("Unable to read JSON request payload."))
}

fn denied() -> Problem {
    Problem::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

pub fn not_found(name: &str) -> Problem {
    let message =
        format!("Resource '{name}' does not exist or one of its queried reference-property objects are not present.");
    Problem::new(404, "Request_ResourceNotFound", message)
}
