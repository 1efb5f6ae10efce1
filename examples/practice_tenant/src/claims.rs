//! The claims of ID tokens and access tokens, and how faults change them.

use serde_json::{Value, json};

use crate::faults::Claim;
use crate::token::Earned;
use crate::world::{Dialect, TENANT_ID, User, World, new_guid, now, random_text};

const OUTLOOK: &str = "https://outlook.office.com";

/// Changes claims as the faults want it.
pub fn change(world: &World, claims: &mut Value, changes: &[Claim]) {
    let later = |claims: &mut Value, name: &str, seconds: i64| {
        if let Some(time) = claims[name].as_i64() {
            claims[name] = json!(time + seconds);
        }
    };
    for name in ["iat", "nbf", "exp"] {
        later(claims, name, world.faults.clock_ahead());
    }
    for claim in changes {
        match claim {
            Claim::Is(name, text) => claims[*name] = json!(text),
            Claim::Absent(name) => {
                claims.as_object_mut().and_then(|claims| claims.remove(*name));
            }
            Claim::Tenant(tenant) => {
                let issuer = claims["iss"].as_str().unwrap_or_default().replace(TENANT_ID, tenant);
                claims["iss"] = json!(issuer);
                claims["tid"] = json!(tenant);
            }
            Claim::Later(name, seconds) => later(claims, name, *seconds),
        }
    }
}

/// The resource that the scopes of an access token belong to; Outlook where they name none.
pub fn resource_of(scopes: &[String]) -> String {
    let resource = |scope: &String| scope.rsplit_once('/').map(|(resource, _)| resource.to_owned());
    scopes.iter().find_map(resource).unwrap_or_else(|| OUTLOOK.to_owned())
}

/// Whether the time of a token has come.
pub fn is_valid(claims: &Value) -> bool {
    claims["nbf"].as_i64().is_some_and(|start| start <= now().as_second())
}

/// The scopes that the mail servers see in an access token.
pub fn opened_by(claims: &Value) -> Vec<String> {
    let is_ours = claims["aud"] == OUTLOOK && claims["tid"] == TENANT_ID;
    let scopes = claims["scp"].as_str().filter(|_| is_ours && is_valid(claims)).unwrap_or_default();
    scopes.split_whitespace().map(|scope| format!("{OUTLOOK}/{scope}")).collect()
}

/// OpenID Connect Core §2, with the claims by which Microsoft tells people apart.
pub fn id_claims(world: &World, dialect: Dialect, user: &User, earned: &Earned) -> Value {
    let time = now().as_second();
    let mut claims = json!({
        "aud": earned.client_id,
        "iat": time,
        "nbf": time,
        "exp": time + 3_600,
        "name": user.name,
        "preferred_username": user.address,
        "email": user.address,
        "sub": format!("sub-{}", user.object_id()),
    });
    match dialect {
        Dialect::Entra => {
            claims["iss"] = json!(format!("{}/{TENANT_ID}/v2.0", world.authority));
            claims["oid"] = json!(user.object_id());
            claims["tid"] = json!(TENANT_ID);
            claims["ver"] = json!("2.0");
        }
        Dialect::Oidc => {
            claims["iss"] = json!(world.oidc_issuer());
            claims["email_verified"] = json!(true);
        }
    }
    if let Some(nonce) = &earned.nonce {
        claims["nonce"] = json!(nonce);
    }
    claims
}

/// `claims` with `changes`; a `null` takes one away.
pub fn changed(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    if let Some(claims) = claims.as_object_mut() {
        claims.retain(|_, value| !value.is_null());
    }
    claims
}

/// What a work account's token for Outlook looks like, its length included: more than 1,500 characters.
pub fn access_claims(world: &World, dialect: Dialect, user: &User, earned: &Earned, lifetime: u64) -> Value {
    let time = now().as_second();
    if dialect == Dialect::Oidc {
        // As Keycloak's: `aud` names no mail server, and `azp` the app.
        return json!({
            "iss": world.oidc_issuer(),
            "aud": "account",
            "azp": earned.client_id,
            "typ": "Bearer",
            "iat": time,
            "exp": i64::try_from(lifetime).map_or(i64::MAX, |lifetime| time + lifetime),
            "jti": new_guid(),
            "sid": new_guid(),
            "sub": format!("sub-{}", user.object_id()),
            "scope": earned.scopes.join(" "),
            "preferred_username": user.address,
            "email": user.address,
            "email_verified": true,
        });
    }
    let short: Vec<&str> =
        earned.scopes.iter().filter_map(|scope| scope.rsplit_once('/')).map(|(_, name)| name).collect();
    json!({
        "aud": resource_of(&earned.scopes),
        "iss": format!("{}/{TENANT_ID}/", world.authority),
        "iat": time,
        "nbf": time,
        "exp": i64::try_from(lifetime).map_or(i64::MAX, |lifetime| time + lifetime),
        "acct": 0,
        "aio": random_text(120),
        "amr": ["pwd"],
        "app_displayname": "mailgrant practice",
        "appid": earned.client_id,
        "idtyp": "user",
        "ipaddr": "127.0.0.1",
        "name": user.name,
        "oid": user.object_id(),
        "puid": "10030000A0000001",
        "rh": format!("1.{}", random_text(60)),
        "scp": short.join(" "),
        "sid": new_guid(),
        "signin_state": ["kmsi"],
        "sub": random_text(32),
        "tid": TENANT_ID,
        "unique_name": user.address,
        "upn": user.address,
        "uti": random_text(16),
        "ver": "1.0",
        "wids": [new_guid(), new_guid(), new_guid(), new_guid(), new_guid(), new_guid()],
        "xms_ftd": random_text(160),
        "xms_idrel": "1 24",
    })
}
