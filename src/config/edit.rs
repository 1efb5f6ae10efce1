//! Edits of the profile that keep the user's comments and order, written atomically.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;
use toml::Spanned;
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::decor;
use super::diff;
use super::error::{ConfigError, OpenError};
use super::file::{AppFile, CertificateFile, MailboxFile, ProfileFile};
use super::load::{SIZE_LIMIT, mirror, parse, read};
use super::locate::base_of;
use crate::failure::{Failure, FailureKind, StoreFault};
use crate::files::lock::ProfileLock;
use crate::files::{self, Draft, Privacy};
use crate::profile::{Name, Profile, StoreKind, StoreSpec};
use crate::text::Shown;

/// A profile opened for editing.
pub struct ProfileDocument {
    path: PathBuf,
    document: DocumentMut,
    before: String,
    /// What `document` prints as without an edit: not always what it was read from (line ends).
    unedited: String,
    file: ProfileFile,
    profile: Profile,
    _lock: Option<ProfileLock>,
}

/// What an edit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// The file was written.
    Written,
    /// It is up to date already.
    Unchanged,
}

/// What becomes of an app or a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Added,
    /// Some of its keys have other values.
    Changed,
    /// It says the same already.
    Unchanged,
}

impl Put {
    fn of(old: Option<&InlineTable>, new: &InlineTable) -> Self {
        match old {
            None => Self::Added,
            Some(old) if old.to_string() == new.to_string() => Self::Unchanged,
            Some(_) => Self::Changed,
        }
    }
}

/// An edit that is on the disk, and not in the profile's place yet. Dropped without a commit, it goes.
pub struct PreparedEdit<'a> {
    document: &'a ProfileDocument,
    draft: Option<Draft>,
}

impl PreparedEdit<'_> {
    /// Puts it in the profile's place.
    ///
    /// # Errors
    /// If another program changed the file meanwhile, or it cannot be written.
    pub fn commit(self) -> Result<Edit, ConfigError> {
        let Some(draft) = self.draft else { return Ok(Edit::Unchanged) };
        let ProfileDocument { path, before, .. } = self.document;
        // An editor knows nothing of our lock.
        if read(path)?.unwrap_or_default() != *before {
            let problem = "another program changed it just now";
            return Err(ConfigError::whole(path, problem, Some("run the command again".to_owned())));
        }
        draft.commit().map_err(|failure| self.document.not_written(failure))?;
        Ok(Edit::Written)
    }
}

impl ProfileDocument {
    /// Opens the profile at `path`, or begins an empty one where there is none. Without the lock: to look at it, and to
    /// ask questions about it.
    ///
    /// # Errors
    /// If the file is not a valid profile: nothing is edited that is not understood.
    pub fn open(path: &Path) -> Result<Self, ConfigError> {
        let before = read(path)?.unwrap_or_default();
        let profile = parse(path, &before)?;
        let file = mirror(path, &before)?;
        let document: DocumentMut = before
            .parse()
            .map_err(|error: toml_edit::TomlError| ConfigError::whole(path, error.message().to_owned(), None))?;
        let unedited = document.to_string();
        Ok(Self { path: path.to_owned(), document, before, unedited, file, profile, _lock: None })
    }

    /// Waits for the profile's lock, for at most `wait`, and opens the profile under it. The lock is held until the
    /// document is dropped, so that no other edit is lost between [`open_locked`](Self::open_locked) and
    /// [`save`](Self::save). `locks` is the folder of the locks; their order is in `lock.rs`.
    ///
    /// # Errors
    /// As [`ProfileDocument::open`] and [`ProfileLock::acquire`].
    pub fn open_locked(path: &Path, locks: &Path, wait: Duration) -> Result<Self, OpenError> {
        let lock = ProfileLock::acquire(locks, path, wait).map_err(OpenError::Lock)?;
        let document = Self::open(path).map_err(OpenError::Profile)?;
        Ok(Self { _lock: Some(lock), ..document })
    }

    /// The profile as it was when it was opened.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What the file says of an app.
    #[must_use]
    pub fn app_file(&self, name: &Name) -> Option<AppFile> {
        self.file.apps.get(name).map(|app| app.get_ref().clone())
    }

    /// What the file says of a mailbox.
    #[must_use]
    pub fn mailbox_file(&self, name: &Name) -> Option<MailboxFile> {
        self.file.mailboxes.get(name).map(|mailbox| mailbox.get_ref().clone())
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds an app, or changes those of its keys whose values are others now.
    pub fn put_app(&mut self, name: &Name, app: &AppFile) -> Put {
        let (old, new) = (self.app_file(name).map(|app| app.to_table()), app.to_table());
        update(self.table("apps", name), &old.clone().unwrap_or_default(), &new);
        Put::of(old.as_ref(), &new)
    }

    /// Adds a mailbox, or changes those of its keys whose values are others now.
    pub fn put_mailbox(&mut self, name: &Name, mailbox: &MailboxFile) -> Put {
        let (old, new) = (self.mailbox_file(name).map(|mailbox| mailbox.to_table()), mailbox.to_table());
        update(self.table("mailboxes", name), &old.clone().unwrap_or_default(), &new);
        Put::of(old.as_ref(), &new)
    }

    /// Sets or removes the day on which the secret of `app` expires.
    pub fn set_secret_expires(&mut self, app: &Name, day: Option<Date>) {
        self.edit_app(app, |file| file.secret_expires = day.map(|day| Spanned::new(0..0, day)));
    }

    /// Changes which files the certificate of `app` is in, where it has one.
    pub fn edit_certificate(&mut self, app: &Name, edit: impl FnOnce(&mut CertificateFile)) {
        self.edit_app(app, |app| {
            if let Some(certificate) = &mut app.certificate {
                edit(certificate.get_mut());
            }
        });
    }

    /// Changes what the file says of an app.
    pub fn edit_app(&mut self, app: &Name, edit: impl FnOnce(&mut AppFile)) {
        let old = self.app_file(app).unwrap_or_default();
        let mut new = old.clone();
        edit(&mut new);
        update(self.table("apps", app), &old.to_table(), &new.to_table());
    }

    /// Names the store of the secrets.
    pub fn put_store(&mut self, kind: StoreKind) {
        let secrets = table_like(self.document.entry("secrets").or_insert_with(|| Item::Table(Table::new())));
        let old = self.file.secrets.clone().unwrap_or_default();
        update(secrets, &old.to_table(), &StoreSpec { store: Some(kind), ..old.clone() }.to_table());
    }

    /// Takes a mailbox out.
    pub fn remove_mailbox(&mut self, name: &Name) {
        decor::remove_table(&mut self.document, "mailboxes", name.as_str());
    }

    /// Takes an app out.
    pub fn remove_app(&mut self, name: &Name) {
        decor::remove_table(&mut self.document, "apps", name.as_str());
    }

    /// Writes the file, if anything changed. What is written has been read back as a profile first.
    ///
    /// # Errors
    /// If the result would not be a valid profile, another program changed the file meanwhile, or it cannot be written.
    pub fn save(&self) -> Result<Edit, ConfigError> {
        self.prepare()?.commit()
    }

    /// Writes the file beside the old one, so that all that can go wrong for want of room goes wrong before the secrets
    /// that belong to the edit come or go.
    ///
    /// # Errors
    /// If the result would not be a valid profile, or it cannot be written.
    pub fn prepare(&self) -> Result<PreparedEdit<'_>, ConfigError> {
        let Some(after) = self.edited()? else {
            return Ok(PreparedEdit { document: self, draft: None });
        };
        let folder = base_of(&self.path);
        // An existing folder is left as the user made it: this file holds no secrets.
        let made = if folder.is_dir() { Ok(()) } else { files::create_private_folder(folder) };
        let drafted = made.and_then(|()| {
            let mut draft = Draft::begin(&self.path, Privacy::Config)?;
            draft.fill(after.as_bytes())?;
            Ok(draft)
        });
        let draft = drafted.map_err(|failure| self.not_written(failure))?;
        Ok(PreparedEdit { document: self, draft: Some(draft) })
    }

    /// What the edit changes, as the lines of a diff, each behind `+`, `-` or a blank. Nothing is written.
    ///
    /// # Errors
    /// If the result would not be a valid profile.
    pub fn diff(&self) -> Result<Vec<Shown>, ConfigError> {
        match self.edited()? {
            Some(after) => Ok(diff::between(&self.file, &mirror(&self.path, &after)?)),
            None => Ok(Vec::new()),
        }
    }

    /// The text of the file after the edit, read back as a profile; `None` where nothing was edited.
    fn edited(&self) -> Result<Option<String>, ConfigError> {
        let after = self.document.to_string();
        if after == self.unedited {
            return Ok(None);
        }
        let after = decor::like(&self.before, after);
        if after.len() as u64 > SIZE_LIMIT {
            let problem = format!("it would be larger than {SIZE_LIMIT} bytes, and could not be read any more");
            let instead = "keep some of the mailboxes in a profile of their own (--profile FILE)".to_owned();
            return Err(ConfigError::whole(&self.path, problem, Some(instead)));
        }
        parse(&self.path, &after)?;
        Ok(Some(after))
    }

    fn not_written(&self, failure: Failure) -> ConfigError {
        let reason = match failure.kind {
            FailureKind::File { reason, .. } | FailureKind::Store(StoreFault::Unsafe { reason, .. }) => reason,
            other => Shown::of(Failure::from(other)),
        };
        ConfigError::whole(&self.path, format!("it cannot be written: {reason}"), None)
    }

    fn table(&mut self, group: &str, name: &Name) -> &mut dyn TableLike {
        let groups = self.document.entry(group).or_insert_with(|| {
            let mut table = Table::new();
            // [apps.contoso] needs no [apps] above it.
            table.set_implicit(true);
            Item::Table(table)
        });
        let inline = groups.is_inline_table();
        let new = || if inline { Item::Value(InlineTable::new().into()) } else { Item::Table(Table::new()) };
        table_like(table_like(groups).entry(name.as_str()).or_insert_with(new))
    }
}

/// The item as a table of whichever form; what is none cannot be here, since the file was read as a profile.
fn table_like(item: &mut Item) -> &mut dyn TableLike {
    if !item.is_table_like() {
        *item = Item::Table(Table::new());
    }
    #[expect(clippy::expect_used, reason = "made a table on the line above")]
    item.as_table_like_mut().expect("a table")
}

/// Makes `table`, which says `old`, say `new`. What is the same in both keeps its form, its place and its comments.
fn update(table: &mut dyn TableLike, old: &InlineTable, new: &InlineTable) {
    for (key, _) in old.iter().filter(|(key, _)| !new.contains_key(key)) {
        table.remove(key);
    }
    for (key, value) in new {
        let was = old.get(key);
        if was.is_some_and(|was| was.to_string().trim() == value.to_string().trim()) {
            continue;
        }
        if let (Some(Value::InlineTable(was)), Value::InlineTable(value)) = (was, value)
            && let Some(inner) = table.get_mut(key).and_then(Item::as_table_like_mut)
        {
            update(inner, was, value);
            // The space before the brace is the last key's.
            let is_other = was.len() != value.len() || value.iter().any(|(key, _)| !was.contains_key(key));
            if let Some(inline) = table.get_mut(key).and_then(Item::as_inline_table_mut).filter(|_| is_other) {
                inline.fmt();
            }
            continue;
        }
        let mut value = value.clone();
        value.decor_mut().clear();
        match table.get_mut(key).and_then(Item::as_value_mut) {
            // The comment behind the old value is its decor.
            Some(there) => {
                *value.decor_mut() = there.decor().clone();
                *there = value;
            }
            None => {
                table.insert(key, Item::Value(value));
            }
        }
    }
}

#[cfg(test)]
mod tests;
