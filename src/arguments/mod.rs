//! Parts of the command line that several commands share.

pub mod admin;
pub mod choices;
pub mod mailboxes;
pub mod secret;
mod typed;

pub use typed::typed;
