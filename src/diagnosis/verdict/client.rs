//! Rules on the store, the client secret and the sign-in.

use super::evidence::{Reason, SecretStory, TokenAnswer};
use super::situation::Situation;
use crate::diagnosis::catalogue::{self, Meaning};
use crate::profile::{ClientType, Family};
use crate::report::{ExitCode, Finding, FindingCode, Stage};

/// Without the store, nothing of ours works.
pub(super) fn store_closed(situation: &Situation<'_>) -> Option<Finding> {
    situation.found(None, Stage::SecretStore).cloned()
}

/// The client is refused; why, the provider's words, the profile and the store know.
pub(super) fn client_refused(situation: &Situation<'_>) -> Option<Finding> {
    let TokenAnswer::ClientRefused(reason) = situation.token else { return None };
    let refusal = situation.found(None, Stage::TokenEndpoint)?;
    let entry = catalogue::entry(refusal.code);
    let is_specific =
        entry.is_some_and(|entry| entry.provider != Family::ANY && entry.means != Some(Meaning::ClientRefused));
    if is_specific {
        // The provider itself says why.
        let mut finding = refusal.clone();
        finding.cause = finding.cause.then(situation.until());
        return Some(finding);
    }
    let credential = situation.about.app.map(|app| app.credential).unwrap_or_default();
    let is_public = credential.client_type() == ClientType::Public;
    let (code, evidence) = match (reason, situation.secret) {
        (Reason::NoSuchClient, _) => (FindingCode::CLIENT_NOT_KNOWN, ""),
        (_, _) if is_public => (FindingCode::CLIENT_NEEDS_SECRET, ""),
        (_, _) if !credential.has_secret() => (FindingCode::APP_CREDENTIAL_REFUSED, ""),
        (Reason::Public, _) => (FindingCode::CLIENT_IS_PUBLIC, ""),
        (Reason::Expired, _) => (FindingCode::SECRET_PAST_ITS_DAY, "it says that it has expired"),
        (_, SecretStory { has_expired: Some(true), .. }) => {
            (FindingCode::SECRET_PAST_ITS_DAY, "by the profile it has expired")
        }
        (_, SecretStory { has_worked: true, .. }) => (FindingCode::SECRET_REMOVED, ""),
        (_, SecretStory { is_new: true, .. }) => (FindingCode::SECRET_NOT_YET_KNOWN, ""),
        _ => (FindingCode::SECRET_NEVER_WORKED, ""),
    };
    let told = situation.own(code, None).with("until", situation.until()).with("evidence", evidence);
    let mut finding = told.with("credential", credential.title()).finding();
    finding.server_said.clone_from(&refusal.server_said);
    Some(finding)
}

/// There is no sign-in, or it is refused, whether or not the mail servers have noticed yet.
pub(super) fn sign_in_lost(situation: &Situation<'_>) -> Option<Finding> {
    let stages = [Stage::Token, Stage::TokenEndpoint];
    let lost = |finding: &&Finding| finding.exit == ExitCode::AuthorizationNeeded;
    let mut finding = stages.into_iter().find_map(|stage| situation.found(None, stage).filter(lost))?.clone();
    finding.cause = finding.cause.then(situation.until());
    Some(finding)
}
