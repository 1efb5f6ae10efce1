//! What the store holds: a record for each app and one for each mailbox. JSON with a `schema` number; unknown fields are ignored, a newer
//! schema is refused.
//!
//! Secrets pass through wiped buffers and [`SecretString`]s. What is left unwiped: serde_json unescapes a string that
//! holds `\` or `"` in a scratch buffer of its own (tokens hold neither; a client secret could).

mod app_file;
mod file;
mod lost;
mod types;

pub use types::{
    AppRecord, Authorization, Binding, CachedAccess, ClientSecret, DueRemoval, GrantIdentity, LostGrant, MailboxRecord,
    RefreshGrant, RequestedSecret, RotationJournal, RotationPhase,
};

use super::{RecordKey, Reservation, SecretStore};
use crate::failure::StoreFault;
use crate::profile::Name;

/// The bytes of a record, for a store that makes records itself.
pub(super) mod encode {
    pub(in crate::secrets) use super::app_file::encode_app as app;
    pub(in crate::secrets) use super::file::encode_mailbox as mailbox;
}

/// Reads an app's record; `None` if there is none.
///
/// # Errors
/// What the store says, and [`StoreFault::Damaged`] if it holds no record that we understand.
pub fn load_app(store: &dyn SecretStore, name: &Name) -> Result<Option<AppRecord>, StoreFault> {
    let key = RecordKey::App(name.clone());
    store.get(&key)?.map(|bytes| app_file::decode_app(&key, &bytes)).transpose()
}

/// Stores an app's record.
///
/// # Errors
/// What the store says.
pub fn save_app(store: &dyn SecretStore, name: &Name, record: &AppRecord) -> Result<(), StoreFault> {
    store.put(&RecordKey::App(name.clone()), &app_file::encode_app(record)?)
}

/// Reads a mailbox's record; `None` if there is none.
///
/// # Errors
/// What the store says, and [`StoreFault::Damaged`] if it holds no record that we understand.
pub fn load_mailbox(store: &dyn SecretStore, name: &Name) -> Result<Option<MailboxRecord>, StoreFault> {
    let key = RecordKey::Mailbox(name.clone());
    store.get(&key)?.map(|bytes| file::decode_mailbox(&key, &bytes)).transpose()
}

/// Stores a mailbox's record.
///
/// # Errors
/// What the store says.
pub fn save_mailbox(store: &dyn SecretStore, name: &Name, record: &MailboxRecord) -> Result<(), StoreFault> {
    store.put(&RecordKey::Mailbox(name.clone()), &file::encode_mailbox(record)?)
}

/// Stores a mailbox's record in space that was reserved for it.
///
/// # Errors
/// What the store says.
pub fn save_mailbox_reserved(space: Box<dyn Reservation + '_>, record: &MailboxRecord) -> Result<(), StoreFault> {
    space.put(&file::encode_mailbox(record)?)
}

#[cfg(test)]
mod tests;
