//! The profile as TOML has it. These types mirror the file and do nothing else: a key is a field here and a word in the
//! list below it.

use std::collections::BTreeMap;
use std::mem;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use toml::Spanned;
use toml::de::DeValue;
use toml_edit::{InlineTable, Value};

use super::entry::{Entry, Exposure, Field, Found, Key, Table, Wrong, table};
use crate::profile::{
    Access, ClientAuthentication, Cloud, CommandSpec, Credential, FederatedSource, KeyId, Name, Protocol, Provider,
    SigningAlgorithm, StoreSpec, TlsMode,
};

/// The whole file. Apps and mailboxes are listed by name.
#[derive(Debug)]
pub(super) struct ProfileFile {
    pub apps: BTreeMap<Name, Spanned<AppFile>>,
    pub mailboxes: BTreeMap<Name, Spanned<MailboxFile>>,
    pub secrets: Option<StoreSpec>,
}

table!(ProfileFile: apps, mailboxes, secrets);

/// `[apps.NAME]`. Also what `add` fills from its flags.
#[derive(Debug, Clone, Default)]
pub struct AppFile {
    /// `provider`
    pub provider: Option<Spanned<Provider>>,
    /// `cloud`
    pub cloud: Option<Spanned<Cloud>>,
    /// `tenant`
    pub tenant: Option<Spanned<String>>,
    /// `authority`
    pub authority: Option<Spanned<String>>,
    /// `api_url`
    pub api_url: Option<Spanned<String>>,
    /// `issuer`
    pub issuer: Option<Spanned<String>>,
    /// `scopes`
    pub scopes: Option<Spanned<ScopesFile>>,
    /// `client_id`
    pub client_id: Option<Spanned<String>>,
    /// `object_id`
    pub object_id: Option<Spanned<String>>,
    /// `credential`
    pub credential: Option<Spanned<Credential>>,
    /// `access`
    pub access: Option<Spanned<Access>>,
    /// `certificate`
    pub certificate: Option<Spanned<CertificateFile>>,
    /// `federated`
    pub federated: Option<Spanned<FederatedFile>>,
    /// `service_account`
    pub service_account: Option<Spanned<ServiceAccountFile>>,
    /// `client_authentication`
    pub client_authentication: Option<Spanned<ClientAuthentication>>,
    /// `secret_expires`
    pub secret_expires: Option<Spanned<Date>>,
    /// `redirect_uri`
    pub redirect_uri: Option<Spanned<String>>,
    /// `ca_file`
    pub ca_file: Option<PathBuf>,
}

impl AppFile {
    /// How it authenticates: as it says, or in the usual way.
    #[must_use]
    pub fn credential_kind(&self) -> Credential {
        self.credential.as_ref().map(|kind| *kind.get_ref()).unwrap_or_default()
    }

    /// From now on it authenticates with `credential`: what only other kinds of credential have is gone.
    pub fn authenticate_with(&mut self, credential: Credential) {
        self.credential = Some(Spanned::new(0..0, credential));
        if !credential.has_secret() {
            // The day and the way to send it belong to the secret.
            (self.secret_expires, self.client_authentication) = (None, None);
        }
        // A service account may be signed for against such tokens.
        if !credential.has_federated_tokens() && !credential.is_service_account() {
            self.federated = None;
        }
        if !credential.is_service_account() {
            self.service_account = None;
        }
        if credential != Credential::Certificate {
            self.certificate = None;
        }
    }
}

table!(
    AppFile: provider, cloud, tenant, authority, api_url, issuer, scopes, client_id, object_id, credential,
    access, certificate, federated, service_account, client_authentication, secret_expires, redirect_uri, ca_file
);

/// `[mailboxes.NAME]`. Also what `add` fills from its flags.
#[derive(Debug, Clone, Default)]
pub struct MailboxFile {
    /// `app`
    pub app: Option<Spanned<String>>,
    /// `address`
    pub address: Option<Spanned<String>>,
    /// `access`
    pub access: Option<Spanned<Access>>,
    /// `sign_in_as`
    pub sign_in_as: Option<Spanned<String>>,
    /// `incoming`
    pub incoming: Option<Spanned<ServiceFile>>,
    /// `outgoing`
    pub outgoing: Option<Spanned<ServiceFile>>,
    /// `enabled`
    pub enabled: Option<bool>,
    /// `ca_file`
    pub ca_file: Option<PathBuf>,
}

table!(MailboxFile: app, address, access, sign_in_as, incoming, outgoing, enabled, ca_file);

/// `incoming` and `outgoing`
#[derive(Debug, Clone)]
pub struct ServiceFile {
    /// `protocol`
    pub protocol: Spanned<Protocol>,
    /// `host`
    pub host: Option<String>,
    /// `port`
    pub port: Option<u16>,
    /// `tls`
    pub tls: Option<TlsMode>,
    /// `ehlo_name`
    pub ehlo_name: Option<String>,
}

table!(ServiceFile: protocol, host, port, tls, ehlo_name);

/// `certificate`
#[derive(Debug, Clone, Default)]
pub struct CertificateFile {
    /// `file`
    pub file: Option<PathBuf>,
    /// `key_file`
    pub key_file: Option<PathBuf>,
    /// `algorithm`
    pub algorithm: Option<SigningAlgorithm>,
    /// `previous_file`
    pub previous_file: Option<PathBuf>,
    /// `previous_key_file`
    pub previous_key_file: Option<PathBuf>,
    /// `next_file`
    pub next_file: Option<PathBuf>,
    /// `key_id`
    pub key_id: Option<Spanned<String>>,
    /// `previous_key_id`
    pub previous_key_id: Option<Spanned<String>>,
    /// `next_key_id`
    pub next_key_id: Option<Spanned<String>>,
}

table!(
    CertificateFile: file, key_file, algorithm, previous_file, previous_key_file, next_file, key_id, previous_key_id,
    next_key_id
);

impl CertificateFile {
    /// These files are used from now on; those until now are the previous ones.
    pub fn follow(&mut self, file: &Path, key_file: Option<&Path>) {
        if self.next_file.as_deref() == Some(file) {
            return self.use_next();
        }
        self.previous_file = self.file.replace(file.to_owned());
        self.previous_key_file = mem::replace(&mut self.key_file, key_file.map(Path::to_owned));
        self.previous_key_id = self.key_id.take();
    }

    /// The next file is used from now on; the files until now are the previous ones.
    pub fn use_next(&mut self) {
        if let Some(file) = self.next_file.take() {
            self.previous_file = self.file.replace(file);
            self.previous_key_file = self.key_file.take();
            self.previous_key_id = mem::replace(&mut self.key_id, self.next_key_id.take());
        }
    }

    /// The previous files are used again, and those until now are the previous ones.
    pub fn swap(&mut self) {
        mem::swap(&mut self.file, &mut self.previous_file);
        mem::swap(&mut self.key_file, &mut self.previous_key_file);
        mem::swap(&mut self.key_id, &mut self.previous_key_id);
    }

    /// The previous files are forgotten.
    pub fn forget(&mut self) {
        (self.previous_file, self.previous_key_file, self.previous_key_id) = (None, None, None);
    }

    /// This file is the next one, which is not in use yet, under what the directory calls it; without one it is forgotten.
    pub fn prepare(&mut self, file: Option<PathBuf>, key_id: Option<&KeyId>) {
        (self.next_file, self.next_key_id) = (file, key_id.map(|id| Spanned::new(0..0, id.to_string())));
    }
}

/// `federated`
#[derive(Debug, Clone, Default)]
pub struct FederatedFile {
    /// `source`
    pub source: Option<Spanned<FederatedSource>>,
    /// `audience`
    pub audience: Option<Spanned<String>>,
    /// `variable`
    pub variable: Option<Spanned<String>>,
    /// `file`
    pub file: Option<Spanned<PathBuf>>,
    /// `command`
    pub command: Option<Spanned<Vec<String>>>,
    /// `identity`
    pub identity: Option<Spanned<String>>,
    /// `service_connection`
    pub service_connection: Option<Spanned<String>>,
}

table!(FederatedFile: source, audience, variable, file, command, identity, service_connection);

/// `service_account`
#[derive(Debug, Clone, Default)]
pub struct ServiceAccountFile {
    /// `external_account`
    pub external_account: Option<PathBuf>,
    /// `account`
    pub account: Option<Spanned<String>>,
    /// `audience`
    pub audience: Option<Spanned<String>>,
    /// `token_url`
    pub token_url: Option<Spanned<String>>,
    /// `token_exchange_url`
    pub token_exchange_url: Option<Spanned<String>>,
    /// `signer_url`
    pub signer_url: Option<Spanned<String>>,
}

table!(ServiceAccountFile: external_account, account, audience, token_url, token_exchange_url, signer_url);

table!(StoreSpec: store, vault_file, key_file, command);

table!(CommandSpec: get, put, delete, list);

/// `scopes`: one list for all protocols, or one a protocol.
#[derive(Debug, Clone)]
pub enum ScopesFile {
    /// The same for every protocol.
    All(Vec<String>),
    /// Each its own.
    Each(BTreeMap<Protocol, Vec<String>>),
}

impl Entry for ScopesFile {
    const EXPOSURE: Exposure = Exposure::Whole;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        if !matches!(value.get_ref(), DeValue::Table(_)) {
            return Vec::read(value).map(Self::All);
        }
        let table = Table::of(value, Protocol::ALL.map(Protocol::key))?;
        let scopes = |protocol: Protocol| Ok((protocol, Option::read(&table, protocol.key())?.unwrap_or_default()));
        Protocol::ALL.into_iter().map(scopes).collect::<Result<_, _>>().map(Self::Each)
    }

    fn write(&self) -> Value {
        match self {
            Self::All(scopes) => scopes.write(),
            Self::Each(each) => {
                let given = each.iter().filter(|(_, scopes)| !scopes.is_empty());
                given.map(|(protocol, scopes)| (protocol.key(), scopes.write())).collect::<InlineTable>().into()
            }
        }
    }
}

/// The tables of an app with what its credential must be told, by their names, and their keys.
pub(super) const CREDENTIALS: [(&str, &[Key]); 3] = [
    ("certificate", CertificateFile::KEYS),
    ("federated", FederatedFile::KEYS),
    ("service_account", ServiceAccountFile::KEYS),
];

/// What `add` and CSV call a value otherwise than by its table and key: that name, and the key.
pub const SHORT_NAMES: [(&str, &str); 8] = [
    ("scope", "scopes"),
    ("expires", "secret_expires"),
    ("certificate", "certificate.file"),
    ("key_file", "certificate.key_file"),
    ("algorithm", "certificate.algorithm"),
    ("external_account", "service_account.external_account"),
    ("service_account", "service_account.account"),
    ("ehlo_name", "outgoing.ehlo_name"),
];

/// Every key of the file, in whichever table.
pub(super) fn keys() -> impl Iterator<Item = Key> {
    let scopes = Protocol::ALL.map(|protocol| Key { name: protocol.key(), exposure: Exposure::Whole });
    let tables = [ProfileFile::KEYS, AppFile::KEYS, MailboxFile::KEYS, ServiceFile::KEYS];
    let stores = [StoreSpec::KEYS, CommandSpec::KEYS];
    let credentials = CREDENTIALS.map(|(_, keys)| keys);
    tables.into_iter().chain(stores).chain(credentials).flatten().copied().chain(scopes)
}
