//! What most tests begin with: the practice tenant, a home, and the shop's mailbox in the profile.

use std::time::Duration;

use mailgrant::secrets::{MailboxRecord, VaultKey, VaultStore, load_mailbox, save_mailbox};

use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::{CONFIDENTIAL_CLIENT, SHOP, TENANT_DOMAIN};
use crate::sandbox::{Sandbox, SandboxConfig};
use crate::support::canary;
use crate::support::home::Home;
use crate::support::process::{Finished, Run};

/// Every command that needs an access token must fetch one.
pub(crate) const ALWAYS_STALE: Duration = Duration::ZERO;

/// A practice tenant and a home beside it.
pub(crate) struct Shop {
    pub(crate) sandbox: Sandbox,
    pub(crate) home: Home,
}

impl Shop {
    /// A tenant and an empty home.
    pub(crate) fn empty() -> Self {
        let config = SandboxConfig { client_secret: canary::CLIENT_SECRET.to_owned(), ..SandboxConfig::default() };
        Self { sandbox: Sandbox::start(config).unwrap(), home: Home::new() }
    }

    /// With the mailbox `shop` in the profile.
    pub(crate) fn added() -> Self {
        let shop = Self::empty();
        shop.add("shop", &[]).finish().code(0);
        shop
    }

    /// With the mailbox `shop` in the profile, and authorized.
    pub(crate) fn authorized() -> Self {
        let shop = Self::added();
        shop.authorize_as("shop", SHOP).code(0);
        shop
    }

    pub(crate) fn ca_file(&self) -> String {
        self.sandbox.ca_file().display().to_string()
    }

    /// `add NAME` with everything the tenant needs; what `change` gives goes before it, a flag with `None` drops it.
    pub(crate) fn add(&self, name: &str, change: &[(&str, Option<&str>)]) -> Run {
        let arguments = self.add_arguments(name, change);
        let arguments: Vec<&str> = std::iter::once("--json").chain(arguments.iter().map(String::as_str)).collect();
        self.home.run(&arguments).stdin(canary::CLIENT_SECRET)
    }

    /// The arguments of [`add`](Self::add).
    pub(crate) fn add_arguments(&self, name: &str, change: &[(&str, Option<&str>)]) -> Vec<String> {
        let ports = self.sandbox.ports();
        let (imap, smtp) = (ports.imap_implicit.to_string(), ports.smtp_starttls.to_string());
        let ca_file = self.ca_file();
        let mut flags = vec![
            ("--provider", "microsoft365"),
            ("--tenant", TENANT_DOMAIN),
            ("--authority", self.sandbox.authority()),
            ("--client-id", CONFIDENTIAL_CLIENT),
            ("--address", SHOP),
            ("--incoming", "imap"),
            ("--incoming-host", "localhost"),
            ("--incoming-port", &imap),
            ("--outgoing", "smtp"),
            ("--outgoing-host", "localhost"),
            ("--outgoing-port", &smtp),
            ("--ca-file", &ca_file),
        ];
        for (flag, value) in change {
            flags.retain(|(other, _)| other != flag);
            flags.extend(value.map(|value| (*flag, value)));
        }
        let mut arguments = vec!["add", name];
        arguments.extend(flags.iter().flat_map(|(flag, value)| [*flag, *value]).filter(|word| !word.is_empty()));
        if !flags.iter().any(|(flag, _)| *flag == "--credential" || flag.starts_with("--secret-")) {
            arguments.push("--secret-stdin");
        }
        arguments.into_iter().map(str::to_owned).collect()
    }

    /// `authorize NAME`, with this user at the sign-in page.
    pub(crate) fn authorize_as(&self, name: &str, user: &str) -> Finished {
        self.authorize(&["authorize", name], &Person::SignsInAs(user.to_owned()))
    }

    /// A command that signs in once, with this person at the page.
    pub(crate) fn authorize(&self, arguments: &[&str], person: &Person) -> Finished {
        let mut running = self.home.run(&[&["--json"], arguments].concat()).start();
        let url = running.authorization_url();
        browser::sign_in(&url, self.sandbox.ca_file(), person).unwrap();
        running.finish()
    }

    /// Runs to the end with `--json` and insists on an exit code.
    pub(crate) fn json(&self, arguments: &[&str], code: i32) -> Finished {
        self.home.json(arguments, code)
    }

    /// Changes what the store holds of the mailbox `shop`.
    pub(crate) fn change_grant(&self, change: impl FnOnce(&mut MailboxRecord)) {
        let home = self.home.path();
        let key = VaultKey::File(home.join("config/mailgrant/vault.key"));
        let store = VaultStore::new(home.join("data/mailgrant/vault.age"), key);
        let name = "shop".parse().unwrap();
        let mut grant = load_mailbox(&store, &name).unwrap().unwrap();
        change(&mut grant);
        save_mailbox(&store, &name, &grant).unwrap();
    }

    /// Insists that the tenant saw nothing that a well-behaved client does not do.
    pub(crate) fn insist_on_manners(&self) {
        assert_eq!(self.sandbox.surprises(), Vec::<String>::new());
    }
}

/// The fact `name` of the first report.
pub(crate) fn fact(finished: &Finished, name: &str) -> String {
    finished.json()["reports"][0]["facts"][name].as_str().unwrap_or_default().to_owned()
}
