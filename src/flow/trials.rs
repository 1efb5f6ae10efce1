//! Every protocol that the provider has for the sides of a mailbox, tried side by side. Nothing is sent.

use std::thread;
use std::time::Instant;

use super::explain;
use super::gather;
use super::parallel::joined;
use super::plan::{Plan, each_side};
use super::seen::{Conversation, Fetched, Outcome, Seen};
use super::workspace::Workspace;
use crate::diagnosis::{self, trials};
use crate::failure::FailureKind;
use crate::profile::provider::ServicePreset;
use crate::profile::{
    App, Channel, Endpoint, Mailbox, Protocol, Scope, Service, Side, permission_name, registration, same_permission,
};
use crate::report::{Check, Finding, FindingCode, Trial, TrialResult};
use crate::text::{Redactor, Shown};

/// Tries what `plan` left out of what the provider has for the sides of its mailbox; what was spoken is in `seen`.
#[must_use]
pub fn all<'a>(workspace: &Workspace<'a>, plan: &Plan<'a>, seen: &Seen<'a>) -> Vec<Trial> {
    let others = others(workspace, plan.mailbox);
    let mut trials: Vec<Trial> = seen.conversations.iter().map(|spoken| of_conversation(seen, spoken)).collect();
    trials.iter_mut().for_each(|trial| trial.in_profile = true);
    trials.extend(thread::scope(|scope| {
        let running: Vec<_> =
            others.iter().map(|other| scope.spawn(move || other.attempt(workspace, plan, seen))).collect();
        running.into_iter().map(joined).collect::<Vec<Trial>>()
    }));
    let place = |trial: &Trial| Protocol::ALL.iter().position(|protocol| *protocol == trial.protocol);
    trials.sort_by_key(|trial| (place(trial), trial.side));
    trials::settle(&mut trials, seen.about());
    trials
}

/// One service of the provider that the mailbox does not use.
struct Other {
    preset: &'static ServicePreset,
    /// The mailbox as it would be with this service alone.
    mailbox: Mailbox,
}

/// The services that the provider has for the sides of `mailbox`, but those that it uses.
fn others(workspace: &Workspace<'_>, mailbox: &Mailbox) -> Vec<Other> {
    let app = workspace.app_of(mailbox);
    let is_other =
        |preset: &&ServicePreset| mailbox.service(preset.side).is_some_and(|own| own.protocol != preset.protocol);
    let presets = app.deployment().services.iter().filter(is_other);
    let other = |preset: &'static ServicePreset| {
        let service = Service { protocol: preset.protocol, endpoint: endpoint(workspace, app, preset)? };
        let (incoming, outgoing) = match preset.side {
            Side::Incoming => (Some(service), None),
            Side::Outgoing => (None, Some(service)),
        };
        Some(Other { preset, mailbox: Mailbox { incoming, outgoing, ..mailbox.clone() } })
    };
    presets.filter_map(other).collect()
}

/// Where the service is: as another mailbox of the app has it, or as the provider has it.
fn endpoint(workspace: &Workspace<'_>, app: &App, preset: &ServicePreset) -> Option<Endpoint> {
    let mailboxes = workspace.profile.mailboxes.values().filter(|mailbox| mailbox.app == app.name);
    let mut services = mailboxes.filter_map(|mailbox| mailbox.service(preset.side));
    let known = services.find(|service| service.protocol == preset.protocol);
    known.map(|service| service.endpoint.clone()).or_else(|| app.preset_endpoint(preset))
}

impl Other {
    fn attempt(&self, workspace: &Workspace<'_>, plan: &Plan<'_>, seen: &Seen<'_>) -> Trial {
        let not_tried =
            |detail: Option<Shown>, finding: Option<Finding>| self.trial(TrialResult::NotTried, detail, finding);
        if !seen.telling().is_some_and(|fetched| matches!(fetched.outcome, Outcome::Token(_))) {
            return not_tried(Some("no new access token can be had".into()), None);
        }
        let wanted = seen.app.scopes.of(self.channel());
        if wanted.is_empty() {
            return not_tried(Some("the profile's scopes open nothing there".into()), None);
        }
        let is_asked = self.is_asked(wanted, seen);
        // Elsewhere a refresh brings what the sign-in asked for, and no more (RFC 6749 §6).
        if plan.given.is_none() && !is_asked && !seen.app.provider.quirks.scopes_on_refresh {
            return not_tried(None, Some(self.not_asked(wanted, seen)));
        }
        let began = Instant::now();
        let token = match plan.given.and_then(|given| given.access(workspace.clock.now())) {
            Some(token) => Ok(token),
            None => workspace.session(&self.mailbox).token_aside(),
        };
        match token {
            Ok(token) => {
                let (protocols, elapsed) = (vec![self.preset.protocol], began.elapsed());
                let fetched = Fetched { protocols, began, elapsed, outcome: Outcome::Token(token), inspection: None };
                let plan = Plan { mechanism: plan.mechanism, ..Plan::of(&self.mailbox, each_side(&self.mailbox)) };
                let seen = gather::with(workspace, &plan, fetched);
                let spoken = seen.conversations.first().map(|spoken| of_conversation(&seen, spoken));
                spoken.unwrap_or_else(|| not_tried(None, None))
            }
            Err(failure) if !is_asked && matches!(failure.kind, FailureKind::OAuth(_)) => {
                not_tried(None, Some(self.not_asked(wanted, seen)))
            }
            Err(failure) => not_tried(None, Some(diagnosis::finding(&failure, seen.about()))),
        }
    }

    fn channel(&self) -> Channel {
        Channel { protocol: self.preset.protocol, side: self.preset.side, by: self.mailbox.opener() }
    }

    /// Whether the sign-in asked for all of `wanted`, or for more than that.
    fn is_asked(&self, wanted: &[Scope], seen: &Seen<'_>) -> bool {
        if !seen.mailbox.access.needs_person() {
            return true;
        }
        let asked = seen.records().map_or(&[][..], |records| &records.grant.asked);
        let is_more = |scope: &String| self.preset.stronger.iter().any(|stronger| same_permission(stronger, scope));
        asked.iter().any(is_more) || wanted.iter().all(|scope| asked.iter().any(|asked| asked == scope.as_str()))
    }

    /// That the sign-in did not ask for `wanted`, and what would.
    fn not_asked(&self, wanted: &[Scope], seen: &Seen<'_>) -> Finding {
        let permissions = wanted.iter().map(|scope| Redactor::by_shape(permission_name(scope.as_str())));
        let told = Finding::of(FindingCode::SIGN_IN_DID_NOT_ASK).about(seen.about());
        told.with("permissions", Shown::join(permissions, ", "))
            .with("path", registration::permissions(seen.app, self.channel()))
            .with("side", self.preset.side.key())
            .with("key", self.preset.protocol.key())
            .finding()
    }

    fn trial(&self, result: TrialResult, detail: Option<Shown>, finding: Option<Finding>) -> Trial {
        let ServicePreset { protocol, side, .. } = *self.preset;
        Trial { protocol, side, in_profile: false, result, detail, finding: finding.map(Box::new) }
    }
}

/// What a conversation shows of its protocol.
fn of_conversation(seen: &Seen<'_>, spoken: &Conversation<'_>) -> Trial {
    let checks = explain::of_conversation(seen, spoken);
    let failed = checks.iter().find_map(|check| Some((check.stage, check.finding()?)));
    let detail = checks.last().and_then(Check::detail);
    let result = match failed {
        Some((stage, finding)) => trials::result(stage, finding),
        None if checks.last().is_some_and(Check::has_passed) => TrialResult::Works,
        None => TrialResult::NotTried,
    };
    Trial {
        protocol: spoken.service.protocol,
        side: spoken.task.side(),
        in_profile: false,
        result,
        detail: detail.filter(|_| failed.is_none()).cloned(),
        finding: failed.map(|(_, finding)| Box::new(finding.clone())),
    }
}
