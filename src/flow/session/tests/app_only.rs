use super::*;
use crate::oauth::ClientCredential;

const SECRET: &str = "canary-client-secret";

/// RFC 6749 §4.4.3: no refresh token is to be kept.
const ANSWER: &str = r#"{"access_token":"canary-fresh","expires_in":3599,"refresh_token":"canary-new"}"#;

/// A mailbox of an app that is let in by itself, whose tokens come from `server`.
fn desk(server: &Server, protocol: &str) -> Desk {
    let authority = server.url("").to_string();
    Desk::with_profile(&format!(
        r#"
[apps.contoso]
provider = "microsoft365"
tenant = "contoso.example"
authority = "{}"
client_id = "11111111-2222-3333-4444-555555555555"
access = "app"
[mailboxes.shop]
app = "contoso"
address = "shop@contoso.example"
incoming = {{ protocol = "{protocol}" }}
"#,
        authority.trim_end_matches('/')
    ))
}

fn token(desk: &Desk) -> Result<AccessToken, Failure> {
    let credential = ClientCredential::Secret(SECRET.into());
    desk.with(|session| Session { proving: Some(&credential), ..session_of(session) }.access_token())
}

fn session_of<'a>(session: &Session<'a>) -> Session<'a> {
    Session {
        store: session.store,
        locks: session.locks,
        http: http::client(),
        clock: session.clock,
        app: session.app,
        mailbox: session.mailbox,
        protocol: session.protocol,
        proving: None,
        deadline: session.deadline,
        profile_file: session.profile_file,
        on_loss: session.on_loss,
        throttle: session.throttle,
        signers: session.signers,
    }
}

/// The one request that `server` takes.
fn one_request(scope: &'static str) -> Server {
    Server::script(vec![Box::new(move |request, stream| {
        assert!(request.starts_with("POST /contoso.example/oauth2/v2.0/token "), "{request}");
        assert!(request.contains("grant_type=client_credentials"), "{request}");
        assert!(request.contains(&format!("&scope={scope}&")), "{request}");
        assert!(request.contains(&format!("client_secret={SECRET}")), "{request}");
        assert!(!request.contains("refresh_token") && !request.contains("offline_access"), "{request}");
        http::reply("200 OK", "", ANSWER)(request, stream);
    })])
}

#[test]
fn an_app_asks_with_its_own_credential_and_keeps_the_token() {
    let server = one_request("https%3A%2F%2Foutlook.office365.com%2F.default");
    let desk = desk(&server, "imap");
    assert_eq!(token(&desk).ok().unwrap().source, TokenSource::Refresh);
    server.finish();
    let record = desk.grant();
    assert!(record.refresh_token().is_none());
    assert_eq!(record.access[0].audience.as_deref(), Some("https://outlook.office365.com"));
    assert_eq!(record.obtained.as_second(), 1_800_000_000);
    // The server is gone: the second time it comes from the store.
    assert_eq!(token(&desk).ok().unwrap().source, TokenSource::Store);
}

#[test]
fn each_service_has_a_token_of_its_own() {
    let server = one_request("https%3A%2F%2Fgraph.microsoft.com%2F.default");
    let desk = desk(&server, "graph");
    token(&desk).ok().unwrap();
    server.finish();
    assert_eq!(desk.grant().access[0].audience.as_deref(), Some("https://graph.microsoft.com"));
}

/// The profile was changed from a user's sign-in to the app's own access: the user's token opens nothing for it.
#[test]
fn what_a_user_left_is_not_used_for_the_app() {
    let server = one_request("https%3A%2F%2Foutlook.office365.com%2F.default");
    let desk = desk(&server, "imap");
    desk.signed_in(&server);
    let mut users = desk.grant();
    users.access[0].expires = Timestamp::from_second(1_900_000_000).unwrap();
    save_mailbox(desk.store.as_ref(), &name(), &users).unwrap();
    assert_eq!(token(&desk).ok().unwrap().token.expose_secret(), "canary-fresh");
    server.finish();
}

/// Its secret was refused: nothing is marked as lost, since no sign-in was.
#[test]
fn a_refused_app_is_asked_for_again() {
    let refusal = r#"{"error":"invalid_grant","error_codes":[700082]}"#;
    let server = Server::script(vec![Box::new(move |request, stream| {
        http::reply("400 Bad Request", "", refusal)(request, stream);
    })]);
    let desk = desk(&server, "imap");
    assert!(token(&desk).is_err());
    server.finish();
    assert!(load_mailbox(desk.store.as_ref(), &name()).unwrap().is_none(), "there is nothing to keep");
}
