use std::sync::Arc;

use super::*;
use crate::config;
use crate::oauth::testing::{self, Server};
use crate::profile::Profile;
use crate::secrets::MemoryStore;

const PROFILE: &str = r#"
[apps.contoso]
provider = "microsoft365"
tenant = "contoso.example"
client_id = "11111111-2222-3333-4444-555555555555"
credential = "none"
[mailboxes.shop]
app = "contoso"
address = "shop@contoso.example"
incoming = { protocol = "imap" }
"#;

const OLD: &str = "canary-old-refresh-token";
const STALE: &str = "canary-stale-access-token";

/// A mailbox that was signed in long ago, and a store and locks for it.
struct Desk {
    profile: Profile,
    store: Arc<MemoryStore>,
    locks: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self {
            profile: config::parse(Path::new("config.toml"), PROFILE).unwrap(),
            store: Arc::default(),
            locks: tempfile::tempdir().unwrap(),
        }
    }

    fn with<R>(&self, run: impl FnOnce(&Session<'_>) -> R) -> R {
        let mailbox = self.profile.mailboxes.values().next().unwrap();
        let http = testing::client();
        run(&Session {
            store: self.store.as_ref(),
            locks: self.locks.path(),
            http: &http,
            clock: Clock::from_fn(|| Timestamp::from_second(1_800_000_000).unwrap()),
            app: self.profile.app_of(mailbox),
            mailbox,
            proving: None,
            deadline: None,
        })
    }

    /// Puts the sign-in back as it was; its access token has expired.
    fn signed_in(&self, server: &Server) {
        let grant = self.with(|session| {
            let asked: Vec<String> =
                session.app.scopes.for_protocols(session.mailbox.protocols()).iter().map(Scope::to_string).collect();
            Grant {
                binding: session.binding(),
                refresh_token: SecretString::from(OLD),
                token_endpoint: server.url("/token").to_string(),
                basic_auth: false,
                identity: None,
                scopes: asked.clone(),
                asked,
                obtained: Timestamp::UNIX_EPOCH,
                refreshed: None,
                access: Some(CachedAccess {
                    token: SecretString::from(STALE),
                    expires: Timestamp::UNIX_EPOCH,
                    scopes: Vec::new(),
                }),
                needs_authorization: None,
            }
        });
        save_grant(self.store.as_ref(), &name(), &grant).unwrap();
    }

    fn refresh(&self) -> Result<AccessToken, Failure> {
        self.with(|session| session.access_token())
    }

    fn grant(&self) -> Grant {
        load_grant(self.store.as_ref(), &name()).unwrap().expect("nothing ever deletes a grant")
    }

    /// The record, byte for byte.
    fn bytes(&self) -> Vec<u8> {
        self.store.get(&RecordKey::Mailbox(name())).unwrap().expect("nothing ever deletes a record").expose().to_vec()
    }
}

fn name() -> crate::profile::Name {
    "shop".parse().unwrap()
}

/// SECURITY.md T2: 19 statuses, each with and without Retry-After, and 10 bodies.
#[test]
fn only_a_true_invalid_grant_marks_the_sign_in_as_lost() {
    let statuses = [
        "200 OK",
        "201 Created",
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "407 Proxy Authentication Required",
        "408 Request Timeout",
        "418 I'm a teapot",
        "422 Unprocessable Content",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
        "511 Network Authentication Required",
    ];
    let bodies = [
        r#"{"error":"invalid_grant","error_description":"AADSTS700082: expired","error_codes":[700082]}"#,
        r#"{"error":"invalid_client","error_description":"AADSTS7000222: the secret, not the grant: invalid_grant"}"#,
        r#"{"error":"interaction_required","suberror":"invalid_grant"}"#,
        r#"{"error":"unauthorized_client"}"#,
        r#"{"error":"temporarily_unavailable"}"#,
        r#"{"error":{"status":"invalid_grant","code":400}}"#,
        r#"["invalid_grant"]"#,
        r#"{"error":"invalid_grant""#,
        "<html><title>invalid_grant</title>{\"error\":\"invalid_grant\"}</html>",
        "",
    ];
    let desk = Desk::new();
    let (mut answers, mut lost) = (0, 0);
    for status in statuses {
        for headers in ["", "Retry-After: 30\r\n"] {
            for body in bodies {
                let server = Server::answering(status, &format!("Location: /token\r\n{headers}"), body);
                desk.signed_in(&server);
                let before = desk.bytes();
                let failure = desk.refresh().err().expect("none of them is a token");
                server.finish();
                let is_true = body == bodies[0] && (status.starts_with("400") || status.starts_with("401"));
                if is_true && headers.is_empty() {
                    assert!(desk.grant().needs_authorization.is_some(), "{status} {body}: {failure}");
                    // All the rest stays: a provider's mistake can be undone.
                    let mut grant = desk.grant();
                    grant.needs_authorization = None;
                    save_grant(desk.store.as_ref(), &name(), &grant).unwrap();
                    lost += 1;
                }
                assert!(desk.bytes() == before, "{status} {headers}{body}: the record has changed");
                answers += 1;
            }
        }
    }
    assert_eq!((answers, lost), (380, 2));
}

/// Whoever refreshed without our lock (another machine's copy of the store, an older program) has the grant that counts.
#[test]
fn a_refused_token_that_was_replaced_meanwhile_is_no_lost_sign_in() {
    let desk = Desk::new();
    let store = Arc::clone(&desk.store);
    let server = Server::script(vec![Box::new(move |request, stream| {
        assert!(request.contains(OLD), "{request}");
        let mut grant = load_grant(store.as_ref(), &name()).unwrap().unwrap();
        grant.refresh_token = SecretString::from("canary-newer-refresh-token");
        save_grant(store.as_ref(), &name(), &grant).unwrap();
        testing::reply("400 Bad Request", "", r#"{"error":"invalid_grant"}"#)(request, stream);
    })]);
    desk.signed_in(&server);
    assert!(desk.refresh().is_err());
    server.finish();
    let grant = desk.grant();
    assert_eq!(grant.refresh_token.expose_secret(), "canary-newer-refresh-token");
    assert_eq!(grant.needs_authorization, None);
}

/// RFC 6749 §6, SECURITY.md T3.
#[test]
fn a_missing_refresh_token_keeps_the_old_one() {
    let desk = Desk::new();
    for (field, kept) in [
        ("", OLD),
        (r#","refresh_token":null"#, OLD),
        (r#","refresh_token":"""#, OLD),
        (r#","refresh_token":["canary-new"]"#, OLD),
        (r#","refresh_token":"canary new""#, OLD),
        (r#","refresh_token":"canary-new""#, "canary-new"),
    ] {
        let body = format!(r#"{{"access_token":"canary-fresh","expires_in":"3599"{field}}}"#);
        let server = Server::answering("200 OK", "", body);
        desk.signed_in(&server);
        let access = desk.refresh().ok().unwrap();
        server.finish();
        assert_eq!(access.token.expose_secret(), "canary-fresh");
        let grant = desk.grant();
        assert_eq!(grant.refresh_token.expose_secret(), kept, "{field}");
        assert_eq!(grant.access.unwrap().expires.as_second(), 1_800_003_599);
    }
}
