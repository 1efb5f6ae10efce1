use serde_json::Value;

use super::*;
use crate::failure::FailureKind;
use crate::oauth::service_account::testing::{NUMBER, key_file};
use crate::secrets::{AppRecord, ClientSecret, save_app};

const ANSWER: &str = r#"{"access_token":"canary-fresh","expires_in":3599,"token_type":"Bearer"}"#;

/// A mailbox at Google whose app is a service account, with its key in the store.
fn desk(server: &Server, address: &str, sides: &str) -> Desk {
    let url = server.url("/token").to_string();
    let desk = Desk::with_profile(&format!(
        r#"
[apps.robot]
provider = "google"
client_id = "{NUMBER}"
credential = "service-account"
service_account = {{ token_url = "{url}" }}
[mailboxes.shop]
app = "robot"
address = "{address}"
{sides}
"#
    ));
    let app = desk.profile.apps.values().next().unwrap();
    let value = SecretString::from(key_file(&url).to_string());
    let active = ClientSecret { value, expires: None, added: Timestamp::UNIX_EPOCH, key_id: None };
    save_app(desk.store.as_ref(), &app.name, &AppRecord { active: Some(active), ..AppRecord::of(app) }).unwrap();
    desk
}

/// The claims of the statement in a request.
fn claims(request: &str) -> Value {
    let body = request.split_once("\r\n\r\n").unwrap().1;
    let mut fields = url::form_urlencoded::parse(body.as_bytes());
    let assertion = fields.find(|(name, _)| name == "assertion").unwrap().1.into_owned();
    Value::Object(crate::jwt::read(&assertion).unwrap())
}

#[test]
fn the_account_asks_for_the_mailbox_s_user_and_the_token_is_kept() {
    let server = Server::script(vec![Box::new(|request, stream| {
        let claims = claims(request);
        assert_eq!(
            (claims["sub"].as_str(), claims["scope"].as_str()),
            (Some("shop@contoso.example"), Some("https://mail.google.com/"))
        );
        assert_eq!(claims["iat"], 1_800_000_000);
        assert!(!request.contains("client_id=") && !request.contains("client_secret="), "{request}");
        http::reply("200 OK", "", ANSWER)(request, stream);
    })]);
    let desk =
        desk(&server, "shop@contoso.example", "incoming = { protocol = \"imap\" }\noutgoing = { protocol = \"smtp\" }");
    assert_eq!(desk.refresh().ok().unwrap().source, TokenSource::Refresh);
    server.finish();
    // The server is gone: the second time it comes from the store.
    assert_eq!(desk.refresh().ok().unwrap().source, TokenSource::Store);
    assert!(desk.grant().refresh_token().is_none());
}

/// Over the Gmail API a narrower scope is enough; one token is good for both sides.
#[test]
fn one_statement_names_the_scopes_of_all_sides() {
    let server = Server::script(vec![Box::new(|request, stream| {
        let scopes = claims(request)["scope"].as_str().unwrap().to_owned();
        assert_eq!(scopes, "https://mail.google.com/ https://www.googleapis.com/auth/gmail.send");
        http::reply("200 OK", "", ANSWER)(request, stream);
    })]);
    let sides = "incoming = { protocol = \"imap\" }\noutgoing = { protocol = \"gmail\" }";
    desk(&server, "shop@contoso.example", sides).refresh().ok().unwrap();
    server.finish();
}

#[test]
fn nothing_is_asked_for_a_private_account() {
    let server = Server::script(Vec::new());
    for address in ["shop@gmail.com", "shop@GoogleMail.com"] {
        let failure = desk(&server, address, "incoming = { protocol = \"imap\" }").refresh().map(drop).unwrap_err();
        let FailureKind::Credential(fault) = failure.kind else { panic!("{failure}") };
        assert_eq!(fault.code.as_str(), "service-account-no-delegation");
    }
    server.finish();
}

#[test]
fn a_refused_statement_marks_nothing_as_lost() {
    let refusal = r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#;
    let server = Server::answering("400 Bad Request", "", refusal);
    let desk = desk(&server, "shop@contoso.example", "incoming = { protocol = \"imap\" }");
    let FailureKind::OAuth(fault) = desk.refresh().map(drop).unwrap_err().kind else { panic!() };
    assert!(fault.refuses_client());
    assert!(load_mailbox(desk.store.as_ref(), &name()).unwrap().is_none(), "there is nothing to keep");
    server.finish();
}
