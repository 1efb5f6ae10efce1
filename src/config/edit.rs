//! Edits of the profile that keep the user's comments and order, written atomically.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use toml::Spanned;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

use super::error::ConfigError;
use super::file::{AppFile, EachScopes, IncomingFile, MailboxFile, OutgoingFile, ProfileFile, ScopesFile};
use super::load::{mirror, parse, read};
use super::locate::base_of;
use crate::failure::{FailureKind, StoreFault};
use crate::files::{self, Privacy};
use crate::profile::{Name, Profile};

/// A profile opened for editing.
pub struct ProfileDocument {
    path: PathBuf,
    document: DocumentMut,
    before: String,
    file: ProfileFile,
    profile: Profile,
}

/// What an edit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// The file was written.
    Written,
    /// It stood so already.
    Unchanged,
}

impl ProfileDocument {
    /// Opens the profile at `path`, or begins an empty one where there is none.
    ///
    /// # Errors
    /// If what stands there is no valid profile: nothing is edited that we do not understand.
    pub fn open(path: &Path) -> Result<Self, ConfigError> {
        let before = read(path)?.unwrap_or_default();
        let profile = parse(path, &before)?;
        let file = mirror(path, &before)?;
        let document = before
            .parse()
            .map_err(|error: toml_edit::TomlError| ConfigError::whole(path, error.message().to_owned(), None))?;
        Ok(Self { path: path.to_owned(), document, before, file, profile })
    }

    /// The profile as it was when it was opened.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What the file says of an app.
    #[must_use]
    pub fn app_file(&self, name: &Name) -> Option<AppFile> {
        self.file.apps.iter().find(|(key, _)| key.get_ref() == name.as_str()).map(|(_, app)| app.clone())
    }

    /// What the file says of a mailbox.
    #[must_use]
    pub fn mailbox_file(&self, name: &Name) -> Option<MailboxFile> {
        self.file.mailboxes.iter().find(|(key, _)| key.get_ref() == name.as_str()).map(|(_, mailbox)| mailbox.clone())
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds an app, or sets its keys where it stands already.
    pub fn put_app(&mut self, name: &Name, app: &AppFile) {
        let table = self.table("apps", name);
        let text = |value: &Option<Spanned<String>>| value.as_ref().map(|value| Value::from(value.get_ref().as_str()));
        let day = app.secret_expires.as_ref().and_then(|value| value.get_ref().day()).map(date_value);
        for (key, value) in [
            ("provider", app.provider.as_ref().map(|value| Value::from(value.get_ref().key()))),
            ("cloud", app.cloud.as_ref().map(|value| word(value.get_ref()))),
            ("tenant", text(&app.tenant)),
            ("authority", text(&app.authority)),
            ("issuer", text(&app.issuer)),
            ("scopes", app.scopes.as_ref().map(|value| scopes_value(value.get_ref()))),
            ("client_id", text(&app.client_id)),
            ("credential", app.credential.as_ref().map(|value| word(value.get_ref()))),
            ("secret_expires", day),
            ("redirect_uri", text(&app.redirect_uri)),
            ("ca_file", app.ca_file.as_deref().map(path_value)),
        ] {
            put(table, key, value);
        }
    }

    /// Adds a mailbox, or sets its keys where it stands already.
    pub fn put_mailbox(&mut self, name: &Name, mailbox: &MailboxFile) {
        let table = self.table("mailboxes", name);
        let text = |value: &Option<Spanned<String>>| value.as_ref().map(|value| Value::from(value.get_ref().as_str()));
        for (key, value) in [
            ("app", text(&mailbox.app)),
            ("address", text(&mailbox.address)),
            ("sign_in_as", text(&mailbox.sign_in_as)),
            ("incoming", mailbox.incoming.as_ref().map(|value| incoming_value(value.get_ref()))),
            ("outgoing", mailbox.outgoing.as_ref().map(|value| outgoing_value(value.get_ref()))),
            ("enabled", mailbox.enabled.filter(|enabled| !enabled).map(Value::from)),
            ("ca_file", mailbox.ca_file.as_deref().map(path_value)),
        ] {
            put(table, key, value);
        }
    }

    /// Sets or removes the day on which the secret of `app` expires.
    pub fn set_secret_expires(&mut self, app: &Name, day: Option<Date>) {
        let table = self.table("apps", app);
        match day {
            Some(day) => put(table, "secret_expires", Some(date_value(day))),
            None => {
                table.remove("secret_expires");
            }
        }
    }

    /// Takes a mailbox out.
    pub fn remove_mailbox(&mut self, name: &Name) {
        self.remove("mailboxes", name);
    }

    /// Takes an app out.
    pub fn remove_app(&mut self, name: &Name) {
        self.remove("apps", name);
    }

    /// Writes the file, if anything changed. What is written has been read back as a profile first.
    ///
    /// # Errors
    /// If the result would be no valid profile, somebody else changed the file meanwhile, or it cannot be written.
    pub fn save(&self) -> Result<Edit, ConfigError> {
        let after = self.document.to_string();
        if after == self.before {
            return Ok(Edit::Unchanged);
        }
        parse(&self.path, &after)?;
        if read(&self.path)?.unwrap_or_default() != self.before {
            let problem = "it was changed by somebody else just now";
            return Err(ConfigError::whole(&self.path, problem, Some("run the command again".to_owned())));
        }
        let written = files::create_private_folder(base_of(&self.path))
            .and_then(|()| files::write_atomic(&self.path, after.as_bytes(), Privacy::Config));
        written.map_err(|failure| {
            let reason = match failure.kind {
                FailureKind::Local { reason, .. } | FailureKind::Store(StoreFault::Unsafe { reason, .. }) => reason,
                other => format!("{other:?}"),
            };
            ConfigError::whole(&self.path, format!("it cannot be written: {reason}"), None)
        })?;
        Ok(Edit::Written)
    }

    fn table(&mut self, group: &str, name: &Name) -> &mut Table {
        let groups = self.document.entry(group).or_insert_with(|| {
            let mut table = Table::new();
            // [apps.contoso] needs no [apps] above it.
            table.set_implicit(true);
            Item::Table(table)
        });
        into_table(into_table(groups).entry(name.as_str()).or_insert_with(|| Item::Table(Table::new())))
    }

    fn remove(&mut self, group: &str, name: &Name) {
        if let Some(groups) = self.document.get_mut(group) {
            into_table(groups).remove(name.as_str());
        }
    }
}

/// The item as a table; an inline table becomes one with its own header, so that keys can be added.
fn into_table(item: &mut Item) -> &mut Table {
    if !item.is_table() {
        let taken = std::mem::take(item);
        *item = Item::Table(taken.into_table().unwrap_or_default());
    }
    #[expect(clippy::expect_used, reason = "made a table on the line above")]
    item.as_table_mut().expect("a table")
}

/// Sets `key` and keeps the comment behind an old value; leaves a key alone that has no new value.
fn put(table: &mut Table, key: &str, value: Option<Value>) {
    let Some(mut value) = value else { return };
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        if old.to_string().trim() == value.to_string().trim() {
            return;
        }
        *value.decor_mut() = old.decor().clone();
    }
    table.insert(key, Item::Value(value));
}

/// A value enum's word in the file.
fn word(value: &impl serde::Serialize) -> Value {
    let word = serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned));
    Value::from(word.unwrap_or_default())
}

fn path_value(path: &Path) -> Value {
    Value::from(path.to_string_lossy().into_owned())
}

fn date_value(day: Date) -> Value {
    match day.to_string().parse::<toml_edit::Datetime>() {
        Ok(day) => Value::from(day),
        Err(_) => Value::from(day.to_string()),
    }
}

fn list(texts: &[String]) -> Value {
    Value::Array(texts.iter().map(String::as_str).collect::<Array>())
}

fn scopes_value(scopes: &ScopesFile) -> Value {
    match scopes {
        ScopesFile::All(texts) => list(texts),
        ScopesFile::Each(EachScopes { imap, pop3, smtp }) => {
            let mut table = InlineTable::new();
            for (key, texts) in [("imap", imap), ("pop3", pop3), ("smtp", smtp)] {
                if !texts.is_empty() {
                    table.insert(key, list(texts));
                }
            }
            Value::InlineTable(table)
        }
    }
}

fn incoming_value(side: &IncomingFile) -> Value {
    side_value(word(&side.protocol), side.host.as_deref(), side.port, side.tls.map(|tls| word(&tls)))
}

fn outgoing_value(side: &OutgoingFile) -> Value {
    side_value(word(&side.protocol), side.host.as_deref(), side.port, side.tls.map(|tls| word(&tls)))
}

fn side_value(protocol: Value, host: Option<&str>, port: Option<u16>, tls: Option<Value>) -> Value {
    let mut table = InlineTable::new();
    table.insert("protocol", protocol);
    if let Some(host) = host {
        table.insert("host", host.into());
    }
    if let Some(port) = port {
        table.insert("port", i64::from(port).into());
    }
    if let Some(tls) = tls {
        table.insert("tls", tls);
    }
    Value::InlineTable(table)
}
