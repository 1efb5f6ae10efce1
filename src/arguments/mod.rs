//! Parts of the command line that several commands share.

pub mod admin;
pub mod baseline;
pub mod choices;
pub mod dry_run;
pub mod filed;
pub mod fleet;
pub mod mailbox_flags;
pub mod mailboxes;
pub mod provider_flags;
pub mod secret;
pub mod shard;
pub mod thresholds;
mod typed;
pub mod unlisted;

pub use typed::typed;
