//! The practice tenant's Graph and Gmail API: what they refuse is what the tests of those transports lean on.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};

use crate::practice::Tenant;
use crate::sandbox::browser;
use crate::sandbox::faults::Fault;
use crate::sandbox::world::{ALICE, CONFIDENTIAL_CLIENT, SHARED, SHOP, TENANT_ID};

const GRAPH: &str = "https://graph.microsoft.com";
const MESSAGE: &str = "From: shop@contoso.example\r\nTo: alice@contoso.example\r\nSubject: over Graph\r\n\
                       Message-ID: <one@contoso.example>\r\nX-Practice: yes\r\n\r\nHello\r\n";

fn scopes(names: &[&str]) -> String {
    names.iter().map(|name| format!("{GRAPH}/{name}")).collect::<Vec<_>>().join(" ")
}

struct Api {
    tenant: Tenant,
    token: String,
}

impl Api {
    /// With a token of SHOP for these scopes of Graph.
    fn graph(names: &[&str]) -> Self {
        let tenant = Tenant::new();
        let token = tenant.access_token(SHOP, &scopes(names));
        Self { tenant, token }
    }

    /// With the app's own token, after consent to these application permissions.
    fn app(roles: &[&'static str]) -> Self {
        let tenant = Tenant::new();
        roles.iter().for_each(|role| tenant.sandbox.consent(GRAPH, role));
        let (status, answer) = tenant.own_token(&format!("{GRAPH}/.default"));
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer.get("refresh_token"), None);
        let token = answer["access_token"].as_str().unwrap().to_owned();
        Self { tenant, token }
    }

    fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.tenant.sandbox.api_base());
        let bearer = format!("Bearer {}", self.token);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
        let page = browser::request(method, &url, &headers, body, self.tenant.sandbox.ca_file()).unwrap();
        (page.status, serde_json::from_str(&page.body).unwrap_or_default())
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, "application/json", "")
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask("POST", path, "application/json", &body.to_string())
    }

    /// `sendMail` with this message as MIME.
    fn send(&self, path: &str, message: &str) -> (u16, Value) {
        self.ask("POST", path, "text/plain", &BASE64_STANDARD.encode(message))
    }
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap_or_default())
}

#[test]
fn reading_needs_no_more_than_mail_readbasic_and_no_less() {
    let api = Api::graph(&["Mail.ReadBasic"]);
    let (status, inbox) = api.get("/v1.0/me/mailFolders/inbox");
    assert_eq!((status, &inbox["totalItemCount"]), (200, &json!(1)), "{inbox}");
    assert_eq!(code(&api.send("/v1.0/me/sendMail", MESSAGE)), (403, "ErrorAccessDenied"));
    assert_eq!(code(&api.get("/v1.0/me")), (403, "ErrorAccessDenied"));
    let sender = Api::graph(&["Mail.Send"]);
    assert_eq!(code(&sender.get("/v1.0/me/mailFolders/inbox")), (403, "ErrorAccessDenied"));
}

#[test]
fn a_token_for_outlook_does_not_open_graph() {
    let tenant = Tenant::new();
    let token = tenant.access_token(SHOP, "https://outlook.office.com/IMAP.AccessAsUser.All");
    let api = Api { tenant, token };
    let answer = api.get("/v1.0/me/mailFolders/inbox");
    assert_eq!(code(&answer), (401, "InvalidAuthenticationToken"));
    assert!(answer.1["error"]["message"].as_str().unwrap().contains("Invalid audience"), "{answer:?}");
}

#[test]
fn a_mail_is_taken_as_mime_and_found_once_the_index_has_it() {
    let api = Api::graph(&["Mail.Send", "Mail.ReadBasic"]);
    assert_eq!(code(&api.send("/v1.0/me/sendMail", "")).1, "ErrorMimeContentInvalidBase64String");
    assert!(api.tenant.sandbox.sent().is_empty(), "a refused message went out");
    let own = MESSAGE.replace("To: alice@", "To: shop@");
    assert_eq!(api.send("/v1.0/me/sendMail", &own).0, 202);
    let search = "/v1.0/me/messages?$filter=internetMessageId%20eq%20'%3Cone@contoso.example%3E'";
    api.tenant.sandbox.switch_on(Fault::IndexDelay(60));
    assert_eq!(api.get(search).1["value"], json!([]));
    api.tenant.sandbox.switch_off(Fault::IndexDelay(60));
    assert_eq!(api.get(search).1["value"][0]["subject"], "over Graph");
    assert_eq!(api.tenant.sandbox.sent()[0].recipients, [SHOP]);
}

#[test]
fn a_foreign_sender_needs_the_right_and_the_scope() {
    let as_shared = MESSAGE.replace("From: shop@", "From: support@");
    let api = Api::graph(&["Mail.Send", "Mail.Send.Shared"]);
    assert_eq!(code(&api.send("/v1.0/me/sendMail", &as_shared)), (403, "ErrorSendAsDenied"));
    let tenant = Tenant::new();
    let token = tenant.access_token(ALICE, &scopes(&["Mail.Send", "Mail.Send.Shared"]));
    let api = Api { tenant, token };
    assert_eq!(api.send(&format!("/v1.0/users/{SHARED}/sendMail"), &as_shared).0, 202);
    let sent = api.tenant.sandbox.sent();
    assert_eq!((sent[0].user.as_str(), sent[0].sender.as_str()), (ALICE, SHARED));
}

#[test]
fn a_message_as_json_may_carry_headers_of_its_own_that_begin_with_x() {
    let api = Api::graph(&["Mail.Send"]);
    let message = |header: &str| {
        json!({ "message": {
            "subject": "as JSON",
            "body": { "contentType": "Text", "content": "Hello" },
            "toRecipients": [{ "emailAddress": { "address": SHOP } }],
            "internetMessageHeaders": [{ "name": header, "value": "a-value" }],
        }})
    };
    assert_eq!(code(&api.post("/v1.0/me/sendMail", &message("Message-ID"))).1, "InvalidInternetMessageHeader");
    assert_eq!(api.post("/v1.0/me/sendMail", &message("X-Practice")).0, 202);
    assert!(String::from_utf8_lossy(&api.tenant.sandbox.sent()[0].raw).contains("\r\nX-Practice: a-value\r\n"));
}

#[test]
fn an_app_names_the_mailbox_and_has_no_me() {
    let api = Api::app(&["Mail.ReadBasic.All"]);
    let answer = api.get("/v1.0/me/mailFolders/inbox");
    assert_eq!(answer.0, 400);
    assert!(answer.1["error"]["message"].as_str().unwrap().contains("/me request is only valid"), "{answer:?}");
    assert_eq!(api.get(&format!("/v1.0/users/{SHOP}/mailFolders/inbox")).0, 200);
    let without = Api::app(&[]);
    assert_eq!(code(&without.get(&format!("/v1.0/users/{SHOP}/mailFolders/inbox"))), (403, "ErrorAccessDenied"));
}

#[test]
fn a_secret_is_issued_used_after_a_while_and_removed() {
    let api = Api::app(&["Application.ReadWrite.OwnedBy"]);
    let app = format!("/v1.0/applications(appId='{CONFIDENTIAL_CLIENT}')");
    let asked = json!({ "passwordCredential": { "displayName": "made by a test" } });
    api.tenant.sandbox.switch_on(Fault::ReplicationLag(1));
    let (status, issued) = api.post(&format!("{app}/addPassword"), &asked);
    assert_eq!(status, 200, "{issued}");
    let value = issued["secretText"].as_str().unwrap();
    assert_eq!(issued["hint"], json!(value[..3]));
    assert_eq!(api.tenant.own_token_with(value, &format!("{GRAPH}/.default")).0, 401);
    let from = std::time::Instant::now();
    while api.tenant.own_token_with(value, &format!("{GRAPH}/.default")).0 != 200 {
        assert!(from.elapsed().as_secs() < 30, "the new secret is never known");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let listed = api.get(&format!("{app}?$select=id,passwordCredentials")).1;
    assert_eq!(listed["passwordCredentials"].as_array().unwrap().len(), 2);
    assert_eq!(listed["passwordCredentials"][1]["secretText"], Value::Null);
    let key = json!({ "keyId": issued["keyId"] });
    assert_eq!(api.post(&format!("{app}/removePassword"), &key).0, 204);
    let again = api.post(&format!("{app}/removePassword"), &key);
    assert!(again.1["error"]["message"].as_str().unwrap().starts_with("No password credential found"), "{again:?}");
    let counters = api.tenant.sandbox.counters();
    assert_eq!((counters.passwords_added, counters.passwords_removed), (1, 1));
}

#[test]
fn a_policy_bounds_the_life_of_a_new_secret() {
    let api = Api::app(&["Application.ReadWrite.OwnedBy", "Policy.Read.All"]);
    api.tenant.sandbox.switch_on(Fault::LongestSecret(30));
    let path = format!("/v1.0/applications(appId='{CONFIDENTIAL_CLIENT}')/addPassword");
    let too_long = api.post(&path, &json!({ "passwordCredential": {} }));
    assert_eq!(code(&too_long), (400, "CredentialInvalidLifetimeAsPerAppPolicy"));
    let policy = api.get("/v1.0/policies/defaultAppManagementPolicy").1;
    let limits = &policy["applicationRestrictions"]["passwordCredentials"][0];
    assert_eq!(limits["maxLifetime"], "P30D");
}

#[test]
fn the_directory_is_closed_without_its_permissions() {
    let api = Api::app(&["Mail.Send"]);
    let path = format!("/v1.0/applications(appId='{CONFIDENTIAL_CLIENT}')");
    assert_eq!(code(&api.get(&path)), (403, "Authorization_RequestDenied"));
}

#[test]
fn gmail_has_a_profile_and_sends_what_is_in_base64url() {
    let tenant = Tenant::new();
    let auth = "https://www.googleapis.com/auth";
    let token = tenant.oidc_access_token(SHOP, &format!("openid {auth}/gmail.readonly {auth}/gmail.send"));
    let api = Api { tenant, token };
    let (status, profile) = api.get("/gmail/v1/users/me/profile");
    assert_eq!((status, &profile["emailAddress"]), (200, &json!(SHOP)), "{profile}");
    let own = MESSAGE.replace("To: alice@", "To: shop@");
    let raw = BASE64_URL_SAFE_NO_PAD.encode(own);
    assert_eq!(api.post("/gmail/v1/users/me/messages/send", &json!({ "raw": raw })).0, 200);
    let found = api.get("/gmail/v1/users/me/messages?q=rfc822msgid:one@contoso.example").1;
    let id = found["messages"][0]["id"].as_str().unwrap().to_owned();
    let message = api.get(&format!("/gmail/v1/users/me/messages/{id}?format=metadata")).1;
    assert!(message["payload"]["headers"].to_string().contains("X-Practice"), "{message}");
}

#[test]
fn an_answer_is_broken_in_each_way_and_whole_afterwards() {
    let api = Api::graph(&["Mail.ReadBasic"]);
    let inbox = "/v1.0/me/mailFolders/inbox";
    let broken = |name: &str| {
        api.tenant.sandbox.switch_on(Fault::named(name));
        let url = format!("{}{inbox}", api.tenant.sandbox.api_base());
        let bearer = format!("Bearer {}", api.token);
        let ca = api.tenant.sandbox.ca_file();
        let answer = browser::request("GET", &url, &[("Authorization", &bearer)], "", ca);
        api.tenant.sandbox.switch_off(Fault::named(name));
        answer.map(|page| (page.status, page.body))
    };
    assert!(broken("api-malformed-json").unwrap().1.starts_with("{\"totalItemCount\": 4"));
    assert!(broken("api-html").unwrap().1.starts_with("<!doctype html>"));
    assert_eq!(broken("api-empty").unwrap(), (200, String::new()));
    assert_eq!(broken("api-proxy-502").unwrap().0, 502);
    assert_eq!(broken("api-redirect").unwrap().0, 302);
    let (_, cut) = broken("api-cut-off").unwrap();
    assert!(cut.starts_with('{') && serde_json::from_str::<Value>(&cut).is_err(), "{cut}");
    assert!(broken("api-no-answer").is_err());
    assert!(broken("api-endless").unwrap().1.len() > 100_000_000);
    assert_eq!(api.get(inbox).0, 200);
}

#[test]
fn the_directory_says_how_full_the_measure_is_when_it_throttles() {
    let api = Api::app(&["Application.ReadWrite.OwnedBy"]);
    api.tenant.sandbox.switch_on(Fault::named("directory-throttled"));
    let url = format!("{}/v1.0/applications(appId='{CONFIDENTIAL_CLIENT}')", api.tenant.sandbox.api_base());
    let bearer = format!("Bearer {}", api.token);
    let page = browser::request("GET", &url, &[("Authorization", &bearer)], "", api.tenant.sandbox.ca_file()).unwrap();
    assert_eq!((page.status, page.header("retry-after")), (429, Some("120")));
    assert_eq!(page.header("x-ms-throttle-limit-percentage"), Some("1.2"));
    assert!(page.header("x-ms-throttle-scope").unwrap().ends_with(TENANT_ID));
}

#[test]
fn hints_may_be_missing_or_the_same() {
    let api = Api::app(&["Application.ReadWrite.OwnedBy"]);
    api.tenant.sandbox.add_client_secret("another-secret-of-the-app");
    let path = format!("/v1.0/applications(appId='{CONFIDENTIAL_CLIENT}')?$select=passwordCredentials");
    let hints = || {
        let listed = api.get(&path).1["passwordCredentials"].as_array().unwrap().clone();
        listed.into_iter().map(|one| one["hint"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(hints(), [json!("pra"), json!("ano")]);
    api.tenant.sandbox.switch_on(Fault::SameHints);
    assert_eq!(hints(), [json!("pra"), json!("pra")]);
    api.tenant.sandbox.switch_off(Fault::SameHints);
    api.tenant.sandbox.switch_on(Fault::NoHints);
    assert_eq!(hints(), [Value::Null, Value::Null]);
}
