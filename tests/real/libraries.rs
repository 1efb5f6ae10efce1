//! The libraries that Microsoft and Google publish, as judges of what the practice tenant answers: what they do not
//! take, the tenant must not say.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use practice_tenant::browser::{self, Person};
use practice_tenant::world::{CONFIDENTIAL_CLIENT, SHOP, TENANT_ID};
use serde_json::{Value, json};

use crate::parts::{self, Interpreters, scripts};
use crate::support::canary::CLIENT_SECRET;
use crate::support::fixture::Fixture;
use crate::support::process::Run;

/// The TypeScript compiler is a program of some seconds.
const PATIENCE: Duration = Duration::from_secs(180);

/// The practice tenant, and the libraries that speak to it.
pub(crate) struct Libraries {
    /// The tenant, and the home in which the libraries run.
    pub(crate) fixture: Fixture,
    interpreters: Interpreters,
}

impl Libraries {
    /// Starts the tenant; `None`, after saying why, where this machine lacks a part and the tests may be left out.
    pub(crate) fn start() -> Option<Self> {
        let interpreters = parts::interpreters()?;
        Some(Self { fixture: Fixture::without_key(), interpreters })
    }

    /// The tokens that MSAL gets of Entra's authority for these scopes: `user`, and `app`.
    pub(crate) fn entra_tokens(&self, scopes: &[String]) -> Value {
        let authority = format!("{}/{TENANT_ID}", self.fixture.sandbox().authority());
        self.tokens("authority", &authority, scopes)
    }

    /// The token that MSAL gets of the plain OpenID provider for these scopes: `user`.
    pub(crate) fn plain_tokens(&self, scopes: &[String]) -> Value {
        self.tokens("issuer", &self.fixture.sandbox().issuer(), scopes)
    }

    fn tokens(&self, kind: &str, address: &str, scopes: &[String]) -> Value {
        let config = json!({
            kind: address, "ca": self.fixture.sandbox().ca_file(), "client_id": CONFIDENTIAL_CLIENT,
            "secret": CLIENT_SECRET, "redirect_uri": "http://localhost", "scopes": scopes, "address": SHOP,
        });
        let mut running = self.script(&self.interpreters.python, "tokens.py", &config).start_with_open_stdin();
        let person = Person::SignsInAs(SHOP.to_owned());
        let url = running.authorization_url();
        let redirect = browser::obtain_redirect(&url, self.fixture.sandbox().ca_file(), &person);
        running.type_line(&redirect.expect("the sign-in page takes MSAL's request"));
        running.finish().code(0).json()
    }

    /// Runs a script of Node's with this configuration, a folder of its own and the API's address added to it, and
    /// returns what it says.
    pub(crate) fn judge(&self, script: &str, mut config: Value) -> Value {
        let folder = self.fixture.path().join(Path::new(script).with_extension(""));
        fs::create_dir(&folder).expect("the home is ours");
        config["folder"] = json!(folder);
        config["base"] = json!(self.fixture.sandbox().api_base());
        config["address"] = json!(SHOP);
        self.script(&self.interpreters.node, script, &config).finish().code(0).json()
    }

    /// Runs a script of Python's with this configuration, and returns what it says.
    pub(crate) fn python(&self, script: &str, config: &Value) -> Value {
        self.script(&self.interpreters.python, script, config).finish().code(0).json()
    }

    /// A script of tests/real, with its configuration in a file: tokens are in no arguments.
    fn script(&self, program: &PathBuf, script: &str, config: &Value) -> Run {
        let file = self.fixture.path().join("script.json");
        fs::write(&file, config.to_string()).expect("the home is ours");
        let script = scripts().join(script).display().to_string();
        let run = Run::new(self.fixture.program(program), &[&script, &file.display().to_string()]);
        run.patience(PATIENCE).env("NODE_EXTRA_CA_CERTS", &self.fixture.ca_file())
    }
}
