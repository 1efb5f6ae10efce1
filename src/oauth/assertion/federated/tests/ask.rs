//! Each platform is asked exactly as it wants to be.

use std::fs;
use std::sync::mpsc;

use serde_json::json;

use super::super::Federated;
use super::kit::{app, fetch, jwt, now, text, world};
use crate::net::testing::{self as http, Server, Step};
use crate::oauth::Assertion as _;

const EXCHANGE: &str = "api%3A%2F%2FAzureADTokenExchange";
const ID: &str = "99999999-2222-3333-4444-555555555555";

/// An answer to a request with exactly this first line, these headers, and no body.
fn strict(line: String, headers: &'static [&'static str], answer: (&'static str, String, String)) -> Step {
    Box::new(move |request, stream| {
        let (status, more, body) = answer;
        let (head, sent) = request.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let is_asked = lines.next() == Some(&format!("{line} HTTP/1.1"));
        let has = |wanted: &str| head.lines().any(|line| line.eq_ignore_ascii_case(wanted));
        let is_good = is_asked && sent.is_empty() && headers.iter().all(|header| has(header));
        // Told by the answer: a panic here would only be seen at the end.
        let refusal = format!("unexpected: {request}");
        if is_good {
            http::reply(status, &more, body)(request, stream)
        } else {
            http::reply("418 No", "", refusal)(request, stream)
        }
    })
}

fn good(field: &str) -> (&'static str, String, String) {
    ("200 OK", String::new(), json!({ field: jwt(json!({})), "expires_on": "1800000300" }).to_string())
}

#[test]
fn runners_and_platforms_are_asked_with_their_own_words() {
    let exchange = |rest: &str| format!("{rest}&resource={EXCHANGE}");
    let resource = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mail";
    let identity = |key: &str, value: &str| format!("source = \"managed-identity\", {key} = \"{value}\"");
    let machine = "GET /metadata/identity/oauth2/token?api-version=2018-02-01";
    let plain = "source = \"managed-identity\"".to_owned();
    for (federated, env, line, headers, field) in [
        (
            "source = \"github\"".to_owned(),
            &[
                ("ACTIONS_ID_TOKEN_REQUEST_URL", "{server}/t?api-version=2.0"),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-r"),
            ][..],
            format!("GET /t?api-version=2.0&audience={EXCHANGE}"),
            &["authorization: Bearer canary-r"][..],
            "value",
        ),
        (
            format!("source = \"azure-pipelines\", service_connection = \"{ID}\""),
            &[("SYSTEM_OIDCREQUESTURI", "{server}/p"), ("SYSTEM_ACCESSTOKEN", "canary-a")],
            format!("POST /p?api-version=7.1&serviceConnectionId={ID}"),
            &["authorization: Bearer canary-a", "x-tfs-fedauthredirect: Suppress", "content-length: 0"],
            "oidcToken",
        ),
        (
            plain.clone(),
            &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "{server}/")],
            exchange(machine),
            &["metadata: true"],
            "access_token",
        ),
        (
            identity("identity", ID),
            &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "{server}")],
            format!("{}&client_id={ID}", exchange(machine)),
            &["metadata: true"],
            "access_token",
        ),
        (
            identity("identity", &format!("object:{ID}")),
            &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "{server}")],
            format!("{}&object_id={ID}", exchange(machine)),
            &["metadata: true"],
            "access_token",
        ),
        (
            identity("identity", resource),
            &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "{server}")],
            format!("{}&msi_res_id={}", exchange(machine), resource.replace('/', "%2F")),
            &["metadata: true"],
            "access_token",
        ),
        (
            identity("identity", ID),
            &[("IDENTITY_ENDPOINT", "{server}/msi/token"), ("IDENTITY_HEADER", "canary-header")],
            format!("{}&client_id={ID}", exchange("GET /msi/token?api-version=2019-08-01")),
            &["x-identity-header: canary-header"],
            "access_token",
        ),
        (
            identity("identity", ID),
            &[("MSI_ENDPOINT", "{server}/ml"), ("MSI_SECRET", "canary-secret")],
            format!("{}&clientid={ID}", exchange("GET /ml?api-version=2017-09-01")),
            &["secret: canary-secret"],
            "access_token",
        ),
    ] {
        let server = Server::script(vec![strict(line.clone(), headers, good(field))]);
        let env: Vec<(&str, String)> =
            env.iter().map(|(name, value)| (*name, value.replace("{server}", server.address()))).collect();
        let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (client, shown) = http::recorded_client();
        let read = fetch(&federated, world(&env, client)).unwrap_or_else(|failure| panic!("{line}: {failure}"));
        assert_eq!(text(&read), jwt(json!({})));
        assert!(!shown.lock().unwrap().contains("canary"), "{}", shown.lock().unwrap());
        server.finish();
    }
}

#[test]
fn arcs_agent_is_shown_what_only_the_right_users_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("abc.key");
    fs::write(&key, "canary-arc-key\n").unwrap();
    let line = format!("GET /arc?api-version=2020-06-01&resource={EXCHANGE}");
    let challenge = format!("WWW-Authenticate: Basic realm={}\r\n", key.display());
    let server = Server::script(vec![
        strict(line.clone(), &["metadata: true"], ("401 Unauthorized", challenge, String::new())),
        strict(line, &["metadata: true", "authorization: Basic canary-arc-key"], good("access_token")),
    ]);
    let endpoint = server.url("/arc").to_string();
    let env = [("IDENTITY_ENDPOINT", &*endpoint), ("IMDS_ENDPOINT", &*endpoint)];
    let (client, shown) = http::recorded_client();
    let mut world = world(&env, client);
    world.arc_keys = folder.path().to_owned();
    fetch("source = \"managed-identity\"", world).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(!shown.lock().unwrap().contains("canary-arc"), "{}", shown.lock().unwrap());
    server.finish();
}

#[test]
fn no_file_but_one_of_arcs_keys_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, outside) = (folder.path().join("keys"), folder.path().join("outside.key"));
    fs::create_dir(&keys).unwrap();
    fs::write(&outside, "canary-outside").unwrap();
    fs::write(keys.join("large.key"), "k".repeat(5000)).unwrap();
    fs::write(keys.join("empty.key"), "\n").unwrap();
    fs::write(keys.join("other.txt"), "canary-text").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&outside, keys.join("link.key")).unwrap();
    let inside = |name: &str| keys.join(name).display().to_string();
    for named in [
        outside.display().to_string(),
        inside("../outside.key"),
        inside("large.key"),
        inside("empty.key"),
        inside("other.txt"),
        inside("link.key"),
        inside("absent.key"),
        "/etc/passwd".to_owned(),
        String::new(),
    ] {
        let header = format!("WWW-Authenticate: Basic realm={named}\r\n");
        let server = Server::answering("401 Unauthorized", &header, "");
        let endpoint = server.url("/arc").to_string();
        let env = [("IDENTITY_ENDPOINT", &*endpoint), ("IMDS_ENDPOINT", &*endpoint)];
        let mut world = world(&env, http::client());
        world.arc_keys = keys.clone();
        let failure = fetch("source = \"managed-identity\"", world).err().unwrap().to_string();
        assert!(failure.contains("federated-arc-challenge") && !failure.contains("canary"), "{named}: {failure}");
        server.finish();
    }
}

#[test]
fn a_token_is_fetched_for_every_use_and_told_afterwards() {
    let (sender, asked) = mpsc::channel();
    let answer = |subject: &'static str| -> Step {
        let sender = sender.clone();
        Box::new(move |request, stream| {
            sender.send(()).unwrap();
            http::reply("200 OK", "", json!({"value": jwt(json!({ "sub": subject }))}).to_string())(request, stream);
        })
    };
    let server = Server::script(vec![answer("first"), answer("second")]);
    let url = server.url("/t").to_string();
    let env = [("ACTIONS_ID_TOKEN_REQUEST_URL", &*url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-r")];
    let federated = Federated::of(&app("source = \"github\""), world(&env, http::client())).ok().unwrap();
    let endpoint = "https://login.example/token".parse().unwrap();
    assert_eq!(federated.federated(), None);
    for subject in ["first", "second"] {
        federated.sign(&endpoint, now()).ok().unwrap();
        assert_eq!(federated.federated().unwrap().subject.as_str(), subject);
    }
    server.finish();
    assert_eq!(asked.try_iter().count(), 2);
}
