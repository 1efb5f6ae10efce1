//! Where to connect, and what every transport does there.

use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::log::Log;
use super::task::{Account, Task};
use crate::net::{Proxies, Trust};
use crate::profile::ServerEndpoint;
use crate::sasl::SaslMechanism;
use crate::transcript::Transcript;

/// What is done over one protocol.
pub trait Transport: Sync {
    /// Reaches the server as far as TLS, and a little further where only that tells whether it is the one that is meant.
    /// Nobody signs in.
    fn reach(&self, target: &Target<'_>, log: &mut Log);

    /// Signs in for `account` and does `task`, which belongs to a side that the protocol serves.
    fn exercise(
        &self,
        target: &Target<'_>,
        account: Account<'_>,
        token: TokenSource<'_>,
        task: &Task<'_>,
        log: &mut Log,
    );
}

/// Where to connect, and how.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// Where the server is.
    pub server: &'a ServerEndpoint,
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
}

/// Hands over the access token. It is fetched side by side with connecting: a transport calls this once it knows what the
/// server can do, and waits until the token is there. None means that no token could be had; authentication is then for
/// the caller to report as skipped, and the transport takes its leave politely.
pub type TokenSource<'a> = Box<dyn FnOnce() -> Option<SecretString> + Send + 'a>;
