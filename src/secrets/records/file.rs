//! The JSON of a mailbox's record, and what both kinds of records share: mirrors without behaviour. Writing borrows from the
//! record, reading owns.

use std::io::{self, Write};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::{Zeroize, Zeroizing};

use super::lost::{self, LostFile};
use super::types::{Authorization, Binding, CachedAccess, GrantIdentity, MailboxRecord, RefreshGrant};
use crate::failure::StoreFault;
use crate::profile::{ClientAuthentication, ClientId, resource_of};
use crate::secrets::{RecordKey, SecretBytes};
use crate::text::{Redactor, Shown};

/// The format of a mailbox's record. Up to 1 (version 0.1) it had one access token at most, and always a refresh token.
const MAILBOX_SCHEMA: u32 = 2;

#[derive(Deserialize)]
struct SchemaFile {
    schema: u32,
}

/// `A` is how it holds access tokens: a list, or up to schema 1 an `Option`.
#[derive(Serialize, Deserialize)]
struct StoredMailbox<A> {
    schema: u32,
    binding: BindingFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Hidden>,
    token_endpoint: String,
    /// What versions up to 0.1.0 read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    basic_auth: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_authentication: Option<ClientAuthentication>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityFile>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    asked: Vec<String>,
    obtained: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refreshed: Option<Timestamp>,
    #[serde(default)]
    access: A,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost: Option<LostFile>,
    /// What a version before 0.2 wrote instead.
    #[serde(default, skip_serializing)]
    needs_authorization: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct BindingFile {
    client_id: String,
    authority: String,
    address: String,
}

#[derive(Serialize, Deserialize)]
struct IdentityFile {
    issuer: String,
    subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    label: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct AccessFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
    token: Hidden,
    /// Up to schema 1 it was the record's `refreshed` or `obtained`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    received: Option<Timestamp>,
    expires: Timestamp,
    #[serde(default)]
    scopes: Vec<String>,
}

/// A secret in a mirror.
pub(super) struct Hidden(pub(super) SecretString);

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Hidden;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a secret")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Hidden, E> {
                Ok(Hidden(SecretString::from(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

pub(in crate::secrets) fn encode_mailbox(record: &MailboxRecord) -> Result<SecretBytes, StoreFault> {
    encode(&StoredMailbox {
        schema: MAILBOX_SCHEMA,
        binding: BindingFile {
            client_id: record.binding.client_id.to_string(),
            authority: record.binding.issuer_or_authority.clone(),
            address: record.binding.address.clone(),
        },
        refresh_token: record.refresh_token().map(|token| Hidden(token.clone())),
        token_endpoint: record.token_endpoint.clone(),
        basic_auth: record.client_authentication != ClientAuthentication::Body,
        client_authentication: (record.client_authentication == ClientAuthentication::BasicRaw)
            .then_some(record.client_authentication),
        identity: record.identity.as_ref().map(|identity| IdentityFile {
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            tenant: identity.tenant.clone(),
            label: identity.label.clone(),
            names: identity.names.clone(),
        }),
        scopes: record.scopes.clone(),
        asked: record.asked.clone(),
        obtained: record.obtained,
        refreshed: record.refreshed,
        access: record.access.iter().map(access_file).collect::<Vec<_>>(),
        lost: record.needs_authorization.as_ref().map(lost::encode),
        needs_authorization: None,
        profile: record.profile.clone(),
    })
}

pub(super) fn decode_mailbox(key: &RecordKey, bytes: &SecretBytes) -> Result<MailboxRecord, StoreFault> {
    if check_schema(key, bytes, MAILBOX_SCHEMA)? < 2 {
        let file: StoredMailbox<Option<AccessFile>> = decode(key, bytes)?;
        if file.refresh_token.is_none() {
            return Err(damaged(key, "it has no refresh token"));
        }
        // The token was for what the sign-in had asked for.
        let audience = file.asked.iter().find_map(|scope| resource_of(scope)).map(str::to_owned);
        let mut record = record_of(key, file)?;
        record.access.iter_mut().for_each(|access| access.audience = audience.clone());
        return Ok(record);
    }
    record_of(key, decode::<StoredMailbox<Vec<AccessFile>>>(key, bytes)?)
}

fn access_file(access: &CachedAccess) -> AccessFile {
    AccessFile {
        audience: access.audience.clone(),
        token: Hidden(access.token.clone()),
        received: Some(access.received),
        expires: access.expires,
        scopes: access.scopes.clone(),
    }
}

fn record_of<A: IntoIterator<Item = AccessFile>>(
    key: &RecordKey,
    file: StoredMailbox<A>,
) -> Result<MailboxRecord, StoreFault> {
    let came = file.refreshed.unwrap_or(file.obtained);
    let access = |access: AccessFile| CachedAccess {
        audience: access.audience,
        token: access.token.0,
        received: access.received.unwrap_or(came),
        expires: access.expires,
        scopes: access.scopes,
    };
    Ok(MailboxRecord {
        binding: Binding {
            client_id: client_id(key, &file.binding.client_id)?,
            issuer_or_authority: file.binding.authority,
            address: file.binding.address,
        },
        authorization: match file.refresh_token {
            Some(token) => Authorization::User(RefreshGrant { refresh_token: token.0 }),
            None => Authorization::App,
        },
        token_endpoint: file.token_endpoint,
        client_authentication: file.client_authentication.unwrap_or(if file.basic_auth {
            ClientAuthentication::Basic
        } else {
            ClientAuthentication::Body
        }),
        identity: file.identity.map(|identity| GrantIdentity {
            issuer: identity.issuer,
            subject: identity.subject,
            tenant: identity.tenant,
            label: identity.label,
            names: identity.names,
        }),
        scopes: file.scopes,
        asked: file.asked,
        obtained: file.obtained,
        refreshed: file.refreshed,
        access: file.access.into_iter().map(access).collect(),
        needs_authorization: lost::decode(file.lost, file.needs_authorization.as_deref()),
        profile: file.profile,
    })
}

pub(super) fn client_id(key: &RecordKey, text: &str) -> Result<ClientId, StoreFault> {
    text.parse().map_err(|_| damaged(key, "its client ID is none"))
}

pub(super) fn encode(file: &impl Serialize) -> Result<SecretBytes, StoreFault> {
    let mut buffer = WipedBuffer::default();
    match serde_json::to_writer(&mut buffer, file) {
        Ok(()) => Ok(buffer.0.into()),
        Err(error) => Err(StoreFault::Other {
            reason: shown!("the record cannot be written as JSON: {}", Redactor::by_shape(&error.to_string())),
        }),
    }
}

/// The record's schema.
///
/// # Errors
/// [`StoreFault::Newer`] if it is newer than `known`.
pub(super) fn check_schema(key: &RecordKey, bytes: &SecretBytes, known: u32) -> Result<u32, StoreFault> {
    let SchemaFile { schema } = decode(key, bytes)?;
    if schema > known {
        return Err(StoreFault::Newer { what: shown!("the record of {}", key), number: schema, known });
    }
    Ok(schema)
}

pub(super) fn decode<'de, T: Deserialize<'de>>(key: &RecordKey, bytes: &'de SecretBytes) -> Result<T, StoreFault> {
    // The parser's own words can quote the input; its position cannot.
    serde_json::from_slice(bytes.expose()).map_err(|error| {
        damaged(key, shown!("it is not a record of ours (line {}, column {})", error.line(), error.column()))
    })
}

pub(super) fn damaged(key: &RecordKey, why: impl Into<Shown>) -> StoreFault {
    StoreFault::Damaged { what: shown!("the record of {}: {}", key, why.into()) }
}

/// Grows without leaving copies behind.
struct WipedBuffer(Zeroizing<Vec<u8>>);

impl Default for WipedBuffer {
    fn default() -> Self {
        // Two long Microsoft tokens.
        Self(Zeroizing::new(Vec::with_capacity(8 * 1024)))
    }
}

impl Write for WipedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * self.0.capacity()));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            *self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
