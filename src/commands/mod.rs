//! One file a verb: its `Args` and its `run`. Helpers that several verbs share stand beside them.

pub mod add;
pub mod authorize;
pub mod doctor;
mod doubt;
mod error;
mod expires;
pub mod explain;
pub mod inspect;
pub mod list;
pub mod new_vault_key;
mod registration;
pub mod remove;
pub mod rotate_secret;
mod secret_source;
pub mod show;
mod slips;
pub mod status;
mod stored_secret;
mod subject;
mod support;
pub mod test;
pub mod test_mailbox;
pub mod test_smtp;
pub mod token;
mod verb;
mod which;
mod words;

pub use error::CommandError;
pub use verb::Command;

use subject::subject;
