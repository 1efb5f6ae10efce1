//! What most tests begin with: a practice tenant beside the home, and the shop's mailbox in the profile.

use std::sync::OnceLock;
use std::time::Duration;

use mailgrant::secrets::{MailboxRecord, VaultKey, VaultStore, load_mailbox, save_mailbox};
use practice_tenant::browser::{self, Person};
use practice_tenant::world::{AppOnly, CONFIDENTIAL_CLIENT, SHOP, TENANT_DOMAIN};
use practice_tenant::{Sandbox, SandboxConfig};

use super::canary;
use super::finished::Finished;
use super::fixture::Fixture;
use super::process::Run;

/// Every command that needs an access token must fetch one.
pub(crate) const ALWAYS_STALE: Duration = Duration::ZERO;

impl Fixture {
    /// With the mailbox `shop` in the profile.
    pub(crate) fn added() -> Self {
        let shop = Self::new();
        shop.add("shop", &[]).finish().code(0);
        shop
    }

    /// With the mailbox `shop` in the profile, and authorized.
    pub(crate) fn authorized() -> Self {
        let shop = Self::added();
        shop.authorize_as("shop", SHOP).code(0);
        shop
    }

    /// With a practice tenant of another making.
    pub(crate) fn beside(mut self, config: SandboxConfig) -> Self {
        self.sandbox = OnceLock::from(Sandbox::start(config).expect("loopback has ports"));
        self
    }

    /// The practice tenant; it starts when it is first asked for.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.sandbox.get_or_init(|| {
            let config = SandboxConfig { client_secret: canary::CLIENT_SECRET.to_owned(), ..SandboxConfig::default() };
            Sandbox::start(config).expect("loopback has ports")
        })
    }

    /// Ends the practice tenant.
    pub(crate) fn end_sandbox(&mut self) {
        drop(self.sandbox.take());
    }

    pub(crate) fn ca_file(&self) -> String {
        self.sandbox().ca_file().display().to_string()
    }

    /// The profile of a job of examples/ci, with the values of the practice tenant, which lets its app alone into the mailbox.
    pub(crate) fn profile_of_job(&self, example: &str) -> String {
        let tenant = self.sandbox();
        tenant.set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
        let ports = tenant.ports();
        let app = format!(
            "client_id = \"{CONFIDENTIAL_CLIENT}\"\nauthority = \"{}\"\nca_file = \"{}\"",
            tenant.authority(),
            self.ca_file()
        );
        let server = |protocol: &str, port: u16| {
            format!("protocol = \"{protocol}\", host = \"localhost\", port = {port}, tls = ")
        };
        example
            .replace("contoso.onmicrosoft.com", TENANT_DOMAIN)
            .replace("client_id = \"11111111-2222-3333-4444-555555555555\"", &app)
            .replace("shop@contoso.com", SHOP)
            .replace("protocol = \"imap\"", &format!("{}\"implicit\"", server("imap", ports.imap_implicit)))
            .replace("protocol = \"smtp\"", &format!("{}\"starttls\"", server("smtp", ports.smtp_starttls)))
    }

    /// `add NAME` with everything the tenant needs; what `change` gives overrides it, a flag with `None` drops it.
    pub(crate) fn add(&self, name: &str, change: &[(&str, Option<&str>)]) -> Run {
        let arguments = self.add_arguments(name, change);
        let arguments: Vec<&str> = std::iter::once("--json").chain(arguments.iter().map(String::as_str)).collect();
        self.run(&arguments).stdin(canary::CLIENT_SECRET)
    }

    /// `add NAME` for a mailbox that is read and sent from over Graph; `change` as for [`add`](Self::add).
    pub(crate) fn add_over_graph(&self, name: &str, change: &[(&str, Option<&str>)]) -> Run {
        let api = self.sandbox().api_base();
        let graph = [
            ("--incoming", Some("graph")),
            ("--outgoing", Some("graph")),
            ("--incoming-host", None),
            ("--incoming-port", None),
            ("--outgoing-host", None),
            ("--outgoing-port", None),
            ("--api-url", Some(api.as_str())),
        ];
        self.add(name, &[&graph, change].concat())
    }

    /// The arguments of [`add`](Self::add).
    pub(crate) fn add_arguments(&self, name: &str, change: &[(&str, Option<&str>)]) -> Vec<String> {
        let ports = self.sandbox().ports();
        let (imap, smtp) = (ports.imap_implicit.to_string(), ports.smtp_starttls.to_string());
        let ca_file = self.ca_file();
        let mut flags = vec![
            ("--provider", "microsoft365"),
            ("--tenant", TENANT_DOMAIN),
            ("--authority", self.sandbox().authority()),
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
        let mut running = self.run(&[&["--json"], arguments].concat()).start();
        let url = running.authorization_url();
        browser::sign_in(&url, self.sandbox().ca_file(), person).expect("the page can be reached");
        running.finish()
    }

    /// What the store holds of the mailbox `name`.
    pub(crate) fn grant(&self, name: &str) -> MailboxRecord {
        let name = name.parse().expect("it is a name");
        load_mailbox(&self.store(), &name).expect("the vault opens").expect("it is authorized")
    }

    /// Changes what the store holds of the mailbox `shop`.
    pub(crate) fn change_grant(&self, change: impl FnOnce(&mut MailboxRecord)) {
        let mut grant = self.grant("shop");
        change(&mut grant);
        self.save_grant("shop", &grant);
    }

    /// Puts this into the store as what a sign-in to the mailbox `name` has left.
    pub(crate) fn save_grant(&self, name: &str, grant: &MailboxRecord) {
        let name = name.parse().expect("it is a name");
        save_mailbox(&self.store(), &name, grant).expect("the vault can be written");
    }

    fn store(&self) -> VaultStore {
        VaultStore::new(self.vault(), VaultKey::File(self.vault_key()))
    }

    /// Insists that the tenant saw nothing that a well-behaved client does not do.
    pub(crate) fn insist_on_manners(&self) {
        assert_eq!(self.sandbox().surprises(), Vec::<String>::new());
    }
}

/// The fact `name` of the first report.
pub(crate) fn fact(finished: &Finished, name: &str) -> String {
    finished.json()["reports"][0]["facts"][name].as_str().unwrap_or_default().to_owned()
}
