//! Where a case is run: a home with a signed-in mailbox, a server, and the real binary between them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use mailgrant::clock::Clock;
use mailgrant::config;
use mailgrant::profile::{ClientAuthentication, Name, resource_of};
use mailgrant::secrets::{
    AppRecord, Authorization, Binding, CachedAccess, ClientSecret, MailboxRecord, RefreshGrant, VaultKey, VaultStore,
    load_mailbox, new_vault_key, save_app, save_mailbox,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::case::{Case, Protocol};
use crate::families::Conversations;
use crate::pki::Pki;
use crate::script;
use crate::server::Server;
use crate::support::canary;
use crate::support::fixture::Fixture;
use crate::support::memory;
use crate::verdict::{self, After, Verdict};
use crate::words::{ACCESS, REFRESH, USER, fill, unescape};

const AUTHORITY: &str = "https://localhost:1";
const TENANT: &str = "contoso.onmicrosoft.com";
const CLIENT_ID: &str = "11111111-2222-3333-4444-555555555555";

/// One worker of the suite, with a home of its own.
pub(crate) struct Worker {
    pki: Arc<Pki>,
    fixture: Fixture,
    store: VaultStore,
    conversations: Conversations,
}

impl Worker {
    pub(crate) fn new(pki: Arc<Pki>) -> Self {
        let fixture = Fixture::without_key();
        let key = fixture.vault_key();
        new_vault_key(&key).unwrap();
        let store = VaultStore::new(fixture.vault(), VaultKey::File(key));
        let mut app = AppRecord::new(CLIENT_ID.parse().unwrap());
        let value = SecretString::from(canary::CLIENT_SECRET);
        app.active = Some(ClientSecret { value, expires: None, added: now(), key_id: None });
        save_app(&store, &"contoso".parse().unwrap(), &app).unwrap();
        let browser = fixture.path().join("browser");
        std::fs::write(&browser, "#!/bin/sh\nprintf '%s\\n' \"$@\" >> \"$HOME/visited\"\n").unwrap();
        std::fs::set_permissions(&browser, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        Self { pki, fixture, store, conversations: Conversations::read() }
    }

    /// Plays `case` against the binary.
    pub(crate) fn run(&self, case: &Case) -> Verdict {
        let is_good = case.certificate.is_good();
        let server = Server::start(self.pki.acceptor(case.certificate), is_good, |port| self.script(case, port));
        self.fixture.write_config(&self.profile(case, server.port));
        self.store_grant(case, server.port);
        let _ = std::fs::remove_file(self.visited());

        let timeout = case.timeout.to_string();
        let command = match case.protocol {
            Protocol::Imap | Protocol::Pop3 => "test-mailbox",
            Protocol::Smtp => "test-smtp",
            Protocol::Token => "token",
            Protocol::Discovery => "authorize",
        };
        let mut arguments = vec!["-v", "--timeout", &timeout, command, "shop"];
        if !case.human {
            arguments.push("--json");
        }
        arguments.extend(case.arguments.iter().map(String::as_str));
        let browser = self.fixture.path().join("browser").display().to_string();
        let run = self.fixture.run(&arguments).env("BROWSER", &browser);
        let begun = Instant::now();
        let running = run.start();
        let peak = memory::watch(running.id());
        let finished = running.finish();
        let took = begun.elapsed();
        let heard = server.finish();
        let grant = load_mailbox(&self.store, &mailbox()).unwrap().expect("nothing ever deletes a grant");
        let after = After {
            refresh_token: grant.refresh_token().unwrap().expose_secret().to_owned(),
            is_lost: grant.needs_authorization.is_some(),
            browser_arguments: std::fs::read_to_string(self.visited())
                .ok()
                .map(|text| text.lines().map(str::to_owned).collect()),
        };
        let over_deadline = took.saturating_sub(Duration::from_secs(case.deadline.unwrap_or(case.timeout)));
        let peak_kib = peak.recv().unwrap_or(0);
        verdict::of(case, &finished, &heard, &after, over_deadline, peak_kib)
    }

    fn script(&self, case: &Case, port: u16) -> Vec<script::Step> {
        let mut text = String::new();
        if case.protocol.is_mail() {
            if let Some(phase) = &case.after {
                text.push_str(&self.conversations.until(case.protocol, case.tls, phase));
            }
            text.push_str(&case.script);
            return script::parse(&text, port);
        }
        if !case.script.starts_with("tls") && case.after.as_deref() != Some("nothing") {
            text.push_str("tls\n");
        }
        let Some(body) = &case.body else {
            text.push_str(&case.script);
            return script::parse(&text, port);
        };
        text.push_str(if case.protocol == Protocol::Token { "request POST /token\n" } else { "request GET /\n" });
        let length = unescape(&fill(body, port)).len();
        let status = case.status.as_deref().unwrap_or("200 OK");
        let _ = write!(text, "raw HTTP/1.1 {status}\\r\\nContent-Length: {length}\\r\\nConnection: close\\r\\n");
        if !case.headers.iter().any(|header| header.to_ascii_lowercase().starts_with("content-type")) {
            text.push_str("Content-Type: application/json\\r\\n");
        }
        for header in &case.headers {
            let _ = write!(text, "{header}\\r\\n");
        }
        let _ = write!(text, "\\r\\n{body}\nclose\n");
        script::parse(&text, port)
    }

    fn profile(&self, case: &Case, port: u16) -> String {
        let ca = self.pki.ca_file().display();
        let app = if case.protocol == Protocol::Discovery {
            format!("provider = \"oidc\"\nissuer = \"https://localhost:{port}\"\nscopes = [\"mail\"]")
        } else {
            format!("provider = \"microsoft365\"\ntenant = \"{TENANT}\"\nauthority = \"{AUTHORITY}\"")
        };
        let (port, tls) = if case.protocol.is_mail() { (port, case.tls.name()) } else { (1, "implicit") };
        let at = |protocol: &str| {
            format!("{{ protocol = \"{protocol}\", host = \"localhost\", port = {port}, tls = \"{tls}\" }}")
        };
        let side = match case.protocol {
            Protocol::Smtp => format!("outgoing = {}", at("smtp")),
            Protocol::Pop3 => format!("incoming = {}", at("pop3")),
            _ => format!("incoming = {}", at("imap")),
        };
        format!(
            "[apps.contoso]\n{app}\nclient_id = \"{CLIENT_ID}\"\ncredential = \"secret\"\nca_file = \"{ca}\"\n\
             [mailboxes.shop]\napp = \"contoso\"\naddress = \"{USER}\"\n{side}\nca_file = \"{ca}\"\n"
        )
    }

    /// A sign-in is stored: for mail servers with an access token that is good for an hour, for a token endpoint
    /// with one that has ended.
    fn store_grant(&self, case: &Case, port: u16) {
        let profile = config::load(&self.fixture.config()).unwrap();
        let mailbox_of = &profile.mailboxes[&mailbox()];
        let app = profile.app_of(mailbox_of);
        let asked: Vec<String> =
            app.scopes.for_channels(mailbox_of.channels()).iter().map(ToString::to_string).collect();
        let left = if case.protocol == Protocol::Token { -3_600 } else { 3_600 };
        let asked_audience = asked.iter().find_map(|scope| resource_of(scope)).map(str::to_owned);
        let grant = MailboxRecord {
            binding: Binding {
                client_id: CLIENT_ID.parse().unwrap(),
                issuer_or_authority: format!("{AUTHORITY}/{TENANT}"),
                address: USER.to_owned(),
            },
            // So that it is this profile's own, whatever the case changes in it.
            profile: Some(self.fixture.config().canonicalize().unwrap().display().to_string()),
            authorization: Authorization::User(RefreshGrant { refresh_token: SecretString::from(REFRESH) }),
            token_endpoint: format!("https://localhost:{port}/token"),
            client_authentication: ClientAuthentication::Body,
            identity: None,
            scopes: asked.clone(),
            asked,
            obtained: now(),
            refreshed: None,
            access: vec![CachedAccess {
                audience: asked_audience,
                token: SecretString::from(ACCESS),
                received: now(),
                expires: now() + SignedDuration::from_secs(left),
                scopes: Vec::new(),
            }],
            needs_authorization: None,
        };
        save_mailbox(&self.store, &mailbox(), &grant).unwrap();
    }

    /// What the browser leaves behind.
    fn visited(&self) -> PathBuf {
        self.fixture.path().join("visited")
    }
}

fn mailbox() -> Name {
    "shop".parse().unwrap()
}

fn now() -> Timestamp {
    Clock::system().now()
}
