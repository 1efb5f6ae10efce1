//! `mailgrant` gets a mailbox onto OAuth, proves that it works, and keeps it working.
//!
//! # The map of the house
//! Arrows point down: a room names only rooms below it, and no two rooms name each other.
//!
//! ```text
//! outputs                                standard output and the page
//! cli                                    the root parser
//! commands                               one file a verb
//! context                                the outside world that a command may touch
//! session    rotation    fleet  machine  a valid token; a new client secret; many at once; this machine
//! oauth  probe  secrets  config  diagnosis   sign-in; the wire; the keeps; the file; what failures mean
//! net  loopback                          dialling, TLS and HTTP; the redirect address
//! browser  bundle  files  lock  sasl  jwt  transcript  html  report   one job each, for all above
//! profile  failure  clock  environment  harmless   the words that every room speaks
//! ```
//!
//! - [`oauth`], [`probe`] and [`secrets`] never name each other: [`session`] and [`commands`] join them.
//! - A [`failure::Failure`] says what happened, a [`report::Finding`] what it means and how to mend it; [`diagnosis`] is
//!   the only way from one to the other.
//! - Only [`report`] renders results and only [`outputs`] writes them; only `main` ends the process.
//!
//! # Left out on purpose
//! - Passwords: there is no basic authentication, and no switch that turns certificate checks off.
//! - A fallback from the keyring to a plain file.
//! - Reading or sorting mail: a test opens the inbox and counts, no more.
//! - Microsoft Graph as a way to read and send mail; IMAP, POP3 and SMTP only, so far.
//! - Certificates and federated credentials as an app's proof; client secrets and public clients only, so far.

// Cargo.toml forbids it too; here it is seen, and no flag of a build takes it back.
#![forbid(unsafe_code)]

pub mod browser;
pub mod bundle;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod context;
pub mod diagnosis;
pub mod environment;
pub mod failure;
pub mod files;
pub mod fleet;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod hardening;
pub mod harmless;
pub mod html;
pub mod jwt;
pub mod lock;
pub mod loopback;
pub mod machine;
pub mod net;
pub mod oauth;
pub mod outputs;
pub mod probe;
pub mod profile;
pub mod report;
pub mod rotation;
pub mod sasl;
pub mod secrets;
pub mod session;
pub mod transcript;
