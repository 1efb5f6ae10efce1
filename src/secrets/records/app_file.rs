//! The JSON of an app's record.
//!
//! What later versions added may be missing, and an earlier version leaves it out when it writes. It then knows nothing of
//! what a directory has issued: a rotation goes on as one by hand, and the directory keeps the old secret.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::file::{Hidden, check_schema, client_id, damaged, decode, encode};
use super::types::{AppRecord, ClientSecret, DueRemoval, RequestedSecret, RotationJournal, RotationPhase};
use crate::failure::StoreFault;
use crate::profile::{Invalid, KeyId, Name};
use crate::secrets::{RecordKey, SecretBytes};

/// The format of an app's record.
const SCHEMA: u32 = 1;

#[derive(Serialize, Deserialize)]
struct StoredApp {
    schema: u32,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registrar: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    active: Option<ClientSecretFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<ClientSecretFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<ClientSecretFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    passphrase: Option<Hidden>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    journal: Option<JournalFile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    requested: Vec<RequestedFile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removals: Vec<RemovalFile>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reads_directory: bool,
}

#[derive(Serialize, Deserialize)]
struct ClientSecretFile {
    value: Hidden,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Date>,
    added: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct JournalFile {
    phase: RotationPhase,
    started: Timestamp,
    /// By mailbox. Up to 0.1.0 the field `proven` had the names alone; a proof without its time is none.
    #[serde(default)]
    proven_at: BTreeMap<String, Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keep_previous_days: Option<u16>,
}

#[derive(Serialize, Deserialize)]
struct RequestedFile {
    name: String,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct RemovalFile {
    key_id: String,
    due: Timestamp,
}

pub(in crate::secrets) fn encode_app(record: &AppRecord) -> Result<SecretBytes, StoreFault> {
    let secret = |secret: &ClientSecret| ClientSecretFile {
        value: Hidden(secret.value.clone()),
        expires: secret.expires,
        added: secret.added,
        key_id: secret.key_id.as_ref().map(KeyId::to_string),
    };
    let requested = |requested: &RequestedSecret| RequestedFile { name: requested.name.clone(), at: requested.at };
    let removal = |removal: &DueRemoval| RemovalFile { key_id: removal.key_id.to_string(), due: removal.due };
    encode(&StoredApp {
        schema: SCHEMA,
        client_id: record.client_id.to_string(),
        registrar: record.registrar.clone(),
        active: record.active.as_ref().map(secret),
        previous: record.previous.as_ref().map(secret),
        pending: record.pending.as_ref().map(secret),
        passphrase: record.passphrase.clone().map(Hidden),
        journal: record.journal.as_ref().map(|journal| JournalFile {
            phase: journal.phase,
            started: journal.started,
            proven_at: journal.proven.iter().map(|(name, time)| (name.to_string(), *time)).collect(),
            keep_previous_days: journal.keep_previous,
        }),
        requested: record.requested.iter().map(requested).collect(),
        removals: record.removals.iter().map(removal).collect(),
        reads_directory: record.reads_directory,
    })
}

pub(super) fn decode_app(key: &RecordKey, bytes: &SecretBytes) -> Result<AppRecord, StoreFault> {
    check_schema(key, bytes, SCHEMA)?;
    let file: StoredApp = decode(key, bytes)?;
    let key_id = |text: &str| text.parse().map_err(|_: Invalid| damaged(key, "an ID of a secret in it is none"));
    let secret = |secret: Option<ClientSecretFile>| {
        let Some(secret) = secret else { return Ok(None) };
        let key_id = secret.key_id.as_deref().map(key_id).transpose()?;
        Ok(Some(ClientSecret { value: secret.value.0, expires: secret.expires, added: secret.added, key_id }))
    };
    let journal = file.journal.map(|journal| {
        let proven = journal.proven_at.into_iter().map(|(name, time)| Ok((name.parse()?, time)));
        let proven = proven.collect::<Result<BTreeMap<Name, Timestamp>, Invalid>>();
        let proven = proven.map_err(|_| damaged(key, "its journal names no mailbox"))?;
        let keep_previous = journal.keep_previous_days;
        Ok(RotationJournal { phase: journal.phase, started: journal.started, proven, keep_previous })
    });
    let removal = |removal: RemovalFile| Ok(DueRemoval { key_id: key_id(&removal.key_id)?, due: removal.due });
    Ok(AppRecord {
        client_id: client_id(key, &file.client_id)?,
        registrar: file.registrar,
        active: secret(file.active)?,
        previous: secret(file.previous)?,
        pending: secret(file.pending)?,
        passphrase: file.passphrase.map(|passphrase| passphrase.0),
        journal: journal.transpose()?,
        requested: file.requested.into_iter().map(|file| RequestedSecret { name: file.name, at: file.at }).collect(),
        removals: file.removals.into_iter().map(removal).collect::<Result<_, StoreFault>>()?,
        reads_directory: file.reads_directory,
    })
}
