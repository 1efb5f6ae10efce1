use serde_json::{Value, json};

use super::*;
use crate::net::testing::{self as http, Server};
use crate::oauth::testing;
use crate::profile::ClientAuthentication;

fn document(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": "https://id.example/authorize?realm=a&b=c",
        "token_endpoint": "https://id.example/token",
    })
}

/// What is found when the server answers with the document, changed by `change`, that names the server itself.
fn find(change: impl Fn(&mut Value) + Send + 'static) -> Result<Endpoints, Failure> {
    let (sender, receiver) = std::sync::mpsc::channel::<String>();
    let server = Server::script(vec![Box::new(move |request, stream| {
        assert!(request.starts_with("GET /realm/.well-known/openid-configuration HTTP/1.1\r\n"), "{request}");
        let mut document = document(&receiver.recv().unwrap());
        change(&mut document);
        http::reply("200 OK", "Content-Type: application/json\r\n", document.to_string())(request, stream);
    })]);
    let issuer = server.url("/realm");
    sender.send(issuer.to_string()).unwrap();
    let found = endpoints(&http::client(), &testing::oidc(&issuer.to_string()));
    server.finish();
    found
}

#[test]
fn known_endpoints_need_no_request() {
    let found = endpoints(&http::client(), &testing::microsoft("common")).unwrap();
    assert_eq!(found.token, "https://login.example/token".parse::<EndpointUrl>().unwrap().into());
    assert!(!found.issuer_in_response);
}

#[test]
fn endpoints_are_discovered() {
    let found = find(|_| {}).unwrap();
    assert_eq!(found.authorization.as_url().as_str(), "https://id.example/authorize?realm=a&b=c");
    assert_eq!(found.token.url.as_url().as_str(), "https://id.example/token");
    assert_eq!((found.token.client_authentication, found.issuer_in_response), (ClientAuthentication::Basic, false));
    let found = find(|document| document["authorization_response_iss_parameter_supported"] = true.into()).unwrap();
    assert!(found.issuer_in_response);
    assert_eq!(found.device_authorization, None);
    let address = "https://id.example/device";
    let found = find(|document| document["device_authorization_endpoint"] = address.into()).unwrap();
    assert_eq!(found.device_authorization, Some(address.parse().unwrap()));
}

/// An app of a tenant at the server, whose endpoints are known.
fn of_tenant(server: &Server) -> App {
    let mut app = testing::microsoft("contoso.example");
    let IdentityRule::Tenant { authority, .. } = &mut app.identity else { panic!("a tenant") };
    *authority = server.address().parse().unwrap();
    app
}

#[test]
fn what_is_asked_of_a_tenant_s_metadata_is_whether_there_is_one() {
    let refusal =
        r#"{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant 'x' not found.","error_codes":[90002]}"#;
    let date = "Date: Sat, 28 Nov 2026 12:00:00 GMT\r\n";
    for (status, body, is_refused) in [
        ("200 OK", r#"{"issuer":"x"}"#, false),
        ("400 Bad Request", refusal, true),
        // What a proxy, or an authority of one's own without metadata, answers.
        ("404 Not Found", "<html>", false),
        ("400 Bad Request", "{}", false),
        ("503 Service Unavailable", refusal, false),
    ] {
        let server = Server::answering(status, date, body);
        let found = ask(&http::client(), &of_tenant(&server));
        server.finish();
        match found {
            Ok(found) => {
                assert!(!is_refused, "{status} {body}");
                assert_eq!(found.date, Some("2026-11-28T12:00:00Z".parse().unwrap()));
            }
            Err(failure) => {
                let FailureKind::OAuth(fault) = &failure.kind else { panic!("{failure}") };
                assert!(is_refused && fault.codes == [90002], "{status} {body}: {failure}");
            }
        }
    }
}

#[test]
fn the_authorization_header_is_used_where_the_body_is_not_offered() {
    for (methods, expected) in [
        (json!(["client_secret_basic"]), ClientAuthentication::Basic),
        (json!(["client_secret_basic", "private_key_jwt"]), ClientAuthentication::Basic),
        (json!(["client_secret_basic", "client_secret_post"]), ClientAuthentication::Body),
        (json!(["client_secret_post"]), ClientAuthentication::Body),
        (json!(["private_key_jwt"]), ClientAuthentication::Body),
        // RFC 8414 §2: absent means client_secret_basic, and so does a list that should have been left out.
        (json!([]), ClientAuthentication::Basic),
        (Value::Null, ClientAuthentication::Basic),
    ] {
        let offered = methods.clone();
        let found = find(move |document| document["token_endpoint_auth_methods_supported"] = offered.clone());
        assert_eq!(found.unwrap().token.client_authentication, expected, "{methods}");
    }
}

#[test]
fn another_issuers_metadata_is_refused() {
    for other in ["https://evil.example", "", "https://id.example/"] {
        let failure = find(move |document| document["issuer"] = other.into()).unwrap_err();
        assert!(matches!(failure.kind, FailureKind::OtherIssuer { .. }), "{failure}");
    }
}

#[test]
fn an_issuer_that_differs_by_its_slash_is_told_as_the_provider_writes_it() {
    let issuer: EndpointUrl = "https://id.example/o/mail".parse().unwrap();
    for (named, expected) in [("https://id.example/o/mail/", true), ("https://id.example/o/mai", false)] {
        let mut document = document("https://id.example/o/mail");
        document["issuer"] = named.into();
        let body = document.to_string().into_bytes().into();
        let answer = HttpResponse {
            status: 200,
            content_type: None,
            retry_after: None,
            date: None,
            location: None,
            challenge: None,
            request_id: None,
            body,
        };
        let failure = read(&Transcript::default(), &answer, &issuer).unwrap_err();
        let FailureKind::OtherIssuer { spelled, .. } = failure.kind else { panic!("{failure}") };
        assert_eq!(spelled.as_deref(), Some(named).filter(|_| expected));
    }
}

#[test]
fn a_redirect_of_the_metadata_is_told_with_its_target_and_not_followed() {
    let issuer: EndpointUrl = "https://id.example/o/mail".parse().unwrap();
    let answer = HttpResponse {
        status: 301,
        content_type: None,
        retry_after: Some(std::time::Duration::from_secs(60)),
        date: None,
        location: Some("https://id.example/other/.well-known/openid-configuration".to_owned()),
        challenge: None,
        request_id: None,
        body: Vec::new().into(),
    };
    let failure = read(&Transcript::default(), &answer, &issuer).unwrap_err();
    let FailureKind::NotOAuth { what, retry_after, .. } = failure.kind else { panic!("{failure}") };
    assert!(what.starts_with("a redirect to https://id.example/other/.well-known/"), "{what}");
    assert_eq!(retry_after, answer.retry_after);
}

#[test]
fn what_metadata_repeats_of_a_secret_is_not_shown() {
    // Found by fuzzing.
    const SECRET: &str = "Canary0Q~planted.token";
    let transcript = Transcript::default();
    transcript.redactor().learn(&SECRET.into());
    let issuer: EndpointUrl = "https://id.example".parse().unwrap();
    for (name, value) in [
        ("issuer", format!("https://id.example/{SECRET}")),
        ("token_endpoint", format!("https://id.example/?{SECRET}\u{1b}")),
        ("authorization_endpoint", format!("{SECRET}://x")),
    ] {
        let mut document = document("https://id.example");
        document[name] = value.into();
        let body = document.to_string().into_bytes().into();
        let answer = HttpResponse {
            status: 200,
            content_type: None,
            retry_after: None,
            date: None,
            location: None,
            challenge: None,
            request_id: None,
            body,
        };
        let failure = read(&transcript, &answer, &issuer).unwrap_err();
        assert!(!failure.to_string().contains("planted"), "{failure}");
        assert!(failure.to_string().contains("[redacted]"), "{failure}");
    }
}

#[test]
fn hostile_addresses_are_refused() {
    for hostile in [
        "file:///etc/passwd",
        "http://id.example/authorize",
        "javascript:alert(1)",
        "https://id.example/$(touch x)",
        "https://id.example/$(id)",
        "https://id.example/`id`",
        "https://id.example/a;id",
        "https://id.example/a|calc",
        "https://id.example/a\"&calc",
        "https://id.example/?a='",
        "https://user:pw@id.example/",
        "https://id.example/#x",
        "https://id.example/\n",
        "calc.exe",
        "",
    ] {
        for name in ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint"] {
            let failure = find(move |document| document[name] = hostile.into()).unwrap_err();
            assert!(matches!(failure.kind, FailureKind::UnsafeUrl { .. }), "{name} {hostile}: {failure}");
            assert!(!failure.to_string().contains('\n'));
        }
    }
    let failure = find(|document| document["authorization_endpoint"] = "https://id.example/?a=b&calc".into());
    assert!(failure.is_ok(), "an ampersand separates parameters, and no shell ever reads it");
}

#[test]
fn oauth_metadata_is_asked_for_where_there_is_no_openid_metadata() {
    let (sender, receiver) = std::sync::mpsc::channel::<String>();
    let server = Server::script(vec![
        http::reply("404 Not Found", "", "<html>"),
        Box::new(move |request, stream| {
            let expected = "GET /.well-known/oauth-authorization-server/realm HTTP/1.1\r\n";
            assert!(request.starts_with(expected), "{request}");
            let document = document(&receiver.recv().unwrap()).to_string();
            http::reply("200 OK", "", format!("\u{feff}{document}"))(request, stream);
        }),
    ]);
    let issuer = server.url("/realm");
    sender.send(issuer.to_string()).unwrap();
    endpoints(&http::client(), &testing::oidc(&issuer.to_string())).unwrap();
    server.finish();
}

#[test]
fn a_document_that_lacks_an_endpoint_is_told_by_its_name() {
    let body = r#"{"issuer":"https://id.example","authorization_endpoint":"https://id.example/a"}"#;
    let server = Server::answering("200 OK", "", body);
    let failure = endpoints(&http::client(), &testing::oidc(server.address())).unwrap_err();
    let FailureKind::NotOAuth { what, .. } = &failure.kind else { panic!("{failure}") };
    assert!(what.starts_with("a metadata document without token_endpoint"), "{what}");
    server.finish();
}

#[test]
fn anything_else_is_not_metadata() {
    for (status, body) in [
        ("200 OK", "<html>Sign in to the guest network</html>"),
        ("200 OK", "{}"),
        // Found by fuzzing.
        ("200 OK", r#"["https://id.example","https://id.example/a","https://id.example/t",null,null,null]"#),
        ("200 OK", "{\"issuer\":"),
        ("302 Found", ""),
        ("500 Oops", "{}"),
        ("403 Forbidden", ""),
    ] {
        let times = if status.starts_with('4') { 2 } else { 1 };
        let reply = |_| http::reply(status, "Location: /x\r\n", body);
        let server = Server::script((0..times).map(reply).collect());
        let failure = endpoints(&http::client(), &testing::oidc(server.address())).unwrap_err();
        assert!(matches!(failure.kind, FailureKind::NotOAuth { .. }), "{status} {body}: {failure}");
        server.finish();
    }
}
