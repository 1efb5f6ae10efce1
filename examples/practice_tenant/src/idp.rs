//! The identity provider's front: which path is whose.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::http::{Request, Response};
use crate::oauth_error::OAuthError;
use crate::wire::Wire;
use crate::world::{Dialect, TENANT_DOMAIN, TENANT_ID, World, now};
use crate::{authorize, device, google, issuer, token};

/// Answers one request.
pub fn serve(world: &Arc<World>, wire: &mut Wire) -> io::Result<()> {
    match Request::read(wire) {
        Ok(Some(request)) => {
            let response = route(world, &request);
            let ahead = jiff::SignedDuration::from_secs(world.faults.clock_ahead());
            let time = now() + world.state().clock_shift + ahead;
            response.dated(time).write(wire)
        }
        Ok(None) => Ok(()),
        Err(error) => {
            world.surprise(format!("HTTP: {error}"));
            Err(error)
        }
    }
}

fn route(world: &World, request: &Request) -> Response {
    let segments: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let (dialect, action) = match segments.as_slice() {
        ["oidc", action @ ..] => (Dialect::Oidc, action.join("/")),
        [tenant, "oauth2", "v2.0", action]
        | [tenant, "v2.0", action @ ".well-known", ..]
        | [tenant, "discovery", "v2.0", action @ "keys"] => {
            if let Some(error) = wrong_tenant(tenant, action) {
                return if matches!(*action, "token" | "devicecode" | ".well-known") {
                    error.body(Dialect::Entra)
                } else {
                    error.page(Dialect::Entra)
                };
            }
            (Dialect::Entra, (*action).to_owned())
        }
        ["device"] if request.method == "GET" => return device::show(world, &request.query),
        ["device"] if request.method == "POST" => return device::decide(world, request),
        ["issuers", name, rest @ ..] => {
            return issuer::serve(world, request, name, rest).unwrap_or_else(|| not_found(world, request));
        }
        ["google", rest @ ..] => {
            return google::serve(world, request, rest).unwrap_or_else(|| not_found(world, request));
        }
        ["runner", "token"] if request.method == "GET" => return issuer::hand_out(world, request),
        // Every real browser asks for it, unbidden.
        ["favicon.ico"] => return Response::html(404, String::new()),
        _ => return not_found(world, request),
    };
    match (request.method.as_str(), action.as_str()) {
        ("GET", "authorize") => authorize::show(world, dialect, &request.query),
        ("POST", "authorize") => authorize::decide(world, request),
        ("POST", "devicecode") => device::answer(world, dialect, request),
        ("POST", "token") => token::answer(world, dialect, request),
        ("GET", "keys") => Response::json(200, &world.signer.key_set()),
        ("GET", ".well-known" | ".well-known/openid-configuration") => Response::json(200, &metadata(world, dialect)),
        _ => not_found(world, request),
    }
}

fn not_found(world: &World, request: &Request) -> Response {
    world.surprise(format!("HTTP: {} {}", request.method, request.path));
    Response::html(404, "<!doctype html><title>404</title>".to_owned())
}

/// The app is a single-tenant one: only its own tenant will do. The metadata knows no app, and so every tenant that there is.
fn wrong_tenant(tenant: &str, action: &str) -> Option<OAuthError> {
    let is_metadata = action == ".well-known";
    let ours = tenant.eq_ignore_ascii_case(TENANT_ID) || tenant.eq_ignore_ascii_case(TENANT_DOMAIN);
    let text = match tenant {
        _ if ours => return None,
        "organizations" | "common" | "consumers" if is_metadata => return None,
        "organizations" | "common" => {
            let text = format!(
                "Application is not configured as a multi-tenant application. Usage of the /{tenant} endpoint is not \
                 supported for such apps. Use a tenant-specific endpoint."
            );
            return Some(OAuthError::new("invalid_request", 50194, text));
        }
        other => format!("Tenant '{other}' not found. Check to make sure you have the correct tenant ID."),
    };
    Some(OAuthError::new(if is_metadata { "invalid_tenant" } else { "invalid_request" }, 90002, text))
}

/// OpenID Connect Discovery 1.0 §3.
fn metadata(world: &World, dialect: Dialect) -> Value {
    let base = world.endpoint_base(dialect);
    let mut metadata = json!({
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["PS256", "RS256", "ES256"],
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
    });
    if !world.faults.is_on(Fault::NoDeviceCode) {
        metadata["device_authorization_endpoint"] = Value::String(format!("{base}/devicecode"));
        metadata["grant_types_supported"] = json!([
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code"
        ]);
    }
    let (issuer, keys, scopes) = match dialect {
        Dialect::Entra => (
            format!("{}/{TENANT_ID}/v2.0", world.authority),
            format!("{}/{TENANT_ID}/discovery/v2.0/keys", world.authority),
            json!(["openid", "profile", "email", "offline_access"]),
        ),
        Dialect::Oidc => {
            metadata["authorization_response_iss_parameter_supported"] = Value::Bool(true);
            let scopes = json!(["openid", "profile", "email", "offline_access", "imap", "pop3", "smtp"]);
            (world.oidc_issuer(), format!("{base}/keys"), scopes)
        }
    };
    if let Some(rules) = &world.state().client_rules {
        rules.announce(&mut metadata);
    }
    metadata["issuer"] = Value::String(issuer);
    metadata["jwks_uri"] = Value::String(keys);
    metadata["scopes_supported"] = scopes;
    metadata
}
