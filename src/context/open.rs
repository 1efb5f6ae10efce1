//! The context of a real run: the environment and this machine.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::{Context, Prompter, TerminalPrompter, view};
use crate::clock::Clock;
use crate::config::Folders;
use crate::net::{Proxies, Trust};
use crate::profile::StoreKind;
use crate::progress::Progress;
use crate::text::Redactor;
use crate::transcript::{Sink, Transcript};
use crate::{browser, environment, secrets};

/// What the command line says about the outside world.
pub struct Options {
    /// The profile's file.
    pub profile: Option<PathBuf>,
    /// The secret store.
    pub store: Option<StoreKind>,
    /// The bound on the whole command.
    pub timeout: Option<Duration>,
    /// Whether the conversation on the wire is shown.
    pub is_verbose: bool,
    /// Whether the result is for another program.
    pub is_json: bool,
    /// Whether the results are for people, who may be offered more.
    pub offers: bool,
    /// Writes a line on standard error.
    pub say: fn(&str),
    /// Who looks on knows it too.
    pub progress: Progress,
}

/// This user has no home folder; the system's words.
pub struct NoHome(pub String);

impl Context {
    /// The context of this process.
    ///
    /// # Errors
    /// [`NoHome`], where this program's files cannot have a place.
    pub fn open(options: Options) -> Result<Self, NoHome> {
        let Options { profile, store, timeout, is_verbose, is_json, offers, say, progress } = options;
        let folders = Folders::of_user().map_err(NoHome)?;
        let prompter = TerminalPrompter::new();
        let started = Instant::now();
        let sink: Option<Sink> = if is_verbose { Some(Arc::new(stamped(say, started))) } else { None };
        let redactor = Redactor::default();
        let proxies = Proxies::of(&environment::text);
        let names = environment::names().filter(|name| secrets::is_secret_variable(name));
        let variables = names.filter_map(|name| environment::text(&name));
        for secret in variables.map(SecretString::from).chain(proxies.passwords()) {
            redactor.learn(&secret);
        }
        Ok(Self {
            profile_path: profile.unwrap_or_else(|| folders.default_profile()),
            folders,
            store_choice: store,
            trust: Trust::new(),
            proxies,
            transcript: Transcript::new(redactor, sink),
            clock: Clock::system(),
            offers: offers && prompter.is_interactive(),
            view: view::of_stderr(false),
            tells_events: is_json,
            opens_browser: prompter.is_interactive() || environment::raw("BROWSER").is_some(),
            prompter: Box::new(prompter),
            say,
            browser: browser::open,
            private_browser: browser::open_private,
            timeout,
            started,
            progress,
            store: OnceCell::new(),
        })
    }
}

/// Says each line behind the seconds that have passed since `started`.
fn stamped(say: fn(&str), started: Instant) -> impl Fn(&str) + Send + Sync {
    move |line| say(&format!("{:7.3} {line}", started.elapsed().as_secs_f64()))
}
