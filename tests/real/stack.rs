//! Everything that one test needs, started together and ended together.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::certs::Certs;
use crate::dovecot::Dovecot;
use crate::guard::{As, Guard, command_as, port, run};
use crate::keyring::Keyring;
use crate::parts::{self, Parts};
use crate::person::{How, Person};
use crate::postfix;
use crate::provider::{CLIENT_ID, FIRST_SECRET, Provider};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::process::Running;

/// No command of these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// The mailbox that most tests use.
pub(crate) const ALICE: &str = "alice@example.test";

/// Servers, keyring and a home. The fields are dropped in this order, the folder last.
pub(crate) struct Stack {
    /// Whose home it is, and the environment there.
    pub(crate) fixture: Fixture,
    /// The keyring.
    pub(crate) keyring: Keyring,
    _postfix: Guard,
    /// Postfix's ports.
    pub(crate) postfix: postfix::Ports,
    /// IMAP, POP3, submission.
    pub(crate) dovecot: Dovecot,
    /// Where one signs in.
    pub(crate) provider: Provider,
    /// Certificates.
    pub(crate) certs: Certs,
    parts: Parts,
    folder: Folder,
    people: u32,
}

/// A private folder; some of what is in it belongs to the servers' users.
struct Folder(PathBuf);

/// How a mailbox is reached, as flags of `add`.
#[derive(Clone, Copy)]
pub(crate) struct Route<'a> {
    pub(crate) incoming: (&'a str, u16, &'a str),
    pub(crate) outgoing: (u16, &'a str),
}

impl Stack {
    /// Starts everything; `None`, after saying why, where this machine lacks a part and the tests may be left out.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(Certs::clone)
    }

    /// The same with mail servers that have the certificate of another host.
    pub(crate) fn start_with_impostors() -> Option<Self> {
        Self::start_with(Certs::of_another_host)
    }

    fn start_with(of_mail: fn(&Certs) -> Certs) -> Option<Self> {
        let parts = parts::parts()?;
        // A short path: socket names end at 108 bytes.
        let folder = tempfile::Builder::new().prefix("mailgrant-").tempdir().expect("there is a temporary folder");
        // The servers' own users must get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("the folder is ours");
        let folder = Folder(folder.keep());
        let path = &folder.0;
        let certs = Certs::make(path);
        let ports = postfix::Ports { submission: port(), submissions: port(), relay: port() };
        let provider = Provider::start(path, &parts, &certs);
        let of_mail = of_mail(&certs);
        let dovecot = Dovecot::start(path, &of_mail, &provider.issuer(), ports.relay);
        let postfix = postfix::start(path, &of_mail, &dovecot, ports);
        let home = path.join("home");
        fs::create_dir(&home).expect("the folder is ours");
        let keyring = Keyring::start(path, &home);
        let mut fixture = Fixture::bare(&home);
        fixture.set("LANG", "C.UTF-8");
        fixture.set("XDG_RUNTIME_DIR", &home);
        fixture.set("DBUS_SESSION_BUS_ADDRESS", keyring.address());
        let people = 0;
        let (_postfix, postfix) = (postfix, ports);
        Some(Self { fixture, keyring, _postfix, postfix, dovecot, provider, certs, parts, folder, people })
    }

    /// Runs `mailgrant` to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.begin(arguments).finish()
    }

    /// The same with something on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        self.fixture.run(arguments).patience(PATIENCE).stdin(input).finish()
    }

    /// Starts `mailgrant`.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Running {
        self.fixture.run(arguments).patience(PATIENCE).start()
    }

    /// The same on a machine where no browser can be opened.
    pub(crate) fn begin_without_browser(&self, arguments: &[&str]) -> Running {
        self.fixture.run(arguments).patience(PATIENCE).without_env("BROWSER").start()
    }

    /// `mailgrant`, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.fixture.program(env!("CARGO_BIN_EXE_mailgrant"));
        command.args(arguments);
        command
    }

    /// The programs of this machine.
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// IMAP and Postfix, both with implicit TLS.
    pub(crate) fn usual_route(&self) -> Route<'static> {
        Route { incoming: ("imap", self.dovecot.imaps, "implicit"), outgoing: (self.postfix.submissions, "implicit") }
    }

    /// Adds a mailbox of `address` that signs in at the provider.
    pub(crate) fn add(&self, name: &str, address: &str, route: Route<'_>, further: &[&str]) {
        self.add_of(("office", CLIENT_ID, FIRST_SECRET), name, address, route, further);
    }

    /// Adds a mailbox of Alice's, over the usual route, with an app of its own that is called as the mailbox is.
    pub(crate) fn add_app(&self, name: &str, client_id: &str, secret: &str) {
        self.add_of((name, client_id, secret), name, ALICE, self.usual_route(), &[]);
    }

    fn add_of(
        &self,
        (app, client_id, secret): (&str, &str, &str),
        name: &str,
        address: &str,
        route: Route<'_>,
        further: &[&str],
    ) {
        let ca = self.certs.ca.display().to_string();
        let issuer = self.provider.issuer();
        let (incoming, incoming_port, incoming_tls) = route.incoming;
        let (outgoing_port, outgoing_tls) = route.outgoing;
        let (incoming_port, outgoing_port) = (incoming_port.to_string(), outgoing_port.to_string());
        let mut arguments = vec!["add", name, "--app", app, "--provider", "oidc", "--issuer", &issuer];
        arguments.extend(["--client-id", client_id, "--credential", "secret", "--ca-file", &ca, "--address", address]);
        arguments.extend(["--incoming", incoming, "--incoming-host", "localhost", "--incoming-port", &incoming_port]);
        arguments.extend(["--incoming-tls", incoming_tls, "--outgoing", "smtp", "--outgoing-host", "localhost"]);
        arguments.extend(["--outgoing-port", &outgoing_port, "--outgoing-tls", outgoing_tls, "--secret-stdin"]);
        if !further.contains(&"--scope") {
            arguments.extend(["--scope", "mail"]);
        }
        arguments.extend(further);
        self.run_with_input(&arguments, &format!("{secret}\n")).code(0).hides(secret);
    }

    /// Alice's mailbox `shop`, added and authorized, over the usual route.
    pub(crate) fn with_shop(mut self) -> Self {
        self.add("shop", ALICE, self.usual_route(), &[]);
        self.sign_in(How::Plain, "alice", false);
        self.run(&["authorize", "shop"]).code(0);
        self
    }

    /// The mails in the inbox of `user`, as Dovecot stores them.
    pub(crate) fn delivered_to(&self, user: &str) -> Vec<String> {
        let inbox = self.folder.0.join("mail").join(user).join("Maildir");
        let mut find = command_as(As::Root, "find");
        find.arg(self.folder.0.join("mail")).args(["-path", &format!("{}/*", inbox.display()), "-type", "f"]);
        let files = run(find.args(["(", "-path", "*/new/*", "-o", "-path", "*/cur/*", ")"]));
        files.lines().map(|file| run(command_as(As::Root, "cat").arg(file))).collect()
    }

    /// What Postfix has logged.
    pub(crate) fn postfix_log(&self) -> String {
        run(command_as(As::Root, "cat").arg(self.folder.0.join("postfix.log")))
    }

    /// What Dovecot has logged.
    pub(crate) fn dovecot_log(&self) -> String {
        run(command_as(As::Root, "cat").arg(self.folder.0.join("dovecot.log")))
    }

    /// Puts a person at the browser.
    pub(crate) fn sign_in(&mut self, how: How, login: &str, deny: bool) -> Person {
        self.people += 1;
        let folder = self.folder.0.join(format!("person-{}", self.people));
        let person = Person::new(&folder, &self.parts, &self.certs, how, login, deny);
        self.fixture.set("BROWSER", &person.browser);
        person
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Kept on a failure, and named, so that the servers' logs can be read.
        if std::thread::panicking() {
            eprintln!("the servers' logs are in {}", self.0.display());
        } else {
            let _ = command_as(As::Root, "rm").arg("-rf").arg(&self.0).status();
        }
    }
}
