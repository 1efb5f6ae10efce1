use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::failure::FederatedClaims;
use crate::net::testing::{self as http, Server};
use crate::oauth::assertion::JWT_BEARER;
use crate::oauth::grant::{AuthorizationCode, ClientCredentials, Refresh};
use crate::oauth::testing;
use crate::oauth::{Assertion, AuthorizationRequest, Endpoints, redeem_device_code, request_device_code};
use crate::profile::EndpointUrl;

const TOKEN: &str = r#"{"access_token":"canary-access","refresh_token":"canary-refresh","expires_in":3599}"#;

fn client<'a>(
    http: &'a HttpClient,
    app: &'a App,
    endpoint: &'a TokenEndpoint,
    credential: &'a ClientCredential,
) -> Client<'a> {
    let clock = Clock::from_fn(|| Timestamp::from_second(1_800_000_000).unwrap());
    Client { http, clock, app, endpoint, credential }
}

fn form(request: &str) -> Vec<(String, String)> {
    let body = request.split_once("\r\n\r\n").unwrap().1;
    let mut fields: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    fields.sort();
    fields
}

fn value<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_code_is_sent_with_its_verifier_and_the_secret_in_the_body() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let server = Server::script(vec![Box::new(move |request, stream| {
        sender.send(request.to_owned()).unwrap();
        http::reply("200 OK", "", TOKEN)(request, stream);
    })]);
    let app = testing::microsoft("common");
    let endpoints = testing::endpoints(server.url("/token"));
    let redirect = "http://localhost:1234".parse().unwrap();
    let hint = "shop@contoso.com".parse().unwrap();
    let request = AuthorizationRequest::begin(&app, &endpoints, &redirect, &[], &hint, true);
    let (http, shown) = http::recorded_client();
    let credential = ClientCredential::Secret(SecretString::from("canary-secret"));
    let code = &SecretString::from("canary-code");
    let client = client(&http, &app, &endpoints.token, &credential);
    let token = client.token(&AuthorizationCode { request: &request, code, scopes: &[] }).ok().unwrap();
    assert_eq!(token.access_token.expose_secret(), "canary-access");
    let raw = receiver.recv().unwrap();
    assert!(raw.starts_with("POST /token HTTP/1.1\r\n"), "{raw}");
    assert!(!raw.to_ascii_lowercase().contains("authorization:"));
    let form = form(&raw);
    assert_eq!(value(&form, "grant_type"), Some("authorization_code"));
    assert_eq!(value(&form, "code"), Some("canary-code"));
    assert_eq!(value(&form, "client_id"), Some(app.client_id.as_str()));
    assert_eq!(value(&form, "client_secret"), Some("canary-secret"));
    // Exactly as the authorization request had it, without the slash that a URL parser adds.
    assert_eq!(value(&form, "redirect_uri"), Some("http://localhost:1234"));
    assert_eq!(value(&form, "code_verifier"), Some(request.verifier().expose_secret()));
    let shown = shown.lock().unwrap();
    assert!(shown.contains("grant_type=authorization_code"), "{shown}");
    for secret in ["canary", request.verifier().expose_secret()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    server.finish();
}

#[test]
fn a_public_client_sends_no_secret_and_a_refresh_names_its_scopes() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let server = Server::script(vec![Box::new(move |request, stream| {
        sender.send(request.to_owned()).unwrap();
        http::reply("200 OK", "", r#"{"access_token":"t"}"#)(request, stream);
    })]);
    let app = testing::oidc("https://id.example");
    let scopes = ["a".parse().unwrap(), "b".parse().unwrap()];
    let old = SecretString::from("canary-old");
    let endpoint = TokenEndpoint::from(server.url("/token"));
    let http = http::client();
    let client = client(&http, &app, &endpoint, &ClientCredential::None);
    let token = client.token(&Refresh { token: &old, scopes: &scopes }).ok().unwrap();
    assert!(token.refresh_token.is_none());
    let form = form(&receiver.recv().unwrap());
    let expected =
        [("client_id", "my-app"), ("grant_type", "refresh_token"), ("refresh_token", "canary-old"), ("scope", "a b")];
    assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    server.finish();
}

#[test]
fn the_header_carries_the_secret_only_where_the_provider_takes_nothing_else() {
    let server = Server::script(vec![Box::new(|request, stream| {
        // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
        assert!(request.contains("authorization: Basic bXktYXBwOmElM0FiKyUyNQ=="), "{request}");
        assert!(!request.contains("client_secret"), "{request}");
        http::reply("200 OK", "", r#"{"access_token":"t"}"#)(request, stream);
    })]);
    let app = testing::oidc("https://id.example");
    let endpoint = TokenEndpoint::known(server.url("/token"), ClientAuthentication::Basic);
    let credential = ClientCredential::Secret(SecretString::from("a:b %"));
    let old = SecretString::from("r");
    let http = http::client();
    client(&http, &app, &endpoint, &credential).token(&Refresh { token: &old, scopes: &[] }).ok().unwrap();
    server.finish();
}

/// RFC 6749 §4.4.2: the grant has no parameters but the scope; §4.4.3: its answer needs no refresh token.
#[test]
fn an_app_asks_for_itself_with_nothing_but_its_own_credentials() {
    for credential in [
        ClientCredential::Secret(SecretString::from("canary-secret")),
        ClientCredential::Assertion(Arc::new(TestSigner::default())),
    ] {
        let (sender, receiver) = std::sync::mpsc::channel();
        let server = Server::script(vec![Box::new(move |request, stream| {
            sender.send(request.to_owned()).unwrap();
            http::reply("200 OK", "", r#"{"access_token":"canary-app","expires_in":3599}"#)(request, stream);
        })]);
        let (http, shown) = http::recorded_client();
        let (app, endpoint) = (testing::microsoft("common"), TokenEndpoint::from(server.url("/token")));
        let scopes = ["https://graph.microsoft.com/.default".parse().unwrap()];
        let client = client(&http, &app, &endpoint, &credential);
        let token = client.token(&ClientCredentials { scopes: &scopes }).ok().unwrap();
        assert_eq!(token.access_token.expose_secret(), "canary-app");
        assert!(token.refresh_token.is_none());
        let form = form(&receiver.recv().unwrap());
        assert_eq!(value(&form, "grant_type"), Some("client_credentials"));
        assert_eq!(value(&form, "scope"), Some("https://graph.microsoft.com/.default"));
        assert_eq!(value(&form, "client_id"), Some(app.client_id.as_str()));
        let (secret, assertion) = (value(&form, "client_secret"), value(&form, "client_assertion"));
        assert!(matches!((secret, assertion), (Some("canary-secret"), None) | (None, Some(_))), "{form:?}");
        let shown = shown.lock().unwrap();
        assert!(shown.contains("grant_type=client_credentials") && !shown.contains("canary"), "{shown}");
        server.finish();
    }
}

/// Signs by naming what it was asked to sign, and how often it was asked.
#[derive(Default)]
struct TestSigner(AtomicUsize);

impl Assertion for TestSigner {
    fn assertion_type(&self) -> &'static str {
        JWT_BEARER
    }

    fn sign(&self, audience: &EndpointUrl, now: Timestamp) -> Result<SecretString, Failure> {
        let number = self.0.fetch_add(1, SeqCst);
        Ok(format!("canary-signed.{}.{}.{number}", audience.as_url().path(), now.as_second()).into())
    }
}

/// RFC 7521 §4.2, RFC 7523 §2.2: at the token endpoint with every grant, and at the device authorization endpoint.
#[test]
fn an_assertion_goes_into_the_body_in_place_of_a_secret_whatever_the_endpoint_offers() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let step = |status: &'static str, body: &'static str| -> http::Step {
        let sender = sender.clone();
        Box::new(move |request, stream| {
            sender.send(request.to_owned()).unwrap();
            http::reply(status, "", body)(request, stream);
        })
    };
    let codes = r#"{"device_code":"canary-device","user_code":"A","verification_uri":"https://id.example/"}"#;
    let server = Server::script(vec![
        step("200 OK", TOKEN),
        step("200 OK", TOKEN),
        step("200 OK", codes),
        step("400 Bad Request", r#"{"error":"authorization_pending"}"#),
        step("200 OK", TOKEN),
        step("401 Unauthorized", r#"{"error":"invalid_client"}"#),
    ]);
    let app = testing::oidc("https://id.example");
    let redirect = "http://127.0.0.1:1234/callback".parse().unwrap();
    let endpoints = Endpoints {
        token: TokenEndpoint {
            fallbacks: &[ClientAuthentication::BasicRaw, ClientAuthentication::Body],
            ..TokenEndpoint::known(server.url("/token"), ClientAuthentication::Basic)
        },
        device_authorization: Some(server.url("/device")),
        ..testing::endpoints(server.url("/token"))
    };
    let hint = "shop@contoso.com".parse().unwrap();
    let request = AuthorizationRequest::begin(&app, &endpoints, &redirect, &[], &hint, true);
    let (http, shown) = http::recorded_client();
    let credential = ClientCredential::Assertion(Arc::new(TestSigner::default()));
    let client = client(&http, &app, &endpoints.token, &credential);
    let (code, old) = (SecretString::from("canary-code"), SecretString::from("canary-old"));
    client.token(&AuthorizationCode { request: &request, code: &code, scopes: &[] }).ok().unwrap();
    client.token(&Refresh { token: &old, scopes: &[] }).ok().unwrap();
    let scopes = ["openid".parse().unwrap()];
    let codes = request_device_code(&client, &endpoints, &scopes).ok().unwrap();
    assert!(redeem_device_code(&client, &codes).is_err());
    redeem_device_code(&client, &codes).ok().unwrap();
    let refused = client.token(&Refresh { token: &old, scopes: &[] }).err().expect("one try: there is no other way");
    assert!(matches!(refused.kind, FailureKind::OAuth(_)), "{refused}");
    server.finish();
    for number in 0..6 {
        let raw = receiver.recv().unwrap();
        let to_device = raw.starts_with("POST /device ");
        assert_eq!(to_device, number == 2, "{raw}");
        assert!(!raw.to_ascii_lowercase().contains("authorization:"), "{raw}");
        let form = form(&raw);
        assert_eq!(value(&form, "client_id"), Some("my-app"));
        let kind = value(&form, "client_assertion_type");
        assert_eq!(kind, Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        // A new one each time, for the token endpoint.
        let expected = format!("canary-signed./token.1800000000.{number}");
        assert_eq!(value(&form, "client_assertion"), Some(expected.as_str()));
        assert_eq!(value(&form, "client_secret"), None);
    }
    let shown = shown.lock().unwrap();
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn an_assertion_that_cannot_be_signed_sends_nothing() {
    struct NoKey;
    impl Assertion for NoKey {
        fn assertion_type(&self) -> &'static str {
            JWT_BEARER
        }

        fn sign(&self, _: &EndpointUrl, _: Timestamp) -> Result<SecretString, Failure> {
            Err(FailureKind::NoClientSecret { app: "my-app".into() }.into())
        }
    }
    let endpoint = TokenEndpoint::from("http://127.0.0.1:1/token".parse::<EndpointUrl>().unwrap());
    let (http, app) = (http::client(), testing::oidc("https://id.example"));
    let credential = ClientCredential::Assertion(Arc::new(NoKey));
    let old = SecretString::from("r");
    let failure = client(&http, &app, &endpoint, &credential).token(&Refresh { token: &old, scopes: &[] }).err();
    assert!(matches!(failure.unwrap().kind, FailureKind::NoClientSecret { .. }));
}

/// Answers every request with the first `cut` bytes of an answer, and hangs up. Counts connections, and requests that
/// hold the code.
struct Cutter {
    url: EndpointUrl,
    cut: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    codes: Arc<AtomicUsize>,
}

impl Cutter {
    fn start(answer: String) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap()).parse().unwrap();
        let counters: [Arc<AtomicUsize>; 3] = Default::default();
        let [cut, connections, codes] = counters.clone();
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                connections.fetch_add(1, SeqCst);
                let request = http::read_request(&mut stream);
                codes.fetch_add(usize::from(request.contains("code=canary-code")), SeqCst);
                let _ = std::io::Write::write_all(&mut stream, &answer.as_bytes()[..cut.load(SeqCst)]);
            }
        });
        let [cut, connections, codes] = counters;
        Self { url, cut, connections, codes }
    }
}

#[test]
fn a_code_is_sent_once_at_whatever_byte_the_answer_breaks_off() {
    let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{TOKEN}", TOKEN.len());
    let server = Cutter::start(whole.clone());
    let app = testing::oidc("https://id.example");
    let endpoints = testing::endpoints(server.url.clone());
    let redirect = "http://127.0.0.1:1234/callback".parse().unwrap();
    let hint = "shop@contoso.com".parse().unwrap();
    for cut in 0..=whole.len() {
        server.cut.store(cut, SeqCst);
        let request = AuthorizationRequest::begin(&app, &endpoints, &redirect, &[], &hint, true);
        let code = &SecretString::from("canary-code");
        let http = http::client();
        let client = client(&http, &app, &endpoints.token, &ClientCredential::None);
        let result = client.token(&AuthorizationCode { request: &request, code, scopes: &[] });
        match result.map_err(|failure| failure.kind) {
            Ok(_) => assert_eq!(cut, whole.len(), "half an answer is not a token"),
            Err(FailureKind::ConnectionLost { .. } | FailureKind::Unreadable { .. }) => {
                assert!(cut < whole.len());
            }
            Err(kind) => panic!("after {cut} bytes: {kind:?}"),
        }
        // A second request would have been counted by now: the exchange has ended.
        let counted = (server.connections.load(SeqCst), server.codes.load(SeqCst));
        assert_eq!(counted, (cut + 1, cut + 1), "after {cut} bytes");
    }
}

#[test]
fn a_refusal_says_what_the_federated_token_says_that_was_sent() {
    struct Federated;
    impl Assertion for Federated {
        fn assertion_type(&self) -> &'static str {
            JWT_BEARER
        }

        fn sign(&self, _: &EndpointUrl, _: Timestamp) -> Result<SecretString, Failure> {
            Ok("canary.federated.token".into())
        }

        fn federated(&self) -> Option<FederatedClaims> {
            let (issuer, subject, audience) = ("https://runner.example", "repo:contoso/shop", "api://exchange");
            Some(FederatedClaims { issuer: issuer.into(), subject: subject.into(), audience: audience.into() })
        }
    }
    let refusal = r#"{"error":"invalid_request","error_description":"AADSTS700213: No match.","error_codes":[700213]}"#;
    let app = testing::microsoft("contoso.example");
    for (credential, expected) in [
        (ClientCredential::Assertion(Arc::new(Federated)), Some("repo:contoso/shop")),
        (ClientCredential::Assertion(Arc::new(TestSigner::default())), None),
    ] {
        let server = Server::answering("400 Bad Request", "", refusal);
        let endpoint = server.url("/token").into();
        let http = http::client();
        let failure = client(&http, &app, &endpoint, &credential).token(&ClientCredentials { scopes: &[] });
        let FailureKind::OAuth(fault) = failure.err().unwrap().kind else { panic!("the endpoint refused it") };
        assert_eq!(fault.federated.as_deref().map(|claims| claims.subject.as_str()), expected);
        assert_eq!(fault.lacks_federated_credential(), expected.is_some());
        server.finish();
    }
}
