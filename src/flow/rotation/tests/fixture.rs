//! An app with two mailboxes, and a provider that answers as told.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use super::super::*;
use crate::config;
use crate::failure::{FailureKind, OAuthFault};
use crate::oauth::ClientCredential;
use crate::profile::Profile;
use crate::report::{Check, Stage};
use crate::secrets::{MemoryStore, save_app};

/// The time for which the provider may not know a new secret.
const PROPAGATION: Duration = Duration::from_secs(120);

pub(super) const PROFILE: &str = r#"
[apps.contoso]
provider = "microsoft365"
tenant = "contoso.example"
client_id = "11111111-2222-3333-4444-555555555555"
[mailboxes.a]
app = "contoso"
address = "a@contoso.example"
incoming = { protocol = "imap" }
[mailboxes.b]
app = "contoso"
address = "b@contoso.example"
incoming = { protocol = "imap" }
"#;

fn profile() -> Profile {
    config::parse(std::path::Path::new("config.toml"), PROFILE).unwrap()
}

pub(super) fn clock() -> Clock {
    Clock::from_fn(|| Timestamp::UNIX_EPOCH)
}

/// Answers by mailbox; counts what it was asked.
#[derive(Default)]
pub(super) struct Script {
    pub(super) redeem: BTreeMap<&'static str, FailureKind>,
    /// How many times the secret is refused before it is known everywhere.
    pub(super) refusals: usize,
    /// How long the secret is refused for.
    pub(super) known_after: Duration,
    pub(super) connection_fails: bool,
    pub(super) asked: AtomicUsize,
    pub(super) waited: Mutex<Duration>,
}

impl Script {
    pub(super) fn waited(&self) -> Duration {
        *self.waited.lock().unwrap()
    }
}

fn refused() -> FailureKind {
    FailureKind::OAuth(OAuthFault { error: "invalid_client".into(), codes: vec![7_000_215], ..OAuthFault::default() })
}

impl Prover for Script {
    fn redeem(&self, mailbox: &Mailbox, credential: &ClientCredential) -> Result<(), Failure> {
        assert!(["new", "old"].contains(&exposed(credential)), "that secret is not known");
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        if asked < self.refusals || self.waited() < self.known_after {
            return Err(refused().into());
        }
        self.redeem.get(mailbox.name.as_str()).cloned().map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn connect(&self, _: &Mailbox, credential: &ClientCredential) -> Tested {
        assert_eq!(exposed(credential), "new", "only the pending secret is tested");
        if self.connection_fails {
            let failure = FailureKind::ConnectionRefused { host: "h".into(), port: 1 }.into();
            let finding = crate::diagnosis::finding(&failure, crate::diagnosis::FailureContext::default());
            let checks = vec![Check::failed(Stage::Tcp, Duration::ZERO, finding)];
            return Tested { checks, ..Tested::default() };
        }
        Tested::default()
    }

    fn wait(&self, pause: Duration, _: &Failure) {
        *self.waited.lock().unwrap() += pause;
    }
}

pub(super) struct Fixture {
    profile: Profile,
    pub(super) store: MemoryStore,
    pub(super) clock: Clock,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let fixture = Self { profile: profile(), store: MemoryStore::default(), clock: clock() };
        let app = fixture.profile.apps.values().next().unwrap();
        let mut record = AppRecord::new(app.client_id.clone());
        record.active = Some(secret("old"));
        save_app(&fixture.store, &app.name, &record).unwrap();
        fixture
    }

    pub(super) fn record(&self) -> AppRecord {
        load_app(&self.store, &"contoso".parse().unwrap()).unwrap().unwrap()
    }

    pub(super) fn active(&self) -> String {
        self.record().active.unwrap().value.expose_secret().to_owned()
    }

    pub(super) fn run(&self, script: &Script, new: Option<&str>) -> ProofResult {
        self.with(script, |rotation| rotation.run(request(new.map(|value| (value, None)))).unwrap())
    }

    pub(super) fn roll_back(&self, script: &Script) -> &'static str {
        came_to(&self.with(script, |rotation| rotation.roll_back(Force::No).unwrap()))
    }

    pub(super) fn with<R>(&self, script: &Script, run: impl FnOnce(&Rotation<'_>) -> R) -> R {
        let app = self.profile.apps.values().next().unwrap();
        let apps: Vec<&App> = self.profile.apps.values().collect();
        let mailboxes: Vec<&Mailbox> = self.profile.mailboxes.values().collect();
        run(&Rotation {
            store: &self.store,
            app,
            apps: &apps,
            mailboxes: &mailboxes,
            clock: self.clock,
            propagation: PROPAGATION,
            deadline: None,
            test_connections: true,
            prover: script,
        })
    }
}

pub(super) fn request(new: Option<(&str, Option<Date>)>) -> RotationRequest {
    match new {
        Some((value, expires)) => RotationRequest::New(NewSecret { value: value.into(), expires, issued: None }),
        None => RotationRequest::Finish { expires: None },
    }
}

/// What a rollback came to, in a word.
fn came_to(rolled_back: &RolledBack) -> &'static str {
    match rolled_back {
        RolledBack::Restored(_) => "restored",
        RolledBack::Already => "already",
        RolledBack::Dropped => "dropped",
        RolledBack::Nothing => "nothing",
        RolledBack::Expired { .. } => "expired",
        RolledBack::Refused(_) => "refused",
    }
}

/// The client secret that a prover was given.
pub(super) fn exposed(credential: &ClientCredential) -> &str {
    match credential {
        ClientCredential::Secret(secret) => secret.expose_secret(),
        ClientCredential::None | ClientCredential::Assertion(_) | ClientCredential::ServiceAccount(_) => {
            panic!("client secrets are rotated")
        }
    }
}

pub(super) fn secret(value: &str) -> ClientSecret {
    ClientSecret { value: value.into(), expires: None, added: Timestamp::UNIX_EPOCH, key_id: None }
}
