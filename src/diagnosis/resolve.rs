//! From an entry of the catalogue to a finding with the profile's own values.

use std::sync::OnceLock;

use super::about::{FailureContext, TokenFacts};
use super::catalogue::{self, Entry, Evidence, Hint, Only, Step};
use super::reading::{Clue, Clues, Origin, Reading};
use crate::profile::{Deployment, Family, provider};
use crate::report::{Confidence, ExitCode, Finding, Retry};
use crate::text::Shown;

/// More codes than these help no reader.
const MOST_OTHERS: usize = 5;

/// What the catalogue knows of `text`, said at `origin` by the server that `about` names.
pub(super) fn finding(text: &str, origin: Origin, about: FailureContext<'_>) -> Option<Known> {
    let text = Reading::of(text);
    let of_profile = about.app.map(|app| app.provider.family);
    let betrayed = if of_profile == Some(Family::ANY) { catalogue::betrayed(text.text()) } else { None };
    let family = betrayed.or(of_profile);
    // A mail server is never sent a password, and without a person at the sign-in a token is refreshed.
    let by = match (about.is_signing_in, about.has_no_person()) {
        (true, _) => Clues::default(),
        (false, false) => Clues::of(Clue::Refresh),
        (false, true) => Clues::of(Clue::AppOnly),
    };
    let clues = Clues::of(Clue::Token).and(by);
    let hint = Hint { family, origin: Some(origin), phase: about.phase, clues };
    let mut hits = catalogue::search(&text, hint);
    if hits.is_empty() && matches!(origin, Origin::Authorize | Origin::Token) {
        // A refusal that belongs to one half of the sign-in is sometimes made known in the other.
        let other = if origin == Origin::Token { Origin::Authorize } else { Origin::Token };
        hits = catalogue::search(&text, Hint { origin: Some(other), ..hint });
    }
    let (first, others) = hits.split_first()?;
    let token = TokenFacts { is_shown: true, ..about.token };
    let values = text.values();
    let about = if about.read.is_some() { about } else { about.reading(&values, first.line) };
    let mut finding = explained(first.entry, FailureContext { token, ..about });
    if betrayed.is_some() && finding.confidence == Confidence::Certain {
        finding.confidence = Confidence::Likely;
    }
    finding.also = others.iter().take(MOST_OTHERS).map(|hit| hit.entry.id).collect();
    Some(Known { entry: first.entry, finding })
}

/// What the catalogue knows.
pub(super) struct Known {
    pub(super) entry: &'static Entry,
    pub(super) finding: Finding,
}

/// `entry` with the profile's own values.
pub(super) fn explained(entry: &'static Entry, about: FailureContext<'_>) -> Finding {
    filled(entry, about, &|_| None)
}

/// The same, with further values by their names.
pub(super) fn filled(
    entry: &'static Entry,
    about: FailureContext<'_>,
    value: &dyn Fn(&str) -> Option<Shown>,
) -> Finding {
    let about = about.at(entry.stage);
    // The profile's provider has no such page where the words betray another.
    let is_elsewhere = about.app.is_none_or(|app| app.provider.family == Family::ANY);
    let is_own = about.app.is_some() && entry.provider == Family::ANY;
    let about = |only| match is_elsewhere && !is_own {
        true => FailureContext { elsewhere: registered_at(entry.provider, only), ..about },
        false => about,
    };
    let needed = |step: &&'static Step| about(None).may_need(step.only) && about(None).is_given(step, value);
    let (cause, more, fix) = match entry.with_token.as_ref().filter(|_| about(None).token.is_shown) {
        Some(instead) => (&instead.cause, &[][..], &instead.fix),
        None => (&entry.cause, entry.cause_more.as_slice(), &entry.fix),
    };
    let mut finding = Finding::new(entry.id, about(None).fill(cause, value), exit(entry));
    for more in more.iter().filter(needed) {
        finding.cause = shown!("{} {}", finding.cause, about(more.only).fill(&more.text, value));
    }
    let mut needed: Vec<&'static Step> = fix.iter().filter(needed).collect();
    if about(None).has_no_person() && needed.iter().any(|step| about(None).is_sign_in_of_none(step)) {
        needed.retain(|step| !about(None).is_sign_in_of_none(step));
        if !needed.iter().any(|step| step.text.contains("`mailgrant test")) {
            needed.push(test_step());
        }
    }
    if needed.iter().any(|step| !about(None).is_test_of_none(step)) {
        needed.retain(|step| !about(None).is_test_of_none(step));
    }
    if needed.is_empty() {
        // What was known is wrong, or the entry: some advice is better than none.
        needed = fix.iter().filter(|step| step.given.is_none()).collect();
    }
    finding.fix = needed.into_iter().map(|step| about(step.only).fill_step(step, value)).collect();
    finding.confidence = match entry.evidence {
        Evidence::Documented => Confidence::Certain,
        Evidence::Reported => Confidence::Likely,
        Evidence::Unverified => Confidence::Possible,
    };
    finding.source = entry.source.as_deref().map(Shown::from);
    finding.retry = entry.next;
    if about(None).has_no_person() && entry.next == Retry::Reauthorize {
        (finding.retry, finding.exit) = (Retry::AfterFix, ExitCode::CheckFailed);
    }
    finding
}

/// The step that takes the place of a sign-in where no user signs in.
fn test_step() -> &'static Step {
    static TEST: OnceLock<Step> = OnceLock::new();
    TEST.get_or_init(|| Step::always("Run: `mailgrant test {mailbox}`"))
}

/// Where apps are registered of which only the entry's family, or the provider of one step, is known.
fn registered_at(family: Family, only: Option<Only>) -> Option<&'static Deployment> {
    let of_family = Some(family.root()).filter(|family| *family != Family::ANY);
    let wanted = only.and_then(Only::provider).or(of_family)?;
    let provider = provider::ALL.iter().find(|provider| provider.family == wanted)?;
    Some(provider.main())
}

fn exit(entry: &Entry) -> ExitCode {
    match (entry.next, entry.stage) {
        (_, Origin::Keyring) => ExitCode::SecretStore,
        (Retry::Reauthorize, _) => ExitCode::AuthorizationNeeded,
        (Retry::Backoff | Retry::Poll, _) => ExitCode::Network,
        (Retry::AfterFix | Retry::Stop, _) => ExitCode::CheckFailed,
    }
}
