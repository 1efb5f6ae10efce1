//! The endpoints from which machines at Microsoft get the token of their managed identity, without TLS and on this machine
//! alone: a virtual machine's metadata service, App Service, Azure Arc's agent, and Azure Machine Learning.

use std::io;
use std::path::Path;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::faults::Fault;
use crate::federation::own_issuer;
use crate::http::{Request, Response};
use crate::wire::Wire;
use crate::world::{TENANT_ID, World, new_guid, now, random_text};

/// Where the metadata service of a virtual machine answers.
const IMDS: &str = "/metadata/identity/oauth2/token";
/// `IDENTITY_ENDPOINT` in App Service, Functions and Container Apps.
pub const APP_SERVICE: &str = "/msi/token";
/// `IDENTITY_ENDPOINT` where Azure Arc's agent runs.
pub const ARC: &str = "/arc/metadata/identity/oauth2/token";
/// `MSI_ENDPOINT` in Azure Machine Learning.
pub const MACHINE_LEARNING: &str = "/ml/token";

/// An identity that is assigned to the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedIdentity {
    pub client_id: String,
    /// The subject of its tokens.
    pub principal_id: String,
    pub resource_id: String,
    /// Only one that was assigned by a user can be a federated credential of an app.
    pub is_user_assigned: bool,
}

impl ManagedIdentity {
    /// One that a user has assigned.
    pub fn user_assigned(name: &str) -> Self {
        let group = "/subscriptions/0a11ce00-0000-4000-8000-00000000f00d/resourcegroups/mail";
        let kind = "providers/Microsoft.ManagedIdentity/userAssignedIdentities";
        let resource_id = format!("{group}/{kind}/{name}");
        Self { client_id: new_guid(), principal_id: new_guid(), resource_id, is_user_assigned: true }
    }

    /// The one that the machine itself has.
    pub fn system_assigned() -> Self {
        Self { is_user_assigned: false, resource_id: String::new(), ..Self::user_assigned("") }
    }

    fn is(&self, id: &str) -> bool {
        [&self.client_id, &self.principal_id, &self.resource_id].iter().any(|own| own.eq_ignore_ascii_case(id))
    }
}

/// Answers one request.
pub fn serve(world: &Arc<World>, mut wire: Wire) -> io::Result<()> {
    let Some(request) = Request::read(&mut wire)? else { return Ok(()) };
    let time = now() + world.state().clock_shift;
    route(world, &request).dated(time).write(&mut wire)
}

fn route(world: &World, request: &Request) -> Response {
    if request.header("x-forwarded-for").is_some() {
        world.surprise("metadata: through a proxy");
    }
    if request.method != "GET" {
        return refused(405, "invalid_request", "Only GET is known here.");
    }
    match request.path.as_str() {
        IMDS => imds(world, request),
        APP_SERVICE => by_header(world, request, "x-identity-header", "2019-08-01"),
        MACHINE_LEARNING => by_header(world, request, "secret", "2017-09-01"),
        ARC => arc(world, request),
        _ => {
            world.surprise(format!("metadata: {} {}", request.method, request.path));
            refused(404, "not_found", "There is nothing at this address.")
        }
    }
}

fn imds(world: &World, request: &Request) -> Response {
    if request.header("metadata") != Some("true") {
        return refused(400, "invalid_request", "Required metadata header not specified");
    }
    if request.query.get("api-version").is_none() {
        return refused(400, "invalid_request", "Required query variable 'api-version' is missing");
    }
    answer(world, request)
}

/// App Service and Machine Learning: a header proves that it is one of their own programs that asks.
fn by_header(world: &World, request: &Request, name: &str, version: &str) -> Response {
    let expected = world.state().identity_header.clone();
    if request.header(name) != Some(expected.as_str()) {
        return refused(403, "forbidden", "The header that proves the caller is missing or wrong.");
    }
    if request.query.get("api-version") != Some(version) {
        return refused(400, "invalid_request", "The api-version is missing or unknown.");
    }
    answer(world, request)
}

/// Azure Arc: only a program that may read the agent's files gets a token.
fn arc(world: &World, request: &Request) -> Response {
    let folder = world.state().arc_folder.clone();
    let Some(folder) = folder else { return refused(404, "not_found", "The agent does not run.") };
    if request.header("metadata") != Some("true") {
        return refused(400, "invalid_request", "Required metadata header not specified");
    }
    let given = request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    let expected = world.state().arc_key.take();
    match (given, expected) {
        (Some(given), Some(expected)) if given == expected => answer(world, request),
        (Some(_), _) => refused(401, "unauthorized", "The key is wrong."),
        (None, _) => challenge(world, &folder),
    }
}

fn challenge(world: &World, folder: &Path) -> Response {
    let key = BASE64_STANDARD.encode(random_text(60));
    let file = folder.join(format!("{}.key", new_guid()));
    if std::fs::write(&file, &key).is_err() {
        return refused(500, "server_error", "The key cannot be written.");
    }
    world.state().arc_key = Some(key);
    refused(401, "unauthorized", "A challenge was made.")
        .with("WWW-Authenticate", format!("Basic realm={}", file.display()))
}

/// The token of the identity that is asked for, or of the only one.
fn answer(world: &World, request: &Request) -> Response {
    if world.faults.is_on(Fault::MetadataBusy) {
        return refused(429, "too_many_requests", "Too many requests").with("Retry-After", "1".to_owned());
    }
    let Some(resource) = request.query.get("resource") else {
        return refused(400, "invalid_request", "Required query variable 'resource' is missing");
    };
    // What the same thing is called at each of the endpoints.
    let names = ["client_id", "object_id", "msi_res_id", "principal_id", "mi_res_id", "clientid"];
    let wanted = names.iter().find_map(|name| request.query.get(name));
    let identities = world.state().identities.clone();
    let of_system = identities.iter().find(|identity| !identity.is_user_assigned);
    let found = match wanted {
        Some(id) => identities.iter().find(|identity| identity.is(id)),
        None if of_system.is_some() => of_system,
        None if identities.len() > 1 => {
            let text = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in \
                        the token request";
            return refused(400, "invalid_request", text);
        }
        None => identities.first(),
    };
    match found {
        Some(identity) if !world.faults.is_on(Fault::IdentityNotFound) => issued(world, identity, resource),
        Some(_) | None => refused(400, "invalid_request", "Identity not found"),
    }
}

fn issued(world: &World, identity: &ManagedIdentity, resource: &str) -> Response {
    let (time, lifetime) = (now().as_second(), 86_400);
    let token = world.signer.sign(&json!({
        "aud": resource,
        "iss": own_issuer(world),
        "iat": time,
        "nbf": time,
        "exp": time + lifetime,
        "azp": identity.client_id,
        "idtyp": "app",
        "oid": identity.principal_id,
        "sub": identity.principal_id,
        "tid": TENANT_ID,
        "uti": random_text(16),
        "ver": "2.0",
        "xms_mirid": identity.resource_id,
    }));
    world.state().other_secrets.push(token.clone());
    Response::json(
        200,
        &json!({
            "access_token": token,
            "client_id": identity.client_id,
            "expires_in": lifetime.to_string(),
            "expires_on": (time + lifetime).to_string(),
            "ext_expires_in": lifetime.to_string(),
            "not_before": time.to_string(),
            "resource": resource,
            "token_type": "Bearer",
        }),
    )
}

fn refused(status: u16, error: &str, description: &str) -> Response {
    let body: Value = json!({ "error": error, "error_description": description });
    Response::json(status, &body)
}
