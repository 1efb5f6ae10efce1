//! The redirect address on this machine (RFC 8252 §7.3): what the browser comes back to after the sign-in. It knows HTTP
//! and its limits; what an authorization response is, the caller's reader of queries says.
//!
//! ```text
//! listener      holds the address, judges requests, waits for the one that counts
//! connections   accepts a bounded number of connections at a time
//! request       reads a request's head within limits, writes a response
//! pages         the HTML that the browser gets
//! pending_page  the browser's last page, written when the sign-in has come to an end
//! ```

mod connections;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod listener;
mod pages;
mod pending_page;
mod request;
#[cfg(test)]
mod testing;

pub use listener::{Beside, FailedWait, LoopbackListener, Match, QueryReader};
pub use pages::{FailurePage, SuccessPage};
pub use pending_page::PendingPage;
