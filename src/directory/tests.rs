//! The directory against a scripted server.

use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::ExposeSecret as _;

use super::*;
use crate::net::testing::{Server, Step, client, recorded_client, reply};
use crate::profile::Protocol;

const ID: &str = "11111111-2222-3333-4444-555555555555";
const KEY: &str = "0a0a0a0a-0000-4000-8000-00000000000a";
const TOKEN: &str = "practice.bearer.for-the-directory";
const VALUE: &str = "abC8Q~practice-only-secret-of-a-directory";
const JSON: &str = "Content-Type: application/json\r\n";

fn directory(server: &Server, http: HttpClient) -> Directory<'static> {
    Directory::new(http, server.url(""), ID.parse().unwrap(), Box::new(|| Ok(TOKEN.into())))
}

/// Answers after a look at the request.
fn expecting(wanted: &'static [&'static str], status: &'static str, headers: &'static str, body: String) -> Step {
    Box::new(move |request, stream| {
        for words in wanted {
            assert!(request.contains(words), "no {words:?} in {request}");
        }
        reply(status, headers, body)(request, stream);
    })
}

fn registration() -> String {
    let secret = |key: &str, name: &str, hint: &str| {
        json!({ "keyId": key, "displayName": name, "hint": hint, "startDateTime": "2026-01-01T00:00:00Z",
                "endDateTime": "2027-05-20T09:30:00.1234567Z", "secretText": null, "customKeyIdentifier": null })
    };
    json!({
        "@odata.context": "https://graph.example/$metadata",
        "id": "object", "appId": ID, "createdDateTime": "2025-01-01T00:00:00Z",
        "passwordCredentials": [secret(KEY, "one", "abC"), secret("b", "two", "xyz"), secret("c", "three", "xyz")],
        "keyCredentials": [{ "keyId": "d", "displayName": "CN=mail", "endDateTime": "2027-01-01T00:00:00Z" }],
    })
    .to_string()
}

fn policy(days: &str, restriction: &str) -> String {
    format!(
        "{{\"isEnabled\":true,\"applicationRestrictions\":{{\"passwordCredentials\":[{{\"restrictionType\":\
         \"passwordLifetime\",{restriction}\"maxLifetime\":\"{days}\"}}]}}}}"
    )
}

#[test]
fn a_registration_is_read_and_the_secret_in_use_found_by_how_it_begins() {
    let server = Server::script(vec![expecting(
        &[
            "GET /v1.0/applications(appId='11111111-2222-3333-4444-555555555555')?$select=id,appId,",
            "authorization: Bearer practice.bearer.for-the-directory\r\n",
        ],
        "200 OK",
        JSON,
        registration(),
    )]);
    let application = directory(&server, client()).application().unwrap();
    server.finish();
    assert_eq!((application.secrets.len(), application.certificates.len()), (3, 1));
    let Match::One(found) = application.find(&VALUE.into()) else { panic!("{application:?}") };
    assert_eq!((found.key_id.as_str(), found.name.as_deref()), (KEY, Some("one")));
    assert_eq!(found.ends.unwrap().to_string()[..10], *"2027-05-20");
    assert!(matches!(application.find(&"xyz8Q~another".into()), Match::Several(secrets) if secrets.len() == 2));
    assert_eq!(application.find(&"not-in-the-directory".into()), Match::None);
    assert!(found.has_name(|name| name == "one"));
    assert!(application.secret(&KEY.parse().unwrap()).is_some());
}

#[test]
fn a_new_secret_comes_once_and_the_transcript_shows_neither_it_nor_the_token() {
    let answer = json!({ "keyId": KEY, "secretText": VALUE, "hint": "abC", "endDateTime": "2027-05-20T00:00:00Z" });
    let server = Server::script(vec![
        expecting(
            &[
                "POST /v1.0/applications(appId='11111111-2222-3333-4444-555555555555')/addPassword HTTP",
                "content-type: application/json\r\n",
                "{\"passwordCredential\":{\"displayName\":\"mailgrant 1\",\"endDateTime\":\"2027-05-20T00:00:00Z\"}}",
            ],
            "200 OK",
            JSON,
            answer.to_string(),
        ),
        expecting(&["/removePassword HTTP", "{\"keyId\":\"0a0a0a0a-0000-"], "204 No Content", "", String::new()),
    ]);
    let (http, shown) = recorded_client();
    let redactor = http.transcript().redactor().clone();
    let directory = directory(&server, http);
    let ends = "2027-05-20T00:00:00Z".parse().unwrap();
    let issued = directory.add_secret("mailgrant 1", ends).unwrap();
    assert_eq!((issued.value.expose_secret(), issued.key_id.as_str(), issued.ends), (VALUE, KEY, Some(ends)));
    assert_eq!(directory.remove_secret(&issued.key_id).unwrap(), Removal::Removed);
    server.finish();
    let shown = shown.lock().unwrap().clone();
    assert!(shown.contains("POST http://127.0.0.1") && shown.contains("bytes, application/json]"), "{shown}");
    assert!(shown.contains("authorization: Bearer [redacted]"), "{shown}");
    assert!(!shown.contains(TOKEN) && !shown.contains(VALUE) && !shown.contains("displayName"), "{shown}");
    assert!(!redactor.clean(&format!("it is {VALUE} or {TOKEN}")).contains("practice"));
}

#[test]
fn what_would_be_sent_can_be_shown_without_asking() {
    let server = Server::script(Vec::new());
    let directory = directory(&server, client());
    let addition = directory.planned_addition("mailgrant 1", "2027-05-20T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(addition.method, "POST");
    assert!(addition.url.ends_with("/addPassword"), "{addition:?}");
    assert!(addition.body.contains("\"endDateTime\":\"2027-05-20T00:00:00Z\""), "{addition:?}");
    let removal = directory.planned_removal(&KEY.parse().unwrap()).unwrap();
    assert!(removal.url.ends_with("/removePassword") && removal.body.contains(KEY), "{removal:?}");
    server.finish();
}

#[test]
fn a_refusal_has_graph_s_code_its_words_and_the_request_s_name() {
    let error = |code: &str, message: &str| json!({ "error": { "code": code, "message": message } }).to_string();
    let server = Server::script(vec![
        reply(
            "403 Forbidden",
            "request-id: 5f1c7a3e\r\n",
            error("Authorization_RequestDenied", "Insufficient privileges."),
        ),
        reply("429 Too Many Requests", "Retry-After: 7\r\n", error("TooManyRequests", "later")),
        reply("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>a proxy</html>"),
        reply("400 Bad Request", "", error("Request_BadRequest", "No password credential found with keyId 'a'.")),
        reply("200 OK", "", "<html>a portal</html>"),
    ]);
    let directory = directory(&server, client());
    let mut refusals = (0..3).map(|_| directory.application().unwrap_err());
    let denied = refusals.next().unwrap();
    assert!(is_denied(&denied) && is_refusal(&denied) && throttled(&denied).is_none());
    let said = denied.server_said.as_deref().unwrap();
    assert!(said.contains("Authorization_RequestDenied: Insufficient privileges."), "{said}");
    assert!(said.contains("(request-id 5f1c7a3e)"), "{said}");
    assert_eq!(code(&denied), Some("Authorization_RequestDenied"));
    let busy = refusals.next().unwrap();
    assert_eq!(throttled(&busy), Some(std::time::Duration::from_secs(7)));
    let trouble = refusals.next().unwrap();
    assert!(!is_refusal(&trouble), "a server in trouble has not said no: {trouble:?}");
    assert_eq!(directory.remove_secret(&KEY.parse().unwrap()).unwrap(), Removal::NotFound);
    assert!(matches!(directory.application().unwrap_err().kind, FailureKind::Unreadable { .. }));
    server.finish();
}

#[test]
fn a_token_that_runs_out_in_the_midst_is_replaced_once() {
    let asked = std::sync::Arc::new(AtomicU32::new(0));
    let counter = std::sync::Arc::clone(&asked);
    let server = Server::script(vec![
        expecting(&["authorization: Bearer token-0\r\n"], "200 OK", JSON, registration()),
        expecting(&["authorization: Bearer token-0\r\n"], "401 Unauthorized", JSON, String::new()),
        expecting(&["authorization: Bearer token-1\r\n"], "200 OK", JSON, registration()),
        expecting(&["authorization: Bearer token-1\r\n"], "401 Unauthorized", JSON, String::new()),
        expecting(&["authorization: Bearer token-2\r\n"], "401 Unauthorized", JSON, String::new()),
    ]);
    let source: TokenSource<'_> =
        Box::new(move || Ok(format!("token-{}", counter.fetch_add(1, Ordering::Relaxed)).into()));
    let directory = Directory::new(client(), server.url(""), ID.parse().unwrap(), source);
    directory.application().unwrap();
    directory.application().unwrap();
    assert!(is_token_refused(&directory.application().unwrap_err()));
    server.finish();
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[test]
fn a_policy_that_applies_bounds_the_life_of_a_new_secret() {
    let now: Timestamp = "2026-11-28T00:00:00Z".parse().unwrap();
    let application = application::read(&Answer { what: "", body: registration().into_bytes().into() }).unwrap();
    let none = || reply("403 Forbidden", "", "{}");
    let life = |of_app: Step, of_all: Option<Step>| {
        let server = Server::script([Some(of_app), of_all].into_iter().flatten().collect());
        let life = directory(&server, client()).longest_life(&application, now);
        server.finish();
        life
    };
    let of_all =
        |body: String| Some(expecting(&["GET /v1.0/policies/defaultAppManagementPolicy "], "200 OK", JSON, body));
    let days = |days: i64| LongestLife::Is(SignedDuration::from_hours(24 * days));
    assert_eq!(life(none(), Some(none())), LongestLife::Unknown);
    assert_eq!(life(none(), of_all(policy("P30D", ""))), days(30));
    assert_eq!(life(none(), of_all(policy("P30D", "\"state\":\"disabled\","))), LongestLife::Unlimited);
    let newer = "\"restrictForAppsCreatedAfterDateTime\":\"2026-01-01T00:00:00Z\",";
    assert_eq!(life(none(), of_all(policy("P30D", newer))), LongestLife::Unlimited);
    assert_eq!(life(none(), of_all(policy("a month", ""))), LongestLife::Unknown);
    let own = policy("P7D", "").replace("applicationRestrictions", "restrictions");
    assert_eq!(life(reply("200 OK", JSON, format!("{{\"value\":[{own}]}}")), None), days(7));
    assert_eq!(life(reply("200 OK", JSON, "{\"value\":[]}"), of_all(policy("P90D", ""))), days(90));
}

#[test]
fn the_policy_that_a_refusal_names_can_be_read() {
    let now: Timestamp = "2026-11-28T00:00:00Z".parse().unwrap();
    let message = "Credential lifetime exceeds the max value allowed as per assigned policy \
                   '0a11ce00-0000-4000-8000-00000000b01c'.";
    let refused = json!({ "error": { "code": "CredentialInvalidLifetimeAsPerAppPolicy", "message": message } });
    let server = Server::script(vec![
        reply("400 Bad Request", JSON, refused.to_string()),
        expecting(
            &["GET /v1.0/policies/appManagementPolicies/0a11ce00-0000-4000-8000-00000000b01c HTTP"],
            "200 OK",
            JSON,
            policy("P30D", ""),
        ),
    ]);
    let directory = directory(&server, client());
    let refusal = directory.add_secret("mailgrant 1", now).unwrap_err();
    assert!(is_life_too_long(&refusal), "{refusal:?}");
    let life = directory.longest_life_by(&refusal, &Application::default(), now);
    assert_eq!(life, LongestLife::Is(SignedDuration::from_hours(24 * 30)));
    server.finish();
}

#[test]
fn what_is_asked_for_and_consented_to_is_read_by_its_ids() {
    const APP: &str =
        "/v1.0/applications(appId='11111111-2222-3333-4444-555555555555')?$select=id,requiredResourceAccess ";
    const PRINCIPAL: &str = "/v1.0/servicePrincipals(appId='11111111-2222-3333-4444-555555555555')?$select=id,appId ";
    let asked = json!({ "id": "object", "requiredResourceAccess": [
        { "resourceAppId": "r", "resourceAccess": [{ "id": "a", "type": "Role" }, { "id": "b", "type": "Scope" }] },
    ] });
    let server = Server::script(vec![
        expecting(&[APP], "200 OK", JSON, asked.to_string()),
        expecting(&[PRINCIPAL], "200 OK", JSON, json!({ "id": "enterprise" }).to_string()),
        expecting(
            &["/v1.0/servicePrincipals(appId='11111111-2222-3333-4444-555555555555')/appRoleAssignments "],
            "200 OK",
            JSON,
            json!({ "value": [{ "appRoleId": "a" }], "@odata.nextLink": "https://elsewhere.example" }).to_string(),
        ),
        // Another tenant has the registration, and this one only the app.
        reply("404 Not Found", JSON, "{}"),
        reply("200 OK", JSON, "{\"id\":\"enterprise\"}"),
        reply("200 OK", JSON, "{\"value\":[]}"),
        // The app is not in the tenant yet.
        reply("200 OK", JSON, "{}"),
        reply("404 Not Found", JSON, "{}"),
        // The tenant does not know it at all: most likely it is another one.
        reply("404 Not Found", JSON, "{}"),
        reply("404 Not Found", JSON, "{}"),
        expecting(
            &["(appId='r')?$select=id,appRoles "],
            "200 OK",
            JSON,
            "{\"id\":\"r\",\"appRoles\":[{\"id\":\"a\",\"value\":\"IMAP.AccessAsApp\"},{\"id\":\"c\",\"value\":null}]}"
                .to_owned(),
        ),
    ]);
    let directory = directory(&server, client());
    let read = directory.permissions().unwrap();
    assert_eq!((read.asked.unwrap(), read.granted, read.is_whole), (vec!["a".to_owned()], vec!["a".to_owned()], false));
    assert_eq!(read.principal.as_deref(), Some("enterprise"));
    let elsewhere = directory.permissions().unwrap();
    assert_eq!((elsewhere.asked, elsewhere.is_whole), (None, true));
    let new = directory.permissions().unwrap();
    assert_eq!((new.principal, new.asked, new.granted), (None, Some(Vec::new()), Vec::new()));
    assert!(is_refusal(&directory.permissions().unwrap_err()));
    assert_eq!(directory.roles_at("r").unwrap(), [("IMAP.AccessAsApp".to_owned(), "a".to_owned())]);
    server.finish();
}

#[test]
fn exchange_is_asked_by_cmdlets_and_its_answers_are_read_in_each_spelling() {
    let missing = json!({ "error": { "code": "NotFound", "message": "the object couldn't be found." } }).to_string();
    let rights = json!({ "value": [{ "User": "o", "AccessRights": "FullAccess, ReadPermission", "Deny": "False" }] });
    let denied = json!({ "value": [{ "User": "o", "AccessRights": ["FullAccess"], "Deny": true }] });
    let switches = json!({ "value": [{ "ImapEnabled": "True", "PopEnabled": false, "Other@data.type": "x" }] });
    let server = Server::script(vec![
        expecting(
            &[
                "POST /adminapi/beta/contoso.example/InvokeCommand HTTP",
                "x-anchormailbox: UPN:shop@contoso.example\r\n",
                "authorization: Bearer practice.bearer.for-the-directory\r\n",
                "{\"CmdletInput\":{\"CmdletName\":\"Get-ServicePrincipal\",\"Parameters\":{\"Identity\":\"1111",
            ],
            "200 OK",
            JSON,
            json!({ "value": [{ "ObjectId": "o", "AppId": ID }] }).to_string(),
        ),
        reply("400 Bad Request", JSON, missing.clone()),
        reply("401 Unauthorized", JSON, "{}"),
        reply("403 Forbidden", "", ""),
        expecting(&["\"Get-MailboxPermission\"", "\"User\":\"o\""], "200 OK", JSON, rights.to_string()),
        reply("200 OK", JSON, denied.to_string()),
        reply("200 OK", JSON, "{\"value\":[]}"),
        reply("404 Not Found", JSON, missing),
        expecting(&["\"Get-CASMailbox\""], "200 OK", JSON, switches.to_string()),
        reply("200 OK", JSON, "<html>"),
    ]);
    let (http, shown) = recorded_client();
    let admin = ExchangeAdmin {
        http,
        base: server.url(""),
        tenant: &"contoso.example".parse().unwrap(),
        mailbox: &"shop@contoso.example".parse().unwrap(),
        source: Box::new(|| Ok(TOKEN.into())),
    };
    let id = ID.parse().unwrap();
    assert_eq!(admin.service_principal(&id).unwrap().unwrap().object_id, "o");
    assert_eq!(admin.service_principal(&id).unwrap(), None);
    assert!(admin.service_principal(&id).is_err() && admin.service_principal(&id).is_err());
    assert_eq!([(); 3].map(|()| admin.has_full_access("o").unwrap()), [true, false, false]);
    assert!(admin.has_full_access("o").is_err(), "that the app is not found there proves nothing of its right");
    let switches = admin.switches().unwrap();
    let of = [Protocol::Imap, Protocol::Pop3, Protocol::Smtp, Protocol::Graph].map(|protocol| switches.of(protocol));
    assert_eq!(of, [Some(true), Some(false), None, None]);
    assert!(matches!(admin.switches().unwrap_err().kind, FailureKind::Unreadable { .. }));
    server.finish();
    let shown = shown.lock().unwrap().clone();
    assert!(shown.contains("/InvokeCommand") && !shown.contains(TOKEN), "{shown}");
}
