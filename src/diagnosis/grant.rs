//! What is known of a sign-in before anything is asked.

use jiff::Timestamp;

use super::about::About;
use super::oauth;
use crate::failure::OAuthFault;
use crate::report::{ExitCode, Finding};

/// What the provider said of a refresh token that is gone, explained as it was then.
pub(super) fn lost(fault: &OAuthFault, at: Option<Timestamp>, about: About<'_>) -> Finding {
    let mut finding = oauth::finding(fault, about);
    if let (Some(words), Some(at)) = (&mut finding.server_said, at) {
        words.push_str(&format!(" (said on {})", at.strftime("%Y-%m-%d %H:%M UTC")));
    }
    finding
}

/// The store's sign-in by this mailbox's name is another mailbox's.
pub(super) fn of_another(
    (address, client_id, at): (&str, &str, &str),
    profile: Option<&str>,
    about: About<'_>,
) -> Finding {
    let whose = match profile {
        Some(profile) => format!("the profile {profile} has left it"),
        None => "another profile on this machine uses the name, or this one was changed".to_owned(),
    };
    let mut finding = Finding::new(
        "sign-in-of-another",
        about.fill("The store holds, as mailbox '{mailbox}', the sign-in of ")
            + &format!("{address} at {at} with client ID {client_id}: {whose}. It was left as it is."),
        ExitCode::AuthorizationNeeded,
    );
    finding.fix = about.fill_all(&[
        "If the other mailbox is still used, give this one another name in the profile",
        "If it is not, run: mailgrant authorize {mailbox} --replace",
    ]);
    finding
}
