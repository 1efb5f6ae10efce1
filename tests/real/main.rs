//! The real servers: npm's oidc-provider, Dovecot, Postfix, gnome-keyring and Chromium, all on loopback, all private to
//! one test and ended with it. `mailgrant` itself is the built binary with its real keyring. And the real libraries, which
//! judge the practice tenant: Microsoft's and Google's own libraries.
//!
//! With `MAILGRANT_TEST_REAL=1` a missing part is a failure; without it these tests say what is missing and leave it at
//! that, so that a plain `cargo test` passes on any machine. `tests/run` installs the parts.
#![expect(clippy::print_stderr, reason = "a test that is left out says so")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod certs;
mod compare;
mod dovecot;
mod guard;
mod hostile;
mod keyring;
mod libraries;
mod parts;
mod person;
mod postfix;
mod provider;
mod round_trips;
mod stack;
mod stories;
