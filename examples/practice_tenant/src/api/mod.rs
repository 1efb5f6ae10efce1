//! The resource servers that speak HTTP: Microsoft Graph, Exchange's admin API and Gmail's API. One listener for all,
//! connections that stay open (RFC 9112 §9.3), and a bearer token with every request (RFC 6750 §2.1).

mod applications;
mod broken;
mod caller;
mod exchange;
mod gmail;
mod keys;
mod mail;
mod permissions;
mod problem;
mod send;

use std::io;
use std::sync::Arc;

use serde_json::json;

use crate::http::{Request, Response};
use crate::wire::Wire;
use crate::world::{Endpoint, Hold, World, new_guid, now};
use caller::Caller;
use problem::Problem;

/// Where Graph's paths begin.
const GRAPH: &str = "/v1.0/";
/// Where the paths of Gmail's API begin.
const GMAIL: &str = "/gmail/v1/users/";

/// Where the paths of Exchange's admin API begin.
const EXCHANGE: &str = "/adminapi/";

/// The services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Graph,
    Exchange,
    Gmail,
}

impl Service {
    fn of(path: &str) -> Self {
        match path {
            path if path.starts_with(GMAIL) => Self::Gmail,
            path if path.starts_with(EXCHANGE) => Self::Exchange,
            _ => Self::Graph,
        }
    }
}

/// Answers requests until either side has enough.
pub fn serve(world: &Arc<World>, mut wire: Wire) -> io::Result<()> {
    world.state().counters.api_connections += 1;
    while let Some(request) = Request::read(&mut wire)? {
        let is_last = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let response = respond(world, &request).keeping_open(!is_last);
        let response = response.dated(now() + world.state().clock_shift);
        if let Some(broken) = world.faults.broken() {
            return broken::write(&mut wire, &response, broken);
        }
        response.write(&mut wire)?;
        if is_last {
            break;
        }
    }
    Ok(())
}

fn respond(world: &World, request: &Request) -> Response {
    let number = {
        let mut state = world.state();
        state.counters.api_requests += 1;
        state.counters.api_requests
    };
    world.wait_while_held(Endpoint::Api, Hold::Request, number);
    let id = new_guid();
    let client_id = request.header("client-request-id").unwrap_or(&id).to_owned();
    let service = Service::of(&request.path);
    let answered = route(world, service, request);
    let response = answered.unwrap_or_else(|problem| {
        world.state().counters.api_refusals += 1;
        problem.response(service, &id, &client_id)
    });
    world.wait_while_held(Endpoint::Api, Hold::Answer, number);
    match service {
        Service::Graph | Service::Exchange => response.with("request-id", id).with("client-request-id", client_id),
        Service::Gmail => response,
    }
}

fn route(world: &World, service: Service, request: &Request) -> Result<Response, Problem> {
    let caller = Caller::of(world, service, request)?;
    match service {
        Service::Gmail => return gmail::route(world, &caller, request),
        Service::Exchange => return exchange::route(world, &caller, request),
        Service::Graph => {}
    }
    let Some(path) = request.path.strip_prefix(GRAPH) else { return Err(unknown(world, request)) };
    let segments: Vec<&str> = path.split('/').collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("GET", ["me"]) => mail::me(world, &caller, request),
        (_, ["me", rest @ ..]) => mailbox(world, &caller, request, caller.own()?, rest),
        (_, ["users", owner, rest @ ..]) if !rest.is_empty() => {
            let owner = world.user(&request.decoded(owner)).ok_or_else(|| problem::no_user(owner))?;
            mailbox(world, &caller, request, &owner.address, rest)
        }
        ("GET", ["policies", "defaultAppManagementPolicy"]) => applications::policy(world, &caller),
        ("GET", ["policies", "appManagementPolicies", id]) => applications::policy_called(world, &caller, id),
        (_, [first, rest @ ..]) if first.starts_with("applications") => {
            applications::route(world, &caller, request, first, rest)
        }
        (_, [first, rest @ ..]) if first.starts_with("servicePrincipals") => {
            applications::principal(world, &caller, request, first, rest)
        }
        _ => Err(unknown(world, request)),
    }
}

fn mailbox(world: &World, caller: &Caller, request: &Request, owner: &str, rest: &[&str]) -> Result<Response, Problem> {
    match (request.method.as_str(), rest) {
        ("GET", ["mailFolders", "inbox"]) => mail::folder(world, caller, request, owner),
        ("GET", ["mailFolders", "inbox", "messages"] | ["messages"]) => mail::messages(world, caller, request, owner),
        ("POST", ["sendMail"]) => send::send(world, caller, request, owner),
        _ => Err(unknown(world, request)),
    }
}

fn unknown(world: &World, request: &Request) -> Problem {
    world.surprise(format!("API: {} {}", request.method, request.path));
    Problem::new(400, "BadRequest", "Resource not found for the segment.")
}

/// `value` with the properties that `$select` asks for, where it does.
fn selected(request: &Request, mut value: serde_json::Value) -> serde_json::Value {
    if let (Some(names), Some(object)) = (request.query.get("$select"), value.as_object_mut()) {
        let names: Vec<&str> = names.split(',').map(str::trim).collect();
        object.retain(|name, _| name == "id" || name.starts_with('@') || names.contains(&name.as_str()));
    }
    value
}

/// A collection as OData writes it.
fn collection(values: Vec<serde_json::Value>) -> Response {
    Response::json(200, &json!({ "value": values }))
}
