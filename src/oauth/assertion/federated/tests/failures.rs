//! Each way in which a source gives no token has its own finding, before anything is sent to the provider.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use super::kit::{AUDIENCE, fetch, finding, jwt, text, world};
use crate::net::testing::{self as http, Server};

/// The code of the finding, and whether its cause and steps hold each of `words`.
fn told(federated: &str, env: &[(&str, &str)], words: &[&str]) -> String {
    let found = finding(federated, env);
    let all = format!("{} {:?}", found.cause, found.fix.iter().map(|step| step.sentence()).collect::<Vec<_>>());
    for word in words {
        assert!(all.contains(word), "{word}: {all}");
    }
    assert!(!format!("{found:?}").contains("canary"), "{found:?}");
    found.code.as_str().to_owned()
}

#[test]
fn a_missing_variable_is_named_with_the_line_that_sets_it() {
    let missing = "federated-variable-missing";
    let url = "ACTIONS_ID_TOKEN_REQUEST_URL";
    for (federated, env, words) in [
        (
            "source = \"github\"",
            &[("GITHUB_ACTIONS", "true")][..],
            &[url, "id-token: write", "enable-openid-connect"][..],
        ),
        ("source = \"github\"", &[(url, "https://runner.example/t"), ("GITHUB_ACTIONS", "true")], &["_REQUEST_TOKEN"]),
        ("source = \"github\"", &[], &["does not look like a job"]),
        (
            "source = \"gitlab\", variable = \"MAIL\"",
            &[],
            &["id_tokens: { MAIL: { aud: api://AzureADTokenExchange } }"],
        ),
        ("source = \"variable\", variable = \"MAIL\"", &[("MAIL", " ")], &["MAIL", AUDIENCE]),
        ("source = \"file\"", &[], &["AZURE_FEDERATED_TOKEN_FILE", "azure.workload.identity/use"]),
        ("source = \"azure-pipelines\"", &[], &["not a job of Azure Pipelines"]),
        (
            "source = \"azure-pipelines\"",
            &[("SYSTEM_OIDCREQUESTURI", "https://dev.example/t")],
            &["SYSTEM_ACCESSTOKEN: $(System.AccessToken)"],
        ),
        (
            "source = \"azure-pipelines\"",
            &[("SYSTEM_OIDCREQUESTURI", "https://dev.example/t"), ("SYSTEM_ACCESSTOKEN", "canary-access")],
            &["service_connection ="],
        ),
    ] {
        assert_eq!(told(federated, env, words), missing, "{federated}");
    }
}

#[test]
fn an_address_in_the_clear_is_not_asked() {
    for (federated, name, other) in [
        ("source = \"github\"", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
        ("source = \"managed-identity\"", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"),
        ("source = \"managed-identity\"", "MSI_ENDPOINT", "MSI_SECRET"),
        ("source = \"managed-identity\"", "IDENTITY_ENDPOINT", "IMDS_ENDPOINT"),
        ("source = \"managed-identity\"", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "X"),
    ] {
        let env = [(name, "http://192.0.2.1/token"), (other, "canary-request-token")];
        assert_eq!(told(federated, &env, &[name]), "federated-unsafe-address", "{name}");
    }
}

#[test]
fn a_runner_that_refuses_is_quoted_without_what_it_was_asked_with() {
    for (status, body, code, words) in [
        ("403 Forbidden", r#"{"message":"canary-request-token may not"}"#, "federated-refused", "403"),
        ("500 Internal Server Error", "<html>trouble</html>", "federated-unavailable", "500"),
        ("429 Too Many Requests", "", "federated-unavailable", "429"),
        ("200 OK", "<html>sign in</html>", "federated-unreadable", "value"),
        ("200 OK", r#"{"token":"x"}"#, "federated-unreadable", "value"),
        ("302 Found", "", "federated-refused", "302"),
        ("200 OK", r#"{"value":""}"#, "federated-empty", "empty"),
    ] {
        let server = Server::answering(status, "", body);
        let url = server.url("/token?api-version=2").to_string();
        let env = [("ACTIONS_ID_TOKEN_REQUEST_URL", &*url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-request-token")];
        assert_eq!(told("source = \"github\"", &env, &[words]), code, "{status} {body}");
        server.finish();
    }
}

#[test]
fn a_runner_that_does_not_answer_is_told_with_its_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let federated = "source = \"github\"";
    let env = [("ACTIONS_ID_TOKEN_REQUEST_URL", &*url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-request-token")];
    let silent = http::client().until(Instant::now() + Duration::from_millis(300));
    let failure = fetch(federated, world(&env, silent)).err().unwrap();
    let found =
        crate::diagnosis::finding(&failure, crate::diagnosis::FailureContext::of_app(&super::kit::app(federated)));
    assert_eq!(found.code.as_str(), "federated-unanswered");
    assert!(found.cause.contains("no answer came within"), "{}", found.cause);
    drop(listener);
    assert_eq!(told(federated, &env, &["refuses the connection", "127.0.0.1"]), "federated-unanswered");
}

#[test]
fn what_the_metadata_service_says_of_identities_is_told_apart() {
    let own = "source = \"managed-identity\", identity = \"99999999-2222-3333-4444-555555555555\"";
    let plain = "source = \"managed-identity\"";
    let several = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in \
                   the token request";
    for (federated, status, words, code, shown) in [
        (plain, "400 Bad Request", "Identity not found", "federated-identity-not-found", "No managed identity"),
        (own, "400 Bad Request", "Identity not found", "federated-identity-not-found", "99999999-2222"),
        (plain, "400 Bad Request", several, "federated-several-identities", "identity = "),
        (plain, "400 Bad Request", "Something else", "federated-refused", "400"),
    ] {
        let body = json!({"error": "invalid_request", "error_description": words}).to_string();
        let server = Server::answering(status, "", body);
        let env = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.address())];
        assert_eq!(told(federated, &env, &[shown]), code, "{words}");
        server.finish();
    }
}

/// How often a machine's metadata service is asked that gives these answers, and after which pauses; the code of what is told.
fn patience(answers: &[(&str, &str, &str)], limit: Option<Duration>) -> (Vec<u64>, String) {
    let steps = answers.iter().map(|(status, headers, body)| http::reply(status, headers, body)).collect();
    let server = Server::script(steps);
    let env = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.address())];
    let client = match limit {
        Some(limit) => http::client().until(Instant::now() + limit),
        None => http::client(),
    };
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let mut world = world(&env, client);
    let noted = Arc::clone(&pauses);
    world.wait = Box::new(move |pause| noted.lock().unwrap().push(pause.as_secs()));
    let federated = "source = \"managed-identity\"";
    let told = match fetch(federated, world) {
        Ok(_) => "a token".to_owned(),
        Err(failure) => {
            let app = super::kit::app(federated);
            let context = crate::diagnosis::FailureContext::of_app(&app);
            crate::diagnosis::finding(&failure, context).code.as_str().to_owned()
        }
    };
    // It was asked once for each answer.
    server.finish();
    (pauses.lock().unwrap().clone(), told)
}

#[test]
fn a_metadata_service_that_is_busy_or_renewed_is_asked_again_after_ever_longer_pauses() {
    let token = json!({ "access_token": jwt(json!({})) }).to_string();
    let good = ("200 OK", "", token.as_str());
    let a_token = |pauses: &[u64]| (pauses.to_vec(), "a token".to_owned());
    for status in ["404 Not Found", "410 Gone", "429 Too Many Requests", "500 Internal Server Error", "503 Unavailable"]
    {
        assert_eq!(patience(&[(status, "", "{}"), (status, "", ""), good], None), a_token(&[1, 2]), "{status}");
    }
    let busy = ("429 Too Many Requests", "Retry-After: 7\r\n", "");
    assert_eq!(patience(&[busy, good], None), a_token(&[7]), "the longer one counts");
    let ever = vec![("410 Gone", "", ""); 7];
    let told = patience(&ever, None);
    assert_eq!(told, (vec![1, 2, 4, 8, 16, 32], "federated-unavailable".to_owned()), "it is back within 70 seconds");
    let told = |pauses: &[u64]| (pauses.to_vec(), "federated-unavailable".to_owned());
    assert_eq!(patience(&ever[..3], Some(Duration::from_millis(3_500))), told(&[1, 2]), "the command ends before");
    let longer = ("503 Unavailable", "Retry-After: 71\r\n", "");
    assert_eq!(patience(&[longer], None), told(&[]), "that is for another run");
    for (status, words, code) in [
        ("404 Not Found", "Identity not found", "federated-identity-not-found"),
        ("403 Forbidden", "no", "federated-refused"),
    ] {
        let body = json!({ "error": "invalid_request", "error_description": words }).to_string();
        assert_eq!(patience(&[(status, "", &body)], None), (Vec::new(), code.to_owned()), "{status}");
    }
}

#[test]
fn a_platform_that_is_not_there_is_told_as_such() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let env = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", &*address)];
    assert_eq!(told("source = \"managed-identity\"", &env, &["an Azure machine"]), "federated-unanswered");
    let fabric = [
        ("IDENTITY_ENDPOINT", "https://localhost:2377/x"),
        ("IDENTITY_HEADER", "canary-header"),
        ("IDENTITY_SERVER_THUMBPRINT", "00"),
    ];
    assert_eq!(told("source = \"managed-identity\"", &fabric, &["Service Fabric"]), "federated-identity-unsupported");
    let arc = [("IDENTITY_ENDPOINT", "http://localhost:1/x"), ("IMDS_ENDPOINT", "http://localhost:1")];
    let own = "source = \"managed-identity\", identity = \"object:99999999-2222-3333-4444-555555555555\"";
    assert_eq!(told(own, &arc, &["Azure Arc"]), "federated-identity-unsupported");
}

#[test]
fn a_file_is_read_again_each_time_and_told_when_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let file = path.to_str().unwrap();
    let federated = format!("source = \"file\", file = \"{file}\"");
    let world = || world(&[("AZURE_FEDERATED_TOKEN_FILE", file)], http::client());
    for subject in ["system:serviceaccount:mail:first", "system:serviceaccount:mail:second"] {
        let token = jwt(json!({ "sub": subject }));
        fs::write(&path, format!("{token}\n")).unwrap();
        for federated in [federated.as_str(), "source = \"file\""] {
            let read = fetch(federated, world()).ok().unwrap();
            assert_eq!((text(&read), read.claims.subject.as_str()), (token.as_str(), subject));
        }
    }
    fs::write(&path, "\n").unwrap();
    assert_eq!(told(&federated, &[], &[]), "federated-empty");
    fs::write(&path, "x".repeat(100_000)).unwrap();
    assert_eq!(told(&federated, &[], &[]), "federated-too-large");
    fs::remove_file(&path).unwrap();
    assert_eq!(told(&federated, &[], &["not there", file]), "federated-file");
    fs::create_dir(&path).unwrap();
    assert_eq!(told(&federated, &[], &["not a regular file"]), "federated-file");
}

#[cfg(unix)]
#[test]
fn a_command_that_gives_no_token_is_told_by_what_it_did() {
    let run = |script: &str| format!("source = \"command\", command = [\"sh\", \"-c\", '''{script}''']");
    let token = jwt(json!({}));
    let read = fetch(&run(&format!("echo {token}")), world(&[], http::client())).ok().unwrap();
    assert_eq!(text(&read), token);
    for (script, code, words) in [
        ("true", "federated-empty", "empty"),
        ("echo", "federated-empty", "empty"),
        ("echo trouble >&2; exit 3", "federated-command", "trouble"),
        ("kill -9 $$", "federated-command", "signal"),
        ("echo Token: canary", "federated-not-jwt", "alone"),
        ("exec cat /dev/zero", "federated-too-large", "65536"),
    ] {
        assert_eq!(told(&run(script), &[], &[words]), code, "{script}");
    }
    let absent = "source = \"command\", command = [\"/no/such/program\"]";
    assert_eq!(told(absent, &[], &["is installed"]), "federated-command");
    let hasty = http::client().until(Instant::now() + Duration::from_millis(300));
    let started = Instant::now();
    let failure = fetch(&run("sleep 60"), world(&[], hasty)).err().unwrap();
    assert!(failure.to_string().contains("\"slow\""), "{failure}");
    assert!(started.elapsed() < Duration::from_secs(20));
}
