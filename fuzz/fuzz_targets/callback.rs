//! The answer that the browser brings, by the listener or by paste: what is accepted had exactly the right state.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mailgrant::failure::{Failure, FailureKind};
use mailgrant::loopback::Match;
use mailgrant::oauth::{AuthorizationRequest, AuthorizationResponse, Endpoints};
use mailgrant::profile::EndpointUrl;
use mailgrant::text::Redactor;
use mailgrant_fuzz::{app, canary, choice, failure_shown, planted};
use secrecy::ExposeSecret as _;

static REQUESTS: LazyLock<[AuthorizationRequest; 2]> = LazyLock::new(|| {
    [false, true].map(|issuer_in_response| {
        let endpoints = Endpoints {
            authorization: "https://id.example/authorize".parse().expect("it is an address"),
            token: "https://id.example/token".parse::<EndpointUrl>().expect("it is an address").into(),
            device_authorization: None,
            issuer_in_response,
        };
        let redirect = "http://localhost:4711/cb".parse().expect("it is an address");
        let address = "a@contoso.example".parse().expect("it is an address");
        AuthorizationRequest::begin(&app("generic"), &endpoints, &redirect, &[], &address, true)
    })
});

/// Holds a decision against the query, read in another way than the product reads it.
fn check(state: &str, announced: bool, query: &str, decision: &Result<AuthorizationResponse, Failure>) {
    let all = |name: &str| -> Vec<String> {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    };
    assert_eq!(all("state"), [state], "it decides only with this one state");
    let issuers = all("iss");
    let is_right_issuer = match issuers.as_slice() {
        [] => !announced,
        [one] => one == "https://id.example/realm",
        _ => false,
    };
    match decision {
        Ok(response) => {
            assert!(is_right_issuer, "another issuer's answer: {issuers:?}");
            assert_eq!(all("code"), [response.code.expose_secret()]);
            assert!(all("error").is_empty() && !response.code.expose_secret().is_empty());
        }
        Err(failure) => {
            assert_eq!(matches!(failure.kind, FailureKind::OtherIssuer { .. }), !is_right_issuer);
            failure_shown(failure);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let announced = choice & 1 == 1;
    let request = &REQUESTS[usize::from(announced)];
    let state = request.url().query_pairs().find(|(name, _)| name == "state").expect("it has one").1.into_owned();
    let text = planted(rest).replace("{state}", &state);
    let redactor = Redactor::default();
    redactor.learn(&canary());
    if choice & 2 == 0 {
        if let Match::Response(decision) = request.read_query(&text, &redactor) {
            check(&state, announced, &text, &decision);
        }
        return;
    }
    match request.parse_pasted(&text, &redactor) {
        Err(failure) if matches!(failure.kind, FailureKind::WrongPaste { .. }) => failure_shown(&failure),
        decision => {
            let text: String = text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
            let text = text.trim_matches(|c| matches!(c, '"' | '\'' | '<' | '>'));
            let query = match url::Url::parse(text) {
                Ok(url) if text.contains("://") => {
                    let place = (url.host_str(), url.port(), url.path());
                    assert_eq!(place, (Some("localhost"), Some(4711), "/cb"), "{text:?}");
                    url.query().unwrap_or_default().to_owned()
                }
                _ => text.trim_start_matches('?').to_owned(),
            };
            check(&state, announced, &query, &decision);
        }
    }
});
