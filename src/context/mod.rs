//! The outside world that a command may touch. Everything in here is made when it is first asked for.

pub mod interrupt;
pub mod live;
mod open;
mod prompter;
mod terminal;
pub mod view;

pub use open::{NoHome, Options};
pub use prompter::{LineReader, PromptError, Prompter, TerminalPrompter};
pub use terminal::{PasteReader, Typed};

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use url::Url;

use crate::clock::Clock;
use crate::config::{self, ConfigError, Folders};
use crate::environment;
use crate::failure::StoreFault;
use crate::files::lock;
use crate::net::Proxies;
use crate::net::Trust;
use crate::profile::{Mailbox, Profile, StoreKind};
use crate::progress::Progress;
use crate::report::View;
use crate::secrets::{self, RecordKey, SecretStore, World};
use crate::text::Shown;
use crate::transcript::Transcript;

/// What a command works with.
pub struct Context {
    /// The profile's file.
    pub profile_path: PathBuf,
    /// This program's folders.
    pub folders: Folders,
    /// The store that the command line or `MAILGRANT_STORE` asks for; it overrides the profile's.
    pub store_choice: Option<StoreKind>,
    /// The CAs that we trust, and the TLS connectors made from them.
    pub trust: Trust,
    /// The proxies that the environment names.
    pub proxies: Proxies,
    /// The conversation on the wire, for `-v`, and the redaction.
    pub transcript: Transcript,
    /// The time of day.
    pub clock: Clock,
    /// Asks people.
    pub prompter: Box<dyn Prompter>,
    /// Whether further steps are offered to a person: the results are for people, not for a program.
    pub offers: bool,
    /// Says a line on stderr.
    pub say: fn(&str),
    /// What the terminal on standard error can show.
    pub view: View,
    /// Whether other programs are told of events, a line of JSON each on standard error.
    pub tells_events: bool,
    /// Whether a browser may be opened: there is a terminal, or `BROWSER` says which.
    pub opens_browser: bool,
    /// Opens a browser, without the environment variables of these names.
    pub browser: fn(&Url, &[&str]) -> Result<(), String>,
    /// The same in a private window.
    pub private_browser: fn(&Url, &[&str]) -> Result<(), String>,
    /// The bound on the whole command, where one was given.
    pub timeout: Option<Duration>,
    /// When the command began.
    pub started: Instant,
    /// What the command is doing, and what it has seen.
    pub progress: Progress,
    /// The secret store, once it was opened.
    pub store: OnceCell<Box<dyn SecretStore>>,
}

impl Context {
    /// Reads the profile.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn profile(&self) -> Result<Profile, ConfigError> {
        config::load(&self.profile_path)
    }

    /// The secret store for the records of `profile`: what the command line asks for, else the profile, else the OS keyring. There is no other
    /// fallback (SECURITY.md S1).
    ///
    /// # Errors
    /// If it is absent or its key is.
    pub fn store(&self, profile: &Profile) -> Result<&dyn SecretStore, StoreFault> {
        if self.store.get().is_none() {
            let store = secrets::open(&profile.secrets.chosen(self.store_choice), profile, self.world())?;
            let _ = self.store.set(store);
        }
        self.store.get().map(AsRef::as_ref).ok_or_else(|| StoreFault::Other { reason: "no store was opened".into() })
    }

    /// The variables of this process that another one needs to reach the records of `mailbox`.
    #[must_use]
    pub fn store_variables(&self, profile: &Profile, mailbox: &Mailbox) -> Vec<Shown> {
        let records = [RecordKey::App(mailbox.app.clone()), RecordKey::Mailbox(mailbox.name.clone())];
        self.store(profile).map(|store| store.variables(&records)).unwrap_or_default()
    }

    /// From now on nothing is stored, and no store is opened.
    pub fn keep_nothing(&self) {
        let _ = self.store.set(Box::new(secrets::Nothing));
    }

    /// The outside world as a store may use it.
    #[must_use]
    pub fn world(&self) -> World<'_> {
        World {
            config: &self.folders.config,
            data: &self.folders.data,
            env: environment::raw,
            timeout: self.timeout,
            say: self.say,
        }
    }

    /// The folder that holds the locks.
    #[must_use]
    pub fn locks(&self) -> &Path {
        &self.folders.state
    }

    /// How long to wait for another process's lock: the usual time, or what `--timeout` leaves of it (SECURITY.md C3).
    #[must_use]
    pub fn lock_wait(&self) -> Duration {
        lock::wait_until(self.deadline())
    }

    /// So many subjects are looked at from now on. Where Ctrl-C ends that, what was seen until then is told.
    pub fn expect(&self, count: usize) {
        self.progress.expect(count);
        interrupt::tells();
    }

    /// When the whole command must have ended.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.timeout.map(|timeout| self.started + timeout)
    }
}
