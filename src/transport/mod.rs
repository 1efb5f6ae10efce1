//! The wire: connects to a mail server, signs in with a token, and looks whether the mailbox can be used. It returns what
//! it saw and never prints.
//!
//! ```text
//! reach                        as far as TLS, and no further
//! imap, pop3, smtp, arrival    what to say
//! headers, mark                what a message's headers say, and what a test mail is known by
//! way                          DNS and TCP, or a proxy
//! connect, handshake           TLS
//! greeting, recognise          whether the server that is meant answers at all
//! stream, socket               deadlines, sizes, transcript
//! ```

pub mod arrival;
mod connect;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod greeting;
mod handshake;
mod headers;
pub mod imap;
mod log;
pub mod mark;

pub mod pop3;
mod reach;
mod recognise;
#[cfg(fuzzing)]
mod script;
pub mod smtp;
mod socket;
mod stream;
mod way;

#[cfg(test)]
mod tests;

pub use reach::{reach, reach_tls};

use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use crate::failure::Failure;
use crate::net::Proxies;
use crate::net::Trust;
use crate::profile::{Address, ServerEndpoint};
use crate::report::Stage;
use crate::sasl::SaslMechanism;
use crate::transcript::Transcript;

/// One step of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Which step.
    pub stage: Stage,
    /// When it began.
    pub began: Instant,
    /// How long it took.
    pub elapsed: Duration,
    /// What was seen (redacted and escaped), or what went wrong.
    pub result: Result<String, Failure>,
}

/// Whom to talk to, as whom, and how.
pub struct Target<'a> {
    /// Where the server is.
    pub server: &'a ServerEndpoint,
    /// The identity that SASL carries.
    pub user: &'a Address,
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

/// Hands over the access token. It is fetched side by side with connecting: the probe calls this once it knows what the
/// server can do, and waits until the token is there. None means that no token could be had; authentication is then for
/// the caller to report as skipped, and the probe takes its leave politely.
pub type TokenSource<'a> = Box<dyn FnOnce() -> Option<SecretString> + Send + 'a>;

/// What a probe saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbeOutcome {
    /// The steps in order. A failed one is the last.
    pub observations: Vec<Observation>,
    /// The SASL mechanisms that the server listed, after TLS.
    pub mechanisms_offered: Vec<String>,
    /// The mechanism that was used.
    pub mechanism_used: Option<SaslMechanism>,
    /// The newest messages, newest first, where they were asked for.
    pub latest: Vec<Message>,
}

/// A message as a list shows it: headers decoded (RFC 2047), redacted and escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The Date header.
    pub date: String,
    /// The From header.
    pub from: String,
    /// The Subject header.
    pub subject: String,
}
