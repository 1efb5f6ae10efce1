//! The client credentials grant (RFC 6749 §4.4): an app's own token, for one resource, without a refresh token.

use serde_json::{Value, json};

use crate::claims::{change, is_valid};
use crate::http::Params;
use crate::oauth_error::OAuthError;
use crate::world::{AccessToken, App, Dialect, Holder, State, TENANT_ID, World, new_guid, now, random_text};

/// What a good request earns.
pub struct OwnToken {
    pub client_id: String,
    /// The resource.
    pub audience: String,
}

/// What the client may have, if anything.
pub fn judge(state: &State, dialect: Dialect, client_id: String, form: &Params) -> Result<OwnToken, OAuthError> {
    let is_confidential = state.app(&client_id).is_some_and(|app| app.confidential);
    if !is_confidential {
        let text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        return Err(OAuthError::new("invalid_client", 7_000_218, text));
    }
    let scope = form.get("scope").unwrap_or_default();
    let audience = match dialect {
        Dialect::Entra => scope.strip_suffix("/.default"),
        Dialect::Oidc => Some(scope),
    };
    match audience {
        Some(audience) if dialect == Dialect::Oidc || !audience.contains(' ') => {
            Ok(OwnToken { client_id, audience: audience.to_owned() })
        }
        _ => {
            let text = format!(
                "The provided value for scope {scope} is not valid. Client credential flows must have a scope value \
                 with /.default suffixed to the resource identifier (application ID URI)."
            );
            Err(OAuthError::new("invalid_scope", 1_002_012, text))
        }
    }
}

/// The answer. A token is given where nothing was consented to as well; it then has no `roles`.
pub fn issue(world: &World, dialect: Dialect, earned: OwnToken) -> Value {
    let mut state = world.state();
    let lifetime = state.access_lifetime;
    let app = state.app(&earned.client_id).expect("the client was identified");
    let consented = app.roles.iter().filter(|(audience, _)| *audience == earned.audience);
    let mut roles: Vec<String> = consented.map(|(_, role)| (*role).to_owned()).collect();
    roles.extend(app.exchange.roles(&earned.audience));
    let mut claims = claims(world, dialect, app, &earned.audience, &roles, lifetime.as_secs());
    change(world, &mut claims, world.faults.app_claims());
    // A token opens what it says, so that what is wrong with it shows at the servers too.
    let is_good = dialect == Dialect::Oidc || claims["tid"] == TENANT_ID && is_valid(&claims);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let access_token = world.signer.sign(&claims);
    let record = AccessToken {
        holder: Holder::App,
        client_id: earned.client_id,
        audience: if is_good { text(&claims["aud"]) } else { String::new() },
        scopes: claims["scope"].as_str().into_iter().flat_map(str::split_whitespace).map(str::to_owned).collect(),
        roles: claims["roles"].as_array().into_iter().flatten().map(text).collect(),
        expires: now() + jiff::SignedDuration::try_from(lifetime).expect("a short lifetime"),
    };
    state.access_tokens.insert(access_token.clone(), record);
    json!({
        "token_type": "Bearer",
        "expires_in": lifetime.as_secs(),
        "ext_expires_in": lifetime.as_secs(),
        "access_token": access_token,
    })
}

fn claims(world: &World, dialect: Dialect, app: &App, audience: &str, roles: &[String], lifetime: u64) -> Value {
    let time = now().as_second();
    let expires = i64::try_from(lifetime).map_or(i64::MAX, |lifetime| time + lifetime);
    if dialect == Dialect::Oidc {
        return json!({
            "iss": world.oidc_issuer(), "aud": "account", "azp": app.client_id, "typ": "Bearer", "iat": time,
            "exp": expires, "jti": new_guid(), "sub": app.principal_id, "scope": audience,
        });
    }
    let mut claims = json!({
        "aud": audience,
        "iss": format!("{}/{TENANT_ID}/", world.authority),
        "iat": time,
        "nbf": time,
        "exp": expires,
        "app_displayname": app.name,
        "appid": app.client_id,
        "appidacr": "1",
        "idtyp": "app",
        "oid": app.principal_id,
        "sub": app.principal_id,
        "rh": format!("1.{}", random_text(60)),
        "tid": TENANT_ID,
        "uti": random_text(16),
        "ver": "1.0",
    });
    if !roles.is_empty() {
        claims["roles"] = json!(roles);
    }
    claims
}
