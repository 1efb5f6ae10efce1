//! From what was seen to checks and facts: each failure explained. Nothing is read or asked here.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::plan::Depth;
use super::secret_expiry;
use super::seen::{Conversation, Fetched, Outcome, Records, Seen, Stored};
use super::session::{AccessToken, TokenSource};
use crate::clock::{in_words, valid_until};
use crate::diagnosis::{self, FailureContext, TokenFacts};
use crate::profile::{App, Side};
use crate::progress::Observation;
use crate::report::{Check, Detail, Evidence, Fact, Headline, Stage};
use crate::text::{Redactor, Show, Shown};
use crate::transport::{Message, Task};

/// A check for each step, in the order of the way from the profile to the mailbox.
#[must_use]
pub fn explain(seen: &Seen<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(stored) = &seen.stored {
        checks.push(profile(seen.app));
        checks.push(store(seen, stored));
        checks.extend(seen.tokens.iter().flat_map(|fetched| token_endpoint(seen, fetched)));
    } else {
        checks.extend(tokens(seen));
    }
    checks.extend(preflight(seen));
    checks.extend(seen.conversations.iter().flat_map(|conversation| steps(seen, conversation)));
    checks.extend(seen.afterwards.iter().flat_map(|conversation| steps(seen, conversation)));
    checks.extend(seen.tenant.iter().flat_map(|reading| reading.checks(seen.started)));
    checks
}

fn profile(app: &App) -> Check {
    let tokens = app.federated.as_ref().map_or_else(Shown::default, |spec| shown!(", federated tokens of {}", spec));
    let detail = shown!("app '{}' at {}, client ID {}{}", app.name, app.provider.title, app.client_id, tokens);
    Check::passed(Stage::Profile, Duration::ZERO, detail)
}

fn store(seen: &Seen<'_>, stored: &Stored) -> Check {
    let check = match &stored.records {
        Ok(records) => Check::passed(Stage::SecretStore, stored.elapsed, describe(records, seen.app)),
        Err(failure) => {
            let is_sign_in = failure.kind.needs_authorization();
            let stage = if is_sign_in { Stage::Token } else { Stage::SecretStore };
            Check::failed(stage, stored.elapsed, diagnosis::finding(failure, seen.about()))
        }
    };
    check.begun(seen.since_start(stored.began))
}

/// "signed in as shop@contoso.com since 2026-05-20; client secret until 2027-05-20"
pub(super) fn describe(records: &Records, app: &App) -> Shown {
    let Records { grant, app: record } = records;
    let who =
        grant.identity.as_ref().map_or_else(Shown::default, |who| shown!(" as {}", Redactor::by_shape(&who.label)));
    let state = match (grant.refresh_token(), grant.since()) {
        (Some(_), Some(since)) => shown!("signed in{} since {}", who, since.strftime("%Y-%m-%d")),
        (Some(_), None) => shown!("signed in{}", who),
        (None, _) => "the app is let in by itself".into(),
    };
    let secret = match (app.credential.expiring(), secret_expiry::of(app, record.as_ref())) {
        (None, _) => Shown::default(),
        (Some(secret), Some(day)) => shown!("; {} until {}", secret, day),
        (Some(secret), None) => shown!("; {}, expiry unknown", secret),
    };
    let lost = match grant.needs_authorization.as_ref().and_then(|lost| lost.at) {
        Some(at) => shown!("; refused by the provider on {}", at.strftime("%Y-%m-%d")),
        None => Shown::default(),
    };
    shown!("{}{}{}", state, secret, lost)
}

/// What the token endpoint said, and where it refused, what is left of the last token.
fn token_endpoint(seen: &Seen<'_>, fetched: &Fetched) -> Vec<Check> {
    let Fetched { began, elapsed, outcome, .. } = fetched;
    let until = |expires| valid_until(expires, seen.now);
    let asked = match outcome {
        Outcome::Token(token) => {
            let detail = shown!("grant and client accepted; new token {}{}", until(token.expires), unkept(token));
            Check::passed(Stage::TokenEndpoint, *elapsed, dated(detail, token)).in_brief(good_for(seen, token))
        }
        Outcome::Failed { failure, .. } => {
            Check::failed(Stage::TokenEndpoint, *elapsed, diagnosis::finding(failure, seen.about()))
        }
        Outcome::NotAsked(why) => Check::skipped(Stage::TokenEndpoint, *why),
    };
    let leftover = fetched.leftover().map(|token| {
        let detail = shown!("{}, from the store", until(token.expires));
        Check::passed(Stage::Token, Duration::ZERO, dated(detail, token))
    });
    std::iter::once(asked.begun(seen.since_start(*began))).chain(leftover).collect()
}

/// `words` on a token, with the time at which it expires.
fn dated(words: Shown, token: &AccessToken) -> Detail {
    Detail { words, evidence: Evidence { expires_at: Some(token.expires), ..Evidence::default() } }
}

/// What a refresh token means that cannot be stored.
fn unkept(token: &AccessToken) -> &'static str {
    if token.is_unkept {
        "; a new refresh token came, and the store takes nothing: hand that over again once the provider refuses the old one"
    } else {
        ""
    }
}

/// "Microsoft 365, valid for 69 minutes"
fn good_for(seen: &Seen<'_>, token: &AccessToken) -> Shown {
    let left = token.expires.duration_since(seen.now).as_secs();
    shown!("{}, valid for {}", seen.app.provider.title, in_words(u64::try_from(left).unwrap_or_default()))
}

/// Until when the token is valid; none where that is not known.
#[must_use]
pub fn until(token: &AccessToken, now: Timestamp) -> Option<Shown> {
    (token.expires < Timestamp::MAX).then(|| valid_until(token.expires, now))
}

/// What became of getting each token, wherever it comes from.
pub fn tokens(seen: &Seen<'_>) -> impl Iterator<Item = Check> {
    seen.tokens.iter().map(|fetched| token(seen, fetched))
}

fn token(seen: &Seen<'_>, fetched: &Fetched) -> Check {
    let Fetched { protocols, began, elapsed, outcome, .. } = fetched;
    let about = match protocols.as_slice() {
        [only] => seen.about().over(*only),
        _ => seen.about(),
    };
    let check = match outcome {
        Outcome::Token(token) => {
            let source = match token.source {
                TokenSource::Store => "from the store",
                TokenSource::Refresh => "refreshed just now",
                TokenSource::Given => "as given",
            };
            // One from the store was got with whatever the profile named then.
            let proof = seen.app.federated.as_ref().filter(|_| token.source == TokenSource::Refresh);
            let proof = proof.map_or_else(Shown::default, |spec| shown!(" with a federated token of {}", spec));
            match until(token, seen.now) {
                Some(until) => {
                    let detail = shown!("{}, {}{}", until, source, proof);
                    Check::passed(Stage::Token, *elapsed, dated(detail, token)).in_brief(good_for(seen, token))
                }
                None => {
                    Check::passed(Stage::Token, *elapsed, shown!("{}; it does not say until when it is valid", source))
                }
            }
        }
        Outcome::Failed { failure, .. } => Check::failed(Stage::Token, *elapsed, diagnosis::finding(failure, about)),
        Outcome::NotAsked(why) => Check::skipped(Stage::Token, *why),
    };
    check.begun(seen.since_start(*began))
}

fn preflight(seen: &Seen<'_>) -> Vec<Check> {
    let inspections = seen.tokens.iter().filter_map(|fetched| fetched.inspection.as_ref());
    inspections.flat_map(|inspection| inspection.checks(|protocol| seen.acceptance(protocol), seen.about())).collect()
}

/// The checks of one conversation: what its token says of itself, and the steps.
#[must_use]
pub fn of_conversation(seen: &Seen<'_>, conversation: &Conversation<'_>) -> Vec<Check> {
    let protocol = Some(conversation.service.protocol);
    let preflight = preflight(seen).into_iter().filter(|check| check.protocol == protocol);
    preflight.chain(steps(seen, conversation)).collect()
}

/// The steps at one mail server.
pub(super) fn steps(seen: &Seen<'_>, conversation: &Conversation<'_>) -> Vec<Check> {
    let protocol = conversation.service.protocol;
    let fetched = seen.fetched_for(protocol);
    let inspection = fetched.and_then(|fetched| fetched.inspection.as_ref());
    let is_for_server = inspection.is_some_and(|inspection| inspection.preflight.is_for(protocol));
    let granted = fetched.and_then(Fetched::token).map_or(&[][..], |access| &access.scopes);
    let about = FailureContext {
        token: TokenFacts { is_for_server, granted, ..seen.about().token },
        ..seen.about().over(protocol)
    };
    let observations = &conversation.log.observations;
    let told = |step: &Observation| in_brief(check(step, about, seen.started).over(protocol), conversation);
    let mut checks: Vec<Check> = observations.iter().map(told).collect();
    // Where nothing was seen, the connection was another task's, which tells it.
    let is_waiting = !observations.is_empty() && observations.iter().all(|step| step.result.is_ok());
    if fetched.is_some_and(|fetched| fetched.token().is_none()) && is_waiting {
        checks.push(Check::skipped(Stage::Authentication, "there is no access token").over(protocol));
    }
    checks
}

/// The check that `step` is, of a command that began at `started`.
pub(super) fn check(step: &Observation, about: FailureContext<'_>, started: Instant) -> Check {
    let check = match &step.result {
        Ok(detail) => Check::passed(step.stage, step.elapsed, detail.clone()),
        Err(failure) => Check::failed(step.stage, step.elapsed, diagnosis::finding(failure, about)),
    };
    check.begun(step.began.saturating_duration_since(started))
}

/// The same with a few words, where it is of the step that the conversation was for.
fn in_brief(check: Check, conversation: &Conversation<'_>) -> Check {
    let Some(detail) = check.detail().filter(|_| check.has_passed()) else { return check };
    // The number of a request is for a ticket.
    let detail = detail.part(|text| text.split(" (HTTP ").next().unwrap_or(text));
    match (check.stage, &conversation.task) {
        (Stage::Folder, Task::Read { .. }) | (Stage::Arrival, _) => check.in_brief(detail),
        (Stage::Recipient, Task::Send { message: None, .. }) => check.in_brief("may send"),
        (Stage::Message, Task::Send { .. }) => check.in_brief("sent"),
        _ => check,
    }
}

/// Which servers were asked, and by which mechanism.
#[must_use]
pub fn facts(seen: &Seen<'_>) -> Vec<Fact> {
    let of = |conversation: &Conversation<'_>| {
        let Conversation { task, service, log } = conversation;
        let (server_name, mechanism_name, offered_name) = match (seen.depth, task.side()) {
            (Depth::Servers, _) => ("server", "mechanism_used", "mechanisms_offered"),
            (Depth::EndToEnd, Side::Incoming) => ("incoming", "incoming_mechanism", "incoming_mechanisms_offered"),
            (Depth::EndToEnd, Side::Outgoing) => ("outgoing", "outgoing_mechanism", "outgoing_mechanisms_offered"),
        };
        let is_detailed = seen.stored.is_none() && !log.mechanisms_offered.is_empty();
        let offered = is_detailed.then(|| fact(offered_name, Shown::join(&log.mechanisms_offered, ", ")));
        let used = log.mechanism_used.map(|mechanism| fact(mechanism_name, mechanism.name()));
        let server = fact(server_name, shown!("{} {}", service.protocol, service.endpoint));
        std::iter::once(server).chain(offered).chain(used)
    };
    seen.conversations.iter().flat_map(of).collect()
}

fn fact(name: &'static str, value: impl Show) -> Fact {
    Fact { name: name.into(), value: Shown::of(value) }
}

/// The newest messages, where they were asked for.
#[must_use]
pub fn latest(seen: &Seen<'_>) -> Vec<Headline> {
    let messages = seen.conversations.iter().flat_map(|conversation| &conversation.log.latest);
    let headline = |message: &Message| Headline {
        date: message.date.clone(),
        from: message.from.clone(),
        subject: message.subject.clone(),
    };
    messages.map(headline).collect()
}

#[cfg(test)]
mod tests;
