use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;

use super::*;
use crate::config;
use crate::net::testing::{self as http, Server};
use crate::profile::{ClientAuthentication, Profile};
use crate::secrets::{CachedAccess, MemoryStore};

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

/// The same at a provider of one's own.
const ELSEWHERE: &str = r#"
[apps.own]
provider = "oidc"
issuer = "https://login.example"
client_id = "mailgrant"
credential = "none"
scopes = ["mail"]
[mailboxes.shop]
app = "own"
address = "shop@contoso.example"
incoming = { protocol = "imap", host = "mail.example" }
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
        Self::with_profile(PROFILE)
    }

    fn with_profile(text: &str) -> Self {
        Self {
            profile: config::parse(Path::new("config.toml"), text).unwrap(),
            store: Arc::default(),
            locks: tempfile::tempdir().unwrap(),
        }
    }

    fn with<R>(&self, run: impl FnOnce(&Session<'_>) -> R) -> R {
        let mailbox = self.profile.mailboxes.values().next().unwrap();
        let signers = Signers::default();
        run(&Session {
            store: self.store.as_ref(),
            locks: self.locks.path(),
            http: http::client(),
            clock: Clock::from_fn(|| Timestamp::from_second(1_800_000_000).unwrap()),
            app: self.profile.app_of(mailbox),
            mailbox,
            protocol: None,
            proving: None,
            deadline: None,
            profile_file: Path::new("config.toml"),
            on_loss: OnLoss::Mark,
            throttle: &Throttle::default(),
            signers: &signers,
        })
    }

    /// Puts the sign-in back as it was; its access token has expired.
    fn signed_in(&self, server: &Server) {
        let grant = self.with(|session| {
            let asked: Vec<String> =
                session.app.scopes.for_channels(session.mailbox.channels()).iter().map(Scope::to_string).collect();
            MailboxRecord {
                binding: session.binding(),
                profile: None,
                authorization: user(OLD),
                token_endpoint: server.url("/token").to_string(),
                client_authentication: ClientAuthentication::Body,
                identity: None,
                scopes: asked.clone(),
                asked,
                obtained: Timestamp::UNIX_EPOCH,
                refreshed: None,
                access: vec![CachedAccess {
                    audience: session.audience(),
                    token: SecretString::from(STALE),
                    received: Timestamp::UNIX_EPOCH,
                    expires: Timestamp::UNIX_EPOCH,
                    scopes: Vec::new(),
                }],
                needs_authorization: None,
            }
        });
        save_mailbox(self.store.as_ref(), &name(), &grant).unwrap();
    }

    fn refresh(&self) -> Result<AccessToken, Failure> {
        self.with(|session| session.access_token())
    }

    fn grant(&self) -> MailboxRecord {
        load_mailbox(self.store.as_ref(), &name()).unwrap().expect("nothing ever deletes a grant")
    }

    /// The record, byte for byte.
    fn bytes(&self) -> Vec<u8> {
        self.store.get(&RecordKey::Mailbox(name())).unwrap().expect("nothing ever deletes a record").expose().to_vec()
    }
}

fn user(refresh_token: &str) -> Authorization {
    Authorization::User(RefreshGrant { refresh_token: refresh_token.into() })
}

fn name() -> crate::profile::Name {
    "shop".parse().unwrap()
}

/// A program that refreshed without our lock (another machine's copy of the store, an older version) has the grant that counts.
#[test]
fn a_refused_token_that_was_replaced_meanwhile_is_not_a_lost_sign_in() {
    let desk = Desk::new();
    let store = Arc::clone(&desk.store);
    let server = Server::script(vec![Box::new(move |request, stream| {
        assert!(request.contains(OLD), "{request}");
        let mut grant = load_mailbox(store.as_ref(), &name()).unwrap().unwrap();
        grant.authorization = user("canary-newer-refresh-token");
        save_mailbox(store.as_ref(), &name(), &grant).unwrap();
        http::reply("400 Bad Request", "", r#"{"error":"invalid_grant","error_codes":[700082]}"#)(request, stream);
    })]);
    desk.signed_in(&server);
    assert!(desk.refresh().is_err());
    server.finish();
    let grant = desk.grant();
    assert_eq!(grant.refresh_token().unwrap().expose_secret(), "canary-newer-refresh-token");
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
        assert_eq!(grant.refresh_token().unwrap().expose_secret(), kept, "{field}");
        assert_eq!(grant.access[0].expires.as_second(), 1_800_003_599);
    }
}

/// What no user signs in for.
mod app_only;

// OpenSSL makes its keys, which the other systems do not build.
#[cfg(target_os = "linux")]
mod service_account;

/// What marks a sign-in as lost, and what becomes of the mark.
mod loss;

/// Tokens of another time, and of another profile.
mod foreign;

/// Room in the store before the request goes out.
mod reservation {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::secrets::{MemoryStore, SecretBytes};

    /// A store that can always be read.
    #[derive(Default)]
    struct ReadOnlyStore {
        records: MemoryStore,
        refuses_writes: AtomicBool,
    }

    impl SecretStore for ReadOnlyStore {
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

        fn self_test(&self) -> Result<crate::text::Shown, StoreFault> {
            self.records.self_test()
        }

        fn describe(&self) -> crate::text::Shown {
            "a store".into()
        }
    }

    #[test]
    fn a_store_that_cannot_be_written_is_noticed_before_the_refresh_token_is_spent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let profile = "[apps.shop]\nprovider = \"google\"\nclient_id = \"a\"\ncredential = \"none\"\n\
                       [mailboxes.shop]\napp = \"shop\"\naddress = \"shop@x.example\"\nincoming = { protocol = \"imap\" }\n";
        let profile = crate::config::parse("config.toml".as_ref(), profile).unwrap();
        let mailbox = profile.mailboxes.values().next().unwrap();
        let (store, locks) = (ReadOnlyStore::default(), tempfile::tempdir().unwrap());
        let app = profile.app_of(mailbox);
        let session = Session {
            store: &store,
            locks: locks.path(),
            http: http::client(),
            clock: Clock::system(),
            app,
            mailbox,
            protocol: None,
            proving: None,
            deadline: None,
            profile_file: Path::new("config.toml"),
            on_loss: OnLoss::Mark,
            throttle: &Throttle::default(),
            signers: &Signers::default(),
        };
        let asked: Vec<String> = app.scopes.for_channels(mailbox.channels()).iter().map(Scope::to_string).collect();
        let grant = MailboxRecord {
            binding: session.binding(),
            profile: None,
            authorization: user("the-old-one"),
            token_endpoint: format!("http://{}/token", listener.local_addr().unwrap()),
            client_authentication: ClientAuthentication::Body,
            identity: None,
            scopes: asked.clone(),
            asked,
            obtained: Timestamp::UNIX_EPOCH,
            refreshed: None,
            access: Vec::new(),
            needs_authorization: None,
        };
        save_mailbox(&store, &mailbox.name, &grant).unwrap();

        store.refuses_writes.store(true, Ordering::Relaxed);
        let failure = session.access_token().err().expect("there is nowhere to store a token");
        assert!(matches!(failure.kind, FailureKind::Store(StoreFault::Denied { .. })), "{failure}");
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "the refresh token was sent");

        store.refuses_writes.store(false, Ordering::Relaxed);
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
        let kept = load_mailbox(&store, &mailbox.name).unwrap().unwrap();
        assert_eq!(kept.refresh_token().unwrap().expose_secret(), "the-new-one");
    }
}
