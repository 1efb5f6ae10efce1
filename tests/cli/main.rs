//! The behaviour of the real binary, command by command, against the practice tenant.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../examples/sandbox/mod.rs"]
mod sandbox;
#[path = "../support/mod.rs"]
mod support;

mod practice;
mod practice_mail;
