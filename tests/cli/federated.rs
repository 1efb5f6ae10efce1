//! Federated tokens: what a job that has one is told, and what one that has none.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use crate::support::fixture::Fixture;
use crate::support::practice::fact;

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SUBJECT: &str = "repo:contoso@4711/shop@815:ref:refs/heads/main";
const REQUEST_TOKEN: &str = "canary-of-the-runner-0123456789abcdef";

/// A token of the runner's, for `audience`.
fn token(audience: &str) -> String {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    let claims = json!({"iss": ISSUER, "sub": SUBJECT, "aud": audience, "exp": 4_000_000_000_u64});
    format!("{header}.{}.{}", part(claims), BASE64_URL_SAFE_NO_PAD.encode("canary-signature-of-the-runner"))
}

/// A runner that gives one such token to who asks as it wants; its address.
fn runner(audience: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token?api-version=2.0", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !request.ends_with(b"\r\n\r\n") {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the client hung up");
            request.extend_from_slice(&buffer[..read]);
        }
        let request = String::from_utf8(request).unwrap();
        let line = "GET /token?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange HTTP/1.1\r\n";
        let header = format!("authorization: Bearer {REQUEST_TOKEN}\r\n");
        let is_good = request.starts_with(line) && request.contains(&header);
        let status = if is_good { "200 OK" } else { "403 Forbidden" };
        let body = json!({"value": token(audience)}).to_string();
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    url
}

/// A shop whose app is proven with the tokens of GitHub Actions.
fn shop() -> Fixture {
    let shop = Fixture::added();
    let change = [
        ("--credential", Some("federated")),
        ("--federated-source", Some("github")),
        ("--client-id", Some("5a4d0000-0000-4000-8000-000000000001")),
        ("--address", Some("ci@contoso.example")),
    ];
    shop.add("ci", &change).finish().code(0);
    shop
}

fn check(document: &Value) -> Value {
    let checks = document["reports"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["stage"] == "federated_token").unwrap().clone()
}

#[test]
fn doctor_shows_what_the_token_says_beside_the_command_that_registers_it() {
    let shop = shop();
    let url = runner("api://AzureADTokenExchange");
    let doctor = shop.run(&["--json", "-v", "doctor"]);
    let doctor = doctor.env("ACTIONS_ID_TOKEN_REQUEST_URL", &url).env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN);
    let doctor = doctor.finish().code(0);
    let document = doctor.json();
    let found = check(&document);
    assert_eq!(found["outcome"], "passed", "{found}");
    let detail = found["detail"].as_str().unwrap();
    for words in ["app 'ci'", "GitHub Actions", ISSUER, SUBJECT, "api://AzureADTokenExchange", "valid until"] {
        assert!(detail.contains(words), "{words}: {detail}");
    }
    let next = document["next"].to_string();
    for words in [
        "Federated credentials > Add credential",
        "az ad app federated-credential create --id 5a4d0000-0000-4000-8000-000000000001 --parameters '{",
        json!(format!("\"subject\":\"{SUBJECT}\"")).to_string().trim_matches('"'),
    ] {
        assert!(next.contains(words), "{words}: {next}");
    }
    let all = format!("{}{}", doctor.stdout, doctor.stderr);
    assert!(!all.contains("canary-of-the") && !all.contains(&token("api://AzureADTokenExchange")[..60]), "{all}");
    assert!(shop.files_with("canary-of-the").is_empty());
}

#[test]
fn a_job_without_a_token_is_told_the_line_that_its_workflow_lacks() {
    let shop = shop();
    let doctor = shop.run(&["--json", "doctor"]).env("GITHUB_ACTIONS", "true").finish().code(3);
    let found = check(&doctor.json());
    assert_eq!(found["finding"]["code"], "federated-variable-missing", "{found}");
    assert!(found["finding"]["fix"].to_string().contains("id-token: write"), "{found}");
    let url = runner("sts.amazonaws.com");
    let doctor = shop.run(&["--json", "doctor"]).env("ACTIONS_ID_TOKEN_REQUEST_URL", &url);
    let doctor = doctor.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN).finish().code(1);
    let found = check(&doctor.json());
    assert_eq!(found["finding"]["code"], "federated-other-audience", "{found}");
    assert!(found["finding"]["cause"].as_str().unwrap().contains("sts.amazonaws.com"), "{found}");
}

#[test]
fn show_says_where_the_tokens_come_from() {
    let shop = shop();
    assert_eq!(fact(&shop.json(&["show", "ci"], 0), "federated_tokens"), "GitHub Actions or Forgejo");
}
