//! This machine rather than a mailbox: whether its store, files, clock, network and TLS let mailgrant do its work.
//!
//! One file a look. No look sends a credential to a provider, and none changes anything that stays.
//!
//! ```text
//! federated      the tokens with which apps prove themselves, and what to register for them
//! hosts          which servers the profile names
//! network        one server: DNS, TCP, TLS, and its clock beside ours
//! proxy          what the environment says of proxies
//! trust          which certificate authorities are trusted
//! permissions    who owns the files, and who could read them
//! versions       what runs here
//! ```

mod federated;
mod hosts;
mod network;
mod permissions;
mod proxy;
mod trust;
mod versions;

pub use versions::TLS_LIBRARY;

use std::path::{Path, PathBuf};
use std::time::Instant;

use self::hosts::Host;
use self::network::Look;
use crate::clock::Clock;
use crate::diagnosis::{self, FailureContext};
use crate::failure::StoreFault;
use crate::files::WatchedPath;
use crate::flow::parallel::{self, Limits, Panicked, joined};
use crate::net::Proxies;
use crate::net::Trust;
use crate::profile::Profile;
use crate::progress::{Progress, Step, Wait};
use crate::report::{self, Check, Report, Stage, Subject, Warning};
use crate::secrets::SecretStore;
use crate::transcript::Transcript;

/// Every host at once: what hangs, hangs beside the others, and ends at the one deadline.
const LIMITS: Limits = Limits { total: 64, per_key: 64 };

/// What is looked at, and with what.
pub struct Examination<'a> {
    /// Whose servers are looked at; the usual ones where there is none.
    pub profile: Option<&'a Profile>,
    /// Where the secrets are.
    pub store: Result<&'a dyn SecretStore, StoreFault>,
    /// The files and folders of this program.
    pub places: Vec<WatchedPath>,
    /// Whom we trust.
    pub trust: &'a Trust,
    /// The proxies that the environment names.
    pub proxies: &'a Proxies,
    /// Where conversations are shown.
    pub transcript: &'a Transcript,
    /// The time of day.
    pub clock: Clock,
    /// When every look at the network must be over.
    pub deadline: Instant,
    /// What was seen so far.
    pub progress: &'a Progress,
    /// The environment's variables; an empty one counts as unset.
    pub env: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

/// What was seen.
pub struct Examined {
    /// One report on the machine, one on each server.
    pub reports: Vec<Report>,
    /// What is right, but deserves attention.
    pub warnings: Vec<Warning>,
    /// What may be left to do.
    pub next: Vec<report::Step>,
    /// The conversations with the servers, redacted, server by server.
    pub conversations: Vec<(String, String)>,
}

impl Examination<'_> {
    /// Looks at everything; what waits for others, side by side. `begun` is the machine's report as far as it is known.
    #[must_use]
    pub fn run(&self, begun: Report) -> Examined {
        let hosts = match self.profile {
            Some(profile) => hosts::of(profile),
            None => hosts::usual(),
        };
        let network = network::Network {
            trust: self.trust,
            proxies: self.proxies,
            transcript: self.transcript,
            clock: self.clock,
            deadline: self.deadline,
        };
        let mut machine = begun;
        let mut warnings = Vec::new();
        self.progress.expect(1 + hosts.len());
        let known = machine.clone();
        let watch = self.progress.begin(0, "this machine".into(), move |_, _| known.clone());
        let numbered: Vec<(usize, &Host<'_>)> = hosts.iter().enumerate().map(|(at, host)| (at + 1, host)).collect();
        let mut tokens_seen = federated::Tokens::default();
        let mut looks = std::thread::scope(|scope| {
            let store = scope.spawn(|| {
                let _wait = watch.begins(Stage::SecretStore);
                parallel::survive(|| self.store_check()).unwrap_or_else(|Panicked| network::bug(Stage::SecretStore))
            });
            let tokens = scope.spawn(|| {
                let _wait = watch.begins(Stage::FederatedToken);
                parallel::survive(|| federated::look(self.profile, &network))
                    .unwrap_or_else(|Panicked| federated::fallen())
            });
            let looks = scope.spawn(|| {
                parallel::each(
                    &numbered,
                    LIMITS,
                    |(_, host)| vec![host.label().to_string()],
                    |(number, host)| self.look(&network, *number, host),
                    |(_, host), panicked| network::fallen(host, panicked),
                )
            });
            let mut local = permissions::checks(&self.places, &mut warnings);
            local.extend(trust::checks(self.trust, &self.ca_files(), self.env));
            local.extend(proxy::checks(self.proxies));
            machine.checks.push(joined(store));
            machine.checks.extend(local);
            tokens_seen = joined(tokens);
            machine.checks.append(&mut tokens_seen.checks);
            self.progress.end(0, machine.clone());
            joined(looks)
        });
        if let Some(check) = network::no_name(&hosts, &looks) {
            machine.checks.push(check);
            network::doubt_names(&mut looks);
        }
        let mut examined =
            Examined { reports: vec![machine], warnings, next: tokens_seen.next, conversations: Vec::new() };
        for (host, look) in hosts.iter().zip(looks) {
            examined.reports.push(look.report);
            examined.warnings.extend(look.warning);
            examined.conversations.push((host.label().to_string(), look.conversation));
        }
        examined
    }

    /// Looks at one server, which has this number.
    fn look(&self, network: &network::Network<'_>, number: usize, host: &Host<'_>) -> Look {
        let label = host.label();
        let known = network::report(host);
        let so_far = move |steps: &[Step], waits: &[Wait]| network::so_far(&known, steps, waits);
        let look = network.look(host, &self.progress.begin(number, label, so_far));
        self.progress.end(number, look.report.clone());
        look
    }

    fn store_check(&self) -> Check {
        let started = Instant::now();
        let tried = self.store.clone().and_then(|store| Ok(shown!("{}: {}", store.describe(), store.self_test()?)));
        match tried {
            Ok(detail) => Check::passed(Stage::SecretStore, started.elapsed(), detail),
            Err(fault) => {
                let finding = diagnosis::finding(&fault.into(), FailureContext::default());
                Check::failed(Stage::SecretStore, started.elapsed(), finding)
            }
        }
    }

    /// The private CAs that the profile names, each once.
    fn ca_files(&self) -> Vec<PathBuf> {
        let profile = self.profile.into_iter();
        let files = profile.flat_map(|profile| {
            let apps = profile.apps.values().filter_map(|app| app.ca_file.clone());
            apps.chain(profile.mailboxes.values().filter_map(|mailbox| mailbox.ca_file.clone()))
        });
        let mut files: Vec<PathBuf> = files.collect();
        files.sort();
        files.dedup();
        files
    }
}

/// A report on this machine that says what runs here, and on which profile.
#[must_use]
pub fn report(profile: &Path) -> Report {
    let mut report = Report::new(Subject::Machine("this machine".into()));
    for (name, value) in versions::here() {
        report.fact(name, value);
    }
    report.fact("profile", profile);
    report
}
