//! One file for each verb: its `Args` and its `run`.

pub mod add;
pub mod apply;
pub mod authorize;
pub mod completions;
pub mod credential;
pub mod doctor;
pub mod explain;
pub mod guide;
pub mod inspect;
pub mod list;
pub mod man;
pub mod new_certificate;
pub mod new_vault_key;
mod next;
pub mod open;
#[cfg(feature = "practice")]
pub mod practice;
pub mod remove;
pub mod report;
pub mod rotate_secret;
pub mod schema;
pub mod show;
pub mod snippet;
pub mod status;
pub mod store;
pub mod test;
pub mod test_mailbox;
pub mod test_smtp;
pub mod token;
mod verb;

pub use verb::Command;
