//! TOML to profile and back: locate, load, validate, edit.

mod decor;
mod diff;
mod edit;
mod entry;
mod error;
mod file;
mod load;
mod locate;
mod mask;
mod validate;
mod wanted;

pub use edit::{Edit, PreparedEdit, ProfileDocument, Put};
pub use error::{ConfigError, OpenError, Problem, ProblemKind};
pub use file::{
    AppFile, CertificateFile, FederatedFile, MailboxFile, SHORT_NAMES, ScopesFile, ServiceAccountFile, ServiceFile,
};
pub use load::{load, parse};
pub use locate::{Folders, base_of};
pub use validate::{app as validate_app, client_secret as validate_client_secret, mailbox as validate_mailbox};
pub use wanted::{Item, Wanted};

#[cfg(test)]
mod tests;
