use std::sync::Arc;

use super::*;
use crate::config;
use crate::oauth::testing::{self, Server};
use crate::profile::{ClientAuth, Profile};
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
                client_auth: ClientAuth::Body,
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

/// Room in the store before the request goes out.
mod room {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::secrets::{MemoryStore, SecretBytes};
    use crate::transcript::Transcript;

    /// A keep that can always be read.
    #[derive(Default)]
    struct Keep {
        records: MemoryStore,
        refuses_writes: AtomicBool,
    }

    impl SecretStore for Keep {
        fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
            self.records.get(key)
        }

        fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault> {
            if self.refuses_writes.load(Ordering::Relaxed) {
                return Err(StoreFault::Denied { reason: "it may be read only".into() });
            }
            self.records.put(key, value)
        }

        fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault> {
            self.records.delete(key)
        }

        fn trial(&self) -> Result<String, StoreFault> {
            self.records.trial()
        }

        fn describe(&self) -> String {
            "a keep".into()
        }
    }

    #[test]
    fn a_keep_that_cannot_be_written_is_noticed_before_the_refresh_token_is_spent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let profile = "[apps.shop]\nprovider = \"google\"\nclient_id = \"a\"\ncredential = \"none\"\n\
                       [mailboxes.shop]\napp = \"shop\"\naddress = \"shop@x.example\"\nincoming = { protocol = \"imap\" }\n";
        let profile = crate::config::parse("config.toml".as_ref(), profile).unwrap();
        let mailbox = profile.mailboxes.values().next().unwrap();
        let no_tls = || Err(FailureKind::StartTlsNotOffered.into());
        let http = HttpClient::new(no_tls, Transcript::default());
        let (keep, locks) = (Keep::default(), tempfile::tempdir().unwrap());
        let app = profile.app_of(mailbox);
        let session = Session {
            store: &keep,
            locks: locks.path(),
            http: &http,
            clock: Clock::system(),
            app,
            mailbox,
            proving: None,
            deadline: None,
        };
        let asked: Vec<String> = app.scopes.for_protocols(mailbox.protocols()).iter().map(Scope::to_string).collect();
        let grant = Grant {
            binding: session.binding(),
            refresh_token: "the-old-one".into(),
            token_endpoint: format!("http://{}/token", listener.local_addr().unwrap()),
            client_auth: ClientAuth::Body,
            identity: None,
            scopes: asked.clone(),
            asked,
            obtained: Timestamp::UNIX_EPOCH,
            refreshed: None,
            access: None,
            needs_authorization: None,
        };
        save_grant(&keep, &mailbox.name, &grant).unwrap();

        keep.refuses_writes.store(true, Ordering::Relaxed);
        let failure = session.access_token().err().expect("there is nowhere to keep a token");
        assert!(matches!(failure.kind, FailureKind::Store(StoreFault::Denied { .. })), "{failure}");
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "the refresh token was sent");

        keep.refuses_writes.store(false, Ordering::Relaxed);
        listener.set_nonblocking(false).unwrap();
        let provider = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"the-old-one") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            let body = r#"{"access_token":"new","refresh_token":"the-new-one","expires_in":3600}"#;
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        });
        assert_eq!(session.access_token().map(|access| access.source).unwrap(), TokenSource::Refresh);
        provider.join().unwrap();
        let kept = load_grant(&keep, &mailbox.name).unwrap().unwrap();
        assert_eq!(kept.refresh_token.expose_secret(), "the-new-one");
    }
}
