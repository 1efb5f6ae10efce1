//! The practice tenant, and a home of its own for what is practised: profile, vault and key.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use practice_tenant::faults::{Fault, Place};
use practice_tenant::world::{CONFIDENTIAL_CLIENT, SHOP, TENANT_DOMAIN};
use practice_tenant::{Sandbox, SandboxConfig};
use tempfile::TempDir;

use super::faults::Chosen;
use super::lines::{self, CA_FILE, NEXT_SECRET, SECRET, SIGNS_IN_AS, Variable, Who};
use crate::context::Context;
use crate::error::CommandError;
use crate::files;
use crate::report::{Finding, FindingCode};
use crate::secrets::{self, VaultKey, VaultStore};
use crate::text::{Redactor, Shown};

/// The name of the mailbox that everything is about.
const MAILBOX: &str = "practice";

const SECOND_SECRET: &str = "practice-only-secret-number-two";

const PROFILE: &str = "# A profile for practice: it goes when the practice ends.
[secrets]
store = \"vault\"
vault_file = \"vault.age\"
key_file = \"vault.key\"
";

/// A running practice. Dropping it stops the servers and removes the folder.
pub(super) struct Home {
    sandbox: Sandbox,
    first_secret: String,
    /// The day on which the app's secrets expire.
    expires: jiff::civil::Date,
    folder: TempDir,
}

impl Home {
    /// Starts the servers, and makes the folder.
    pub(super) fn start(context: &Context) -> Result<Self, CommandError> {
        let config = SandboxConfig::default();
        let first_secret = config.client_secret.clone();
        let sandbox = Sandbox::start(config).map_err(|error| failed(Shown::of(error)))?;
        sandbox.add_client_secret(SECOND_SECRET);
        let folder = tempfile::Builder::new().prefix("mailgrant-practice-").tempdir();
        let folder = folder.map_err(|error| failed(shown!("a temporary folder: {}", error)))?;
        let today = context.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let expires = today.saturating_add(jiff::Span::new().years(1));
        let home = Self { sandbox, first_secret, expires, folder };
        files::create_private(&home.profile(), PROFILE.as_bytes())?;
        secrets::new_vault_key(&home.key())?;
        home.install().map_err(|error| failed(shown!("{}: {}", home.programs(), error)))?;
        Ok(home)
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn profile(&self) -> PathBuf {
        self.folder.path().join("practice.toml")
    }

    fn vault(&self) -> PathBuf {
        self.folder.path().join("vault.age")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("vault.key")
    }

    /// The folder that comes first in `PATH`, with this very program under its usual name.
    fn programs(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    fn install(&self) -> io::Result<()> {
        std::fs::create_dir(self.programs())?;
        let program = self.programs().join(format!("mailgrant{}", std::env::consts::EXE_SUFFIX));
        link(&std::env::current_exe()?, &program)
    }

    /// What a command of the practice finds in its environment.
    pub(super) fn variables(&self, who: Who) -> Vec<Variable> {
        let mut variables: Vec<Variable> = vec![
            ("MAILGRANT_CONFIG", self.profile().into()),
            ("MAILGRANT_STORE", "vault".into()),
            ("MAILGRANT_VAULT_FILE", self.vault().into()),
            // Empty counts as not set: the key of the reader's own vault opens nothing here.
            ("MAILGRANT_VAULT_KEY", "".into()),
            (SIGNS_IN_AS, who.value().into()),
            (CA_FILE, self.sandbox.ca_file().into()),
            (SECRET, self.first_secret.clone().into()),
            (NEXT_SECRET, SECOND_SECRET.into()),
            ("PATH", lines::path_with(&self.programs())),
        ];
        if who != Who::Reader {
            variables.push(("BROWSER", "mailgrant practice --sign-in".into()));
        }
        variables
    }

    /// The command that adds the mailbox, in the parts that belong on a line each.
    pub(super) fn add_command(&self) -> Vec<String> {
        let ports = self.sandbox.ports();
        let ca_file = lines::file(self.sandbox.ca_file());
        vec![
            format!("mailgrant add {MAILBOX} --provider microsoft365 --tenant {TENANT_DOMAIN}"),
            format!("--client-id {CONFIDENTIAL_CLIENT} --secret-env {SECRET}"),
            format!("--expires {} --address {SHOP}", self.expires),
            format!("--incoming imap --incoming-host localhost --incoming-port {}", ports.imap_implicit),
            format!("--outgoing smtp --outgoing-host localhost --outgoing-port {}", ports.smtp_starttls),
            format!("--authority {} --api-url {}", self.sandbox.authority(), self.sandbox.api_base()),
            format!("--ca-file {ca_file}"),
        ]
    }

    /// The command that replaces the app's client secret, in such parts.
    pub(super) fn rotate_command(&self) -> Vec<String> {
        let rotate = format!("mailgrant rotate-secret {MAILBOX} --secret-env {NEXT_SECRET}");
        vec![rotate, format!("--expires {}", self.expires)]
    }

    /// Adds the mailbox, and shows nothing of it.
    pub(super) fn add_quietly(&self) -> Result<(), CommandError> {
        let mut command = lines::in_shell(&self.add_command().join(" "));
        command.envs(self.variables(Who::Shop)).stdin(Stdio::null());
        let output = command.output().map_err(|error| failed(Shown::of(error)))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(failed(Redactor::by_shape(String::from_utf8_lossy(&output.stderr).trim())))
        }
    }

    /// Runs a command line at this terminal; its exit code, if it ended with one.
    pub(super) fn run(&self, line: &str, who: Who) -> Result<Option<i32>, CommandError> {
        self.start_command(lines::in_shell(line), who)
    }

    /// Opens the reader's own shell.
    pub(super) fn open_shell(&self) -> Result<Option<i32>, CommandError> {
        self.start_command(lines::readers_shell(), Who::Shop)
    }

    fn start_command(&self, mut command: Command, who: Who) -> Result<Option<i32>, CommandError> {
        command.envs(self.variables(who));
        if who == Who::Reader {
            command.env_remove("BROWSER");
        }
        let status = command.status().map_err(|error| failed(Shown::of(error)))?;
        Ok(status.code())
    }

    /// Switches faults on. An access token that is stored would hide those of the token endpoint, so it goes, and the next
    /// ones are never fresh.
    pub(super) fn switch_on(&self, faults: &[Chosen]) {
        for Chosen { row, time } in faults {
            match time {
                Some(time) => self.sandbox.switch_on_for(row.fault, *time),
                None => self.sandbox.switch_on(row.fault),
            }
        }
        if faults.iter().any(|fault| matches!(fault.row.fault.place(), Place::Token | Place::PageAndToken)) {
            self.sandbox.set_access_lifetime(Duration::ZERO);
        }
        if !faults.is_empty() {
            self.forget_access_tokens();
        }
    }

    /// Switches every fault off.
    pub(super) fn heal(&self) {
        Fault::rows().for_each(|row| self.sandbox.switch_off(row.fault));
        self.sandbox.set_access_lifetime(SandboxConfig::default().access_lifetime);
        self.forget_access_tokens();
    }

    fn forget_access_tokens(&self) {
        let Ok(name) = MAILBOX.parse() else { return };
        let store = VaultStore::new(self.vault(), VaultKey::File(self.key()));
        // Before the sign-in there is no record, and no token that could hide anything.
        if let Ok(Some(mut record)) = secrets::load_mailbox(&store, &name) {
            record.access.clear();
            let _ = secrets::save_mailbox(&store, &name, &record);
        }
    }
}

#[cfg(unix)]
fn link(program: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(program, place)
}

/// Without the right to make links, a copy.
#[cfg(not(unix))]
fn link(program: &Path, place: &Path) -> io::Result<()> {
    std::fs::hard_link(program, place).or_else(|_| std::fs::copy(program, place).map(drop))
}

/// Why the practice cannot begin, or go on.
pub(super) fn failed(reason: Shown) -> CommandError {
    Finding::of(FindingCode::PRACTICE_FAILED).with("reason", reason).into()
}
