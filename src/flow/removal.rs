//! The removal of a mailbox from the profile and the store; with the last mailbox of an app goes the app.

use std::collections::BTreeSet;

use super::lookup;
use super::workspace::Workspace;
use crate::config::ProfileDocument;
use crate::context::Context;
use crate::error::CommandError;
use crate::failure::StoreFault;
use crate::profile::{App, Mailbox, Name, Profile};
use crate::report::{Document, Finding, FindingCode, Report, Subject, Warning, WarningCode};
use crate::secrets::{Binding, RecordKey, RecordLock, SecretStore, load_app, load_mailbox};
use crate::text::{Redactor, Shown};

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// It goes.
    Goes,
    /// It cannot be read, and goes.
    GoesUnread,
    /// It stays, for this reason.
    Stays(Shown),
}

/// Which of the records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fates {
    /// Those that are this profile's.
    OwnGo,
    /// What seems to be another profile's, too.
    AllGo,
}

/// Whether records are deleted, or it is only told which would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deletion {
    Done,
    Told,
}

/// What goes.
#[derive(PartialEq)]
pub struct Removal {
    mailbox: Option<Mailbox>,
    /// The app goes too where no other mailbox uses it.
    app: Option<App>,
    name: Name,
}

impl Removal {
    /// What goes with the mailbox called `name`, or the app that no mailbox uses.
    ///
    /// # Errors
    /// If there is none, or mailboxes use the app.
    pub fn plan(profile: &Profile, name: &Name) -> Result<Self, CommandError> {
        let is_mailbox = profile.mailboxes.contains_key(name);
        if let Some(app) = profile.apps.get(name).filter(|_| !is_mailbox) {
            let users: Vec<&Name> =
                profile.mailboxes.values().filter(|mailbox| mailbox.app == app.name).map(|m| &m.name).collect();
            if !users.is_empty() {
                let told = Finding::of(FindingCode::APP_IN_USE);
                return Err(told.with("name", name).with("users", Shown::join(users, ", ")).into());
            }
            return Ok(Self { mailbox: None, app: Some(app.clone()), name: app.name.clone() });
        }
        let mailbox = lookup::mailbox(profile, name)?;
        let app = profile.app_of(mailbox);
        let is_last = profile.mailboxes.values().filter(|other| other.app == mailbox.app).count() == 1;
        Ok(Self { mailbox: Some(mailbox.clone()), app: is_last.then(|| app.clone()), name: mailbox.name.clone() })
    }

    /// What goes with the mailboxes called `names` of the profile `before`: an app goes with the last of them, where `after` has
    /// no other mailbox of it and it is not one of `kept`.
    #[must_use]
    pub fn plan_all(before: &Profile, after: &Profile, names: &[&Name], kept: &BTreeSet<&Name>) -> Vec<Self> {
        let staying = after.mailboxes.values().filter(|mailbox| !names.contains(&&mailbox.name));
        let used: BTreeSet<&Name> = staying.map(|mailbox| &mailbox.app).chain(kept.iter().copied()).collect();
        let mut going = BTreeSet::new();
        let mailboxes = names.iter().filter_map(|name| before.mailboxes.get(name));
        let removal = |mailbox: &Mailbox| {
            let app = before.app_of(mailbox);
            let goes = !used.contains(&app.name) && going.insert(app.name.clone());
            Self { mailbox: Some(mailbox.clone()), app: goes.then(|| app.clone()), name: mailbox.name.clone() }
        };
        mailboxes.map(removal).collect()
    }

    /// The name of what goes.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The question whether it may go.
    #[must_use]
    pub fn question(&self) -> Shown {
        match (&self.mailbox, &self.app) {
            (Some(mailbox), Some(app)) => shown!(
                "Remove '{}' ({}), its tokens, and app '{}' with its client secret?",
                mailbox.name,
                mailbox.address,
                app.name
            ),
            (Some(mailbox), None) => shown!("Remove '{}' ({}) and its tokens?", mailbox.name, mailbox.address),
            (None, _) => shown!("Remove app '{}', which no mailbox uses, with its client secret?", self.name),
        }
    }

    /// Removes it.
    ///
    /// # Errors
    /// If the profile has changed since the plan, or the profile or the store cannot be used.
    pub fn run(&self, context: &Context, fates: Fates) -> Result<Document, CommandError> {
        let mut document = ProfileDocument::open_locked(&context.profile_path, context.locks(), context.lock_wait())?;
        if !Self::plan(document.profile(), &self.name).is_ok_and(|now| now == *self) {
            return Err(lookup::changed_meanwhile(&context.profile_path));
        }
        let store = context.store(document.profile())?;
        // App before mailbox, as everywhere; and all of them before anything goes.
        let keys: Vec<RecordKey> = self.keys().collect();
        let lock = |key| RecordLock::acquire(context.locks(), key, context.lock_wait());
        let _locks: Vec<RecordLock> = keys.iter().map(lock).collect::<Result<_, _>>()?;
        let fates = self.fates_of(fates, store, document.profile(), context)?;
        self.edit(&mut document);
        // A profile that cannot be written must show before anything has gone.
        let edit = document.prepare()?;
        // The secrets first: were the profile first and the store failed, nothing would say that they are there.
        let answer = self.delete(&keys, fates, store, Deletion::Done)?;
        edit.commit()?;
        Ok(answer)
    }

    /// What [`run`](Self::run) would do. Nothing is removed, and no lock is taken.
    ///
    /// # Errors
    /// If the profile or the store cannot be used.
    pub fn preview(&self, context: &Context, fates: Fates) -> Result<Document, CommandError> {
        let mut document = ProfileDocument::open(&context.profile_path)?;
        let store = context.store(document.profile())?;
        let keys: Vec<RecordKey> = self.keys().collect();
        let fates = self.fates_of(fates, store, document.profile(), context)?;
        self.edit(&mut document);
        let answer = self.delete(&keys, fates, store, Deletion::Told)?;
        Ok(Document { is_dry_run: true, diff: document.diff()?, ..answer })
    }

    /// What would become of its records, which are those of `profile`.
    ///
    /// # Errors
    /// What the store says.
    pub fn preview_records(&self, profile: &Profile, fates: Fates, context: &Context) -> Result<Document, StoreFault> {
        let store = context.store(profile)?;
        let keys: Vec<RecordKey> = self.keys().collect();
        self.delete(&keys, self.fates_of(fates, store, profile, context)?, store, Deletion::Told)
    }

    /// Removes the records of all `removals`, which are those of `profile`, and tells of each.
    ///
    /// # Errors
    /// What the locks and the store say.
    pub fn delete_all(
        removals: &[Self],
        profile: &Profile,
        fates: Fates,
        context: &Context,
    ) -> Result<Vec<Document>, CommandError> {
        if removals.is_empty() {
            return Ok(Vec::new());
        }
        let store = context.store(profile)?;
        // App before mailbox, as everywhere; and all of them before anything goes.
        let mut keys: Vec<RecordKey> = removals.iter().flat_map(Self::keys).collect();
        keys.sort_by_key(|key| !matches!(key, RecordKey::App(_)));
        let lock = |key| RecordLock::acquire(context.locks(), key, context.lock_wait());
        let _locks: Vec<RecordLock> = keys.iter().map(lock).collect::<Result<_, _>>()?;
        let fated = |removal: &Self| removal.fates_of(fates, store, profile, context);
        let all_fates: Vec<Vec<Fate>> = removals.iter().map(fated).collect::<Result<_, _>>()?;
        let delete = |(removal, fates): (&Self, Vec<Fate>)| {
            let keys: Vec<RecordKey> = removal.keys().collect();
            Ok(removal.delete(&keys, fates, store, Deletion::Done)?)
        };
        removals.iter().zip(all_fates).map(delete).collect()
    }

    /// Takes it out of the profile.
    pub fn edit(&self, document: &mut ProfileDocument) {
        if let Some(mailbox) = &self.mailbox {
            document.remove_mailbox(&mailbox.name);
        }
        if let Some(app) = &self.app {
            document.remove_app(&app.name);
        }
    }

    /// Has the records go that are to, and tells of each.
    fn delete(
        &self,
        keys: &[RecordKey],
        fates: Vec<Fate>,
        store: &dyn SecretStore,
        deletion: Deletion,
    ) -> Result<Document, StoreFault> {
        let mut answer = Document::new("remove");
        let mut report = self.report();
        report.fact("store", store.describe());
        for (key, fate) in keys.iter().zip(fates) {
            let name = if matches!(key, RecordKey::App(_)) { "app_record" } else { "mailbox_record" };
            let value = match fate {
                _ if store.is_read_only() => {
                    let elsewhere = store.check_writable(key).err().map(CommandError::from);
                    let steps = elsewhere.iter().flat_map(|error| error.finding().fix.first());
                    let told = |step| {
                        Warning::new(WarningCode::RecordSetElsewhere, shown!("{} stays where it is set: {}", key, step))
                    };
                    answer.warnings.extend(steps.map(told));
                    shown!("{}: kept, the {} can only be read", key, store.describe())
                }
                Fate::Stays(why) => {
                    answer.warn(
                        WarningCode::RecordKept,
                        shown!(
                            "the record '{}' in the {} was not removed: {} (--force removes it too)",
                            key,
                            store.describe(),
                            why
                        ),
                    );
                    shown!("{}: kept, {}", key, why)
                }
                fate => match (was_there(store, key, deletion)?, fate) {
                    (true, Fate::GoesUnread) => shown!("{}: removed; it could not be read", key),
                    (true, _) => shown!("{}: removed", key),
                    (false, _) => shown!("{}: none was stored", key),
                },
            };
            report.fact(name, value);
        }
        answer.reports.push(report);
        if let Some(mailbox) = &self.mailbox {
            answer.next.push(shown!(
            "The provider still lists the sign-in: to end it there too, have {} remove the app at the provider's account page", mailbox.signs_in_as()).into());
        }
        Ok(answer)
    }

    /// The records, in the order of their locks.
    fn keys(&self) -> impl Iterator<Item = RecordKey> {
        let app = self.app.iter().map(|app| RecordKey::App(app.name.clone()));
        app.chain(self.mailbox.iter().map(|mailbox| RecordKey::Mailbox(mailbox.name.clone())))
    }

    /// What the mailbox's grant is bound to, if it is this profile's.
    fn binding(&self, profile: &Profile, context: &Context) -> Result<Option<Binding>, StoreFault> {
        let Some(mailbox) = &self.mailbox else { return Ok(None) };
        Ok(Some(Workspace::open(context, profile)?.session(mailbox).binding()))
    }

    /// What becomes of each record, in the order of the keys.
    fn fates_of(
        &self,
        fates: Fates,
        store: &dyn SecretStore,
        profile: &Profile,
        context: &Context,
    ) -> Result<Vec<Fate>, StoreFault> {
        match fates {
            Fates::AllGo => Ok(vec![Fate::Goes; self.keys().count()]),
            Fates::OwnGo => self.fates(store, profile, self.binding(profile, context)?.as_ref()),
        }
    }

    /// What becomes of each record, in the order of the keys. Records are found by name alone, and another profile on this
    /// machine may use the name too. `own` is what this profile's grant would be bound to.
    fn fates(
        &self,
        store: &dyn SecretStore,
        profile: &Profile,
        own: Option<&Binding>,
    ) -> Result<Vec<Fate>, StoreFault> {
        let grant = |name: &Name| load_mailbox(store, name).map(|grant| grant.map(|grant| grant.binding));
        let fate_of = |key: RecordKey| match key {
            // Worthless by its nature, and no app's.
            RecordKey::Trial(_) => Ok(Fate::Goes),
            RecordKey::Mailbox(name) => fate(grant(&name), |found| own.and_then(|own| foreign(found, own))),
            RecordKey::App(name) => {
                let needed_by = self.needed_by(store, profile, own)?;
                fate(load_app(store, &name), |record| match &self.app {
                    Some(app) if record.is_of(app) => needed_by
                        .as_ref()
                        .map(|other| shown!("another profile seems to have a mailbox '{}' with this app", other)),
                    _ => {
                        let at = record
                            .registrar
                            .as_ref()
                            .map_or_else(Shown::default, |at| shown!(" at {}", Redactor::by_shape(at)));
                        let id = &record.client_id;
                        Some(shown!("it belongs to another client ID ({}{}), so another profile may use it", id, at))
                    }
                })
            }
        };
        self.keys().map(fate_of).collect()
    }

    /// A mailbox of another profile that has signed in with the app that goes, as far as the store can tell.
    fn needed_by(
        &self,
        store: &dyn SecretStore,
        profile: &Profile,
        own: Option<&Binding>,
    ) -> Result<Option<Name>, StoreFault> {
        let (Some(app), listed) = (&self.app, store.keys()?.unwrap_or_default()) else { return Ok(None) };
        let listed = listed.into_iter().filter_map(|key| match key {
            RecordKey::Mailbox(name) if !profile.mailboxes.contains_key(&name) => Some(name),
            _ => None,
        });
        for name in listed.chain(self.mailbox.iter().map(|mailbox| mailbox.name.clone())) {
            // One that cannot be read needs no app any more.
            let Ok(Some(grant)) = load_mailbox(store, &name) else { continue };
            let found = grant.binding;
            let is_this = self.mailbox.as_ref().is_some_and(|mailbox| mailbox.name == name);
            if (!is_this || own.is_some_and(|own| found != *own))
                && found.client_id == app.client_id
                && found.issuer_or_authority.starts_with(app.registrar())
            {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    fn report(&self) -> Report {
        let (subject, removed) = match (&self.mailbox, &self.app) {
            (Some(_), Some(_)) => (Subject::Mailbox(Shown::of(&self.name)), "mailbox and app"),
            (Some(_), None) => (Subject::Mailbox(Shown::of(&self.name)), "mailbox"),
            (None, _) => (Subject::App(Shown::of(&self.name)), "app"),
        };
        let mut report = Report::new(subject);
        if let Some(mailbox) = &self.mailbox {
            report.fact("address", &mailbox.address);
        }
        report.changed = Some(true);
        report.fact("removed", shown!("{}, from the profile", removed));
        report
    }
}

/// Whether the record was there, which is then gone where that is meant.
fn was_there(store: &dyn SecretStore, key: &RecordKey, deletion: Deletion) -> Result<bool, StoreFault> {
    match deletion {
        Deletion::Done => store.delete(key),
        Deletion::Told => match store.get(key) {
            Ok(record) => Ok(record.is_some()),
            Err(StoreFault::Damaged { .. }) => Ok(true),
            Err(fault) => Err(fault),
        },
    }
}

/// The fate of what was found, which stays where `keep` gives a reason. What cannot be read is of no use.
fn fate<T>(found: Result<Option<T>, StoreFault>, keep: impl Fn(&T) -> Option<Shown>) -> Result<Fate, StoreFault> {
    match found {
        Ok(found) => Ok(found.as_ref().and_then(keep).map_or(Fate::Goes, Fate::Stays)),
        Err(StoreFault::Damaged { .. }) => Ok(Fate::GoesUnread),
        Err(fault) => Err(fault),
    }
}

/// Why a grant that is bound to `found` is not this profile's, whose mailbox would have bound it to `own`.
fn foreign(found: &Binding, own: &Binding) -> Option<Shown> {
    let (what, value) = match () {
        () if found.client_id != own.client_id => ("client ID", Shown::of(&found.client_id)),
        () if found.address != own.address => ("address", Redactor::by_shape(&found.address)),
        () if found.issuer_or_authority != own.issuer_or_authority => {
            ("sign-in server", Redactor::by_shape(&found.issuer_or_authority))
        }
        () => return None,
    };
    Some(shown!("it belongs to another {} ({}), so another profile may use it", what, value))
}

#[cfg(test)]
mod tests;
