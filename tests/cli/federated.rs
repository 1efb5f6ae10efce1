//! Federated tokens: what a job that has one is told, and what one that has none.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};

use crate::sandbox::faults::Fault;
use crate::sandbox::issuer::Job;
use crate::sandbox::machines::Runner;
use crate::sandbox::world::{AppOnly, CONFIDENTIAL_CLIENT, FederatedCredential, SHOP, TENANT_DOMAIN};
use crate::support::fixture::Fixture;
use crate::support::practice::fact;
use crate::support::process::Run;

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SUBJECT: &str = "repo:contoso@4711/shop@815:ref:refs/heads/main";
pub(crate) const EXCHANGE: &str = "api://AzureADTokenExchange";
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
    let url = runner(EXCHANGE);
    let doctor = shop.run(&["--json", "-v", "doctor"]);
    let doctor = doctor.env("ACTIONS_ID_TOKEN_REQUEST_URL", &url).env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN);
    let doctor = doctor.finish().code(0);
    let document = doctor.json();
    let found = check(&document);
    assert_eq!(found["outcome"], "passed", "{found}");
    let detail = found["detail"].as_str().unwrap();
    for words in ["app 'ci'", "GitHub Actions", ISSUER, SUBJECT, EXCHANGE, "valid until"] {
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
    assert!(!all.contains("canary-of-the") && !all.contains(&token(EXCHANGE)[..60]), "{all}");
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

/// A profile whose only app lets itself in, and is proven with tokens of this source.
pub(crate) fn app_only(federated: &str) -> Fixture {
    let shop = Fixture::added();
    let tenant = shop.sandbox();
    tenant.set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
    tenant.set_job(Job { immutable: true, ..Job::default() });
    let ports = tenant.ports();
    shop.write_config(&format!(
        "[apps.ci]\nprovider = \"microsoft365\"\ntenant = \"{TENANT_DOMAIN}\"\nclient_id = \"{CONFIDENTIAL_CLIENT}\"\n\
         authority = \"{}\"\nca_file = \"{}\"\naccess = \"app\"\ncredential = \"federated\"\nfederated = {{ {federated} }}\n\
         [mailboxes.ci]\napp = \"ci\"\naddress = \"{SHOP}\"\n\
         incoming = {{ protocol = \"imap\", host = \"localhost\", port = {}, tls = \"implicit\" }}\n\
         outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {}, tls = \"starttls\" }}\n",
        tenant.authority(),
        shop.ca_file(),
        ports.imap_implicit,
        ports.smtp_starttls,
    ));
    shop
}

/// Trusts these tokens alone.
pub(crate) fn trust(shop: &Fixture, issuer: &str, subject: &str, audience: &str) {
    let [issuer, subject, audience] = [issuer, subject, audience].map(str::to_owned);
    shop.sandbox().trust_none();
    shop.sandbox().trust(FederatedCredential { name: "mail".to_owned(), issuer, subject, audience });
}

/// `test` as a job of the runner runs it.
fn test_in_job(shop: &Fixture) -> Run {
    let runner = shop.sandbox().runner();
    shop.run(&["--json", "test", "ci"])
        .env("GITHUB_ACTIONS", "true")
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", &runner.request_url)
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", &runner.request_token)
}

#[test]
fn a_job_opens_a_mailbox_with_no_stored_secret() {
    let shop = app_only("source = \"github\"");
    let runner = shop.sandbox().runner();
    assert!(runner.subject.contains('@'), "the subject is an immutable one: {}", runner.subject);
    trust(&shop, &runner.issuer, &runner.subject, EXCHANGE);
    let test = test_in_job(&shop).finish().code(0);
    let checks = test.json()["reports"][0]["checks"].to_string();
    assert!(checks.contains("federated tokens of GitHub Actions or Forgejo"), "{checks}");
    assert!(shop.sandbox().counters().mail_logins >= 2, "IMAP and SMTP were opened");
    assert!(shop.files_with(&runner.request_token).is_empty());
}

#[test]
fn every_refusal_of_the_token_shows_it_beside_the_credential_to_register() {
    let shop = app_only("source = \"github\"");
    let Runner { issuer, subject, .. } = shop.sandbox().runner();
    let other = shop.sandbox().outside_issuer("cluster");
    for (trusted, code) in [
        (None, "ms-no-federated-credential"),
        (Some((&*other, &*subject, EXCHANGE)), "ms-federated-subject-mismatch"),
        (Some((&*issuer, "repo:Contoso/mail:ref:refs/heads/main", EXCHANGE)), "ms-federated-subject-mismatch"),
        (Some((&*issuer, &*subject, "api://another")), "ms-federated-subject-mismatch"),
        (Some((&*issuer, &*subject.to_lowercase(), EXCHANGE)), "ms-federated-case-mismatch"),
    ] {
        match trusted {
            Some((issuer, subject, audience)) => trust(&shop, issuer, subject, audience),
            None => shop.sandbox().trust_none(),
        }
        let test = test_in_job(&shop).finish().code(1);
        let document = test.json();
        let checks = document["reports"][0]["checks"].as_array().unwrap();
        let token = checks.iter().find(|check| check["stage"] == "token_endpoint").unwrap();
        let finding = &token["finding"];
        assert_eq!(finding["code"], code, "{trusted:?}: {finding}");
        let fix = finding["fix"].to_string();
        for words in [&*issuer, &*subject, EXCHANGE, "az ad app federated-credential create --id"] {
            assert!(fix.contains(words), "{trusted:?}: {words}: {fix}");
        }
    }
    trust(&shop, &issuer, &subject, EXCHANGE);
    shop.sandbox().switch_on(Fault::IssuerKeyNotPublished);
    let test = test_in_job(&shop).finish().code(1);
    assert!(test.stdout.contains("ms-federated-key-unknown") && test.stdout.contains(&subject), "{}", test.stdout);
    shop.sandbox().switch_off(Fault::IssuerKeyNotPublished);
    for (fault, code) in [(Fault::RunnerRefuses, "federated-refused"), (Fault::RunnerTokenOld, "federated-expired")] {
        shop.sandbox().switch_on(fault);
        let requests = shop.sandbox().counters().token_requests;
        let test = test_in_job(&shop).finish().code(1);
        assert!(test.stdout.contains(code), "{code}: {}", test.stdout);
        assert_eq!(shop.sandbox().counters().token_requests, requests, "nothing is sent to the provider");
        shop.sandbox().switch_off(fault);
    }
}

#[test]
fn a_machine_with_a_managed_identity_and_a_pod_with_a_token_file_open_it_too() {
    let shop = app_only("source = \"managed-identity\"");
    let identity = shop.sandbox().identities()[0].clone();
    trust(&shop, &shop.sandbox().identity_issuer(), &identity.principal_id, EXCHANGE);
    let run = |shop: &Fixture| {
        shop.run(&["--json", "test", "ci"]).env("AZURE_POD_IDENTITY_AUTHORITY_HOST", &shop.sandbox().metadata_base())
    };
    run(&shop).finish().code(0);
    let (endpoint, header) = shop.sandbox().app_service();
    let app_service = shop.run(&["--json", "test", "ci"]).env("IDENTITY_ENDPOINT", &endpoint);
    app_service.env("IDENTITY_HEADER", &header).finish().code(0);

    let shop = app_only("source = \"file\"");
    let issuer = shop.sandbox().outside_issuer("cluster");
    let subject = "system:serviceaccount:mail:nightly";
    trust(&shop, &issuer, subject, EXCHANGE);
    let file = shop.path().join("projected-token");
    std::fs::write(&file, shop.sandbox().outside_token("cluster", subject, EXCHANGE, 600)).unwrap();
    let test = shop.run(&["--json", "test", "ci"]).env("AZURE_FEDERATED_TOKEN_FILE", &file.display().to_string());
    test.finish().code(0);
}
