//! `mailgrant` gets a mailbox onto OAuth, proves that it works, and keeps it working.
//!
//! This is the map of the house; arrows point down, and no room names one above it.

pub mod browser;
pub mod clock;
pub mod failure;
pub mod files;
pub mod hardening;
pub mod oauth;
pub mod probe;
pub mod profile;
pub mod report;
pub mod sasl;
pub mod secrets;
pub mod tls;
pub mod transcript;
