//! Exchange's admin API, as the module ExchangeOnlineManagement uses it: cmdlets by HTTP. It is not a documented one; its
//! answers are put together from public clients of it, and no live server of it was seen.

use serde_json::{Value, json};

use super::caller::Caller;
use super::problem::{Problem, bad_request};
use crate::http::{Request, Response};
use crate::mail_sign_in::{Protocol, set_up};
use crate::world::{AppOnly, Holder, Principal, TENANT_DOMAIN, TENANT_ID, World};

/// The delegated permission that the API takes.
const DELEGATED: &str = "Exchange.Manage";
/// The application permission.
const ROLE: &str = "Exchange.ManageAsApp";

/// `/adminapi/beta/{tenant}/InvokeCommand`.
pub fn route(world: &World, caller: &Caller, request: &Request) -> Result<Response, Problem> {
    let segments: Vec<&str> = request.path.split('/').collect();
    let (method, ["", "adminapi", "beta", tenant, "InvokeCommand"]) = (request.method.as_str(), segments.as_slice())
    else {
        world.surprise(format!("Exchange: {} {}", request.method, request.path));
        return Err(bad_request("Resource not found for the segment."));
    };
    if method != "POST" || !request.header("x-anchormailbox").is_some_and(|anchor| anchor.starts_with("UPN:")) {
        world.surprise(format!("Exchange: {method} without X-AnchorMailbox, or another method than POST"));
        return Err(bad_request("The routing hint is missing."));
    }
    let is_permitted = match caller.holder {
        Holder::User(_) => caller.scopes.iter().any(|scope| scope == DELEGATED),
        Holder::App => caller.roles.iter().any(|role| role == ROLE),
    };
    if ![TENANT_ID, TENANT_DOMAIN].contains(tenant) || !is_permitted {
        // Reported: it has neither body nor reason.
        return Err(Problem::new(403, "", ""));
    }
    let body: Value = serde_json::from_str(&request.body()).map_err(|_| bad_request("This is not JSON."))?;
    let input = &body["CmdletInput"];
    let name = input["CmdletName"].as_str().unwrap_or_default();
    let parameter = |name: &str| input["Parameters"][name].as_str().unwrap_or_default();
    match name {
        "Get-ServicePrincipal" => service_principal(world, parameter("Identity")),
        "Get-MailboxPermission" => mailbox_permission(world, parameter("Identity"), parameter("User")),
        "Get-CASMailbox" => switches(world, parameter("Identity")),
        other => {
            world.surprise(format!("Exchange: the cmdlet '{other}'"));
            Err(bad_request(format!("The term '{other}' is not recognized as the name of a cmdlet.")))
        }
    }
}

fn service_principal(world: &World, identity: &str) -> Result<Response, Problem> {
    let state = world.state();
    let app = state.apps.iter().find(|app| app.client_id == identity).ok_or_else(|| not_found(identity))?;
    let object = match set_up(world, &app.exchange).principal {
        Principal::Missing => return Err(not_found(identity)),
        Principal::OfRegistration => &app.object_id,
        Principal::OfEnterpriseApplication => &app.principal_id,
    };
    let value = json!({ "AppId": app.client_id, "ObjectId": object, "DisplayName": app.name, "Identity": object });
    Ok(super::collection(vec![value]))
}

fn mailbox_permission(world: &World, mailbox: &str, user: &str) -> Result<Response, Problem> {
    let mailbox = world.user(mailbox).ok_or_else(|| not_found(mailbox))?;
    let state = world.state();
    let is_app = |object: &str| object == user;
    let app = state.apps.iter().find(|app| is_app(&app.principal_id) || is_app(&app.object_id));
    let app = app.ok_or_else(|| not_found(user))?;
    let has_access = set_up(world, &app.exchange).full_access.contains(&mailbox.address);
    let value = || {
        json!({
            "Identity": mailbox.address, "User": user, "AccessRights": ["FullAccess"], "Deny": false,
            "IsInherited": false,
        })
    };
    Ok(super::collection(has_access.then(value).into_iter().collect()))
}

fn switches(world: &World, mailbox: &str) -> Result<Response, Problem> {
    let mailbox = world.user(mailbox).ok_or_else(|| not_found(mailbox))?;
    let state = world.state();
    let done =
        state.app(crate::world::CONFIDENTIAL_CLIENT).map_or_else(AppOnly::nothing, |app| set_up(world, &app.exchange));
    let is_on = |protocol| !done.off.contains(&protocol);
    Ok(super::collection(vec![json!({
        "Identity": mailbox.address,
        "PrimarySmtpAddress": mailbox.address,
        "ImapEnabled": is_on(Protocol::Imap),
        "PopEnabled": is_on(Protocol::Pop3),
        "SmtpClientAuthenticationDisabled": if is_on(Protocol::Smtp) { Value::Null } else { json!(true) },
    })]))
}

/// What a cmdlet throws where a name leads to nothing.
fn not_found(identity: &str) -> Problem {
    let message = format!(
        "|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't be \
                           performed because object '{identity}' couldn't be found."
    );
    Problem::new(404, "NotFound", message)
}
