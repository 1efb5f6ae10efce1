//! How long the organisation lets a new client secret live: Graph's policies for apps (`tenantAppManagementPolicy`,
//! `appManagementPolicy`).

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde::Deserialize;

use super::answer::Answer;
use crate::failure::Failure;
use crate::profile::is_guid;

/// How long a new secret may live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongestLife {
    /// Nothing says so: the policies cannot be read by the one who asks.
    Unknown,
    /// No policy limits it.
    Unlimited,
    /// At most so long.
    Is(SignedDuration),
}

/// A policy, or a list of policies: the organisation's has its restrictions under another name than an app's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyFile {
    #[serde(default)]
    is_enabled: Option<bool>,
    #[serde(default)]
    application_restrictions: Option<RestrictionsFile>,
    #[serde(default)]
    restrictions: Option<RestrictionsFile>,
    #[serde(default)]
    value: Vec<PolicyFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RestrictionsFile {
    #[serde(default)]
    password_credentials: Vec<RestrictionFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RestrictionFile {
    #[serde(default)]
    restriction_type: String,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    max_lifetime: Option<String>,
    #[serde(default)]
    restrict_for_apps_created_after_date_time: Option<String>,
}

/// What the policies in `answer` say of an app that was registered at `created`.
pub(super) fn read(answer: &Answer, created: Option<Timestamp>, now: Timestamp) -> LongestLife {
    let Ok(file) = answer.json::<PolicyFile>() else { return LongestLife::Unknown };
    let policies = std::iter::once(&file).chain(&file.value).filter(|policy| policy.is_enabled != Some(false));
    let restrictions = policies
        .flat_map(|policy| policy.application_restrictions.iter().chain(&policy.restrictions))
        .flat_map(|restrictions| &restrictions.password_credentials);
    let mut shortest = LongestLife::Unlimited;
    for restriction in restrictions.filter(|restriction| restriction.applies(created)) {
        let life = restriction.max_lifetime.as_deref().and_then(|text| life(text, now));
        shortest = match (shortest, life) {
            (LongestLife::Is(known), Some(life)) => LongestLife::Is(known.min(life)),
            (LongestLife::Unlimited, Some(life)) => LongestLife::Is(life),
            // A limit that cannot be read is one all the same.
            (known @ LongestLife::Is(_), None) => known,
            (LongestLife::Unlimited | LongestLife::Unknown, None) | (LongestLife::Unknown, Some(_)) => {
                LongestLife::Unknown
            }
        };
    }
    shortest
}

impl RestrictionFile {
    fn applies(&self, created: Option<Timestamp>) -> bool {
        let since = self.restrict_for_apps_created_after_date_time.as_deref().and_then(|text| text.parse().ok());
        let is_older = created.zip(since).is_some_and(|(created, since): (Timestamp, Timestamp)| created < since);
        self.restriction_type == "passwordLifetime" && self.state.as_deref() != Some("disabled") && !is_older
    }
}

/// A span as ISO 8601 has it (`P90D`, `P4DT12H30M5S`). Months are those that begin now.
fn life(text: &str, now: Timestamp) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let life = span.to_duration(&now.to_zoned(TimeZone::UTC)).ok()?;
    life.is_positive().then_some(life)
}

/// The ID of the policy that a refusal names.
pub(super) fn named_in(refusal: &Failure) -> Option<String> {
    let words = refusal.server_said.as_deref()?;
    words.split('\'').find(|part| is_guid(part)).map(str::to_owned)
}
