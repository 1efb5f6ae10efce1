//! The probes against scripted servers, good and bad.

mod arrives;
mod bounds;
mod certificates;
mod imap;
mod kit;
mod pki;
mod pop3;
mod smtp;
mod untagged;
