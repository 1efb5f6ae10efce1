//! The tenant as its administrator reads it: what an app that is let in by itself asks for and was given, by the directory and by
//! Exchange. It only reads, and only where a flag asks for it; no token is stored.

mod read;

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use self::read::{Known, Needs, RoleIds};
use super::parallel::joined;
use super::workspace::Workspace;
use crate::diagnosis::verdict::TenantSetup;
use crate::diagnosis::{self, FailureContext};
use crate::directory::{self, Directory, ExchangeAdmin, azure_cli};
use crate::failure::{Failure, FailureKind};
use crate::profile::{App, EndpointUrl, Mailbox};
use crate::report::{Check, Stage};
use crate::text::Shown;

/// What reads Exchange's settings, in words.
const EXCHANGE_READER: &str =
    "a role in Exchange that may read them, as View-Only Organization Management or Global Reader";

/// Where an administrator's tokens come from.
#[derive(Debug)]
pub enum AdministratorTokens {
    /// From the Azure CLI, for each resource one.
    AzureCli,
    /// They were given.
    Given {
        /// For the directory.
        directory: SecretString,
        /// For Exchange.
        exchange: Option<SecretString>,
    },
}

/// An administrator who reads tenants.
pub struct Administrator {
    tokens: AdministratorTokens,
    /// What the Azure CLI said, by resource: it is asked once.
    asked: Mutex<Vec<(EndpointUrl, Result<SecretString, Failure>)>>,
}

/// What was read of one mailbox's app.
pub struct TenantReading {
    /// What it shows.
    pub setup: TenantSetup,
    parts: Vec<Part<Shown>>,
}

/// What one service said, or why it could not be read.
struct Part<T> {
    began: Instant,
    elapsed: Duration,
    said: Result<T, Shown>,
}

fn timed<T>(ask: impl FnOnce() -> Result<T, Shown>) -> Part<T> {
    let began = Instant::now();
    let said = ask();
    Part { began, elapsed: began.elapsed(), said }
}

impl<T> Part<T> {
    fn then<U>(self, tell: impl FnOnce(T) -> U) -> Part<U> {
        Part { began: self.began, elapsed: self.elapsed, said: self.said.map(tell) }
    }
}

/// Which service an administrator's token is for.
#[derive(Clone, Copy)]
enum Resource {
    Directory,
    Exchange,
}

/// Whether there is a set-up in a tenant that an administrator can read: the app is let in by itself, and the servers of its
/// provider have to know it.
#[must_use]
pub fn has_set_up(app: &App, mailbox: &Mailbox) -> bool {
    !mailbox.access.needs_person() && app.provider.quirks.enrols_apps && app.directory().is_some()
}

impl Administrator {
    /// An administrator with these tokens.
    #[must_use]
    pub fn new(tokens: AdministratorTokens) -> Self {
        Self { tokens, asked: Mutex::default() }
    }

    /// What the tenant shows of the app of `mailbox`; none where it is not let in by itself.
    #[must_use]
    pub fn read(&self, workspace: &Workspace<'_>, mailbox: &Mailbox) -> Option<TenantReading> {
        let app = workspace.app_of(mailbox);
        if !has_set_up(app, mailbox) {
            return None;
        }
        let _waiting = workspace.watch.begins(Stage::Directory);
        let has_server = mailbox.services().any(|service| service.endpoint.server().is_some());
        let (directory, exchange) = thread::scope(|scope| {
            let exchange = has_server.then(|| scope.spawn(|| timed(|| self.exchange(workspace, app, mailbox))));
            (timed(|| self.directory(workspace, app, mailbox)), exchange.map(joined))
        });
        let mut setup = TenantSetup::default();
        let mut parts = vec![directory.then(|needs| needs.tell(&mut setup))];
        parts.extend(exchange.map(|exchange| exchange.then(|known| known.tell(mailbox, &mut setup))));
        Some(TenantReading { setup, parts })
    }

    fn directory(&self, workspace: &Workspace<'_>, app: &App, mailbox: &Mailbox) -> Result<Needs, Shown> {
        let failed = |failure: &Failure| why(failure, app, directory::READ_PERMISSION);
        let none = || Shown::from("the provider has no directory");
        let base = app.directory().ok_or_else(none)?;
        let resource = app.deployment().directory.and_then(|url| url.parse().ok()).ok_or_else(none)?;
        let deadline = workspace.deadline;
        let source = Box::new(move || self.token(Resource::Directory, &resource, deadline));
        let directory = Directory::new(workspace.http(app), base, app.client_id.clone(), source);
        let permissions = directory.permissions().map_err(|failure| failed(&failure))?;
        let mut ids = RoleIds::of(app.provider);
        for api in ids.unknown(app, mailbox) {
            ids.learn(directory.roles_at(api).map_err(|failure| failed(&failure))?);
        }
        Ok(Needs::of(app, mailbox, &permissions, &ids))
    }

    fn exchange(&self, workspace: &Workspace<'_>, app: &App, mailbox: &Mailbox) -> Result<Known, Shown> {
        let failed = |failure: &Failure| why(failure, app, EXCHANGE_READER);
        let none = || Shown::from("the provider has no admin API for it");
        let base = app.exchange_admin().ok_or_else(none)?;
        let tenant = app.tenant.as_ref().ok_or_else(none)?;
        let resource = app.deployment().exchange_admin.and_then(|url| url.parse().ok()).ok_or_else(none)?;
        if matches!(self.tokens, AdministratorTokens::Given { exchange: None, .. }) {
            return Err("standard input has no token for it; give one as a second line, or use --admin az".into());
        }
        let deadline = workspace.deadline;
        let source = Box::new(move || self.token(Resource::Exchange, &resource, deadline));
        let admin = ExchangeAdmin { http: workspace.http(app), base, tenant, mailbox: &mailbox.address, source };
        let principal = admin.service_principal(&app.client_id).map_err(|failure| failed(&failure))?;
        let right = principal.as_ref().map(|principal| admin.has_full_access(&principal.object_id));
        let right = right.transpose().map_err(|failure| failed(&failure));
        Ok(Known { principal, right, switches: admin.switches().map_err(|failure| failed(&failure)) })
    }

    fn token(&self, of: Resource, resource: &EndpointUrl, deadline: Option<Instant>) -> Result<SecretString, Failure> {
        match (&self.tokens, of) {
            (AdministratorTokens::Given { directory, .. }, Resource::Directory) => Ok(directory.clone()),
            (AdministratorTokens::Given { exchange, .. }, Resource::Exchange) => {
                let (what, reason) = ("ask Exchange".into(), "no token for it was given".into());
                exchange.clone().ok_or_else(|| FailureKind::Local { what, reason }.into())
            }
            (AdministratorTokens::AzureCli, Resource::Directory | Resource::Exchange) => {
                let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((_, answer)) = asked.iter().find(|(known, _)| known == resource) {
                    return answer.clone();
                }
                let answer = azure_cli::token(resource, deadline);
                asked.push((resource.clone(), answer.clone()));
                answer
            }
        }
    }
}

impl TenantReading {
    /// A check for each service that was read, of a command that began at `started`. What could not be read does not fail
    /// the mailbox.
    pub fn checks(&self, started: Instant) -> impl Iterator<Item = Check> + use<'_> {
        self.parts.iter().map(move |part| {
            let check = match &part.said {
                Ok(said) => Check::passed(Stage::Directory, part.elapsed, said.clone()),
                Err(why) => Check::skipped(Stage::Directory, why.clone()),
            };
            check.begun(part.began.saturating_duration_since(started))
        })
    }
}

/// Why something could not be read, and what it takes, where it was refused.
fn why(failure: &Failure, app: &App, takes: &'static str) -> Shown {
    let is_refused = directory::is_refusal(failure) && directory::throttled(failure).is_none();
    match &failure.server_said {
        Some(said) if is_refused => shown!("{} (it takes {})", said, takes),
        Some(said) => said.clone(),
        None => diagnosis::finding(failure, FailureContext::of_app(app)).cause,
    }
}
