//! What is kept: one record an app, one a mailbox. JSON with a `schema` number; unknown fields are ignored, a newer
//! schema is refused.
//!
//! Secrets pass through wiped buffers and [`SecretString`]s. What is left unwiped: serde_json unescapes a string that
//! holds `\` or `"` in a scratch buffer of its own (tokens hold neither; a client secret could).

mod file;
mod lost;
mod types;

pub use types::{
    AppRecord, Authorization, Binding, CachedAccess, ClientSecret, Grant, GrantIdentity, LostGrant, RefreshGrant,
    RotationJournal, RotationPhase,
};

use super::{RecordKey, Reservation, SecretStore};
use crate::failure::StoreFault;
use crate::profile::Name;

/// Reads an app's record; `None` if there is none.
///
/// # Errors
/// What the store says, and [`StoreFault::Damaged`] if it holds no record that we understand.
pub fn load_app(store: &dyn SecretStore, name: &Name) -> Result<Option<AppRecord>, StoreFault> {
    let key = RecordKey::App(name.clone());
    store.get(&key)?.map(|bytes| file::decode_app(&key, &bytes)).transpose()
}

/// Stores an app's record.
///
/// # Errors
/// What the store says.
pub fn save_app(store: &dyn SecretStore, name: &Name, record: &AppRecord) -> Result<(), StoreFault> {
    store.put(&RecordKey::App(name.clone()), &file::encode_app(record)?)
}

/// Reads a mailbox's grant; `None` if there is none.
///
/// # Errors
/// What the store says, and [`StoreFault::Damaged`] if it holds no grant that we understand.
pub fn load_grant(store: &dyn SecretStore, name: &Name) -> Result<Option<Grant>, StoreFault> {
    let key = RecordKey::Mailbox(name.clone());
    store.get(&key)?.map(|bytes| file::decode_grant(&key, &bytes)).transpose()
}

/// Stores a mailbox's grant.
///
/// # Errors
/// What the store says.
pub fn save_grant(store: &dyn SecretStore, name: &Name, grant: &Grant) -> Result<(), StoreFault> {
    store.put(&RecordKey::Mailbox(name.clone()), &file::encode_grant(grant)?)
}

/// Stores a mailbox's grant in room that was reserved for it.
///
/// # Errors
/// What the store says.
pub fn save_grant_reserved(room: Box<dyn Reservation + '_>, grant: &Grant) -> Result<(), StoreFault> {
    room.put(&file::encode_grant(grant)?)
}

#[cfg(test)]
mod tests;
