//! Everything the practice tenant knows: who exists, which apps are registered, what has been issued, what happened.

mod apps;
mod exchange;
mod issued;

pub use apps::{App, ClientSecret, FederatedCredential, KeyCredential};
pub use exchange::{AppOnly, EXCHANGE, EXCHANGE_APP, EXCHANGE_ROLES, Principal, Reach};
pub use issued::{AccessToken, Code, DeviceCode, DeviceDecision, Dialect, Holder, RefreshState, RefreshToken, SignIn};

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use crate::ca::Certificate;
use crate::client_rules::ClientRules;
use crate::faults::Faults;
use crate::google::{Federated, Google};
use crate::issuer::Job;
use crate::jwt::Signer;
use crate::mailstore::MailStore;
use crate::managed_identity::ManagedIdentity;
use crate::wire::lock;

/// The tenant's ID.
pub const TENANT_ID: &str = "0a11ce00-0000-4000-8000-00000000c0de";
/// The tenant's verified domain.
pub const TENANT_DOMAIN: &str = "contoso.example";
/// The app that has client secrets.
pub const CONFIDENTIAL_CLIENT: &str = "5a4d0000-0000-4000-8000-00000000ab01";
/// The app that has none.
pub const PUBLIC_CLIENT: &str = "5a4d0000-0000-4000-8000-00000000ab02";
/// The mailbox that everything is about.
pub const SHOP: &str = "shop@contoso.example";
/// Another account, for the wrong-account mistake. It may open the shared mailbox.
pub const ALICE: &str = "alice@contoso.example";
/// A shared mailbox: it has no sign-in of its own, Alice may use it.
pub const SHARED: &str = "support@contoso.example";

/// The mailbox of a domain outside ASCII, büro.example, as servers know it.
pub const RESPELLED: &str = "info@xn--bro-hoa.example";

/// What can be addressed.
pub struct User {
    pub address: String,
    pub name: &'static str,
    object_id: Mutex<String>,
    /// Who else may open it and send as it. Only a shared mailbox has any.
    pub delegates: Vec<String>,
    /// Whether it can sign in.
    pub can_sign_in: bool,
}

/// How often what was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Authorization requests, refused ones included.
    pub authorize_requests: u32,
    /// Codes handed out.
    pub sign_ins: u32,
    /// Device authorization requests, refused ones included.
    pub device_requests: u32,
    /// Polls for a device code's tokens; they are token requests too.
    pub device_polls: u32,
    /// Token requests, refused ones included.
    pub token_requests: u32,
    /// Token requests that are held just now.
    pub token_held: u32,
    /// Requests to Graph and Gmail's API that are held just now.
    pub api_held: u32,
    /// Token requests that were refused.
    pub token_refusals: u32,
    /// Refresh tokens that came a second time.
    pub refresh_reuses: u32,
    /// Client assertions that came a second time.
    pub assertion_reuses: u32,
    /// Logins at the mail servers that went well.
    pub mail_logins: u32,
    /// Logins at the mail servers that did not.
    pub mail_refusals: u32,
    /// Requests to Graph and Gmail's API, refused ones included.
    pub api_requests: u32,
    /// Requests there that were refused.
    pub api_refusals: u32,
    /// Connections there.
    pub api_connections: u32,
    /// Client secrets that Graph has issued.
    pub passwords_added: u32,
    /// Client secrets that Graph has removed.
    pub passwords_removed: u32,
    /// Certificates that Graph has added.
    pub keys_added: u32,
    /// Certificates that Graph has removed.
    pub keys_removed: u32,
}

/// Where an endpoint can be made to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The request has come in, and nothing was done about it.
    Request,
    /// It is done: the tokens are issued, the old refresh token is spent, the secret is added. The answer is not on its way.
    Answer,
}

/// What can be made to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// The token endpoint.
    Token,
    /// Graph and Gmail's API.
    Api,
}

/// What changes while the sandbox runs.
pub struct State {
    pub apps: Vec<App>,
    pub sign_ins: HashMap<String, SignIn>,
    pub codes: HashMap<String, Code>,
    pub device_codes: HashMap<String, DeviceCode>,
    pub device_lifetime: Duration,
    pub device_interval: Duration,
    /// How many polls in time are still answered with `slow_down`.
    pub slow_downs: u32,
    pub refresh_tokens: HashMap<String, RefreshToken>,
    pub access_tokens: HashMap<String, AccessToken>,
    /// The `jti` of each client assertion that was taken.
    pub assertion_ids: HashSet<String>,
    /// What the runner says of its job.
    pub job: Job,
    /// What the runner's job asks for its tokens with.
    pub runner_token: String,
    /// The managed identities of the machine.
    pub identities: Vec<ManagedIdentity>,
    /// What App Service and Machine Learning give their programs to ask with.
    pub identity_header: String,
    /// Where Azure Arc's agent keeps its keys, if it runs, and the one that is good just now.
    pub arc_folder: Option<PathBuf>,
    pub arc_key: Option<String>,
    /// What was set up at Google.
    pub google: Google,
    /// The access tokens of Google's Security Token Service.
    pub federated_tokens: HashMap<String, Federated>,
    /// Identity tokens that went out and verifiers that came in: nothing asks for them, but they are secrets too.
    pub other_secrets: Vec<String>,
    pub access_lifetime: Duration,
    /// How access tokens differ from the usual: claims to change, or `null` for opaque tokens.
    pub access_claims: serde_json::Value,
    pub token_delay: Duration,
    /// At which point, and from which token request on, the token endpoint says nothing more.
    pub held: Option<(Endpoint, Hold, u32)>,
    /// How far the clock that HTTP answers tell is from the true time.
    pub clock_shift: jiff::SignedDuration,
    /// Whether a refresh token is good more than once. Microsoft leaves the old one valid when it hands out a new one;
    /// the sandbox starts as strict as the strictest (RFC 9700 §4.14.2), so that a client which loses the new one is
    /// found out.
    pub refresh_reuse: bool,
    /// The scopes that an administrator has consented to for every user, whatever a sign-in asks for.
    pub consented: Vec<String>,
    /// How clients prove themselves, where it is not as usual.
    pub client_rules: Option<ClientRules>,
    /// What identity tokens say instead.
    pub forged_claims: Vec<(String, serde_json::Value)>,
    pub mail: MailStore,
    pub counters: Counters,
    /// What no well-behaved client does, in words.
    pub surprises: Vec<String>,
}

/// The practice tenant.
pub struct World {
    /// `https://localhost:PORT`, without a slash at the end.
    pub authority: String,
    pub users: Vec<User>,
    pub faults: Faults,
    /// The key of the tenant's own tokens.
    pub signer: Signer,
    issuer_key: OnceLock<Signer>,
    pub service_account_key: OnceLock<Signer>,
    state: Mutex<State>,
}

impl World {
    /// Waits as long as the `number`th request to `endpoint` is held at `point`.
    pub fn wait_while_held(&self, endpoint: Endpoint, point: Hold, number: u32) {
        let is_held = || {
            let held = self.state().held;
            held.is_some_and(|(which, held, from)| which == endpoint && held == point && number >= from)
        };
        let count = |state: &mut State, change: fn(u32) -> u32| match endpoint {
            Endpoint::Token => state.counters.token_held = change(state.counters.token_held),
            Endpoint::Api => state.counters.api_held = change(state.counters.api_held),
        };
        if is_held() {
            count(&mut self.state(), |held| held + 1);
            // No test holds longer than this; one that has ended without letting go must end its threads too.
            for _ in 0..60_000 {
                if !is_held() {
                    break;
                }
                thread::sleep(Duration::from_millis(1));
            }
            count(&mut self.state(), |held| held - 1);
        }
    }

    pub fn new(authority: String, access_lifetime: Duration) -> Self {
        let users = vec![
            person(SHOP, "Contoso Shop"),
            person(ALICE, "Alice Example"),
            shared(SHARED, "Support", ALICE),
            person(RESPELLED, "Example Office"),
        ];
        let redirect_uris = vec![
            "http://localhost",
            "http://localhost/callback",
            "http://127.0.0.1",
            "http://127.0.0.1/callback",
            // Where no program listens: for redirects that are pasted by hand.
            "https://redirect.contoso.example/mail",
        ];
        let app = |client_id: &'static str, name, confidential| App {
            client_id,
            name,
            object_id: new_guid(),
            principal_id: new_guid(),
            confidential,
            redirect_uris: redirect_uris.clone(),
            secrets: Vec::new(),
            certificates: Vec::new(),
            federated: Vec::new(),
            roles: Vec::new(),
            exchange: AppOnly::nothing(),
            owners: vec![client_id.to_owned()],
        };
        let mut mail = MailStore::default();
        for user in &users {
            mail.deliver(&user.address, welcome(&user.address).into_bytes());
        }
        let state = State {
            apps: vec![
                app(CONFIDENTIAL_CLIENT, "mailgrant practice", true),
                app(PUBLIC_CLIENT, "mailgrant practice without a secret", false),
            ],
            sign_ins: HashMap::new(),
            codes: HashMap::new(),
            device_codes: HashMap::new(),
            // Entra's.
            device_lifetime: Duration::from_secs(900),
            device_interval: Duration::from_secs(5),
            slow_downs: 0,
            refresh_tokens: HashMap::new(),
            access_tokens: HashMap::new(),
            assertion_ids: HashSet::new(),
            job: Job::default(),
            runner_token: random_text(60),
            identities: vec![ManagedIdentity::user_assigned("mail")],
            identity_header: random_text(40),
            arc_folder: None,
            arc_key: None,
            google: Google::default(),
            federated_tokens: HashMap::new(),
            other_secrets: Vec::new(),
            access_lifetime,
            access_claims: serde_json::json!({}),
            token_delay: Duration::ZERO,
            held: None,
            clock_shift: jiff::SignedDuration::ZERO,
            refresh_reuse: false,
            consented: Vec::new(),
            client_rules: None,
            forged_claims: Vec::new(),
            mail,
            counters: Counters::default(),
            surprises: Vec::new(),
        };
        Self {
            authority,
            users,
            faults: Faults::default(),
            signer: Signer::new(),
            issuer_key: OnceLock::new(),
            service_account_key: OnceLock::new(),
            state: Mutex::new(state),
        }
    }

    /// The key of every issuer outside the tenant; it is made when it is first asked for.
    pub fn issuer_key(&self) -> &Signer {
        self.issuer_key.get_or_init(|| Signer::rsa("practice-issuer-1"))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Notes what no well-behaved client does.
    pub fn surprise(&self, what: impl Into<String>) {
        self.state().surprises.push(what.into());
    }

    /// Notes that a client gave TLS up. Where it was shown a bad certificate, that is what it should do.
    pub fn handshake_failed(&self, shown: Certificate, command: &str, error: &io::Error) {
        if shown == Certificate::Good {
            self.surprise(format!("{command}: {error}"));
        }
    }

    pub fn user(&self, address: &str) -> Option<&User> {
        self.users.iter().find(|user| user.address.eq_ignore_ascii_case(address))
    }

    /// The issuer of the plain OpenID provider.
    pub fn oidc_issuer(&self) -> String {
        format!("{}/oidc", self.authority)
    }

    /// What comes before an endpoint's last word, as in `{base}/token`.
    pub fn endpoint_base(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Entra => format!("{}/{TENANT_ID}/oauth2/v2.0", self.authority),
            Dialect::Oidc => self.oidc_issuer(),
        }
    }
}

impl User {
    /// What stays the same when an account is renamed.
    pub fn object_id(&self) -> String {
        lock(&self.object_id).clone()
    }

    /// Deletes the account and makes another of the same name, as administrators do.
    pub fn recreate(&self) {
        *lock(&self.object_id) = new_guid();
    }
}

impl State {
    pub fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    pub fn app_mut(&mut self, client_id: &str) -> Option<&mut App> {
        self.apps.iter_mut().find(|app| app.client_id == client_id)
    }

    pub fn secrets(&mut self) -> impl Iterator<Item = &mut ClientSecret> {
        self.apps.iter_mut().flat_map(|app| &mut app.secrets)
    }
}

#[expect(clippy::disallowed_methods, reason = "what the tenant issues is dated by the machine's own clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

fn person(address: &str, name: &'static str) -> User {
    User {
        address: address.to_owned(),
        name,
        object_id: Mutex::new(new_guid()),
        delegates: Vec::new(),
        can_sign_in: true,
    }
}

fn shared(address: &str, name: &'static str, delegate: &str) -> User {
    User { delegates: vec![delegate.to_owned()], can_sign_in: false, ..person(address, name) }
}

fn welcome(address: &str) -> String {
    let date = jiff::fmt::rfc2822::to_string(&now().to_zoned(jiff::tz::TimeZone::UTC)).expect("a date of today");
    format!(
        "Date: {date}\r\nFrom: Practice Tenant <postmaster@{TENANT_DOMAIN}>\r\nTo: {address}\r\n\
         Subject: Welcome to the practice tenant\r\nMessage-ID: <welcome.{}@{TENANT_DOMAIN}>\r\n\r\n\
         Nothing you do here leaves this machine.\r\n",
        new_guid()
    )
}

/// `bytes` random bytes in base64url.
pub fn random_text(bytes: usize) -> String {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).expect("the machine has random numbers");
    BASE64_URL_SAFE_NO_PAD.encode(buffer)
}

/// A random GUID (RFC 9562 version 4).
pub fn new_guid() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the machine has random numbers");
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
