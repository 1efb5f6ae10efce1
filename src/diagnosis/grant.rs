//! What is known of a sign-in before anything is asked.

use jiff::Timestamp;

use super::about::FailureContext;
use super::oauth;
use crate::failure::OAuthFault;
use crate::report::{Finding, FindingCode};
use crate::text::Shown;

/// What the provider said of a refresh token that is gone, explained as it was then.
pub(super) fn lost(fault: &OAuthFault, at: Option<Timestamp>, about: FailureContext<'_>) -> Finding {
    let mut finding = oauth::finding(fault, about);
    if let (Some(words), Some(at)) = (&mut finding.server_said, at) {
        *words = shown!("{} (said on {})", *words, at.strftime("%Y-%m-%d %H:%M UTC"));
    }
    finding
}

/// The store's sign-in by this mailbox's name is another mailbox's.
pub(super) fn of_another(
    (address, client_id, at): (&Shown, &Shown, &Shown),
    profile: Option<&Shown>,
    about: FailureContext<'_>,
) -> Finding {
    let told = Finding::of(FindingCode::SIGN_IN_OF_ANOTHER)
        .about(about)
        .with("other", address)
        .with("issuer", at)
        .with("other_client_id", client_id);
    match profile {
        Some(profile) => told.case("noted").with("profile", profile).finding(),
        None => told.finding(),
    }
}
