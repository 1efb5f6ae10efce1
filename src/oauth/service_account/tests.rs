//! Google's files, what is made of them, and what is wrong with them; strict servers in Google's place.

use std::fmt::Write as _;
use std::path::Path;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::testing::{self, ACCOUNT, NUMBER, Rsa};
use super::*;
use crate::failure::FailureKind;
use crate::net::HttpClient;
use crate::net::testing::{self as http, Server};
use crate::oauth::grant::JwtBearer;
use crate::oauth::{Client, ClientCredential, TokenEndpoint};
use crate::profile::{Address, Scope};
use crate::text::Redactor;

const EXCHANGE: &str = "https://sts.googleapis.com/v1/token";
const SIGNER: &str = "https://iamcredentials.googleapis.com";
const TOKEN: &str = "https://oauth2.googleapis.com/token";
const POOL: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/github";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// An app with a service account; `settings` are those of `service_account`.
fn app(settings: &str) -> App {
    let text = format!(
        "[apps.shop]\nprovider = \"google\"\nclient_id = \"{NUMBER}\"\ncredential = \"service-account\"\n{settings}\n"
    );
    crate::config::parse("/etc/config.toml".as_ref(), &text).unwrap().apps.into_values().next().unwrap()
}

/// An app whose configuration is the file at `path`, with Google's services at `server`.
fn keyless(path: &Path, server: &Server) -> App {
    let base = server.address();
    app(&format!(
        "service_account = {{ external_account = {:?}, token_url = \"{base}/token\", \
         token_exchange_url = \"{base}/v1/token\", signer_url = \"{base}\" }}",
        path.display().to_string()
    ))
}

fn key_file() -> Value {
    testing::key_file(TOKEN)
}

/// The file of an account without a key, whose token is at `source`.
fn external_file(source: &Value, exchange: &str, signer: &str) -> Value {
    json!({
        "type": "external_account",
        "audience": POOL,
        "subject_token_type": JWT,
        "token_url": exchange,
        "service_account_impersonation_url":
            format!("{signer}/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken"),
        "credential_source": source,
    })
}

fn stored(app: &App, file: &str) -> Result<Arc<dyn ServiceAccount>, Failure> {
    open(app, Some(&SecretString::from(file)), None, &Redactor::default())
}

/// The code and the case of what is wrong.
fn wrong<T>(result: Result<T, Failure>) -> String {
    match result.map(drop).expect_err("nothing is wrong").kind {
        FailureKind::Credential(fault) => format!("{} {}", fault.code, fault.cases.join(" ")).trim_end().to_owned(),
        other => format!("{other:?}"),
    }
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn scopes() -> Vec<Scope> {
    vec!["https://mail.google.com/".parse().unwrap(), "https://www.googleapis.com/auth/gmail.send".parse().unwrap()]
}

/// The statement of `account` for the shop's mailbox, at a fixed time.
fn statement(account: &dyn ServiceAccount, audience: &str, http: &HttpClient) -> Result<SecretString, Failure> {
    let (user, scopes, audience) = (address("shop@contoso.com"), scopes(), audience.parse().unwrap());
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    account.assertion(&Delegation { user: &user, scopes: &scopes, audience: &audience, now }, http)
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn claims(audience: &str) -> Value {
    json!({
        "iss": ACCOUNT,
        "sub": "shop@contoso.com",
        "scope": "https://mail.google.com/ https://www.googleapis.com/auth/gmail.send",
        "aud": audience,
        "iat": 1_800_000_000,
        "exp": 1_800_003_600,
    })
}

#[test]
fn a_key_signs_who_asks_for_whom_and_for_what() {
    let account = stored(&app(""), &key_file().to_string()).unwrap();
    let signed = statement(account.as_ref(), TOKEN, &http::client()).unwrap();
    let parts: Vec<&str> = signed.expose_secret().split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { panic!("not a JWS: {} parts", parts.len()) };
    assert_eq!(decoded(header), json!({ "alg": "RS256", "typ": "JWT", "kid": "0123456789abcdef" }));
    assert_eq!(decoded(payload), claims(TOKEN));
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert!(Rsa::usual().verifies(format!("{header}.{payload}").as_bytes(), &signature));
    assert!(!Rsa::usual().verifies(format!("{header}.{payload}x").as_bytes(), &signature));
}

#[test]
fn the_token_endpoint_gets_the_statement_and_no_other_proof() {
    let server = Server::script(vec![Box::new(|request, stream| {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /token HTTP/1.1") && !head.to_lowercase().contains("authorization"), "{head}");
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let [(_, grant), (assertion, signed)] = fields.as_slice() else { panic!("{fields:?}") };
        assert_eq!(grant, "urn:ietf:params:oauth:grant-type:jwt-bearer");
        assert_eq!((assertion.as_str(), signed.split('.').count()), ("assertion", 3));
        let answer = r#"{"access_token":"ya29.practice","expires_in":3599,"token_type":"Bearer"}"#;
        http::reply("200 OK", "Content-Type: application/json\r\n", answer)(request, stream);
    })]);
    let app = app(&format!("service_account = {{ token_url = \"{}/token\" }}", server.address()));
    let mut file = key_file();
    file["token_uri"] = server.url("/token").to_string().into();
    let account = stored(&app, &file.to_string()).unwrap();
    let (http, shown) = http::recorded_client();
    let endpoint: TokenEndpoint = server.url("/token").into();
    let assertion = statement(account.as_ref(), &endpoint.url.to_string(), &http).unwrap();
    let clock = crate::clock::Clock::system();
    let credential = ClientCredential::ServiceAccount(account);
    let client = Client { http: &http, clock, app: &app, endpoint: &endpoint, credential: &credential };
    let answer = client.token(&JwtBearer { assertion: assertion.clone() }).unwrap();
    assert_eq!(answer.access_token.expose_secret(), "ya29.practice");
    server.finish();
    let shown = shown.lock().unwrap();
    for secret in [assertion.expose_secret(), "ya29.practice"] {
        assert!(shown.contains("assertion=[redacted]") && !shown.contains(secret), "{shown}");
    }
}

/// A file with one field changed or taken out.
fn with(field: &str, value: impl Into<Value>) -> String {
    let mut file = key_file();
    file[field] = value.into();
    file.to_string()
}

fn without(mut file: Value, field: &str) -> String {
    file.as_object_mut().unwrap().remove(field).unwrap();
    file.to_string()
}

#[test]
fn every_wrong_file_has_a_finding_of_its_own_before_anything_is_sent() {
    let pem = Rsa::usual().pem();
    let (head, rest) = pem.split_at(400);
    let cases = [
        ("", "service-account-not-a-file"),
        ("key.json", "service-account-not-a-file"),
        ("\u{1}\u{2}\u{3}", "service-account-not-a-file"),
        (&pem, "service-account-not-a-file pem"),
        (&key_file().to_string()[..300], "service-account-not-a-file cut"),
        (r#"{"installed":{"client_id":"1-a.apps.googleusercontent.com"}}"#, "service-account-is-oauth-client"),
        (r#"{"web":{"client_id":"1-a.apps.googleusercontent.com"}}"#, "service-account-is-oauth-client"),
        (r#"{"type":"authorized_user","refresh_token":"1//x"}"#, "service-account-is-user"),
        (r#"{"type":"impersonated_service_account"}"#, "service-account-other-kind"),
        ("{}", "service-account-incomplete"),
        (&without(key_file(), "type"), "service-account-incomplete"),
        (&without(key_file(), "private_key"), "service-account-incomplete key"),
        (&with("private_key", ""), "service-account-incomplete key"),
        (&without(key_file(), "private_key_id"), "service-account-incomplete"),
        (&without(key_file(), "client_email"), "service-account-incomplete"),
        (&with("client_email", "not an address"), "service-account-incomplete"),
        (&without(key_file(), "client_id"), "service-account-incomplete"),
        (&without(key_file(), "token_uri"), "service-account-incomplete"),
        (&with("client_id", "1"), "service-account-other-client"),
        (&with("token_uri", "https://oauth2.googleapis.com.evil.example/token"), "service-account-other-host"),
        (&with("token_uri", "http://oauth2.googleapis.com/token"), "service-account-other-host"),
        (&with("token_uri", "https://oauth2.googleapis.com/other"), "service-account-other-host"),
        (&with("private_key", "no key"), "service-account-key-damaged unusable"),
        (&with("private_key", head), "service-account-key-damaged cut"),
        (&with("private_key", rest), "service-account-key-damaged unusable"),
        (&with("private_key", pem.replace("PRIVATE", "ENCRYPTED PRIVATE")), "service-account-key-damaged encrypted"),
        (&with("private_key", Rsa::short().pem()), "service-account-key-damaged unusable"),
    ];
    let app = app("");
    for (file, code) in cases {
        assert_eq!(wrong(stored(&app, file)), code, "{file}");
    }
    assert_eq!(wrong(open(&app, None, None, &Redactor::default())), "service-account-not-stored");
}

#[test]
fn a_key_is_read_however_its_line_ends_came_through() {
    let pem = Rsa::usual().pem();
    for pem in [pem.replace('\n', "\r\n"), pem.replace('\n', "\\n"), pem.replace('\n', " "), Rsa::usual().pkcs1_pem()] {
        let account = stored(&app(""), &with("private_key", pem)).unwrap();
        statement(account.as_ref(), TOKEN, &http::client()).unwrap();
    }
    let marked = format!("\u{feff}{}\n", key_file());
    stored(&app(""), &marked).unwrap();
}

#[test]
fn a_configuration_that_names_other_servers_or_programs_is_refused() {
    let file = json!({ "file": "/run/token" });
    let of = |source: Value| external_file(&source, EXCHANGE, SIGNER).to_string();
    let good = || external_file(&file, EXCHANGE, SIGNER);
    let impersonation = |url: &str| {
        let mut file = good();
        file["service_account_impersonation_url"] = url.into();
        file.to_string()
    };
    let cases = [
        (without(good(), "token_url"), "service-account-incomplete"),
        (without(good(), "audience"), "service-account-incomplete"),
        (without(good(), "subject_token_type"), "service-account-incomplete"),
        (without(good(), "service_account_impersonation_url"), "service-account-incomplete impersonation"),
        (without(good(), "credential_source"), "service-account-incomplete"),
        (of(json!({})), "service-account-incomplete"),
        (of(json!({ "file": "/t", "format": { "type": "json" } })), "service-account-incomplete"),
        (of(json!({ "file": "/t", "format": { "type": "xml" } })), "service-account-source format"),
        (of(json!({ "executable": { "command": "/bin/sh" } })), "service-account-source executable"),
        (of(json!({ "environment_id": "aws1", "url": "http://169.254.169.254" })), "service-account-source aws"),
        (of(json!({ "certificate": {} })), "service-account-source certificate"),
        (of(json!({ "url": "http://token.example/" })), "service-account-source insecure"),
        (of(json!({ "url": "https://t.example/", "headers": { "A\nb": "c" } })), "service-account-source header"),
        (of(json!({ "url": "https://t.example/", "headers": { "A": 1 } })), "service-account-source header"),
        (external_file(&file, "https://sts.evil.example/v1/token", SIGNER).to_string(), "service-account-other-host"),
        (external_file(&file, EXCHANGE, "https://iam.evil.example").to_string(), "service-account-other-host"),
        (
            impersonation("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/x"),
            "service-account-other-host",
        ),
        (
            impersonation(&format!("{SIGNER}/v1/projects/-/serviceAccounts/../x:generateAccessToken")),
            "service-account-incomplete impersonation",
        ),
    ];
    for (file, code) in cases {
        assert_eq!(wrong(stored(&app(""), &file)), code, "{file}");
    }
    stored(&app(""), &good().to_string()).unwrap();
}

#[test]
fn a_configuration_outside_the_store_must_hold_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.json");
    let app = app(&format!("service_account = {{ external_account = {:?} }}", path.display().to_string()));
    let open = || open(&app, None, None, &Redactor::default());
    assert_eq!(wrong(open()), "service-account-file-unreadable");
    for (contents, code) in [
        (key_file().to_string().into_bytes(), "service-account-key-in-file"),
        (vec![b' '; 70_000], "service-account-file-unreadable"),
        (vec![0xff, 0xfe], "service-account-file-unreadable"),
        (Vec::new(), "service-account-not-a-file"),
    ] {
        std::fs::write(&path, contents).unwrap();
        assert_eq!(wrong(open()), code);
    }
    std::fs::write(&path, external_file(&json!({ "file": "/run/token" }), EXCHANGE, SIGNER).to_string()).unwrap();
    open().unwrap();
}

/// The steps of Google's services: they want `subject`, and sign whatever they are given.
fn google(subject: &'static str) -> Vec<http::Step> {
    vec![
        Box::new(move |request, stream| {
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("POST /v1/token HTTP/1.1"), "{head}");
            let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            let expected = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                ("audience", POOL),
                ("scope", "https://www.googleapis.com/auth/cloud-platform"),
                ("subject_token_type", JWT),
                ("subject_token", subject),
            ];
            assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
            let answer = r#"{"access_token":"ya29.federated-4711","expires_in":3599,"token_type":"Bearer",
                "issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}"#;
            http::reply("200 OK", "Content-Type: application/json\r\n", answer)(request, stream);
        }),
        Box::new(|request, stream| {
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            let path = format!("POST /v1/projects/-/serviceAccounts/{ACCOUNT}:signJwt HTTP/1.1");
            assert!(head.starts_with(&path), "{head}");
            assert!(head.to_lowercase().contains("authorization: bearer ya29.federated-4711"), "{head}");
            let body: Value = serde_json::from_str(body).unwrap();
            let payload: Value = serde_json::from_str(body["payload"].as_str().unwrap()).unwrap();
            assert_eq!(payload, claims(TOKEN));
            let answer = json!({ "keyId": "1", "signedJwt": "head.payload.signature-of-google" }).to_string();
            http::reply("200 OK", "Content-Type: application/json\r\n", answer)(request, stream);
        }),
    ]
}

/// Opens the account that `source` describes, at `server`.
fn opened(source: &Value, server: &Server) -> (tempfile::TempDir, Arc<dyn ServiceAccount>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.json");
    let base = server.address();
    std::fs::write(&path, external_file(source, &format!("{base}/v1/token"), base).to_string()).unwrap();
    let account = open(&keyless(&path, server), None, None, &Redactor::default()).unwrap();
    (folder, account)
}

#[test]
fn without_a_key_google_signs_for_the_token_of_another_issuer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let source = json!({ "file": file });
    let server =
        Server::script(google("first.token.of-the-issuer").into_iter().chain(google("second.token.of-it")).collect());
    let (_folder, account) = opened(&source, &server);
    // The issuer replaces the file, and each statement takes what is there.
    for (contents, token) in
        [("first.token.of-the-issuer\n", "first.token.of-the-issuer"), ("  second.token.of-it", "second.token.of-it")]
    {
        std::fs::write(&file, contents).unwrap();
        let (http, shown) = http::recorded_client();
        let signed = statement(account.as_ref(), TOKEN, &http).unwrap();
        assert_eq!(signed.expose_secret(), "head.payload.signature-of-google");
        let shown = shown.lock().unwrap();
        for secret in [token, "ya29.federated-4711", "signature-of-google"] {
            assert!(shown.contains("subject_token=[redacted]") && !shown.contains(secret), "{shown}");
        }
    }
    server.finish();
}

#[test]
fn the_token_may_come_from_an_address_in_a_field_of_json() {
    let mut steps: Vec<http::Step> = vec![Box::new(|request, stream| {
        assert!(request.starts_with("GET /oidc?audience=google HTTP/1.1"), "{request}");
        assert!(request.to_lowercase().contains("authorization: bearer runner-4711-token"), "{request}");
        http::reply("200 OK", "Content-Type: application/json\r\n", r#"{"value":"runner.signed.token"}"#)(
            request, stream,
        );
    })];
    steps.extend(google("runner.signed.token"));
    let server = Server::script(steps);
    let source = json!({
        "url": server.url("/oidc?audience=google").to_string(),
        "headers": { "Authorization": "Bearer runner-4711-token" },
        "format": { "type": "json", "subject_token_field_name": "value" },
    });
    let (_folder, account) = opened(&source, &server);
    let (http, shown) = http::recorded_client();
    statement(account.as_ref(), TOKEN, &http).unwrap();
    server.finish();
    let shown = shown.lock().unwrap();
    assert!(!shown.contains("runner-4711-token") && !shown.contains("runner.signed.token"), "{shown}");
}

#[test]
fn the_app_s_federated_tokens_are_traded_too() {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims =
        json!({ "iss": "https://id.example", "sub": "job", "aud": format!("https:{POOL}"), "exp": 4_000_000_000_u64 });
    let token = format!("{}.{}.c2ln", part(json!({ "alg": "RS256" })), part(claims));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, &token).unwrap();
    let server = Server::script(google(token.leak()));
    let base = server.address();
    let app = app(&format!(
        "service_account = {{ account = \"{ACCOUNT}\", audience = \"{POOL}\", token_exchange_url = \"{base}/v1/token\", \
         signer_url = \"{base}\" }}\nfederated = {{ source = \"file\", file = {:?} }}",
        file.display().to_string()
    ));
    let tokens = crate::oauth::assertion::federated::open(&app, &http::client()).unwrap();
    let account = open(&app, None, Some(tokens), &Redactor::default()).unwrap();
    let signed = statement(account.as_ref(), TOKEN, &http::client()).unwrap();
    assert_eq!(signed.expose_secret(), "head.payload.signature-of-google");
    server.finish();
}

#[test]
fn whom_google_signs_for_is_told_in_full_or_not_at_all() {
    let account = format!("account = \"{ACCOUNT}\"");
    let audience = format!("audience = \"{POOL}\"");
    let source = "federated = { source = \"github\" }";
    let of = |settings: &str, more: &str| format!("service_account = {{ {settings} }}\n{more}");
    for wrong in [
        of(&account, source),
        of(&audience, source),
        of(&format!("{account}, {audience}"), ""),
        of(&format!("{account}, {audience}, external_account = \"a.json\""), source),
        of(&format!("{account}, audience = \"projects/1\""), source),
        of(&format!("account = \"no address\", {audience}"), source),
        source.to_owned(),
    ] {
        let text = format!(
            "[apps.shop]\nprovider = \"google\"\nclient_id = \"{NUMBER}\"\ncredential = \"service-account\"\n{wrong}\n"
        );
        assert!(crate::config::parse("config.toml".as_ref(), &text).is_err(), "{wrong}");
    }
    assert_eq!(app(&of(&format!("{account}, {audience}"), source)).handed_over(), None);
}

#[test]
fn every_reason_that_there_is_no_token_to_trade_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let server = Server::script(Vec::new());
    let text = json!({ "file": file });
    let field = json!({ "file": file, "format": { "type": "json", "subject_token_field_name": "id_token" } });
    let long = "x".repeat(70_000);
    for (source, contents, case) in [
        (&text, None, "no-file"),
        (&text, Some(""), "no-token"),
        (&text, Some("\n"), "no-token"),
        (&text, Some("two words"), "no-token"),
        (&text, Some("a\u{1b}[31mb"), "no-token"),
        (&text, Some(long.as_str()), "too-large"),
        (&field, Some("a.b.c"), "not-json"),
        (&field, Some(r#"{"token":"a.b.c"}"#), "no-field"),
        (&field, Some(r#"{"id_token":7}"#), "no-field"),
        (&field, Some(r#"{"id_token":""}"#), "no-token"),
    ] {
        match contents {
            Some(contents) => std::fs::write(&file, contents).unwrap(),
            None => assert!(!file.exists()),
        }
        let (_folder, account) = opened(source, &server);
        let signed = statement(account.as_ref(), TOKEN, &http::client());
        assert_eq!(wrong(signed), format!("service-account-subject-token {case}"), "{contents:?}");
    }
    let (_folder, account) = opened(&json!({ "file": folder.path() }), &server);
    let signed = statement(account.as_ref(), TOKEN, &http::client());
    assert_eq!(wrong(signed), "service-account-subject-token unreadable");
    server.finish();
    let server = Server::answering("403 Forbidden", "", "no");
    let (_folder, account) = opened(&json!({ "url": server.url("/oidc").to_string() }), &server);
    let signed = statement(account.as_ref(), TOKEN, &http::client());
    assert_eq!(wrong(signed), "service-account-subject-token refused");
    server.finish();
}

#[test]
fn what_googles_services_refuse_is_told_in_their_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "a.b.c").unwrap();
    let json = "Content-Type: application/json\r\n";
    let exchange = r#"{"error":"invalid_target","error_description":"The target service indicated by the \"audience\" parameters is invalid."}"#;
    let signer = r#"{"error":{"code":403,"message":"Permission 'iam.serviceAccounts.signJwt' denied on resource (or it may not exist).","status":"PERMISSION_DENIED"}}"#;
    let traded = || google("a.b.c").into_iter().next().unwrap();
    for (steps, error, said) in [
        (vec![http::reply("400 Bad Request", json, exchange)], "invalid_target", "audience"),
        (vec![traded(), http::reply("403 Forbidden", json, signer)], "PERMISSION_DENIED", "signJwt"),
    ] {
        let server = Server::script(steps);
        let (_folder, account) = opened(&json!({ "file": file }), &server);
        let failure = statement(account.as_ref(), TOKEN, &http::client()).map(drop).unwrap_err();
        let mut words = String::new();
        write!(words, "{:?}", failure.server_said).unwrap();
        let FailureKind::OAuth(fault) = failure.kind else { panic!("{failure}") };
        assert!(fault.error.as_ref() == error && words.contains(said), "{fault:?} {words}");
        server.finish();
    }
    // Something that is not an answer of Google's.
    for body in ["{}", r#"{"signedJwt":""}"#, r#"{"signedJwt":7}"#, "<html><title>Guest network</title>"] {
        let server = Server::script(vec![traded(), http::reply("200 OK", "", body)]);
        let (_folder, account) = opened(&json!({ "file": file }), &server);
        let failure = statement(account.as_ref(), TOKEN, &http::client()).map(drop).unwrap_err();
        assert!(matches!(failure.kind, FailureKind::NotOAuth { .. }), "{body}: {failure}");
        server.finish();
    }
}
