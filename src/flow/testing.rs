//! What was seen, made without a server or a store.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::plan::{self, Depth};
use super::preflight::Inspection;
use super::seen::{Conversation, Fetched, Outcome, Records, Seen, Stored};
use super::session::{AccessToken, TokenSource};
use crate::config;
use crate::diagnosis::preflight::{self, PresentedToken};
use crate::failure::{Failure, FailureKind, OAuthFault};
use crate::profile::{ClientAuthentication, Profile, Protocol, Side};
use crate::progress::Observation;
use crate::report::{Detail, Stage};
use crate::secrets::{AppRecord, Authorization, Binding, ClientSecret, MailboxRecord, RefreshGrant};
use crate::transport::{Log, Task};

const PROFILE: &str = r#"
[apps.contoso]
provider = "microsoft365"
tenant = "contoso.example"
client_id = "11111111-2222-3333-4444-555555555555"
credential = "secret"
[mailboxes.shop]
app = "contoso"
address = "shop@contoso.example"
incoming = { protocol = "imap" }
outgoing = { protocol = "smtp" }
"#;

/// The steps of a conversation that goes well.
const STEPS: [Stage; 6] =
    [Stage::Dns, Stage::Tcp, Stage::Tls, Stage::Greeting, Stage::Capabilities, Stage::Authentication];

pub(super) fn contoso() -> Profile {
    config::parse("config.toml".as_ref(), PROFILE).unwrap()
}

pub(super) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// What is seen of the profile's mailbox when all goes well, at noon of the first day of 2026.
pub(super) fn well(profile: &Profile) -> Seen<'_> {
    let mailbox = profile.mailboxes.values().next().unwrap();
    Seen {
        app: profile.app_of(mailbox),
        mailbox,
        depth: Depth::Servers,
        started: Instant::now(),
        now: at("2026-01-01T12:00:00Z"),
        stored: None,
        tokens: vec![fetched(Outcome::Token(token_from(TokenSource::Refresh)))],
        tenant: None,
        conversations: vec![conversation(profile, Side::Incoming), conversation(profile, Side::Outgoing)],
        afterwards: None,
    }
}

/// The same, where the store was looked at by itself: a secret and a sign-in of the year before.
pub(super) fn well_end_to_end(profile: &Profile) -> Seen<'_> {
    let seen = well(profile);
    let long_ago = at("2025-01-01T12:00:00Z");
    let mut app = AppRecord::of(seen.app);
    app.active = Some(ClientSecret { value: "canary-secret".into(), expires: None, added: long_ago, key_id: None });
    let grant = MailboxRecord {
        binding: Binding {
            client_id: seen.app.client_id.clone(),
            issuer_or_authority: seen.app.registrar().to_owned(),
            address: seen.mailbox.address.to_string(),
        },
        profile: None,
        authorization: Authorization::User(RefreshGrant { refresh_token: "canary-refresh-token".into() }),
        token_endpoint: "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token".to_owned(),
        client_authentication: ClientAuthentication::Body,
        identity: None,
        scopes: Vec::new(),
        asked: Vec::new(),
        obtained: long_ago,
        refreshed: None,
        access: Vec::new(),
        needs_authorization: None,
    };
    let stored = stored(Ok(Records { grant, app: Some(app) }));
    Seen { depth: Depth::EndToEnd, stored: Some(stored), ..seen }
}

pub(super) fn stored(records: Result<Records, Failure>) -> Stored {
    Stored { began: Instant::now(), elapsed: Duration::ZERO, records }
}

pub(super) fn fetched(outcome: Outcome) -> Fetched {
    Fetched {
        protocols: vec![Protocol::Imap, Protocol::Smtp],
        began: Instant::now(),
        elapsed: Duration::ZERO,
        outcome,
        inspection: None,
    }
}

/// An opaque token that is good for an hour.
pub(super) fn token_from(source: TokenSource) -> AccessToken {
    AccessToken {
        token: SecretString::from("canary-access-token"),
        expires: at("2026-01-01T13:00:00Z"),
        source,
        scopes: Vec::new(),
        received: at("2026-01-01T12:00:00Z"),
        account_names: Vec::new(),
        is_unkept: false,
    }
}

/// What is seen of a token that says this of itself.
pub(super) fn inspection(seen: &Seen<'_>, claims: &Value) -> Inspection {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let token = SecretString::from(format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims)));
    let presented = PresentedToken {
        token: &token,
        granted: &[],
        received: seen.now,
        expires: at("2026-01-01T13:00:00Z"),
        account_names: &[],
    };
    let preflight = preflight::look(presented, seen.app, seen.mailbox, seen.mailbox.protocols(), seen.now);
    Inspection { preflight, began: Duration::ZERO, elapsed: Duration::ZERO }
}

/// A conversation in which every step goes well.
pub(super) fn conversation(profile: &Profile, side: Side) -> Conversation<'_> {
    let mailbox = profile.mailboxes.values().next().unwrap();
    let service = mailbox.service(side).unwrap();
    let last = match side {
        Side::Incoming => Stage::Folder,
        Side::Outgoing => Stage::Sender,
    };
    let observations = STEPS.into_iter().chain([last]).map(|stage| step(stage, Ok("fine".into()))).collect();
    let task = match side {
        Side::Incoming => Task::Read { latest: 0 },
        Side::Outgoing => plan::send_nothing(mailbox),
    };
    Conversation { task, service, log: Log { observations, ..Log::default() } }
}

impl Conversation<'_> {
    /// The same, ended by what went wrong at `stage`.
    pub(super) fn failed_at(mut self, stage: Stage, failure: impl Into<Failure>) -> Self {
        let steps = &mut self.log.observations;
        steps.truncate(steps.iter().position(|step| step.stage == stage).unwrap());
        steps.push(step(stage, Err(failure.into())));
        self
    }

    /// The same, ended before sign-in, for want of a token.
    pub(super) fn without_token(mut self) -> Self {
        self.log.observations.retain(|step| step.stage < Stage::Authentication);
        self
    }
}

pub(super) fn step(stage: Stage, result: Result<Detail, Failure>) -> Observation {
    Observation { stage, began: Instant::now(), elapsed: Duration::ZERO, result }
}

/// What a token endpoint answers that refuses the client, in words that tell no more.
pub(super) fn client_refused() -> Failure {
    FailureKind::OAuth(OAuthFault { error: "invalid_client".into(), status: 401, ..OAuthFault::default() }).into()
}
