//! What the sign-in and the token endpoint say.

use std::time::Duration;

use super::about::FailureContext;
use super::callback;
use super::reading::Origin;
use super::{local, resolve};
use crate::clock::in_words;
use crate::failure::{CallbackRefusal, FailureKind, Heard, OAuthFault};
use crate::profile::{Access, App, ClientType, EndpointSource, Family};
use crate::report::{ExitCode, Finding, FindingCode, Step};
use crate::text::Shown;

/// An OAuth error answer, by what the catalogue knows of its numbers, its words and its `error` field.
pub(super) fn finding(fault: &OAuthFault, about: FailureContext<'_>) -> Finding {
    let about = FailureContext { federated: fault.federated.as_deref().or(about.federated), ..about };
    let origin = if fault.status == 0 { Origin::Authorize } else { Origin::Token };
    let refuses_client = fault.refuses_client();
    let text = serde_json::json!({
        "error": fault.error,
        "error_description": fault.description,
        "error_codes": fault.codes,
        "suberror": fault.suberror,
    });
    let known = resolve::finding(&text.to_string(), origin, about);
    let known = if refuses_client && says_so_in_own_words(fault, about) {
        let standard = serde_json::json!({ "error": "invalid_client" });
        // What the provider of the profile is known to say tells more.
        let own = known.filter(|known| about.app.is_some() && known.entry.provider != Family::ANY);
        own.or_else(|| resolve::finding(&standard.to_string(), origin, about))
    } else {
        known
    };
    let mut finding = known.map_or_else(|| unknown(fault, about), |known| known.finding);
    if refuses_client {
        let before_last = finding.fix.len().saturating_sub(1);
        finding.fix.splice(before_last..before_last, another_way(about));
    }
    finding.fix.splice(0..0, to_register(fault, about));
    finding.exit = exit(fault, about);
    if fault.status == 429 || fault.status >= 500 {
        finding.exit = ExitCode::Network;
    }
    finding.server_said = Some(words(fault));
    with_wait(finding, fault.retry_after)
}

/// The finding of a server that asks to be left alone for so long.
pub(super) fn with_wait(mut finding: Finding, wait: Option<Duration>) -> Finding {
    if let Some(wait) = wait {
        finding.fix.insert(0, shown!("Wait {} seconds, as the server asks", wait.as_secs()).into());
        finding.exit = ExitCode::Network;
    }
    finding
}

/// Whether a refused client is told in a word that elsewhere means something else, so that the standard's word finds the
/// right entry. A public client sends no credentials that could be wrong.
fn says_so_in_own_words(fault: &OAuthFault, about: FailureContext<'_>) -> bool {
    let proves_itself = about.app.is_none_or(|app| app.credential.client_type() == ClientType::Confidential);
    proves_itself && fault.codes.is_empty() && fault.error != "invalid_client"
}

/// How a secret that is right may be refused all the same. The known providers take it in each way.
fn another_way(about: FailureContext<'_>) -> Vec<Step> {
    let is_discovered =
        |app: &&App| app.credential.has_secret() && matches!(app.sign_in, EndpointSource::Discovered { .. });
    let Some(app) = about.app.filter(is_discovered) else { return Vec::new() };
    let told = Finding::of(FindingCode::SECRET_SENT_ANOTHER_WAY).about(about);
    let told = match app.client_authentication {
        Some(way) => told.case("configured").with("way", way.key()),
        None => told,
    };
    told.steps()
}

/// What the federated token that was sent says, and the federated credential that fits it, where none is registered.
fn to_register(fault: &OAuthFault, about: FailureContext<'_>) -> Vec<Step> {
    let is_about_it = fault.federated.is_some() && fault.refuses_client();
    let told = Finding::of(FindingCode::FEDERATED_CREDENTIAL_TO_REGISTER).about(about);
    let told = told.case_if(!fault.lacks_federated_credential(), "other");
    if is_about_it { told.steps() } else { Vec::new() }
}

/// What scripts are told follows the `error` field alone: Microsoft may change its numbers and texts at any time, and
/// a description may hold anything.
fn exit(fault: &OAuthFault, about: FailureContext<'_>) -> ExitCode {
    let access = about.mailbox.map(|mailbox| mailbox.access).or(about.app.map(|app| app.access));
    let needs_person = access.is_none_or(Access::needs_person);
    match fault.error.as_str() {
        // There is no sign-in that could be repeated.
        "invalid_grant" if !needs_person => ExitCode::CheckFailed,
        "invalid_grant" | "interaction_required" | "login_required" | "consent_required" => {
            ExitCode::AuthorizationNeeded
        }
        "temporarily_unavailable" | "server_error" | "slow_down" => ExitCode::Network,
        _ => ExitCode::CheckFailed,
    }
}

fn unknown(fault: &OAuthFault, about: FailureContext<'_>) -> Finding {
    Finding::of(FindingCode::OAUTH_ERROR).about(about).with("error", &fault.error).finding()
}

/// The fault in the server's words, with what its support will ask for.
fn words(fault: &OAuthFault) -> Shown {
    let words = match &fault.description {
        Some(description) => shown!("{}: {}", fault.error, description),
        None => fault.error.clone(),
    };
    match &fault.correlation_id {
        Some(id) if !words.contains(id.as_str()) => shown!("{} (correlation ID {})", words, id),
        _ => words,
    }
}

/// What keeps a finished sign-in from authorizing the mailbox.
pub(super) fn sign_in(kind: &FailureKind, about: FailureContext<'_>) -> Finding {
    let told = match kind {
        FailureKind::OtherAccount { signed_in, expected } => Finding::of(FindingCode::OTHER_ACCOUNT_SIGNED_IN)
            .case_if(!signed_in.contains('@'), "login-name")
            .with("signed_in", signed_in)
            .with("expected", expected),
        FailureKind::OtherSubject { recorded, signed_in } => {
            Finding::of(FindingCode::OTHER_SUBJECT_SIGNED_IN).with("signed_in", signed_in).with("recorded", recorded)
        }
        FailureKind::NoRefreshToken => Finding::of(FindingCode::NO_REFRESH_TOKEN),
        FailureKind::IdToken { what } => Finding::of(FindingCode::ID_TOKEN_REFUSED).with("what", what),
        FailureKind::UnsafeUrl { url, reason } => {
            Finding::of(FindingCode::UNSAFE_ENDPOINT).with("url", url).with("reason", reason)
        }
        FailureKind::SignInTimedOut { after, heard, refused } => return timed_out(*after, *heard, refused, about),
        FailureKind::NoDeviceCode { why } => Finding::of(FindingCode::NO_DEVICE_CODE).with("reason", why),
        FailureKind::DeviceCodeExpired { after } => {
            Finding::of(FindingCode::OAUTH_DEVICE_EXPIRED).with("seconds", after.as_secs())
        }
        FailureKind::WrongPaste { what } => Finding::of(FindingCode::WRONG_PASTE).with("what", what),
        FailureKind::OtherIssuer { what, spelled } => {
            let told = Finding::of(FindingCode::OTHER_ISSUER).with("what", what);
            match spelled {
                Some(spelled) => told.case("slash").with("spelled", spelled),
                None => told,
            }
        }
        FailureKind::NoClientSecret { app } => Finding::of(FindingCode::NO_CLIENT_SECRET).with("name", app),
        FailureKind::NotAuthorized { why } => Finding::of(FindingCode::NOT_AUTHORIZED).with("reason", why),
        other => return local::unexpected(other),
    };
    told.about(about).finding()
}

/// Nothing usable came back in time; what came instead is told first.
fn timed_out(after: Duration, heard: Heard, refused: &[CallbackRefusal], about: FailureContext<'_>) -> Finding {
    let heard = Some(heard).filter(|_| refused.is_empty());
    let refused: Vec<Finding> = refused.iter().map(|refusal| callback::finding(*refusal)).collect();
    let reasons = Shown::join(refused.iter().map(|came| shown!(" {}", came.cause)), "");
    // Rounded: a wait ends a moment before the time that was asked for, or behind it.
    let mut finding = Finding::of(FindingCode::SIGN_IN_TIMED_OUT)
        .about(about)
        .case_if(heard == Some(Heard::Nothing), "silent")
        .case_if(heard == Some(Heard::Requests), "strangers")
        .with("time", in_words(after.as_secs_f64().round() as u64))
        .with("reasons", reasons)
        .finding();
    finding.fix.splice(0..0, refused.into_iter().flat_map(|came| came.fix));
    finding
}
