//! What the sign-in and the token endpoint say.

use super::about::About;
use super::callback;
use super::catalogue::Origin;
use super::known;
use crate::clock::in_words;
use crate::failure::{FailureKind, OAuthFault};
use crate::profile::{Credential, SignIn};
use crate::report::{Confidence, ExitCode, Finding};

/// An OAuth error answer, by what the catalogue knows of its numbers, its words and its `error` field.
pub(super) fn finding(fault: &OAuthFault, about: About<'_>) -> Finding {
    let origin = if fault.status == 0 { Origin::Authorize } else { Origin::Token };
    let refuses_client = fault.refuses_client();
    let text = if refuses_client && says_so_in_own_words(fault, about) {
        serde_json::json!({ "error": "invalid_client" })
    } else {
        serde_json::json!({
            "error": fault.error,
            "error_description": fault.description,
            "error_codes": fault.codes,
            "suberror": fault.suberror,
        })
    };
    let known = known::finding(&text.to_string(), origin, about);
    let mut finding = known.map_or_else(|| unknown(fault, about), |known| known.finding);
    finding.refuses_client = refuses_client;
    if refuses_client && let Some(step) = another_way(about) {
        let before_last = finding.fix.len().saturating_sub(1);
        finding.fix.insert(before_last, step);
    }
    finding.exit = exit(fault);
    if let Some(wait) = fault.retry_after {
        finding.fix.insert(0, format!("Wait {} seconds, as the server asks", wait.as_secs()));
        finding.exit = ExitCode::Network;
    } else if fault.status == 429 || fault.status >= 500 {
        finding.exit = ExitCode::Network;
    }
    finding.server_said = Some(words(fault));
    finding
}

/// Whether a refused client is told in a word that elsewhere means something else, so that the standard's word finds the
/// right entry. A public client sends no credentials that could be wrong.
fn says_so_in_own_words(fault: &OAuthFault, about: About<'_>) -> bool {
    let has_secret = about.app.is_none_or(|app| app.credential == Credential::Secret);
    has_secret && fault.codes.is_empty() && fault.error != "invalid_client"
}

/// How a secret that is right may be refused all the same. The known providers take it in each way.
fn another_way(about: About<'_>) -> Option<String> {
    let app = about
        .app
        .filter(|app| app.credential == Credential::Secret && matches!(app.sign_in, SignIn::Discovered { .. }))?;
    let name = &app.name;
    Some(match app.client_authentication {
        Some(way) => format!(
            "If the secret is right, take client_authentication = \"{}\" out of [apps.{name}] in the profile, or write \
             another of \"basic\", \"basic-raw\" and \"body\": the provider may want the secret sent another way",
            way.key()
        ),
        None => format!(
            "If the secret is right, the provider may want it sent another way: write client_authentication = \"basic\", \
             \"basic-raw\" (not percent-encoded) or \"body\" into [apps.{name}] in the profile"
        ),
    })
}

/// What scripts are told follows the `error` field alone: Microsoft may change its numbers and texts at any time, and
/// anybody may write what he likes into a description.
fn exit(fault: &OAuthFault) -> ExitCode {
    match fault.error.as_str() {
        "invalid_grant" | "interaction_required" | "login_required" | "consent_required" => {
            ExitCode::AuthorizationNeeded
        }
        "temporarily_unavailable" | "server_error" => ExitCode::Network,
        _ => ExitCode::CheckFailed,
    }
}

fn unknown(fault: &OAuthFault, about: About<'_>) -> Finding {
    let mut finding =
        Finding::new("oauth-error", format!("The provider refused with '{}'.", fault.error), ExitCode::CheckFailed);
    finding.fix = about.fill_all(&[
        "Read the provider's words below; they name what it does not like",
        "Compare the app's registration in {portal} with: mailgrant show {mailbox}",
        "If that does not help, send the provider's support the page that this writes: mailgrant test {mailbox} --html report.html",
    ]);
    finding.confidence = Confidence::Possible;
    finding
}

/// The fault in the server's words, with what its support will ask for.
fn words(fault: &OAuthFault) -> String {
    let mut words = fault.error.clone();
    if let Some(description) = &fault.description {
        words.push_str(": ");
        words.push_str(description);
    }
    if let Some(id) = fault.correlation_id.as_deref().filter(|id| !words.contains(*id)) {
        words.push_str(" (correlation ID ");
        words.push_str(id);
        words.push(')');
    }
    words
}

/// What stands between a finished sign-in and an authorized mailbox.
pub(super) fn sign_in(kind: &FailureKind, about: About<'_>) -> Finding {
    match kind {
        FailureKind::OtherAccount { signed_in, expected } => {
            let mut finding = Finding::new(
                "other-account-signed-in",
                format!("{signed_in} signed in, but this mailbox belongs to {expected}. Nothing was stored."),
                ExitCode::CheckFailed,
            );
            finding.fix = about.fill_all(&[
                "Run: mailgrant authorize {mailbox}, in a private browser window, and sign in as {user}",
                "If the mailbox is shared and that account is its delegate, set sign_in_as in the profile",
                "If both names are the same mailbox (an alias), add --allow-other-account",
            ]);
            finding
        }
        FailureKind::OtherSubject { recorded, signed_in } => {
            let mut finding = Finding::new(
                "other-subject-signed-in",
                format!(
                    "The provider returned another identity ({signed_in}) than at the first sign-in ({recorded}). Nothing was stored."
                ),
                ExitCode::CheckFailed,
            );
            finding.fix = about.fill_all(&[
                "Check that nobody re-created or renamed the account {user}",
                "If the new identity is right, run: mailgrant authorize {mailbox} --allow-other-account",
            ]);
            finding
        }
        FailureKind::NoRefreshToken => {
            let mut finding = Finding::new(
                "no-refresh-token",
                "The provider sent no refresh token, so the mailbox would stop working within the hour. Nothing was stored.",
                ExitCode::CheckFailed,
            );
            finding.fix = about.fill_all(&[
                "Allow the scope offline_access for the app {client_id} in {portal}, and consent to it at sign-in",
                "Run: mailgrant authorize {mailbox}",
            ]);
            finding.source = Some("OpenID Connect Core section 11");
            finding
        }
        FailureKind::IdToken { what } => {
            let mut finding = Finding::new(
                "id-token-refused",
                format!("The identity token does not hold: {what}. Nothing was stored."),
                ExitCode::CheckFailed,
            );
            finding.fix = about.fill_all(&[
                "Check this machine's clock, and tenant or issuer of app '{app}' in the profile",
                "Run: mailgrant authorize {mailbox}",
            ]);
            finding.source = Some("OpenID Connect Core section 3.1.3.7");
            finding
        }
        FailureKind::UnsafeUrl { url, reason } => {
            let mut finding = Finding::new(
                "unsafe-endpoint",
                format!("The provider names an endpoint that cannot be trusted: {url} ({reason})."),
                ExitCode::CheckFailed,
            );
            finding.fix =
                about.fill_all(&["Check `issuer` of app '{app}' in the profile; it must be the provider's own"]);
            finding
        }
        FailureKind::SignInTimedOut { after, refused } => {
            // Rounded: a wait ends a moment before the time that was asked for, or behind it.
            let mut cause =
                format!("The sign-in was not completed within {}.", in_words(after.as_secs_f64().round() as u64));
            let mut steps = Vec::new();
            for refusal in refused {
                cause.push(' ');
                cause.push_str(callback::cause(*refusal));
                steps.push(callback::step(*refusal).to_owned());
            }
            let mut finding = Finding::new("sign-in-timed-out", cause, ExitCode::CheckFailed);
            finding.fix = steps;
            finding.fix.extend(about.fill_all(&[
                "Run: mailgrant authorize {mailbox}, and finish the page that opens; --timeout SECONDS gives more time",
                "If the browser is on another machine, add --no-browser and paste the address that it ends on",
                "If the browser showed an error page of the provider, copy its text and run: mailgrant explain",
            ]));
            finding
        }
        FailureKind::NoDeviceCode { why } => {
            let mut finding = Finding::new(
                "no-device-code",
                format!("A sign-in by code is not possible: {why}. Nobody was asked."),
                ExitCode::CheckFailed,
            );
            finding.fix = about.fill_all(&[
                "Run: mailgrant authorize {mailbox} --no-browser; it shows an address to open on any machine, and takes the one that the browser ends on",
            ]);
            finding.source = Some("RFC 8628 section 3.1");
            finding
        }
        FailureKind::DeviceCodeExpired { after } => {
            let mut finding = Finding::new(
                "oauth-device-expired",
                format!("Nobody entered the code and signed in within {} seconds.", after.as_secs()),
                ExitCode::CheckFailed,
            );
            finding.fix = about.fill_all(&[
                "Run: mailgrant authorize {mailbox} --device-code, and enter the new code that it shows",
                "If the page showed an error of the provider, follow that: it did not come back to us",
            ]);
            finding.source = Some("RFC 8628 section 3.5");
            finding
        }
        FailureKind::WrongPaste { what } => {
            let mut finding = Finding::new(
                "wrong-paste",
                format!("That is not the whole address that the browser ended on: {what}."),
                ExitCode::CheckFailed,
            );
            finding.fix = about.fill_all(&[
                "Run: mailgrant authorize {mailbox} --no-browser, and open the address that it prints now, not an older one",
                "When the browser has ended on an address that begins with {redirect_uri}, copy all of it, and paste it",
            ]);
            finding
        }
        FailureKind::OtherIssuer { what } => {
            let mut finding = Finding::new(
                "other-issuer",
                format!("Another sign-in server answered than the one that was asked: {what}. Nothing was stored."),
                ExitCode::CheckFailed,
            );
            finding.fix = about.fill_all(&[
                "Check `issuer` or `tenant` of app '{app}' in the profile; it must be written exactly as the provider writes it",
                "If it is right, do not go on: the answer of one server was passed off as another's",
            ]);
            finding.source = Some("RFC 9207 section 2.4");
            finding
        }
        FailureKind::NoClientSecret { app } => {
            let mut finding = Finding::new(
                "no-client-secret",
                format!("No client secret of app '{app}' is stored."),
                ExitCode::SecretStore,
            );
            finding.fix = vec![
                format!("Store it: mailgrant rotate-secret {app}"),
                "If it was stored before, check that --store, MAILGRANT_STORE and [secrets] name the same store as then"
                    .to_owned(),
            ];
            finding
        }
        FailureKind::NotAuthorized { why } => {
            let mut finding = Finding::new(
                "not-authorized",
                about.fill(&format!("'{{mailbox}}' is not authorized: {why}.")),
                ExitCode::AuthorizationNeeded,
            );
            finding.fix = about.fill_all(&["Run: mailgrant authorize {mailbox}"]);
            finding
        }
        other => Finding::new("unexpected", format!("{other:?}"), ExitCode::Bug),
    }
}
