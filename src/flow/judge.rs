//! What all of it means together: the one thing to do first. Nothing is read or asked here.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::secret_expiry;
use super::seen::{Conversation, Fetched, Outcome, Seen};
use super::session::TokenSource;
use crate::diagnosis::verdict::{self, Ladder, Role, SecretStory, Server, Situation, TokenAnswer};
use crate::profile::EndpointUrl;
use crate::report::{Check, Finding, Stage, Trial};
use crate::secrets::GrantIdentity;
use crate::text::Redactor;

/// The one thing to do first, where any of `checks`, which explain what was seen, failed. `trials` say what else works.
#[must_use]
pub fn judge(seen: &Seen<'_>, checks: &[Check], trials: &[Trial]) -> Option<Finding> {
    consider(seen, checks, trials, verdict::verdict)
}

/// How much of the set-up of an app that is let in by itself is proven; none where a person signs in.
#[must_use]
pub fn ladder(seen: &Seen<'_>, checks: &[Check]) -> Option<Ladder> {
    consider(seen, checks, &[], Ladder::of)
}

/// What `look` makes of all that is known.
fn consider<T>(seen: &Seen<'_>, checks: &[Check], trials: &[Trial], look: impl FnOnce(&Situation<'_>) -> T) -> T {
    let identity = seen.records().and_then(|records| records.grant.identity.as_ref());
    let servers: Vec<Server> =
        sign_in_server(seen).into_iter().chain(seen.conversations.iter().map(mail_server)).collect();
    look(&Situation {
        checks,
        about: seen.about(),
        servers: &servers,
        trials,
        token: seen.telling().map_or(TokenAnswer::None, token_answer),
        account: &identity.map_or_else(Vec::new, GrantIdentity::all_names),
        secret: secret_story(seen),
        tenant: seen.tenant.as_ref().map(|reading| &reading.setup),
        works_until: seen.tokens.iter().find_map(Fetched::leftover).map(|access| access.expires),
        now: seen.now,
    })
}

/// What the token endpoint makes of client and grant.
fn token_answer(token: &Fetched) -> TokenAnswer {
    match &token.outcome {
        Outcome::Token(access) if access.source == TokenSource::Given => TokenAnswer::None,
        Outcome::Token(_) => TokenAnswer::of(Ok(())),
        Outcome::Failed { failure, .. } => TokenAnswer::of(Err(&failure.kind)),
        Outcome::NotAsked(_) => TokenAnswer::None,
    }
}

/// What is known of the sign-in server, where it was asked.
fn sign_in_server(seen: &Seen<'_>) -> Option<Server> {
    let failure = match &seen.telling()?.outcome {
        Outcome::Token(_) => None,
        Outcome::Failed { failure, .. } => Some(&failure.kind),
        Outcome::NotAsked(_) => return None,
    };
    let url: EndpointUrl = seen.records()?.grant.token_endpoint.parse().ok()?;
    let (host, port) = (url.as_url().host_str()?, url.as_url().port_or_known_default()?);
    Some(Server::seen(
        Role::SignIn,
        Redactor::by_shape(host.trim_matches(['[', ']'])),
        port,
        [(Stage::TokenEndpoint, failure)],
    ))
}

/// What is known of a mail server.
fn mail_server(conversation: &Conversation<'_>) -> Server {
    let Conversation { service, log, .. } = conversation;
    let steps = log.observations.iter();
    let steps = steps.map(|step| (step.stage, step.result.as_ref().err().map(|failure| &failure.kind)));
    Server::seen(
        Role::Mail(service.protocol),
        Redactor::by_shape(service.endpoint.host()),
        service.endpoint.port(),
        steps,
    )
}

/// What is known of the client secret.
fn secret_story(seen: &Seen<'_>) -> SecretStory {
    let (now, records) = (seen.now, seen.records());
    let today = now.to_zoned(TimeZone::UTC).date();
    let app = records.and_then(|records| records.app.as_ref());
    let secret = app.and_then(|record| record.active.as_ref());
    let used = records.map(|records| records.grant.refreshed.unwrap_or(records.grant.obtained));
    SecretStory {
        has_worked: secret.zip(used).is_some_and(|(secret, used)| worked_since(used, secret.added, now)),
        is_new: secret.is_some_and(|secret| is_new(secret.added, now)),
        has_expired: secret_expiry::of(seen.app, app).map(|day| day < today),
    }
}

/// Whether `used` came after `stored`. A time in the future is of a clock that was ahead, and proves nothing.
fn worked_since(used: Timestamp, stored: Timestamp, now: Timestamp) -> bool {
    stored < used && used <= now
}

/// Whether a secret is so new, a quarter of an hour or less, that not every server of its provider may know it.
fn is_new(added: Timestamp, now: Timestamp) -> bool {
    added <= now && now.duration_since(added).as_mins() < 15
}

#[cfg(test)]
mod tests;
