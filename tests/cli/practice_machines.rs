//! The practice tenant towards machines: managed identities, a key that an app rolls by itself, and Google's service
//! accounts.

use std::io::{Read, Write};
use std::net::TcpStream;

use base64::prelude::{BASE64_STANDARD, Engine};
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use serde_json::{Value, json};

use crate::practice::{Tenant, claims, number};
use crate::practice_apps::{AUDIENCE, Keys, assertion_claims, credential, own_token, own_token_for, sha256};
use crate::sandbox::browser;
use crate::sandbox::faults::Fault;
use crate::sandbox::managed_identity::ManagedIdentity;
use crate::sandbox::world::{SHOP, now};

/// What an address without TLS answers: status, head and body.
fn plain_get(url: &str, headers: &[(&str, &str)]) -> (u16, String, Value) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_owned(), serde_json::from_str(body).unwrap_or_default())
}

fn imds(tenant: &Tenant, more: &str) -> (u16, Value) {
    let base = tenant.sandbox.metadata_base();
    let url = format!("{base}/metadata/identity/oauth2/token?api-version=2018-02-01&resource={AUDIENCE}{more}");
    let (status, _, answer) = plain_get(&url, &[("Metadata", "true")]);
    (status, answer)
}

#[test]
fn a_managed_identity_that_a_user_assigned_proves_an_app() {
    let tenant = Tenant::new();
    let sandbox = &tenant.sandbox;
    let [identity] = sandbox.identities().try_into().expect("there is one");
    let (status, answer) = imds(&tenant, "");
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["client_id"], json!(identity.client_id));
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(claims(&answer["access_token"])["sub"], json!(identity.principal_id));
    sandbox.trust(credential(&sandbox.identity_issuer(), &identity.principal_id));
    assert_eq!(own_token(&tenant, token).0, 200);
    // A person's token of the same tenant is none.
    let person = tenant.access_token(SHOP, "https://outlook.office.com/IMAP.AccessAsUser.All");
    assert_eq!(number(&own_token(&tenant, &person)), 700_211, "the issuer of an access token of version 1");

    sandbox.switch_on(Fault::IdentityNotFound);
    let (status, answer) = imds(&tenant, "");
    assert_eq!((status, &answer["error_description"]), (400, &json!("Identity not found")));
    sandbox.switch_off(Fault::IdentityNotFound);
    let other = ManagedIdentity::user_assigned("other");
    sandbox.assign(&[identity.clone(), other.clone()]);
    assert_eq!(imds(&tenant, "").0, 400, "which one?");
    for id in [&other.client_id, &other.resource_id] {
        assert_eq!(imds(&tenant, &format!("&client_id={id}")).1["client_id"], json!(other.client_id));
    }
    let system = ManagedIdentity::system_assigned();
    sandbox.assign(&[identity, system.clone()]);
    assert_eq!(imds(&tenant, "").1["client_id"], json!(system.client_id));
    sandbox.assign(&[]);
    assert_eq!(imds(&tenant, "").0, 400);
    let base = sandbox.metadata_base();
    let (status, ..) = plain_get(&format!("{base}/metadata/identity/oauth2/token?api-version=2018-02-01"), &[]);
    assert_eq!(status, 400, "without its header");
    assert_eq!(sandbox.surprises(), Vec::<String>::new());
}

#[test]
fn each_kind_of_machine_asks_in_its_own_way() {
    let tenant = Tenant::new();
    let sandbox = &tenant.sandbox;
    let (endpoint, header) = sandbox.app_service();
    let url = format!("{endpoint}?api-version=2019-08-01&resource={AUDIENCE}");
    assert_eq!(plain_get(&url, &[("X-IDENTITY-HEADER", &header)]).0, 200);
    assert_eq!(plain_get(&url, &[]).0, 403);
    let (endpoint, secret) = sandbox.machine_learning();
    let url = format!("{endpoint}?api-version=2017-09-01&resource={AUDIENCE}");
    assert_eq!(plain_get(&url, &[("secret", &secret)]).0, 200);

    let folder = tempfile::tempdir().unwrap();
    let endpoint = sandbox.start_arc(folder.path());
    let url = format!("{endpoint}?api-version=2020-06-01&resource={AUDIENCE}");
    let (status, head, _) = plain_get(&url, &[("Metadata", "true")]);
    assert_eq!(status, 401, "{head}");
    let file = head.lines().find_map(|line| line.strip_prefix("WWW-Authenticate: Basic realm=")).unwrap();
    let key = std::fs::read_to_string(file).unwrap();
    let answer = |key: &str| plain_get(&url, &[("Metadata", "true"), ("Authorization", &format!("Basic {key}"))]);
    assert_eq!(answer(&key).0, 200);
    assert_eq!(answer(&key).0, 401, "a key is good once");
    assert_eq!(sandbox.surprises(), Vec::<String>::new());
}

#[test]
fn an_app_rolls_its_own_key_with_a_proof_and_no_permission() {
    let tenant = Tenant::new();
    let (old, new) = (Keys::new((-1, 2)), Keys::new((-1, 90)));
    let id = tenant.sandbox.upload_certificate("old", &old.certificate.pem());
    let header = json!({"alg": "PS256", "x5t#S256": sha256(&old.certificate)});
    let assertion = old.sign(&header, &assertion_claims(&tenant, &json!({})), &RSA_PSS_SHA256);
    let (_, answer) = own_token_for(&tenant, &assertion, "https://graph.microsoft.com/.default");
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    let object_id = tenant.sandbox.object_id();
    let post = |action: &str, body: &Value| {
        let url = format!("{}/v1.0/applications/{object_id}/{action}", tenant.sandbox.api_base());
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let page = browser::request("POST", &url, &headers, &body.to_string(), tenant.sandbox.ca_file()).unwrap();
        (page.status, serde_json::from_str::<Value>(&page.body).unwrap_or_default())
    };
    let time = now().as_second();
    let proof = |keys: &Keys, issuer: &str, ends: i64| {
        let claims = json!({"aud": "00000002-0000-0000-c000-000000000000", "iss": issuer, "nbf": time, "exp": ends});
        keys.sign(&json!({"alg": "RS256", "typ": "JWT"}), &claims, &RSA_PKCS1_SHA256)
    };
    let key = json!({
        "type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "CN=new",
        "key": BASE64_STANDARD.encode(new.certificate.der()),
    });
    let add =
        |proof: String| post("addKey", &json!({"keyCredential": key, "passwordCredential": null, "proof": proof}));
    let client_id = crate::sandbox::world::CONFIDENTIAL_CLIENT;
    for wrong in [
        proof(&new, &object_id, time + 300),
        proof(&old, client_id, time + 300),
        proof(&old, &object_id, time + 3_600),
        String::new(),
    ] {
        let (status, answer) = add(wrong);
        assert_eq!((status, &answer["error"]["code"]), (401, &json!("Authentication_MissingOrMalformed")));
    }
    let (status, added) = add(proof(&old, &object_id, time + 300));
    assert_eq!(status, 200, "{added}");
    assert_eq!(added["displayName"], json!("CN=new"));
    let header = json!({"alg": "PS256", "x5t#S256": sha256(&new.certificate)});
    let by_new = new.sign(&header, &assertion_claims(&tenant, &json!({})), &RSA_PSS_SHA256);
    assert_eq!(own_token(&tenant, &by_new).0, 200);
    let (status, _) = post("removeKey", &json!({"keyId": id, "proof": proof(&new, &object_id, time + 300)}));
    assert_eq!(status, 204);
    assert_eq!(number(&own_token(&tenant, &assertion)), 700_027);
    assert_eq!((tenant.sandbox.counters().keys_added, tenant.sandbox.counters().keys_removed), (1, 1));
    assert_eq!(tenant.sandbox.surprises(), Vec::<String>::new());
}

#[test]
fn a_service_account_gets_what_was_delegated_and_no_more() {
    let tenant = Tenant::new();
    let sandbox = &tenant.sandbox;
    let file = sandbox.service_account_key().unwrap();
    let keys = Keys::of_pem(file["private_key"].as_str().unwrap());
    let text = |name: &str| file[name].as_str().unwrap().to_owned();
    let ask = |change: Value| {
        let time = now().as_second();
        let mut claims = json!({
            "iss": text("client_email"), "sub": SHOP, "scope": "https://mail.google.com/", "aud": text("token_uri"),
            "iat": time, "exp": time + 3_600,
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let assertion = keys.sign(&json!({"alg": "RS256", "kid": text("private_key_id")}), &claims, &RSA_PKCS1_SHA256);
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.as_str())];
        let page = browser::post(&text("token_uri"), &form, sandbox.ca_file()).unwrap();
        serde_json::from_str::<Value>(&page.body).unwrap()
    };
    assert_eq!(ask(json!({}))["error"], json!("unauthorized_client"));
    sandbox.delegate(&["https://mail.google.com/"]);
    let answer = ask(json!({}));
    assert!(sandbox.is_live_access_token(answer["access_token"].as_str().unwrap()), "{answer}");
    for (change, words) in [
        (json!({"sub": "absent@contoso.example"}), "Invalid email or User ID"),
        (json!({"iss": "another@practice-project.iam.gserviceaccount.com"}), "account not found"),
        (json!({"exp": now().as_second() + 7_200}), "short-lived token"),
        (json!({"aud": "https://example.com/"}), "audience"),
        (json!({"scope": "https://mail.google.com/ https://www.googleapis.com/auth/drive"}), "not authorized for any"),
    ] {
        let answer = ask(change);
        assert!(answer["error_description"].as_str().unwrap().contains(words), "{answer}");
    }
}
