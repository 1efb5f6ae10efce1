//! `mailgrant` gets a mailbox onto OAuth, proves that it works, and keeps it working.
//!
//! This is the map of the house; arrows point down, and no room names one above it.

pub mod browser;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod context;
pub mod diagnosis;
pub mod failure;
pub mod files;
pub mod fleet;
pub mod hardening;
pub mod oauth;
pub mod probe;
pub mod profile;
pub mod report;
pub mod rotation;
pub mod sasl;
pub mod secrets;
pub mod session;
pub mod tls;
pub mod transcript;
