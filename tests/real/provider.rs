//! The OpenID provider: npm's oidc-provider, and the control port beside it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::certs::Certs;
use crate::guard::{As, Guard, port, post};
use crate::parts::{Parts, scripts};

/// The client ID of the app.
pub(crate) const CLIENT_ID: &str = "mailgrant-test-app";
/// The client secret that the provider knows from the start.
pub(crate) const FIRST_SECRET: &str = "first-Secret~of.the_app-0123456789";
/// Who Dovecot is at the introspection endpoint.
pub(crate) const INTROSPECTOR: (&str, &str) = ("dovecot", "introspection-0123456789");

/// A running provider.
pub(crate) struct Provider {
    /// The port of `https://localhost`.
    pub(crate) port: u16,
    control: u16,
    _server: Guard,
}

impl Provider {
    /// Starts it; its files go to `folder`.
    pub(crate) fn start(folder: &Path, parts: &Parts, certs: &Certs) -> Self {
        let (port, control) = (port(), port());
        let config = json!({
            "port": port, "control": control, "cert": certs.cert, "key": certs.key,
            "client_id": CLIENT_ID, "secret": FIRST_SECRET,
            "introspection": { "id": INTROSPECTOR.0, "secret": INTROSPECTOR.1 },
            "scopes": ["mail", "calendar"],
        });
        let file = folder.join("provider.json");
        fs::write(&file, config.to_string()).expect("the folder is ours");
        let log = folder.join("provider.log");
        let mut program = Command::new(&parts.node);
        program.arg(scripts().join("provider.mjs")).arg(&file);
        // The control port opens last.
        let server = Guard::start("oidc-provider", As::Me, &mut program, Path::new("/dev/null"), &log);
        Self { port, control, _server: server.answers_at(control, &log) }
    }

    /// Its issuer.
    pub(crate) fn issuer(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Makes a further client secret valid.
    pub(crate) fn add_secret(&self, secret: &str) {
        self.tell("add_secret", &json!({ "secret": secret }));
    }

    /// Makes a client secret invalid.
    pub(crate) fn remove_secret(&self, secret: &str) {
        self.tell("remove_secret", &json!({ "secret": secret }));
    }

    /// Registers an app without a person, whose tokens open `mailbox`: it proves itself with the certificate in this file,
    /// whose key signs by `algorithm`.
    pub(crate) fn add_certified(&self, client_id: &str, mailbox: &str, certificate: &Path, algorithm: &str) {
        let certificate = fs::read_to_string(certificate).expect("the file is ours");
        self.tell(
            "add_machine",
            &json!({
                "client_id": client_id, "mailbox": mailbox, "certificate": certificate, "algorithm": algorithm,
            }),
        );
    }

    /// The same with a client secret.
    pub(crate) fn add_with_secret(&self, client_id: &str, mailbox: &str, secret: &str) {
        self.tell("add_machine", &json!({ "client_id": client_id, "mailbox": mailbox, "secret": secret }));
    }

    /// How many seconds access tokens live from now on.
    pub(crate) fn token_lifetime(&self, seconds: u32) {
        self.tell("lifetime", &json!({ "access": seconds }));
    }

    /// How long access tokens are from now on, in bytes; four characters hold three.
    pub(crate) fn token_length(&self, bytes: u32) {
        self.tell("token_length", &json!({ "bytes": bytes }));
    }

    /// Has the token endpoint answer with an HTML page and this status; 0 ends that.
    pub(crate) fn outage(&self, status: u16) {
        self.tell("outage", &json!({ "status": status }));
    }

    /// Closes the port.
    pub(crate) fn down(&self) {
        self.tell("down", &json!({}));
    }

    /// Opens it again.
    pub(crate) fn up(&self) {
        self.tell("up", &json!({}));
    }

    /// Takes back what `email` has granted, and its tokens with it.
    pub(crate) fn revoke(&self, email: &str) {
        let grants = self.tell("revoke", &json!({ "email": email }))["grants"].as_u64();
        assert!(grants.is_some_and(|count| count > 0), "{email} has granted nothing");
    }

    /// What the token endpoint has answered since the last `forget`: pairs of grant type and outcome.
    pub(crate) fn answers(&self) -> Vec<(String, String)> {
        let log = self.tell("log", &json!({}));
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let entries = log.as_array().expect("the log is a list").iter();
        entries.map(|entry| (text(entry, "grant_type"), text(entry, "outcome"))).collect()
    }

    /// Empties the log.
    pub(crate) fn forget(&self) {
        self.tell("forget_log", &json!({}));
    }

    fn tell(&self, command: &str, arguments: &Value) -> Value {
        let answer = post(self.control, &format!("/{command}"), &arguments.to_string());
        serde_json::from_str(&answer).expect("the control port speaks JSON")
    }
}
