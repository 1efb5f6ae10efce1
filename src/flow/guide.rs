//! The whole set-up of a mailbox as tasks, with its own values: made to be handed to the administrator who has the rights.

use super::secret_expiry;
use super::workspace::Workspace;
use crate::diagnosis::FailureContext;
use crate::diagnosis::verdict::Ladder;
use crate::failure::Failure;
use crate::profile::provider::{Needed, Proof, Task as Preset, TaskStep};
use crate::profile::{Access, App, By, Mailbox, Scope, permission_name};
use crate::report::{Report, SideResult, SideState, Step, Task};
use crate::secrets::load_app;
use crate::text::{Redactor, Shown};

/// What the store, and perhaps a test, shows of the set-up.
#[derive(Debug, Default)]
pub struct Known {
    /// Since when the mailbox is signed in.
    signed_in: Option<Shown>,
    /// The secret that is stored.
    secret: Option<Shown>,
    /// The sides that a test has found to work, where that are all.
    tested: Option<Shown>,
    /// What shows that the app gets tokens of its own.
    token: Option<Shown>,
    /// The permissions that an app's own token names.
    roles: Option<Shown>,
    /// The object ID of the app's enterprise application, as its token names it.
    object: Option<Shown>,
    /// What shows that the mail servers know the app.
    enrolled: Option<Shown>,
    /// What shows that the registration asks for the permissions.
    asked: Option<Shown>,
    /// What shows that the mailbox opens for the app.
    opened: Option<Shown>,
    /// What shows that the mailbox's protocols are on.
    switches: Option<Shown>,
}

impl Known {
    /// What the store of `workspace` shows of `mailbox`. Nothing is written.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn of(workspace: &Workspace<'_>, mailbox: &Mailbox) -> Result<Self, Failure> {
        let app = workspace.app_of(mailbox);
        let record = load_app(workspace.store, &app.name)?.filter(|record| record.is_of(app));
        let secret = record.as_ref().and_then(|record| record.active.as_ref()).map(|_| {
            match secret_expiry::of(app, record.as_ref()) {
                Some(day) => shown!("a client secret is stored, which expires on {}", day),
                None => "a client secret is stored; when it expires is not known".into(),
            }
        });
        let grant = workspace.session(mailbox).grant().ok().filter(|_| mailbox.access.needs_person());
        let signed_in = grant.map(|grant| shown!("a sign-in was granted on {}", grant.obtained.strftime("%Y-%m-%d")));
        Ok(Self { signed_in, secret, ..Self::default() })
    }

    /// The same, with what an app's own token, the servers' answers to it and an administrator's reading show. What was read
    /// counts more than what it is guessed from.
    #[must_use]
    pub fn climbed(self, ladder: Option<Ladder>, mailbox: &Mailbox) -> Self {
        let Ladder { roles, object, enrolled, opened, tenant } = ladder.unwrap_or_default();
        let tenant = tenant.unwrap_or_default();
        let read = |is_done: Option<bool>, words: &'static str, guessed: Option<Shown>| match is_done {
            Some(is_done) => is_done.then(|| words.into()),
            None => guessed,
        };
        let token = object.is_some().then(|| "the app got a token just now".into());
        let roles = roles.map(|roles| shown!("the app's token has {}", roles));
        let enrolled = enrolled.map(|protocol| shown!("Exchange took the app's token over {}", protocol));
        let opened = opened.map(|protocol| shown!("{} opens the mailbox for the app", protocol));
        let asked = read(tenant.is_asked(), "the app registration asks for it", roles.clone());
        let roles = read(tenant.is_consented(), "the directory lists the consent", roles);
        let enrolled = read(tenant.is_known(), "Exchange lists the app, by the right object ID", enrolled);
        // A mailbox that opens says more of a right than a list does.
        let opened = opened.or_else(|| read(tenant.right, "Exchange lists FullAccess for the app", None));
        let mut servers = mailbox.services().filter(|service| service.endpoint.server().is_some()).peekable();
        let are_on = servers.peek().is_some() && servers.all(|service| tenant.is_on(service.protocol) == Some(true));
        let switches = are_on.then(|| "Exchange lists the mailbox's protocols as on".into());
        Self { token, roles, object, enrolled, asked, opened, switches, ..self }
    }

    /// The same, with what the test shows that `report` is on: nothing, unless each side works.
    #[must_use]
    pub fn tested(self, report: &Report) -> Self {
        let works = !report.sides.is_empty() && report.sides.iter().all(|side| side.state == SideState::Works);
        let how = |side: &SideResult| shown!("{} over {}", side.side.verb(), side.protocol.title());
        let sides = || Shown::join(report.sides.iter().map(how), ", ");
        Self { tested: works.then(|| shown!("a test has just found that it works: {}", sides())), ..self }
    }

    fn shows(&self, proof: Proof) -> Option<Shown> {
        match proof {
            Proof::SignIn => self.signed_in.clone(),
            Proof::Token => self.token.clone(),
            Proof::Secret => self.secret.clone().or_else(|| self.token.clone()),
            Proof::Test => self.tested.clone(),
            Proof::Permission => self.asked.clone(),
            Proof::Role => self.roles.clone(),
            Proof::Enrolment => self.enrolled.clone(),
            Proof::MailboxRight => self.opened.clone(),
            Proof::Switches => self.tested.clone().or_else(|| self.switches.clone()),
        }
    }
}

/// The guide for `mailbox`.
#[must_use]
pub fn of(app: &App, mailbox: &Mailbox, known: &Known) -> Report {
    let mut report = Report::of_mailbox(mailbox);
    report.fact("provider", app.provider.title);
    if let Some(tenant) = &app.tenant {
        report.fact("tenant", tenant);
    }
    report.fact("client_id", &app.client_id);
    let (tasks, has_person) = match mailbox.access {
        Access::User => (app.provider.tasks, true),
        Access::App => (app.provider.app_tasks, false),
    };
    if has_person {
        report.fact("signs_in_as", mailbox.signs_in_as());
    }
    let scopes = app.scopes.for_channels(mailbox.channels());
    report.fact("scopes", Redactor::by_shape(&joined(&scopes, Scope::as_str, " ")));
    let about = FailureContext::of_mailbox(app, mailbox);
    let set_up = tasks.iter().map(|preset| task(preset, about, &scopes, known));
    let last = has_person.then(|| sign_in(about, known)).into_iter().chain([test(about, known)]);
    report.tasks = set_up.filter(|task| !task.steps.is_empty()).chain(last).collect();
    report
}

fn task(preset: &'static Preset, about: FailureContext<'_>, scopes: &[Scope], known: &Known) -> Task {
    // Those who have the task do its steps, but for those of mailgrant's own.
    let by = |step: Step| if step.by() == Some(By::You) { step } else { step.done_by(preset.by) };
    let steps = preset.steps.iter().flat_map(|step| written(step, about, scopes, known)).map(by);
    Task {
        title: preset.title.into(),
        why: preset.why.into(),
        by: preset.by,
        done: known.shows(preset.proof),
        steps: steps.collect(),
    }
}

/// The sign-in of a person.
fn sign_in(about: FailureContext<'_>, known: &Known) -> Task {
    Task {
        title: "Sign-in".into(),
        why: "The person whose mailbox it is allows the app to act in their name.".into(),
        by: By::User,
        done: known.signed_in.clone(),
        steps: vec![about.step("Run: `mailgrant authorize {mailbox}`, and sign in as {user}", &|_| None)],
    }
}

/// The test, which ends every set-up.
fn test(about: FailureContext<'_>, known: &Known) -> Task {
    Task {
        title: "Test".into(),
        why: "Only the servers can say that everything above fits.".into(),
        by: By::You,
        done: known.tested.clone(),
        steps: vec![about.step("Run: `mailgrant test {mailbox}`", &|_| None)],
    }
}

/// The step as often as it is one: none, once, or once for each permission.
fn written(step: &'static TaskStep, about: FailureContext<'_>, scopes: &[Scope], known: &Known) -> Vec<Step> {
    let (Some(app), Some(mailbox)) = (about.app, about.mailbox) else { return Vec::new() };
    let presets = || mailbox.channels().filter_map(|channel| app.deployment().service(channel.protocol, channel.side));
    let value = |name: &str| match name {
        "scopes" => Some(Redactor::by_shape(&joined(scopes, Scope::as_str, " "))),
        "permissions" => Some(Redactor::by_shape(&joined(scopes, permission, ", "))),
        "roles" => Some(Shown::join(presets().filter_map(|preset| preset.application).map(|own| own.role), ", ")),
        "api" => presets().find_map(|preset| preset.audiences).map(|audiences| audiences.listed_as.into()),
        "object_id" => known.object.clone(),
        _ => None,
    };
    let has = |protocol| mailbox.services().any(|one| one.protocol == protocol);
    let servers = || mailbox.services().any(|one| one.endpoint.server().is_some());
    let is_one = match step.needed {
        Needed::Always => true,
        Needed::By(client) => app.credential.client_type() == client,
        Needed::Over(protocol) => has(protocol),
        Needed::Servers => servers(),
        Needed::Shared => mailbox.is_shared(),
        Needed::SharedToSend => mailbox.is_shared() && mailbox.outgoing.is_some(),
        Needed::EachPermission => {
            let known = app
                .provider
                .permission_ids
                .iter()
                .filter(|(name, _)| scopes.iter().any(|scope| permission(scope) == *name));
            let of_one = |(name, id): &(&'static str, &'static str)| {
                about.step(step.text, &|value| match value {
                    "permission" => Some((*name).into()),
                    "permission_id" => Some((*id).into()),
                    _ => None,
                })
            };
            return known.map(of_one).collect();
        }
    };
    if is_one { vec![about.step(step.text, &value)] } else { Vec::new() }
}

fn permission(scope: &Scope) -> &str {
    permission_name(scope.as_str())
}

fn joined(scopes: &[Scope], name: fn(&Scope) -> &str, between: &str) -> String {
    let names = scopes.iter().map(name).filter(|name| !matches!(*name, "openid" | "profile" | "email"));
    names.collect::<Vec<_>>().join(between)
}
