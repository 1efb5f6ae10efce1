//! The whole set-up of a mailbox as tasks, with its own values: made to be handed to the administrator who has the rights.

use super::secret_expiry;
use super::workspace::Workspace;
use crate::diagnosis::FailureContext;
use crate::failure::Failure;
use crate::profile::provider::{Needed, Proof, Task as Preset, TaskStep};
use crate::profile::{App, By, Mailbox, Scope, permission_name};
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
        let signed_in = workspace
            .session(mailbox)
            .grant()
            .ok()
            .map(|grant| shown!("a sign-in was granted on {}", grant.obtained.strftime("%Y-%m-%d")));
        Ok(Self { signed_in, secret, tested: None })
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
            Proof::Secret => self.secret.clone(),
            Proof::Test => self.tested.clone(),
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
    report.fact("signs_in_as", mailbox.signs_in_as());
    let scopes = app.scopes.for_channels(mailbox.channels());
    report.fact("scopes", Redactor::by_shape(&joined(&scopes, Scope::as_str, " ")));
    let about = FailureContext::of_mailbox(app, mailbox);
    let set_up = app.provider.tasks.iter().map(|preset| task(preset, about, &scopes, known));
    report.tasks = set_up.filter(|task| !task.steps.is_empty()).chain(last(about, known)).collect();
    report
}

fn task(preset: &'static Preset, about: FailureContext<'_>, scopes: &[Scope], known: &Known) -> Task {
    // Those who have the task do its steps, but for those of mailgrant's own.
    let by = |step: Step| if step.by() == Some(By::You) { step } else { step.done_by(preset.by) };
    let steps = preset.steps.iter().flat_map(|step| written(step, about, scopes)).map(by);
    Task {
        title: preset.title.into(),
        why: preset.why.into(),
        by: preset.by,
        done: known.shows(preset.proof),
        steps: steps.collect(),
    }
}

/// The sign-in and the test, which end every set-up.
fn last(about: FailureContext<'_>, known: &Known) -> [Task; 2] {
    let step = |text| about.step(text, &|_| None);
    [
        Task {
            title: "Sign-in".into(),
            why: "The person whose mailbox it is allows the app to act in their name.".into(),
            by: By::User,
            done: known.signed_in.clone(),
            steps: vec![step("Run: `mailgrant authorize {mailbox}`, and sign in as {user}")],
        },
        Task {
            title: "Test".into(),
            why: "Only the servers can say that everything above fits.".into(),
            by: By::You,
            done: known.tested.clone(),
            steps: vec![step("Run: `mailgrant test {mailbox}`")],
        },
    ]
}

/// The step as often as it is one: none, once, or once for each permission.
fn written(step: &'static TaskStep, about: FailureContext<'_>, scopes: &[Scope]) -> Vec<Step> {
    let (Some(app), Some(mailbox)) = (about.app, about.mailbox) else { return Vec::new() };
    let value = |name: &str| match name {
        "scopes" => Some(Redactor::by_shape(&joined(scopes, Scope::as_str, " "))),
        "permissions" => Some(Redactor::by_shape(&joined(scopes, permission, ", "))),
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
