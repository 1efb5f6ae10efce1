//! `remove`: a mailbox leaves the profile and the store; with the last mailbox of an app goes the app.

use clap::Args as ClapArgs;

use super::{CommandError, subject};
use crate::config::ProfileDocument;
use crate::context::Context;
use crate::failure::StoreFault;
use crate::profile::{App, ClientId, Mailbox, Name, Profile};
use crate::report::{Document, ExitCode, Report, Subject};
use crate::secrets::{RecordKey, RecordLock, SecretStore, load_app, load_grant};

/// Remove a mailbox from the profile, and its tokens from the store
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailbox's name, or that of an app that no mailbox uses
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// What goes.
#[derive(PartialEq)]
struct Plan {
    mailbox: Option<Mailbox>,
    /// The app goes too where nobody else uses it.
    app: Option<App>,
    client_id: ClientId,
    name: Name,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used, or the answer is no.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let plan = Plan::make(&context.profile()?, &args.name)?;
    if !args.yes {
        let yes = context.prompter.confirm(&plan.question()).map_err(|error| CommandError::unasked(&error, "--yes"))?;
        if !yes {
            return Err(CommandError::cancelled());
        }
    }
    let mut document = ProfileDocument::open_locked(&context.profile_path, context.locks(), context.lock_wait())?;
    if !Plan::make(document.profile(), &args.name).is_ok_and(|now| now == plan) {
        return Err(subject::changed_meanwhile(&context.profile_path));
    }
    let choice = document.profile().secrets.clone();
    let store = context.store(&choice)?;
    // App before mailbox, as everywhere; and all of them before anything goes.
    let keys: Vec<RecordKey> = plan.keys().collect();
    let lock = |key| RecordLock::acquire(context.locks(), key, context.lock_wait());
    let _locks: Vec<RecordLock> = keys.iter().map(lock).collect::<Result<_, _>>()?;
    let mut answer = Document::new("remove");
    let owned = keys.iter().map(|key| Ok((key, plan.owns(store, key)?))).collect::<Result<Vec<_>, StoreFault>>()?;
    if let Some(mailbox) = &plan.mailbox {
        document.remove_mailbox(&mailbox.name);
    }
    if let Some(app) = &plan.app {
        document.remove_app(&app.name);
    }
    // A profile that cannot be written must show before anything has gone.
    let edit = document.prepare()?;
    // The secrets first: were the profile first and the store failed, nobody would remember that they are there.
    for (key, owned) in owned {
        if owned {
            store.delete(key)?;
        } else {
            answer.warnings.push(format!(
                "what the {} holds as '{key}' belongs to another client ID, so another profile may use it: it stays",
                store.describe()
            ));
        }
    }
    edit.commit()?;
    answer.reports.push(plan.report());
    if let Some(mailbox) = &plan.mailbox {
        answer.next.push(format!(
            "The provider still lists the sign-in: to end it there too, let {} remove the app at the provider's account page",
            mailbox.signs_in_as()
        ));
    }
    Ok(answer)
}

impl Plan {
    fn make(profile: &Profile, name: &str) -> Result<Self, CommandError> {
        let by_app = profile.apps.values().find(|app| app.name.as_str() == name);
        let is_mailbox = profile.mailboxes.keys().any(|mailbox| mailbox.as_str() == name);
        if let Some(app) = by_app.filter(|_| !is_mailbox) {
            let users: Vec<&str> =
                profile.mailboxes.values().filter(|mailbox| mailbox.app == app.name).map(|m| m.name.as_str()).collect();
            if !users.is_empty() {
                return Err(CommandError::new(
                    "app-in-use",
                    ExitCode::Usage,
                    format!("App '{name}' is used by: {}; nothing was changed.", users.join(", ")),
                    vec!["Remove these mailboxes; with the last one the app goes too".to_owned()],
                ));
            }
            let (client_id, name) = (app.client_id.clone(), app.name.clone());
            return Ok(Self { mailbox: None, app: Some(app.clone()), client_id, name });
        }
        let mailbox = subject::mailbox(profile, name)?;
        let app = profile.app_of(mailbox);
        let is_last = profile.mailboxes.values().filter(|other| other.app == mailbox.app).count() == 1;
        Ok(Self {
            mailbox: Some(mailbox.clone()),
            app: is_last.then(|| app.clone()),
            client_id: app.client_id.clone(),
            name: mailbox.name.clone(),
        })
    }

    fn question(&self) -> String {
        match (&self.mailbox, &self.app) {
            (Some(mailbox), Some(app)) => format!(
                "Remove '{}' ({}), its tokens, and app '{}' with its client secret?",
                mailbox.name, mailbox.address, app.name
            ),
            (Some(mailbox), None) => format!("Remove '{}' ({}) and its tokens?", mailbox.name, mailbox.address),
            (None, _) => format!("Remove app '{}', which no mailbox uses, with its client secret?", self.name),
        }
    }

    /// The records, in the order of their locks.
    fn keys(&self) -> impl Iterator<Item = RecordKey> {
        let app = self.app.iter().map(|app| RecordKey::App(app.name.clone()));
        app.chain(self.mailbox.iter().map(|mailbox| RecordKey::Mailbox(mailbox.name.clone())))
    }

    /// Whether a record is this profile's: records are found by name alone, and another profile may use the name too.
    /// What cannot be read any more is of no use to anybody.
    fn owns(&self, store: &dyn SecretStore, key: &RecordKey) -> Result<bool, StoreFault> {
        let client_id = match key {
            RecordKey::App(name) => load_app(store, name).map(|record| record.map(|record| record.client_id)),
            RecordKey::Mailbox(name) => load_grant(store, name).map(|grant| grant.map(|grant| grant.binding.client_id)),
            // Worthless by its nature, and no app's.
            RecordKey::Trial(_) => Ok(None),
        };
        match client_id {
            Ok(client_id) => Ok(client_id.is_none_or(|client_id| client_id == self.client_id)),
            Err(StoreFault::Damaged { .. }) => Ok(true),
            Err(fault) => Err(fault),
        }
    }

    fn report(&self) -> Report {
        let (subject, removed) = match (&self.mailbox, &self.app) {
            (Some(_), Some(_)) => (Subject::Mailbox(self.name.to_string()), "mailbox and app"),
            (Some(_), None) => (Subject::Mailbox(self.name.to_string()), "mailbox"),
            (None, _) => (Subject::App(self.name.to_string()), "app"),
        };
        let mut report = Report::new(subject);
        if let Some(mailbox) = &self.mailbox {
            report.fact("address", mailbox.address.to_string());
        }
        report.fact("removed", format!("{removed}, from the profile and the store"));
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_taken_app_first_and_only_for_what_goes() {
        let mailbox = |name: &str| {
            format!("[mailboxes.{name}]\napp = \"app\"\naddress = \"a@x.org\"\nincoming = {{ protocol = \"imap\" }}\n")
        };
        let keys = |text: &str| {
            let profile = crate::config::parse("config.toml".as_ref(), text).unwrap();
            Plan::make(&profile, "shop").unwrap().keys().map(|key| key.to_string()).collect::<Vec<_>>()
        };
        let one = format!("[apps.app]\nprovider = \"google\"\nclient_id = \"a\"\n{}", mailbox("shop"));
        assert_eq!(keys(&one), ["app app", "mailbox shop"]);
        assert_eq!(keys(&(one + &mailbox("other"))), ["mailbox shop"]);
    }
}
