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
        basic_auth: false,
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

#[test]
fn granted_scopes_are_compared_by_their_last_part() {
    let asked: Vec<Scope> =
        ["openid", "https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"]
            .iter()
            .map(|scope| scope.parse().unwrap())
            .collect();
    let granted = vec!["https://outlook.office365.com/imap.accessasuser.all".to_owned()];
    let missing = missing_scopes(&asked, &granted);
    assert_eq!(missing.len(), 1);
    assert!(missing[0].as_str().ends_with("SMTP.Send"));
}
