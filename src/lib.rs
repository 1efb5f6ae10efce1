//! `mailgrant` sets up and tests OAuth for mailboxes, over IMAP, POP3 and SMTP or over Microsoft Graph and the Gmail API, and
//! rotates their client secrets.
//!
//! # The map
//! Imports point down: a module names only its own layer and those below it, and no two files name each other.
//!
//! ```text
//! main fuzzing                      | one sentence; the entrances for fuzzing, in builds for that alone
//! outputs                           | standard output and the files of reports
//! cli                               | the root parser
//! commands                          | one file for each verb: its flags, what it runs, what it asks
//! arguments doctor                  | parts of the command line that several verbs share; this machine
//! flow                              | what verbs are made of: sign-in, test, rotation, the token of a session
//! context error                     | the outside world; why a command stops
//! directory oauth transport secrets | an app's registration; tokens; mail servers; stores
//! config diagnosis browser          | the profile's file; what failures mean; the browser
//! net loopback                      | dialling, TLS and HTTP; the redirect address
//! files process transcript sasl jwt | one job each, for all above
//! progress                          | what a command is doing and has seen, for who looks on
//! failure                           | what went wrong, as facts
//! report                            | checks, findings and documents, and their formats
//! profile                           | apps, mailboxes, providers: values that are known to be right
//! clock finding_code                | the time of day; the names of findings
//! text environment hardening random | text that is safe to show; variables; limits; random numbers
//! ```
//!
//! - [`directory`], [`oauth`], [`transport`] and [`secrets`] never name each other: [`flow`] joins them.
//! - A [`failure::Failure`] says what happened, a [`report::Finding`] what it means and how to fix it; [`diagnosis`] is
//!   the only way from one to the other.
//! - Only [`report`] renders results and only [`outputs`] writes them; only `main` ends the process.
//!
//! # Left out on purpose
//! - Passwords: there is no basic authentication, and no switch that turns certificate checks off.
//! - A fallback from the keyring to a plain file.
//! - Reading or sorting mail: a test opens the inbox and counts, no more.

// Cargo.toml forbids it too; here it is seen, and no flag of a build takes it back.
#![forbid(unsafe_code)]

// First: its `shown!` is known to all that follow.
#[macro_use]
pub mod text;

pub mod arguments;
pub mod browser;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod context;
pub mod diagnosis;
pub mod directory;
pub mod doctor;
pub mod environment;
pub mod error;
pub mod failure;
pub mod files;
pub mod finding_code;
pub mod flow;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod hardening;
pub mod jwt;
pub mod loopback;
pub mod net;
pub mod oauth;
pub mod outputs;
pub mod process;
pub mod profile;
pub mod progress;
pub mod random;
pub mod report;
pub mod sasl;
pub mod secrets;
pub mod transcript;
pub mod transport;
