mod made;

use std::time::Duration;

use super::*;
use crate::failure::{FederatedClaims, OAuthFault, Rejection, ReplyCode, StoreFault};
use crate::profile::Protocol;
use crate::report::{Confidence, ExitCode};
use crate::text::{Redactor, Shown};

fn oauth(error: &'static str, codes: &[u32]) -> Finding {
    let fault = OAuthFault { error: error.into(), codes: codes.into(), status: 400, ..OAuthFault::default() };
    finding(&FailureKind::OAuth(fault).into(), FailureContext::default())
}

/// A name without a value would be caught by `Told` itself.
#[test]
fn every_failure_of_our_own_is_told_in_full() {
    for protocol in [None, Some(Protocol::Imap), Some(Protocol::Smtp)] {
        let about = FailureContext { protocol, ..FailureContext::default() };
        for failure in made::failures().into_iter().chain(made::rejections()) {
            let found = finding(&failure, about);
            assert!(!found.fix.is_empty() && found.cause.ends_with('.'), "{found:?}");
            assert!(explain::entry(found.code.as_str()).is_some(), "{found:?}");
        }
    }
}

#[test]
fn microsofts_numbers_are_compared_whole() {
    assert_eq!(oauth("invalid_request", &[50_011]).code.as_str(), "ms-redirect-uri-mismatch");
    assert_eq!(oauth("invalid_client", &[7_000_215]).code.as_str(), "ms-secret-id-instead-of-value");
    assert_eq!(oauth("invalid_client", &[700_021]).code.as_str(), "ms-any-aadsts", "a prefix is another number");
}

#[test]
fn what_ends_a_device_code_has_one_name_wherever_it_is_noticed() {
    let local =
        finding(&FailureKind::DeviceCodeExpired { after: Duration::from_secs(900) }.into(), FailureContext::default());
    let said = oauth("expired_token", &[]);
    assert_eq!((said.code, said.exit), (local.code, local.exit));
    assert_eq!(oauth("invalid_grant", &[530_036]).code.as_str(), "ms-auth-flow-blocked");
}

#[test]
fn a_lost_grant_asks_for_authorization_and_a_refused_secret_does_not() {
    assert_eq!(oauth("invalid_grant", &[]).exit, ExitCode::AuthorizationNeeded);
    assert_eq!(oauth("invalid_client", &[]).exit, ExitCode::CheckFailed);
}

#[test]
fn a_refused_client_has_one_finding_whatever_the_provider_calls_it() {
    let said = |status, error: &'static str, words: &'static str| {
        let fault =
            OAuthFault { error: error.into(), description: Some(words.into()), status, ..OAuthFault::default() };
        finding(&FailureKind::OAuth(fault).into(), FailureContext::default())
    };
    for (status, error, words) in [
        (401, "invalid_client", "Client authentication failed"),
        (401, "unauthorized_client", "Invalid client or Invalid client credentials"),
        (200, "invalid_client_secret", ""),
        (401, "access_denied", "Unauthorized"),
    ] {
        let found = said(status, error, words);
        assert_eq!(found.code.as_str(), "oauth-invalid-client", "{error}");
        assert!(found.server_said.unwrap().starts_with(error), "the provider's own word is shown");
    }
    let found = said(400, "unauthorized_client", "Client not allowed for direct access grants");
    assert_eq!(found.code.as_str(), "keycloak-password-grant-off");
    let found = said(400, "unauthorized_client", "");
    assert_eq!(found.code.as_str(), "oauth-unauthorized-client");
}

#[test]
fn a_refused_federated_token_is_shown_beside_the_credential_to_register() {
    let text = "[apps.a]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\n\
                client_id = \"11111111-2222-3333-4444-555555555555\"\n";
    let profile = crate::config::parse("config.toml".as_ref(), text).unwrap();
    let about = FailureContext::of_app(profile.apps.values().next().unwrap());
    let refused = |codes: &[u32], claims: Option<FederatedClaims>| {
        let fault =
            OAuthFault { error: "invalid_client".into(), codes: codes.into(), status: 401, ..OAuthFault::default() };
        let failure = Failure::new(FailureKind::OAuth(fault)).proven_with(claims);
        finding(&failure, about).fix.iter().map(|step| step.sentence().to_string()).collect::<Vec<_>>()
    };
    let claims = FederatedClaims {
        issuer: "https://token.actions.githubusercontent.com".into(),
        subject: "repo:Contoso@4711/shop@815:ref:refs/heads/main".into(),
        audience: "api://AzureADTokenExchange".into(),
    };
    for number in [70_021, 700_211, 700_212, 700_213, 7_002_138, 70_025] {
        let steps = refused(&[number], Some(claims.clone()));
        assert!(steps[0].contains("subject identifier repo:Contoso@4711/shop@815:ref:refs/heads/main"), "{steps:?}");
        let command = "az ad app federated-credential create --id 11111111-2222-3333-4444-555555555555 --parameters \
                       '{\"audiences\":[\"api://AzureADTokenExchange\"],\
                       \"issuer\":\"https://token.actions.githubusercontent.com\",\"name\":\"mailgrant\",\
                       \"subject\":\"repo:Contoso@4711/shop@815:ref:refs/heads/main\"}'";
        assert!(steps[1].contains(command), "{steps:?}");
    }
    for number in [7_002_137, 700_222, 700_229, 7_000_272] {
        let steps = refused(&[number], Some(claims.clone()));
        assert!(steps[0].starts_with("The token that was sent says: issuer https://token.actions"), "{steps:?}");
        assert!(!steps.iter().any(|step| step.contains("federated-credential create")), "{steps:?}");
    }
    // Another credential was sent, or the refusal is about something else.
    assert!(!refused(&[700_213], None).iter().any(|step| step.contains("federated-credential create")));
    assert!(!refused(&[500_112], Some(claims)).iter().any(|step| step.contains("repo:Contoso")));
}

#[test]
fn a_server_that_asks_to_wait_is_network_trouble() {
    let fault = OAuthFault {
        error: "temporarily_unavailable".into(),
        status: 429,
        retry_after: Some(Duration::from_secs(17)),
        ..OAuthFault::default()
    };
    let found = finding(&FailureKind::OAuth(fault).into(), FailureContext::default());
    assert_eq!(found.exit, ExitCode::Network);
    assert!(found.fix[0].sentence().contains("17 seconds"));
}

/// Trouble that passes costs no sign-in where one was there before.
#[test]
fn passing_trouble_at_a_refresh_asks_for_no_sign_in() {
    for error in ["temporarily_unavailable", "server_error"] {
        let last = |about: FailureContext<'_>| {
            let fault = OAuthFault { error: error.into(), status: 400, ..OAuthFault::default() };
            finding(&FailureKind::OAuth(fault).into(), about).fix.last().unwrap().sentence().to_string()
        };
        let (refresh, sign_in) = (last(FailureContext::default()), last(FailureContext::default().signing_in()));
        assert!(refresh.contains("mailgrant test") && sign_in.contains("mailgrant authorize"), "{refresh} {sign_in}");
    }
}

/// A profile says the TLS mode of a mail server, and of no other.
#[test]
fn a_lost_connection_blames_the_tls_mode_of_a_mail_server_alone() {
    for (protocol, is_mail) in [(None, false), (Some(Protocol::Graph), false), (Some(Protocol::Imap), true)] {
        let about = FailureContext { protocol, ..FailureContext::default() };
        let found = finding(&FailureKind::ConnectionLost { during: "waiting for the answer".into() }.into(), about);
        let has_step = found.fix.iter().any(|step| step.sentence().contains("TLS mode"));
        assert_eq!(has_step, is_mail, "{protocol:?}: {:?}", found.fix);
    }
}

#[test]
fn exchanges_sentence_decides_not_its_number() {
    let rejection = || {
        FailureKind::Rejected(Rejection {
            command: "AUTH XOAUTH2".into(),
            code: Some(ReplyCode::Smtp(535)),
            ..Rejection::default()
        })
    };
    let about = FailureContext { protocol: Some(Protocol::Smtp), ..FailureContext::default() };
    let said = |words: &'static str| finding(&Failure::new(rejection()).said(words), about).code.as_str();
    assert_eq!(
        said("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."),
        "exo-smtp-auth-disabled-tenant"
    );
    assert_eq!(
        said("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox."),
        "exo-smtp-auth-disabled-mailbox"
    );
    assert_eq!(said("535 5.7.3 Authentication unsuccessful"), "exo-smtp-5-7-3");
    assert_eq!(said("535 5.7.8 no"), "smtp-auth-credentials-invalid");
}

/// Exchange has one set of words for both.
#[test]
fn a_token_that_is_refused_in_the_words_for_a_password_is_told_as_a_token() {
    let rejection =
        || Rejection { command: "AUTH XOAUTH2".into(), code: Some(ReplyCode::Smtp(535)), ..Rejection::default() };
    let about = FailureContext { protocol: Some(Protocol::Smtp), ..FailureContext::default() };
    for words in [
        "user is locked by your organization's security defaults policy. Contact your administrator.",
        "basic authentication is disabled.",
        "the user credentials were incorrect.",
        "the request did not meet the criteria to be authenticated successfully. Contact your administrator.",
    ] {
        let words = format!("535 5.7.139 Authentication unsuccessful, {words}");
        let failure = Failure::new(FailureKind::Rejected(rejection())).said(Redactor::by_shape(&words));
        let live = finding(&failure, about);
        let steps = |finding: &Finding| Shown::join(&finding.fix, " ").to_string();
        assert!(!live.cause.contains("A program") && !steps(&live).contains("with OAuth"), "{live:?}");
        let pasted = |text: &str| explain::explain(text, catalogue::Hint::default()).remove(0).finding;
        assert_eq!(pasted(&words).code, live.code);
        assert_ne!(pasted(&words).cause, live.cause, "a password is what is usually refused so");
        // "Basic authentication" alone makes it look like one.
        if !words.contains("basic") {
            assert_eq!(pasted(&format!("C: AUTH XOAUTH2 [redacted]\nS: {words}")).cause, live.cause);
        }
    }
}

#[test]
fn every_text_is_filled_and_every_finding_says_what_to_do() {
    for entry in catalogue::entries() {
        let found = resolve::explained(entry, FailureContext::default());
        assert!(!found.fix.is_empty(), "{}", found.code);
        let text = format!("{} {}", found.cause, Shown::join(&found.fix, " "));
        assert!(!text.contains('{'), "{text}");
    }
}

/// A provider of the type `oidc` may be one that is known under its own name.
#[test]
fn words_that_only_one_provider_writes_are_known_whatever_the_profile_says() {
    let profile = own_profile();
    let mailbox = profile.mailboxes.values().next().unwrap();
    let about = FailureContext {
        app: Some(profile.app_of(mailbox)),
        mailbox: Some(mailbox),
        protocol: Some(Protocol::Smtp),
        ..FailureContext::default()
    };
    let said = |words: &'static str| {
        let rejection =
            Rejection { command: "AUTH XOAUTH2".into(), code: Some(ReplyCode::Smtp(535)), ..Rejection::default() };
        finding(&Failure::new(FailureKind::Rejected(rejection)).said(words), about)
    };
    let off = said("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.");
    assert_eq!((off.code.as_str(), off.confidence), ("exo-smtp-auth-disabled-tenant", Confidence::Likely));
    let gmail =
        said("535-5.7.8 Username and Password not accepted. https://support.google.com/mail/?p=BadCredentials - gsmtp");
    assert_eq!(gmail.code.as_str(), "gmail-smtp-bad-credentials");
    let own = said("535 5.7.8 Username and Password not accepted");
    assert_eq!(own.code.as_str(), "smtp-auth-credentials-invalid", "others say that too");
    assert!(!own.cause.contains("does not say"), "{}", own.cause);
    let fault = OAuthFault {
        error: "invalid_client".into(),
        description: Some("AADSTS7000222: The provided client secret keys are expired.".into()),
        status: 401,
        codes: vec![7_000_222],
        ..OAuthFault::default()
    };
    let expired = finding(&FailureKind::OAuth(fault).into(), about);
    assert_eq!(expired.code.as_str(), "ms-secret-expired");
    let steps = Shown::join(&expired.fix, " ");
    assert!(steps.contains("Microsoft Entra admin center") && !steps.contains("your OpenID provider"), "{steps}");
}

fn own_profile() -> crate::profile::Profile {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let text = "[apps.own]\nprovider = \"oidc\"\nissuer = \"https://id.shop.example\"\nclient_id = \"mailgrant\"\n\
         scopes = [\"mail\"]\n[mailboxes.shop]\napp = \"own\"\naddress = \"shop@shop.example\"\n\
         outgoing = { protocol = \"smtp\", host = \"smtp.shop.example\" }\n";
    std::fs::write(&file, text).unwrap();
    crate::config::load(&file).unwrap()
}

#[test]
fn a_missing_keyring_names_the_choices() {
    let found =
        finding(&StoreFault::Absent { reason: "no session bus".into(), vault: None }.into(), FailureContext::default());
    assert_eq!(found.exit, ExitCode::SecretStore);
    assert!(found.fix.iter().any(|step| step.sentence().contains("--store vault")));
}

#[test]
fn no_value_of_another_side_adds_a_command_to_a_step_or_leaves_its_place_in_an_address() {
    let hostile = [
        "a'; Remove-Mailbox x; '@contoso.com",
        "a\u{2019}; Remove-Mailbox x; \u{2018}",
        "a\"; Remove-Mailbox x; \"",
        "$(Remove-Mailbox x)",
        "`Remove-Mailbox x`",
        "a & Remove-Mailbox x | Remove-Mailbox y",
        "a\nRemove-Mailbox x",
    ];
    let quoted =
        regex::Regex::new("'(?:[^'\u{2018}\u{2019}]|''|\u{2018}\u{2018}|\u{2019}\u{2019}|'\\\\'')*'|\"[^\"$`]*\"")
            .unwrap();
    let mut filled = 0;
    for value in hostile {
        let value = Redactor::by_shape(value);
        for step in catalogue::entries().iter().flat_map(|entry| &entry.fix) {
            let step = FailureContext::default().fill_step(step, &|_| Some(value.clone()));
            for command in step.commands() {
                filled += usize::from(command.line.contains("Remove-Mailbox"));
                let outside = quoted.replace_all(&command.line, "");
                assert!(!outside.contains("Remove-Mailbox"), "{}", command.line);
            }
            for link in step.links() {
                assert!(link.url.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>`".contains(&b)), "{}", link.url);
            }
        }
    }
    assert!(filled > 50, "only {filled}");
}
