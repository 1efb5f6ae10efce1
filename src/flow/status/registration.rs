//! The registrations behind mailboxes, and what the directory of each answers.

use jiff::civil::Date;

use crate::directory::Application;
use crate::failure::{Failure, StoreFault};
use crate::flow::authority::Authority;
use crate::flow::patience::{Again, Patience};
use crate::flow::secret_expiry;
use crate::flow::workspace::Workspace;
use crate::profile::{App, Mailbox};
use crate::secrets::{AppRecord, load_app};

/// The apps of one registration with their records: one app at least, and first one that can ask, where there is one.
pub(super) struct Registration<'a> {
    pub(super) apps: Vec<(&'a App, Option<AppRecord>)>,
}

/// What the directory of a registration answers.
pub(super) enum Answer {
    /// There is none.
    NoDirectory,
    /// The app would have to ask for itself, and has nothing to prove itself with.
    NoSecret,
    /// An answer, or none.
    Said(Result<Application, Failure>),
}

/// The registrations of the mailboxes' apps that have a secret, each with all of its apps in the profile.
pub(super) fn registrations<'a>(
    mailboxes: &[&Mailbox],
    workspace: &Workspace<'a>,
) -> Result<Vec<Registration<'a>>, StoreFault> {
    let mut registrations: Vec<Registration<'a>> = Vec::new();
    for app in mailboxes.iter().map(|mailbox| workspace.app_of(mailbox)) {
        let is_there = registrations.iter().any(|known| known.app().is_same_client(app));
        if is_there || app.credential.expiring().is_none() {
            continue;
        }
        let of_it = |other: &&App| other.credential.expiring().is_some() && other.is_same_client(app);
        let with_record = |app: &'a App| -> Result<_, StoreFault> {
            Ok((app, load_app(workspace.store, &app.name)?.filter(|record| record.is_of(app))))
        };
        let mut apps = workspace.profile.apps.values().filter(of_it).map(with_record).collect::<Result<Vec<_>, _>>()?;
        // The one that can ask comes first.
        apps.sort_by_key(|(_, record)| record.as_ref().is_none_or(|record| record.active.is_none()));
        registrations.push(Registration { apps });
    }
    Ok(registrations)
}

impl<'a> Registration<'a> {
    /// The app that asks.
    pub(super) fn app(&self) -> &'a App {
        self.apps[0].0
    }

    /// The earliest day on which one of its secrets is known to end without the directory.
    pub(super) fn known_day(&self) -> Option<Date> {
        self.apps.iter().filter_map(|(app, record)| secret_expiry::of(app, record.as_ref())).min()
    }

    /// Whether the directory let the app read it when it last asked.
    pub(super) fn is_readable(&self) -> bool {
        self.apps[0].1.as_ref().is_some_and(|record| record.reads_directory && record.active.is_some())
    }

    /// Asks, on this word; without patience once.
    pub(super) fn ask(
        &self,
        authority: &Authority,
        workspace: &Workspace<'_>,
        patience: Option<&Patience<'_>>,
    ) -> Answer {
        let (app, record) = &self.apps[0];
        let has_secret = record.as_ref().is_some_and(|record| record.active.is_some());
        if matches!(authority, Authority::App) && !has_secret {
            return Answer::NoSecret;
        }
        let Some(directory) = authority.directory(app, workspace) else { return Answer::NoDirectory };
        Answer::Said(match patience {
            Some(patience) => patience.ask(Again::WhereverItFailed, || directory.application()),
            None => directory.application(),
        })
    }
}
