//! Who asks: the bearer token of a request, and what it permits.

use super::problem::{self, Problem};
use super::{Service, problem::bad_request};
use crate::faults::{ApiRefusal, Fault, REVOKED};
use crate::http::Request;
use crate::mail_sign_in::LEEWAY;
use crate::world::{CONFIDENTIAL_CLIENT, EXCHANGE, Holder, TENANT_ID, World, now};

/// The audience of Graph's tokens.
pub const GRAPH_AUDIENCE: &str = "https://graph.microsoft.com";
/// What the scopes of Gmail's API begin with.
const GMAIL_SCOPES: &str = "https://www.googleapis.com/auth/";

/// The holder of a good token.
pub struct Caller {
    pub holder: Holder,
    pub client_id: String,
    /// Delegated scopes without the resource's address.
    pub scopes: Vec<String>,
    /// Application permissions.
    pub roles: Vec<String>,
}

impl Caller {
    /// The caller of a request.
    pub fn of(world: &World, service: Service, request: &Request) -> Result<Self, Problem> {
        if let Some(refusal) = world.faults.api_refusal(service, &request.method, &request.path) {
            return Err(refused(&refusal));
        }
        let unauthorized = |message| unauthorized(service, message);
        let Some(token) = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) else {
            world.surprise("API: no bearer token");
            return Err(unauthorized("Access token is empty."));
        };
        if request.query.get("access_token").is_some() {
            world.surprise("API: a token in the URL");
        }
        let state = world.state();
        let Some(access) = state.access_tokens.get(token) else {
            return Err(unauthorized("CompactToken parsing failed with error code: 80049217"));
        };
        if access.expires + LEEWAY <= now() || world.faults.is_on(Fault::AccessTokensExpired) {
            return Err(unauthorized("Lifetime validation failed, the token is expired."));
        }
        let prefix = match service {
            Service::Graph => format!("{GRAPH_AUDIENCE}/"),
            Service::Exchange => format!("{EXCHANGE}/"),
            Service::Gmail => GMAIL_SCOPES.to_owned(),
        };
        let scopes: Vec<String> =
            access.scopes.iter().filter_map(|scope| scope.strip_prefix(&prefix)).map(str::to_owned).collect();
        let is_for_service = match &access.holder {
            Holder::User(_) => !scopes.is_empty(),
            Holder::App => match service {
                Service::Graph => access.audience == GRAPH_AUDIENCE,
                Service::Exchange => access.audience == EXCHANGE,
                Service::Gmail => false,
            },
        };
        if !is_for_service {
            return Err(match service {
                Service::Graph | Service::Exchange => {
                    unauthorized("Access token validation failure. Invalid audience.")
                }
                Service::Gmail => {
                    Problem::new(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
                }
            });
        }
        Ok(Self {
            holder: access.holder.clone(),
            client_id: access.client_id.clone(),
            scopes,
            roles: access.roles.clone(),
        })
    }

    /// The address of the user who signed in.
    pub fn own(&self) -> Result<&str, Problem> {
        match &self.holder {
            Holder::User(address) => Ok(address),
            Holder::App => Err(bad_request("/me request is only valid with delegated authentication flow.")),
        }
    }

    /// Refuses what no scope and no role of the token permits: delegated `own` for the user's own mailbox, any of
    /// `shared` for that of another, and `roles` for the app alone.
    pub fn may(&self, owner: &str, own: &[&str], shared: &[&str], roles: &[&str]) -> Result<(), Problem> {
        let has = |held: &[String], wanted: &[&str]| held.iter().any(|name| wanted.contains(&name.as_str()));
        let permitted = match &self.holder {
            Holder::User(address) if address == owner => has(&self.scopes, own),
            Holder::User(_) => has(&self.scopes, shared),
            Holder::App => has(&self.roles, roles),
        };
        if permitted { Ok(()) } else { Err(problem::access_denied()) }
    }
}

/// The refusal of a token, with the challenge that RFC 6750 §3 asks for. Google does not say what is wrong with it.
fn unauthorized(service: Service, message: &str) -> Problem {
    match service {
        // Exchange gives its reason in the challenge as well, if it has one.
        Service::Graph | Service::Exchange => {
            let challenge =
                "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\"";
            Problem::new(401, "InvalidAuthenticationToken", message).with("WWW-Authenticate", challenge)
        }
        Service::Gmail => {
            let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                           other valid authentication credential. See \
                           https://developers.google.com/identity/sign-in/web/devconsole-project.";
            let challenge = "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"";
            Problem::new(401, "authError", message).with("WWW-Authenticate", challenge)
        }
    }
}

fn refused(refusal: &ApiRefusal) -> Problem {
    let mut problem = Problem::new(refusal.status, refusal.code, refusal.message);
    problem.link = refusal.link;
    if refusal.message == REVOKED {
        let challenge = "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"";
        problem = problem.with("WWW-Authenticate", challenge);
    }
    if let Some(seconds) = refusal.retry_after {
        problem = problem.with("Retry-After", seconds.to_string());
    }
    // The directory says how full the measure is, and whose it is.
    if refusal.status == 429 && refusal.at.is_directory() {
        let scope = format!("Tenant_Application/ReadWrite/{CONFIDENTIAL_CLIENT}/{TENANT_ID}");
        problem = problem
            .with("x-ms-throttle-limit-percentage", "1.2")
            .with("x-ms-throttle-scope", scope)
            .with("x-ms-throttle-information", "WriteLimitExceeded");
    }
    problem
}
