//! Apps, worlds and tokens for these tests.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::super::{Federated, FederatedToken, World};
use crate::config;
use crate::diagnosis::{self, FailureContext};
use crate::failure::Failure;
use crate::net::HttpClient;
use crate::net::testing as http;
use crate::profile::App;
use crate::report::Finding;

pub(super) const NOW: i64 = 1_800_000_000;
pub(super) const AUDIENCE: &str = "api://AzureADTokenExchange";

pub(super) fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// An app of Microsoft's with this `federated`.
pub(super) fn app(federated: &str) -> App {
    let text = format!(
        "[apps.ci]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\n\
         client_id = \"11111111-2222-3333-4444-555555555555\"\ncredential = \"federated\"\nfederated = {{ {federated} }}\n"
    );
    let profile = config::parse("/home/a/config.toml".as_ref(), &text).unwrap_or_else(|error| panic!("{error}"));
    profile.apps.into_values().next().unwrap()
}

/// A world with these variables.
pub(super) fn world(env: &[(&str, &str)], http: HttpClient) -> World {
    let env: BTreeMap<String, String> = env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let env = Box::new(move |name: &str| env.get(name).cloned());
    World { env, http, arc_keys: PathBuf::from("/no-such-folder"), wait: Box::new(|_| ()) }
}

pub(super) fn fetch(federated: &str, world: World) -> Result<FederatedToken, Failure> {
    Federated::of(&app(federated), world)?.fetch(now())
}

/// What is told of a failure of an app with this `federated`; a value that is missing in its words would panic.
pub(super) fn finding(federated: &str, env: &[(&str, &str)]) -> Finding {
    let failure =
        fetch(federated, world(env, http::client())).err().unwrap_or_else(|| panic!("{federated}: no failure"));
    diagnosis::finding(&failure, FailureContext::of_app(&app(federated)))
}

/// A signed token with these claims over the usual ones.
pub(super) fn jwt(claims: Value) -> String {
    jws(&json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}), claims)
}

pub(super) fn jws(header: &Value, claims: Value) -> String {
    let mut all = json!({
        "iss": "https://token.actions.githubusercontent.com",
        "sub": "repo:contoso@4711/shop@815:ref:refs/heads/main",
        "aud": AUDIENCE,
        "nbf": NOW - 5,
        "exp": NOW + 300,
    });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(&all), BASE64_URL_SAFE_NO_PAD.encode("signature-canary"))
}

pub(super) fn text(token: &FederatedToken) -> &str {
    token.value.expose_secret()
}
