//! Where to connect, and what every transport does there.

use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::log::Log;
use super::task::{Account, Errand, Task};
use crate::net::{Proxies, Trust};
use crate::profile::{Endpoint, ServerEndpoint};
use crate::report::Stage;
use crate::sasl::SaslMechanism;
use crate::transcript::Transcript;

/// What is done over one protocol.
pub trait Transport: Sync {
    /// Reaches the server as far as TLS, and a little further where only that tells whether it is the one that is meant.
    /// There is no sign-in.
    fn reach(&self, target: &Target<'_>, log: &mut Log);

    /// Signs in for `account` and does `task`, which belongs to a side that the protocol serves.
    fn exercise(
        &self,
        target: &Target<'_>,
        account: Account<'_>,
        token: PendingToken<'_>,
        task: &Task<'_>,
        log: &mut Log,
    );

    /// Does several tasks for `account`, one after the other: on one connection, where the protocol has one for all. A
    /// search for a message is left out where the tasks before it sent none.
    fn exercise_all(
        &self,
        target: &Target<'_>,
        account: Account<'_>,
        token: PendingToken<'_>,
        errands: &mut [Errand<'_>],
    ) {
        match errands {
            [Errand { task, log }] => self.exercise(target, account, token, task, log),
            several => {
                let token = token();
                let mut has_sent = false;
                for Errand { task, log } in several {
                    if has_sent || !matches!(task, Task::Find { .. }) {
                        self.exercise(target, account, Box::new(|| token.clone()), task, log);
                    }
                    has_sent |= log.has_sent();
                }
            }
        }
    }
}

/// Where to connect, and how.
pub struct Target<'a, E = Endpoint> {
    /// Where the service is.
    pub endpoint: &'a E,
    /// Whom we trust.
    pub trust: &'a Trust,
    /// The proxies that the environment names.
    pub proxies: &'a Proxies,
    /// A private CA (PEM), trusted beside the system's.
    pub ca_file: Option<&'a Path>,
    /// Where the conversation is shown, and what redacts it.
    pub transcript: &'a Transcript,
    /// The mechanism to use, where the choice is not ours.
    pub mechanism: Option<SaslMechanism>,
    /// How long each phase may take.
    pub timeout: Duration,
    /// When everything must be over.
    pub overall: Option<Instant>,
    /// Called once there is time for other things, since the network is waited for; maybe more than once.
    pub meanwhile: &'a (dyn Fn() + Sync),
}

/// Hands over the access token. It is fetched side by side with connecting: a transport calls this once it knows what the
/// server can do, and waits until the token is there. None means that no token could be had; authentication is then for
/// the caller to report as skipped, and the transport takes its leave politely.
pub type PendingToken<'a> = Box<dyn FnOnce() -> Option<SecretString> + Send + 'a>;

/// A target that is a server, not a web address.
pub type ServerTarget<'a> = Target<'a, ServerEndpoint>;

impl<'a, E> Target<'a, E> {
    /// The same way to another endpoint.
    #[must_use]
    pub fn at<F>(&self, endpoint: &'a F) -> Target<'a, F> {
        Target {
            endpoint,
            trust: self.trust,
            proxies: self.proxies,
            ca_file: self.ca_file,
            transcript: self.transcript,
            mechanism: self.mechanism,
            timeout: self.timeout,
            overall: self.overall,
            meanwhile: self.meanwhile,
        }
    }
}

impl<'a> Target<'a> {
    /// The server that it is. A web address here is a fault of this program: the profile gives each protocol what it needs.
    pub(super) fn of_server(&self, log: &mut Log) -> Option<ServerTarget<'a>> {
        let server = self.endpoint.server();
        if server.is_none() {
            log.fault(Stage::Profile, Instant::now());
        }
        server.map(|server| self.at(server))
    }
}
