//! What every flow works with: the profile, its opened store, and the way to the network.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::credential::Desk;
use super::session::{OnLoss, Session};
use super::signers::Signers;
use super::throttle::Throttle;
use crate::clock::Clock;
use crate::context::Context;
use crate::failure::StoreFault;
use crate::net::{HttpClient, Proxies, Trust};
use crate::profile::{App, Mailbox, Profile};
use crate::progress::Watch;
use crate::secrets::SecretStore;
use crate::transcript::Transcript;

/// How long one phase of a mail protocol may take: shorter than the five minutes of RFC 5321 §4.5.3.2.
const PHASE: Duration = Duration::from_secs(30);

/// A profile with its opened store, and the way to the network. Threads can share it, as they cannot [`Context`].
#[derive(Clone)]
pub struct Workspace<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The profile's file.
    pub profile_file: PathBuf,
    /// Where the secrets are.
    pub store: &'a dyn SecretStore,
    /// The folder that holds the locks.
    pub locks: &'a Path,
    /// The trusted CAs.
    pub trust: &'a Trust,
    /// The proxies that the environment names.
    pub proxies: &'a Proxies,
    /// Where the conversations are shown, and what redacts them.
    pub transcript: &'a Transcript,
    /// The time of day.
    pub clock: Clock,
    /// When the command began.
    pub started: Instant,
    /// When everything must be over.
    pub deadline: Option<Instant>,
    /// How long one phase of a mail protocol may take.
    pub phase: Duration,
    /// Who looks on.
    pub watch: Watch,
    /// Token endpoints that have asked to be left alone. Clones share it.
    pub throttle: Arc<Throttle>,
    /// What apps sign with.
    pub signers: Arc<Signers<'a>>,
    /// What the command still has to do, called once a connection is under way; maybe more than once.
    pub meanwhile: &'a (dyn Fn() + Sync),
}

impl<'a> Workspace<'a> {
    /// The workspace of `profile`.
    ///
    /// # Errors
    /// If the secret store cannot be opened.
    pub fn open(context: &'a Context, profile: &'a Profile) -> Result<Self, StoreFault> {
        Ok(Self {
            profile,
            profile_file: context.profile_path.canonicalize().unwrap_or_else(|_| context.profile_path.clone()),
            store: context.store(profile)?,
            locks: context.locks(),
            trust: &context.trust,
            proxies: &context.proxies,
            transcript: &context.transcript,
            clock: context.clock,
            started: context.started,
            deadline: context.deadline(),
            // A bound on the whole may be longer than a phase's usual one: for a server that is known to be slow.
            phase: context.timeout.unwrap_or(PHASE),
            watch: context.progress.aside(),
            throttle: Arc::default(),
            signers: Arc::new(Signers::asking(context.prompter.as_ref())),
            meanwhile: &|| {},
        })
    }

    /// The app of one of the profile's mailboxes.
    #[must_use]
    pub fn app_of(&self, mailbox: &Mailbox) -> &'a App {
        self.profile.app_of(mailbox)
    }

    /// The way to the sign-in server of `app`.
    #[must_use]
    pub fn http(&self, app: &App) -> HttpClient {
        let http = HttpClient::new(self.trust, app.ca_file.as_deref(), self.transcript.clone(), self.proxies);
        match self.deadline {
            Some(deadline) => http.until(deadline),
            None => http,
        }
    }

    /// What makes what apps authenticate with; `http` is the way to those who hand out tokens.
    #[must_use]
    pub fn desk<'s>(&'s self, http: &'s HttpClient) -> Desk<'s> {
        Desk { store: self.store, http, clock: self.clock, signers: &self.signers }
    }

    /// The session of `mailbox`. It authenticates with the active secret and marks no sign-in as lost.
    #[must_use]
    pub fn session<'s>(&'s self, mailbox: &'s Mailbox) -> Session<'s> {
        let app = self.app_of(mailbox);
        Session {
            store: self.store,
            locks: self.locks,
            http: self.http(app),
            clock: self.clock,
            app,
            mailbox,
            protocol: None,
            proving: None,
            deadline: self.deadline,
            profile_file: &self.profile_file,
            on_loss: OnLoss::LeaveUnmarked,
            throttle: &self.throttle,
            signers: &self.signers,
        }
    }

    /// How long after the command's start `when` was.
    #[must_use]
    pub fn since_start(&self, when: Instant) -> Duration {
        when.saturating_duration_since(self.started)
    }
}
