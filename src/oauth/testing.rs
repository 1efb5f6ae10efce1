//! What the tests of this module begin with: apps of several providers, and clients for them.

use super::{Client, ClientCredential, Endpoints, TokenEndpoint};
use crate::clock::Clock;
use crate::config;
use crate::net::HttpClient;
use crate::profile::{App, EndpointSource, EndpointUrl, IdentityRule, Provider, ScopeSet};

/// `app` as a public client.
pub(crate) fn public<'a>(http: &'a HttpClient, app: &'a App, endpoint: &'a TokenEndpoint) -> Client<'a> {
    Client { http, clock: Clock::system(), app, endpoint, credential: &ClientCredential::None }
}

pub(crate) fn endpoints(token: EndpointUrl) -> Endpoints {
    Endpoints {
        authorization: "https://login.example/authorize".parse().unwrap(),
        token: token.into(),
        device_authorization: None,
        issuer_in_response: false,
    }
}

/// A Microsoft app in `tenant`.
pub(crate) fn microsoft(tenant: &str) -> App {
    let client = "provider = \"microsoft365\"\nclient_id = \"11111111-2222-3333-4444-555555555555\"";
    let text = format!("[apps.contoso]\n{client}\ntenant = \"{tenant}\"\nauthority = \"https://login.example\"\n");
    let profile = config::parse("config.toml".as_ref(), &text).unwrap();
    App {
        sign_in: EndpointSource::Known {
            authorization: "https://login.example/authorize".parse().unwrap(),
            token: "https://login.example/token".parse().unwrap(),
            device_authorization: Some("https://login.example/devicecode".parse().unwrap()),
        },
        api_url: None,
        scopes: ScopeSet::default(),
        ..profile.apps.into_values().next().unwrap()
    }
}

/// An app at a generic provider.
pub(crate) fn oidc(issuer: &str) -> App {
    let issuer: EndpointUrl = issuer.parse().unwrap();
    App {
        provider: Provider::OIDC,
        tenant: None,
        client_id: "my-app".parse().unwrap(),
        sign_in: EndpointSource::Discovered { issuer: issuer.clone() },
        identity: IdentityRule::Issuer(issuer),
        ..microsoft("common")
    }
}
