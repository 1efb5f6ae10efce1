use std::time::Duration;

use super::*;
use crate::failure::{OAuthFault, Rejection, StoreFault};
use crate::report::ExitCode;

fn oauth(error: &str, codes: &[u32]) -> Finding {
    let fault = OAuthFault { error: error.into(), codes: codes.into(), status: 400, ..OAuthFault::default() };
    finding(&FailureKind::OAuth(fault).into(), About::default())
}

#[test]
fn microsofts_numbers_are_compared_whole() {
    assert_eq!(oauth("invalid_request", &[50_011]).code, "ms-redirect-uri-mismatch");
    assert_eq!(oauth("invalid_client", &[7_000_215]).code, "ms-secret-wrong");
    assert_eq!(oauth("invalid_client", &[700_021]).code, "oauth-invalid-client", "a prefix is another number");
}

#[test]
fn what_ends_a_device_code_has_one_name_in_either_dialect() {
    assert_eq!(oauth("authorization_declined", &[]).code, oauth("access_denied", &[]).code);
    let local = finding(&FailureKind::DeviceCodeExpired { after: Duration::from_secs(900) }.into(), About::default());
    assert_eq!(oauth("expired_token", &[]).code, local.code);
    assert_eq!(oauth("invalid_grant", &[530_036]).code, "ms-device-code-blocked");
}

#[test]
fn a_lost_grant_asks_for_authorization_and_a_refused_secret_does_not() {
    assert_eq!(oauth("invalid_grant", &[]).exit, ExitCode::AuthorizationNeeded);
    assert_eq!(oauth("invalid_client", &[]).exit, ExitCode::CheckFailed);
}

#[test]
fn a_server_that_asks_to_wait_is_network_trouble() {
    let fault = OAuthFault {
        error: "temporarily_unavailable".into(),
        status: 429,
        retry_after: Some(Duration::from_secs(17)),
        ..OAuthFault::default()
    };
    let found = finding(&FailureKind::OAuth(fault).into(), About::default());
    assert_eq!(found.exit, ExitCode::Network);
    assert!(found.fix[0].contains("17 seconds"));
}

#[test]
fn exchanges_sentence_decides_not_its_number() {
    let rejection = || {
        FailureKind::Rejected(Rejection {
            command: "AUTH XOAUTH2".into(),
            reply_code: Some(535),
            ..Rejection::default()
        })
    };
    let said = |words: &str| finding(&Failure::new(rejection()).said(words), About::default()).code;
    assert_eq!(
        said("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."),
        "ms-smtp-auth-off-tenant"
    );
    assert_eq!(
        said("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."),
        "ms-smtp-auth-off-mailbox"
    );
    assert_eq!(said("535 5.7.3 Authentication unsuccessful"), "ms-identity-not-accepted");
    assert_eq!(said("535 5.7.8 no"), "sign-in-refused");
}

#[test]
fn every_text_is_filled_and_every_finding_says_what_to_do() {
    let all = known::AADSTS
        .iter()
        .map(|(_, known)| known)
        .chain(known::OAUTH.iter().map(|(_, known)| known))
        .chain(known::PHRASES.iter().map(|(_, known)| known));
    for known in all {
        let found = known.finding(About::default());
        assert!(!found.fix.is_empty(), "{}", found.code);
        let text = format!("{} {}", found.cause, found.fix.join(" "));
        assert!(!text.contains('{'), "{text}");
    }
}

#[test]
fn a_missing_keyring_names_the_choices() {
    let found = finding(&StoreFault::Absent { reason: "no session bus".into() }.into(), About::default());
    assert_eq!(found.exit, ExitCode::SecretStore);
    assert!(found.fix.iter().any(|step| step.contains("--store vault")));
}
