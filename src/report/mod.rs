//! Reports: what a command found, and how it is shown.
//!
//! `types` is ground floor: every room may make checks and findings. The renderers are the only code that writes
//! results.

mod types;

pub use types::{Check, Confidence, Document, ExitCode, Fact, Finding, Outcome, Report, SCHEMA, Stage, Subject};
