//! The profile as TOML has it. These types mirror the file and do nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::profile::{ClientAuthentication, Cloud, Credential, Protocol, Provider, Side, StoreSpec, TlsMode};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    #[serde(default)]
    pub apps: BTreeMap<Spanned<String>, AppFile>,
    #[serde(default)]
    pub mailboxes: BTreeMap<Spanned<String>, MailboxFile>,
    #[serde(default)]
    pub secrets: StoreSpec,
}

/// `[apps.NAME]`. Also what `add` fills from its flags.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppFile {
    /// `provider`
    pub provider: Option<Spanned<Provider>>,
    /// `cloud`
    pub cloud: Option<Spanned<Cloud>>,
    /// `tenant`
    pub tenant: Option<Spanned<String>>,
    /// `authority`
    pub authority: Option<Spanned<String>>,
    /// `issuer`
    pub issuer: Option<Spanned<String>>,
    /// `scopes`
    pub scopes: Option<Spanned<ScopesFile>>,
    /// `client_id`
    pub client_id: Option<Spanned<String>>,
    /// `credential`
    pub credential: Option<Spanned<Credential>>,
    /// `client_authentication`
    pub client_authentication: Option<Spanned<ClientAuthentication>>,
    /// `secret_expires`
    pub secret_expires: Option<Spanned<DayFile>>,
    /// `redirect_uri`
    pub redirect_uri: Option<Spanned<String>>,
    /// `ca_file`
    pub ca_file: Option<PathBuf>,
}

/// `scopes`: one list for all protocols, or one a protocol.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a list of scopes, or a table { imap = […], pop3 = […], smtp = […] }")]
pub enum ScopesFile {
    /// The same for every protocol.
    All(Vec<String>),
    /// Each its own.
    Each(EachScopes),
}

/// The table form of `scopes`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EachScopes {
    /// `imap`
    pub imap: Vec<String>,
    /// `pop3`
    pub pop3: Vec<String>,
    /// `smtp`
    pub smtp: Vec<String>,
}

/// A day: TOML's own date, or the same in quotes.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a day, as in 2027-05-20")]
pub enum DayFile {
    /// `2027-05-20`
    Toml(toml::value::Datetime),
    /// `"2027-05-20"`
    Text(String),
}

/// `[mailboxes.NAME]`. Also what `add` fills from its flags.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailboxFile {
    /// `app`
    pub app: Option<Spanned<String>>,
    /// `address`
    pub address: Option<Spanned<String>>,
    /// `sign_in_as`
    pub sign_in_as: Option<Spanned<String>>,
    /// `incoming`
    pub incoming: Option<Spanned<IncomingFile>>,
    /// `outgoing`
    pub outgoing: Option<Spanned<OutgoingFile>>,
    /// `enabled`
    pub enabled: Option<bool>,
    /// `ca_file`
    pub ca_file: Option<PathBuf>,
}

/// `incoming`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncomingFile {
    /// `protocol`
    #[serde(deserialize_with = "incoming")]
    pub protocol: Protocol,
    /// `host`
    pub host: Option<String>,
    /// `port`
    pub port: Option<u16>,
    /// `tls`
    pub tls: Option<TlsMode>,
}

/// `outgoing`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutgoingFile {
    /// `protocol`
    #[serde(deserialize_with = "outgoing")]
    pub protocol: Protocol,
    /// `host`
    pub host: Option<String>,
    /// `port`
    pub port: Option<u16>,
    /// `tls`
    pub tls: Option<TlsMode>,
}

fn incoming<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Protocol, D::Error> {
    protocol(deserializer, Side::Incoming)
}

fn outgoing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Protocol, D::Error> {
    protocol(deserializer, Side::Outgoing)
}

fn protocol<'de, D: Deserializer<'de>>(deserializer: D, side: Side) -> Result<Protocol, D::Error> {
    let word = String::deserialize(deserializer)?;
    Protocol::of(side).find(|protocol| protocol.key() == word).ok_or_else(|| {
        let known: Vec<String> = Protocol::of(side).map(|protocol| format!("`{}`", protocol.key())).collect();
        D::Error::custom(format!("unknown variant `{word}`, expected {}", known.join(" or ")))
    })
}

impl DayFile {
    /// The day, if it is one.
    pub(super) fn day(&self) -> Option<Date> {
        match self {
            Self::Toml(value) if value.time.is_none() && value.offset.is_none() => value.to_string().parse().ok(),
            Self::Toml(_) => None,
            Self::Text(text) => text.parse().ok(),
        }
    }
}
