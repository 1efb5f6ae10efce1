//! The wire: connects to a mail server, signs in with a token, and looks whether the mailbox can be used. Everything that
//! is seen goes into a [`Log`]; nothing is printed.
//!
//! ```text
//! imap, pop3, smtp             one transport a protocol: what to say
//! graph, gmail                 the same for web services; web is what they share
//! target, task, log            where to connect, what is asked there, and what was seen
//! sign_in                      the mechanism and the token
//! arrival, headers, mark       waiting for a message, what its headers say, what a test mail is known by
//! way                          DNS and TCP, or a proxy
//! connect, handshake           TLS
//! dialect, greeting, recognise whether the server that is meant answers at all
//! stream, socket               deadlines, sizes, transcript
//! ```

mod arrival;
mod connect;
mod dialect;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod gmail;
mod graph;
mod greeting;
mod handshake;
mod headers;
mod imap;
mod log;
pub mod mark;
mod pop3;
mod recognise;
#[cfg(fuzzing)]
mod script;
mod sign_in;
mod smtp;
mod socket;
mod stream;
mod target;
mod task;
mod way;
mod web;

#[cfg(test)]
mod tests;

pub use connect::reach_tls;
pub use headers::Message;
pub use log::Log;
pub use target::{PendingToken, ServerTarget, Target, Transport};
pub use task::{Account, Errand, Task};

use crate::profile::Protocol;

/// The transport of `protocol`.
#[must_use]
pub fn of(protocol: Protocol) -> &'static dyn Transport {
    match protocol {
        Protocol::Imap => &imap::Imap,
        Protocol::Pop3 => &pop3::Pop3,
        Protocol::Smtp => &smtp::Smtp,
        Protocol::Graph => &web::Over::<graph::Graph>::IT,
        Protocol::Gmail => &web::Over::<gmail::Gmail>::IT,
    }
}
