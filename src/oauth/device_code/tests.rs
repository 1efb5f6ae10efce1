use std::collections::BTreeMap;
use std::sync::mpsc;

use secrecy::ExposeSecret;

use super::*;
use crate::net::testing::{self as http, Server};
use crate::oauth::ClientCredential;
use crate::oauth::testing;
use crate::profile::{ClientAuthentication, Provider};

const CODES: &str = r#"{"device_code":"canary-device-code","user_code":"WDJB-MJHT",
    "verification_uri":"https://id.example/device","expires_in":900,"interval":5}"#;

fn endpoints(server: &Server, client_authentication: ClientAuthentication) -> Endpoints {
    Endpoints {
        token: TokenEndpoint::known(server.url("/token"), client_authentication),
        device_authorization: Some(server.url("/device")),
        ..testing::endpoints(server.url("/token"))
    }
}

fn scopes() -> [Scope; 2] {
    ["openid", "https://outlook.office.com/SMTP.Send"].map(|scope| scope.parse().unwrap())
}

/// What comes of a whole answer.
fn answered(status: &str, body: impl AsRef<[u8]>) -> Result<DeviceAuthorization, FailureKind> {
    let server = Server::answering(status, "Content-Type: application/json\r\n", body);
    let app = testing::oidc("https://id.example");
    let (http, endpoints) = (http::client(), endpoints(&server, ClientAuthentication::Body));
    let client = testing::public(&http, &app, &endpoints.token);
    let asked = request_device_code(&client, &endpoints, &scopes());
    server.finish();
    asked.map_err(|failure| failure.kind)
}

/// The same for the usual answer with `field` set to `value`, or taken away.
fn changed(field: &str, value: &str) -> Result<DeviceAuthorization, FailureKind> {
    let mut document: serde_json::Value = serde_json::from_str(CODES).unwrap();
    if value.is_empty() {
        document.as_object_mut().unwrap().remove(field);
        return answered("200 OK", document.to_string());
    }
    // As text, because 2^64 and 1e999 are JSON too.
    document[field] = "HERE".into();
    answered("200 OK", document.to_string().replace("\"HERE\"", value))
}

#[test]
fn the_client_proves_itself_at_both_endpoints_as_it_does_everywhere() {
    for (client_authentication, secret) in [
        (ClientAuthentication::Body, None),
        (ClientAuthentication::Body, Some("a:b %")),
        (ClientAuthentication::Basic, Some("a:b %")),
    ] {
        let (sender, receiver) = mpsc::channel();
        let step = |body: &'static str| -> http::Step {
            let sender = sender.clone();
            Box::new(move |request, stream| {
                sender.send(request.to_owned()).unwrap();
                http::reply("200 OK", "", body)(request, stream);
            })
        };
        let server = Server::script(vec![step(CODES), step(r#"{"access_token":"canary-access"}"#)]);
        let (http, shown) = http::recorded_client();
        let app = testing::oidc("https://id.example");
        let endpoints = endpoints(&server, client_authentication);
        let secret = secret.map(SecretString::from);
        let credential = secret.clone().map_or(ClientCredential::None, ClientCredential::Secret);
        let client = Client { credential: &credential, ..testing::public(&http, &app, &endpoints.token) };
        let codes = request_device_code(&client, &endpoints, &scopes()).ok().unwrap();
        let tokens = redeem_device_code(&client, &codes).ok().unwrap();
        assert_eq!(tokens.access_token.expose_secret(), "canary-access");
        server.finish();
        let (first, second) = (receiver.recv().unwrap(), receiver.recv().unwrap());
        assert!(first.starts_with("POST /device HTTP/1.1\r\n") && second.starts_with("POST /token HTTP/1.1\r\n"));
        let mut own = [
            BTreeMap::from([("scope", "openid https://outlook.office.com/SMTP.Send")]),
            BTreeMap::from([
                ("device_code", "canary-device-code"),
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ]),
        ];
        for (request, own) in [first, second].iter().zip(&mut own) {
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            if client_authentication == ClientAuthentication::Body {
                own.insert("client_id", "my-app");
                own.extend(secret.as_ref().map(|secret| ("client_secret", secret.expose_secret())));
            }
            // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
            let basic = head.contains("authorization: Basic bXktYXBwOmElM0FiKyUyNQ==");
            assert_eq!(basic, client_authentication == ClientAuthentication::Basic, "{head}");
            let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            let map: BTreeMap<&str, &str> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(map.len(), form.len(), "each once: {form:?}");
            assert_eq!(map, *own);
        }
        let shown = shown.lock().unwrap();
        assert!(shown.contains("POST "), "{shown}");
        assert!(!shown.contains("canary") && !shown.contains("a:b"), "{shown}");
    }
}

#[test]
fn the_codes_are_read() {
    let codes = answered("200 OK", format!("\u{feff}{CODES}")).ok().unwrap();
    assert_eq!(codes.user_code, "WDJB-MJHT");
    assert_eq!(codes.verification_uri.to_string(), "https://id.example/device");
    assert_eq!((codes.expires_in.as_secs(), codes.interval.as_secs()), (900, 5));
    assert!(codes.verification_uri_complete.is_none());
    let old_name = CODES.replace("verification_uri", "verification_url");
    assert_eq!(answered("200 OK", old_name).ok().unwrap().verification_uri.to_string(), "https://id.example/device");
}

#[test]
fn odd_numbers_are_tolerated_and_never_make_us_faster() {
    for (value, interval) in [
        ("", 5),
        ("null", 5),
        ("\"soon\"", 5),
        ("[]", 5),
        ("\"7\"", 7),
        ("2.1", 3),
        ("0", 1),
        ("-5", 1),
        ("0.001", 1),
        ("3600", 3600),
        ("18446744073709551616", 86_400),
        ("1e300", 86_400),
    ] {
        assert_eq!(changed("interval", value).ok().unwrap().interval.as_secs(), interval, "interval {value}");
    }
    for (value, life) in [
        ("", 900),
        ("null", 900),
        ("\"1800\"", 1800),
        ("59.9", 59),
        ("0", 0),
        ("-1", 0),
        ("18446744073709551616", 3600),
        ("\"inf\"", 3600),
    ] {
        assert_eq!(changed("expires_in", value).ok().unwrap().expires_in.as_secs(), life, "expires_in {value}");
    }
}

#[test]
fn no_browser_is_sent_to_an_address_without_tls() {
    for hostile in [
        "http://id.example/device",
        "http://localhost/device",
        "http://127.0.0.1:8080/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://microsoft.com@evil.example/",
        "https://id.example/\\u001b[2J",
        "https://id.example/\\u202elive",
        "https://id.example/ $(id)",
        "microsoft.com/devicelogin",
    ] {
        let refused = changed("verification_uri", &format!("\"{hostile}\"")).err();
        let Some(FailureKind::UnsafeUrl { url, .. }) = refused else { panic!("{hostile}: {refused:?}") };
        assert!(!url.contains(char::is_control) && !url.contains('\u{202e}'), "{url}");
        let codes = changed("verification_uri_complete", &format!("\"{hostile}\"")).ok().unwrap();
        assert!(codes.verification_uri_complete.is_none(), "{hostile}: it is a convenience, and left out");
    }
    // An issuer on this machine may do without TLS; why this page may not is said.
    let Some(FailureKind::UnsafeUrl { reason, .. }) = changed("verification_uri", "\"http://127.0.0.1/\"").err() else {
        panic!("it was taken")
    };
    assert!(reason.contains("on this machine too"), "{reason}");
    let long = format!("\"https://id.example/{}\"", "a".repeat(LONGEST_ADDRESS));
    assert!(matches!(changed("verification_uri", &long), Err(FailureKind::UnsafeUrl { .. })));
    let whole = "\"https://id.example/device?user_code=WDJB-MJHT\"";
    let codes = changed("verification_uri_complete", whole).ok().unwrap();
    assert_eq!(codes.verification_uri_complete.unwrap().to_string(), whole.trim_matches('"'));
}

#[test]
fn a_user_code_is_shown_escaped_and_must_be_one_that_a_person_can_type() {
    assert_eq!(changed("user_code", "\"A\\u001b[2J\\u202eB\"").ok().unwrap().user_code, "A\\x1b[2J\\u{202e}B");
    assert_eq!(changed("user_code", "12345678").ok().unwrap().user_code, "12345678");
    let longest = format!("\"{}\"", "A".repeat(LONGEST_USER_CODE));
    assert_eq!(changed("user_code", &longest).ok().unwrap().user_code.len(), LONGEST_USER_CODE);
    for no_code in ["", "null", "\" \"", "[\"A\"]", &format!("\"{}\"", "A".repeat(LONGEST_USER_CODE + 1))] {
        assert!(matches!(changed("user_code", no_code), Err(FailureKind::NotOAuth { .. })), "{no_code}");
    }
}

#[test]
fn errors_are_looked_at_first_and_anything_else_is_not_an_answer() {
    let error = CODES.replacen('{', r#"{"error":"invalid_scope","error_description":"Invalid device flow scope","#, 1);
    let Err(FailureKind::OAuth(fault)) = answered("200 OK", error) else { panic!("codes beside an error count") };
    assert_eq!(fault.error, "invalid_scope");
    for (status, body) in [
        ("200 OK", "<html><title>Guest network</title>"),
        ("200 OK", ""),
        ("200 OK", "{\"device_code\":\"canary"),
        ("200 OK", "{}"),
        ("302 Found", CODES),
        ("502 Bad Gateway", "<html>"),
        ("500 Oops", CODES),
    ] {
        assert!(matches!(answered(status, body), Err(FailureKind::NotOAuth { .. })), "{status} {body}");
    }
    for field in ["device_code", "verification_uri"] {
        for value in ["", "null", "7", "\"\""] {
            let refused = changed(field, value).err();
            let is_refused = matches!(refused, Some(FailureKind::NotOAuth { .. } | FailureKind::UnsafeUrl { .. }));
            assert!(is_refused, "{field} {value}: {refused:?}");
        }
    }
}

#[test]
fn a_provider_without_this_grant_is_named_before_the_sign_in() {
    let closed: EndpointUrl = "http://127.0.0.1:1/".parse().unwrap();
    let mut endpoints = testing::endpoints(closed.clone());
    let ask = |app: &App, endpoints: &Endpoints, scopes: &[Scope]| {
        let http = http::client();
        let client = testing::public(&http, app, &endpoints.token);
        request_device_code(&client, endpoints, scopes).err().map(|failure| failure.kind)
    };
    let why = |kind| match kind {
        Some(FailureKind::NoDeviceCode { why }) => why,
        other => panic!("{other:?}"),
    };
    let oidc = testing::oidc("https://id.example");
    assert!(why(ask(&oidc, &endpoints, &scopes())).contains("device_authorization_endpoint"));
    endpoints.device_authorization = Some(closed);
    let google = App { provider: Provider::GOOGLE, ..oidc };
    let mail: Scope = "https://mail.google.com/".parse().unwrap();
    assert!(why(ask(&google, &endpoints, &["email".parse().unwrap(), mail])).contains("https://mail.google.com/"));
    let allowed = ask(&google, &endpoints, &["openid".parse().unwrap()]);
    assert!(matches!(allowed, Some(FailureKind::ConnectionRefused { .. })), "{allowed:?}");
}
