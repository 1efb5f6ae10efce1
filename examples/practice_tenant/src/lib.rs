//! A practice tenant on this machine's loopback: a sign-in server that speaks Microsoft's paths and a plain OpenID
//! provider's, and IMAP, POP3 and SMTP servers that take the tokens it issues. It is strict, and notes what no
//! well-behaved client does.
//!
//! Its answers are written from documents and users' reports; no live server of Microsoft's was seen.

mod api;
mod authorize;
pub mod browser;
mod ca;
mod claims;
mod client_assertion;
mod client_authentication;
mod client_credentials;
pub mod client_rules;
mod device;
pub mod faults;
mod federation;
pub mod google;
mod http;
mod idp;
mod imap;
mod imap_fetch;
mod imap_search;
mod imap_syntax;
pub mod issuer;
mod jwt;
pub mod machines;
pub mod mail_sign_in;
mod mailstore;
pub mod managed_identity;
mod oauth_error;
mod pop3;
mod rsa_key;
mod smtp;
mod steady;
mod token;
mod wire;
pub mod world;
mod x509;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use native_tls::TlsAcceptor;
use tempfile::NamedTempFile;

use ca::{Acceptors, PracticeCa};
use faults::Fault;
use mail_sign_in::LEEWAY;
use mailstore::SentMessage;
use wire::{Listener, Wire};
use world::{
    AccessToken, CONFIDENTIAL_CLIENT, ClientSecret, Counters, Endpoint, Hold, Holder, RefreshState, State, World,
    new_guid, now, random_text,
};

/// What can be chosen before the start.
pub struct SandboxConfig {
    /// How long access tokens live.
    pub access_lifetime: Duration,
    /// The first client secret's value.
    pub client_secret: String,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        // Entra's are given between 60 and 90 minutes.
        Self {
            access_lifetime: Duration::from_secs(4_200),
            client_secret: "practice-only-secret-number-one".to_owned(),
        }
    }
}

/// Where each part listens, on localhost.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    pub https: u16,
    pub api: u16,
    /// Without TLS: where managed identities are asked for.
    pub metadata: u16,
    pub imap_implicit: u16,
    pub imap_starttls: u16,
    pub pop3_implicit: u16,
    pub pop3_starttls: u16,
    pub smtp_implicit: u16,
    pub smtp_starttls: u16,
}

/// A running practice tenant. Dropping it stops everything.
pub struct Sandbox {
    world: Arc<World>,
    ports: Ports,
    ca_file: NamedTempFile,
    _listeners: Vec<Listener>,
}

type MailServer = fn(&Arc<World>, Wire, &TlsAcceptor) -> io::Result<()>;

impl Sandbox {
    /// Starts all servers on free ports.
    pub fn start(config: SandboxConfig) -> io::Result<Self> {
        let ca = PracticeCa::new();
        let ca_file = tempfile::Builder::new().prefix("practice-ca-").suffix(".pem").tempfile()?;
        std::fs::write(ca_file.path(), ca.pem())?;
        let acceptors = Arc::new(Acceptors::new(ca));

        // The sign-in server's own port is part of every address it hands out, so it is bound first and told after.
        let world: Arc<std::sync::OnceLock<Arc<World>>> = Arc::default();
        let (tls, told) = (Arc::clone(&acceptors), Arc::clone(&world));
        let https = Listener::start(move |stream| {
            let Some(world) = told.get() else { return Ok(()) };
            let mut wire = Wire::tls(stream, &tls.show(world.faults.certificate()))?;
            idp::serve(world, &mut wire)
        })?;
        let authority = format!("https://localhost:{}", https.port());
        let world = Arc::clone(world.get_or_init(|| Arc::new(World::new(authority, config.access_lifetime))));

        let mail = |serve: MailServer, implicit: bool| {
            let (world, acceptors) = (Arc::clone(&world), Arc::clone(&acceptors));
            Listener::start(move |stream| {
                let acceptor = acceptors.show(world.faults.certificate());
                let wire = if implicit { Wire::tls(stream, &acceptor)? } else { Wire::plain(stream) };
                serve(&world, wire, &acceptor)
            })
        };
        let api = {
            let (world, acceptors) = (Arc::clone(&world), Arc::clone(&acceptors));
            Listener::start(move |stream| {
                let wire = Wire::tls(stream, &acceptors.show(world.faults.certificate()))?;
                api::serve(&world, wire)
            })?
        };
        let metadata = {
            let world = Arc::clone(&world);
            Listener::start(move |stream| managed_identity::serve(&world, Wire::plain(stream)))?
        };
        let listeners = [
            https,
            api,
            metadata,
            mail(imap::serve, true)?,
            mail(imap::serve, false)?,
            mail(pop3::serve, true)?,
            mail(pop3::serve, false)?,
            mail(smtp::serve, true)?,
            mail(smtp::serve, false)?,
        ];
        let [
            https,
            api,
            metadata,
            imap_implicit,
            imap_starttls,
            pop3_implicit,
            pop3_starttls,
            smtp_implicit,
            smtp_starttls,
        ] = listeners.each_ref().map(Listener::port);
        let ports = Ports {
            https,
            api,
            metadata,
            imap_implicit,
            imap_starttls,
            pop3_implicit,
            pop3_starttls,
            smtp_implicit,
            smtp_starttls,
        };
        let sandbox = Self { world, ports, ca_file, _listeners: listeners.into() };
        sandbox.add_client_secret(&config.client_secret);
        Ok(sandbox)
    }

    /// What `--authority` takes.
    pub fn authority(&self) -> &str {
        &self.world.authority
    }

    /// What `--issuer` takes.
    pub fn issuer(&self) -> String {
        self.world.oidc_issuer()
    }

    /// What `--ca-file` takes.
    pub fn ca_file(&self) -> &Path {
        self.ca_file.path()
    }

    /// Where Graph, Exchange's admin API and Gmail's API are: what stands before `/v1.0`, `/adminapi` and `/gmail/v1`.
    pub fn api_base(&self) -> String {
        format!("https://localhost:{}", self.ports.api)
    }

    /// Consents to an application permission of the confidential app, as an administrator does: the audience and the role.
    pub fn consent(&self, audience: &'static str, role: &'static str) {
        self.change(|state| {
            let apps = state.apps.iter_mut().filter(|app| app.client_id == CONFIDENTIAL_CLIENT);
            apps.for_each(|app| app.roles.push((audience, role)));
        });
    }

    /// Consents to a delegated permission for every user, as an administrator does.
    pub fn consent_for_users(&self, scope: &str) {
        self.change(|state| state.consented.push(scope.to_owned()));
    }

    pub fn ports(&self) -> Ports {
        self.ports
    }

    pub fn counters(&self) -> Counters {
        self.world.state().counters
    }

    /// Every message that came in over SMTP.
    pub fn sent(&self) -> Vec<SentMessage> {
        self.world.state().mail.sent.clone()
    }

    /// What no well-behaved client does, in words. A good test ends with this being empty.
    pub fn surprises(&self) -> Vec<String> {
        self.world.state().surprises.clone()
    }

    /// Registers a further client secret under the confidential app, good for a year, and returns its ID.
    pub fn add_client_secret(&self, value: &str) -> String {
        let id = new_guid();
        let start = now();
        let expires = start + jiff::SignedDuration::from_hours(365 * 24);
        let (value, name) = (value.to_owned(), Some("added by hand".to_owned()));
        let secret = ClientSecret { id: id.clone(), value, name, starts: start, usable_from: start, expires };
        let mut state = self.world.state();
        let app = state.apps.iter_mut().find(|app| app.client_id == CONFIDENTIAL_CLIENT);
        app.expect("the app is always there").secrets.push(secret);
        id
    }

    /// The IDs of the confidential app's client secrets, with their names and values.
    pub fn client_secrets(&self) -> Vec<(String, String, String)> {
        let state = self.world.state();
        let secrets = state.app(CONFIDENTIAL_CLIENT).map_or(&[][..], |app| &app.secrets);
        let told =
            |secret: &ClientSecret| (secret.id.clone(), secret.name.clone().unwrap_or_default(), secret.value.clone());
        secrets.iter().map(told).collect()
    }

    /// Lets a client secret expire now (AADSTS7000222 from here on).
    pub fn expire_client_secret(&self, value: &str) {
        self.change(|state| {
            state.secrets().filter(|secret| secret.value == value).for_each(|secret| secret.expires = now())
        });
    }

    /// Takes a client secret away (AADSTS7000215 from here on).
    pub fn remove_client_secret(&self, value: &str) {
        self.change(|state| state.apps.iter_mut().for_each(|app| app.secrets.retain(|secret| secret.value != value)));
    }

    /// Revokes every refresh token of a user (AADSTS50173 from here on), as an administrator's "sign out everywhere".
    pub fn revoke_refresh_tokens(&self, user: &str) {
        self.change(|state| {
            let theirs = state.refresh_tokens.values_mut().filter(|token| token.user == user);
            theirs.for_each(|token| token.state = RefreshState::Revoked);
        });
    }

    /// An access token of `user` for these scopes, as a sign-in leaves one: of Google there is the API here, and no sign-in.
    pub fn issue_access_token(&self, user: &str, scopes: &[String]) -> String {
        let token = random_text(150);
        self.change(|state| {
            let lifetime = jiff::SignedDuration::try_from(state.access_lifetime).expect("a short lifetime");
            let record = AccessToken {
                holder: Holder::User(user.to_owned()),
                client_id: CONFIDENTIAL_CLIENT.to_owned(),
                audience: String::new(),
                scopes: scopes.to_vec(),
                roles: Vec::new(),
                expires: now() + lifetime,
            };
            state.access_tokens.insert(token.clone(), record);
        });
        token
    }

    /// No mail server takes the access tokens issued so far any more, whatever their `expires_in` said.
    pub fn expire_access_tokens(&self) {
        self.change(|state| state.access_tokens.values_mut().for_each(|token| token.expires = now() - LEEWAY));
    }

    /// How long access tokens issued from now on live. With zero, a client must fetch a new one each time; the mail
    /// servers' leeway lets it use it all the same.
    pub fn set_access_lifetime(&self, lifetime: Duration) {
        self.change(|state| state.access_lifetime = lifetime);
    }

    /// Changes claims of the access tokens issued from now on (`null` as a value takes one away); `null` alone makes them
    /// opaque. The mail servers go by what they know of a token, not by its claims.
    pub fn set_access_claims(&self, claims: serde_json::Value) {
        self.change(|state| state.access_claims = claims);
    }

    /// How long the token endpoint thinks before it answers.
    pub fn set_token_delay(&self, delay: Duration) {
        self.change(|state| state.token_delay = delay);
    }

    /// How long device codes issued from now on are good, and how often they may be asked for.
    pub fn set_device_code(&self, lifetime: Duration, interval: Duration) {
        self.change(|state| (state.device_lifetime, state.device_interval) = (lifetime, interval));
    }

    /// Lets every device code expire now, whatever its `expires_in` said.
    pub fn expire_device_codes(&self) {
        self.change(|state| state.device_codes.values_mut().for_each(|code| code.ends = std::time::Instant::now()));
    }

    /// Answers so many of the next polls with `slow_down`, though they are in time.
    pub fn slow_down(&self, polls: u32) {
        self.change(|state| state.slow_downs = polls);
    }

    /// Holds the token endpoint back at `point`, from the `nth` request from now on (1 is the next).
    pub fn hold_token_endpoint(&self, point: Hold, nth: u32) {
        self.change(|state| state.held = Some((Endpoint::Token, point, state.counters.token_requests + nth)));
    }

    /// The same at Graph and Gmail's API.
    pub fn hold_api(&self, point: Hold, nth: u32) {
        self.change(|state| state.held = Some((Endpoint::Api, point, state.counters.api_requests + nth)));
    }

    /// Lets what is held go on.
    pub fn let_go_on(&self) {
        self.change(|state| state.held = None);
    }

    /// Lets the `Date` of every HTTP answer be this far from the true time.
    pub fn set_clock_shift(&self, shift: jiff::SignedDuration) {
        self.change(|state| state.clock_shift = shift);
    }

    /// Makes the provider want its clients' secrets in a certain way.
    pub fn set_client_rules(&self, rules: client_rules::ClientRules) {
        self.change(|state| state.client_rules = Some(rules));
    }

    /// Lets refresh tokens be used more than once, as Microsoft does.
    pub fn allow_refresh_reuse(&self) {
        self.change(|state| state.refresh_reuse = true);
    }

    /// Deletes a user's account and makes another of the same name.
    pub fn recreate_user(&self, address: &str) {
        self.world.user(address).expect("a known user").recreate();
    }

    /// What identity tokens say from now on instead of the truth; a null takes the claim away.
    pub fn forge_claims(&self, claims: &[(&str, serde_json::Value)]) {
        let claims = claims.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.change(|state| state.forged_claims = claims);
    }

    /// Whether the mail servers would take this access token now.
    pub fn is_live_access_token(&self, token: &str) -> bool {
        self.world.state().access_tokens.get(token).is_some_and(|token| token.expires + LEEWAY > now())
    }

    /// Every refresh, access and identity token, authorization code and PKCE verifier so far, for tests that look for
    /// them where they must not be.
    pub fn issued_tokens(&self) -> Vec<String> {
        let state = self.world.state();
        let tokens = state.refresh_tokens.keys().chain(state.access_tokens.keys());
        let codes = state.codes.keys().chain(state.device_codes.keys());
        tokens.chain(codes).chain(&state.other_secrets).cloned().collect()
    }

    pub fn switch_on(&self, fault: Fault) {
        self.world.faults.switch_on(fault);
    }

    /// Switches a fault on that heals by itself after a while.
    pub fn switch_on_for(&self, fault: Fault, time: Duration) {
        self.world.faults.switch_on_for(fault, time);
    }

    pub fn switch_off(&self, fault: Fault) {
        self.world.faults.switch_off(fault);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.world.state());
    }
}
