//! A table of faults that come together, each with the verdict that is right. A situation is made of failures, as the
//! wire and the token endpoint give them, and not of findings: what is explained of them is tested too.

mod made;

use std::collections::BTreeSet;

use made::{code, judged};

use super::super::{catalogue, resolve};
use crate::diagnosis::FailureContext;
use crate::report::{Confidence, ExitCode, FindingCode};
use crate::text::Shown;

/// Profile, token endpoint, incoming side, outgoing side, what else is known; and the verdict's code. The words are
/// explained in `made`.
const TABLE: &[[&str; 6]] = &[
    // Nothing at all is reached.
    ["ms", "no-lookup", "no-lookup", "no-lookup", "", "no-network"],
    ["ms", "no-route", "no-route", "no-lookup", "", "no-network"],
    ["ms", "silent", "silent", "silent", "", "no-network"],
    ["ms", "no-name", "no-name", "no-name", "", "no-network"],
    ["ms", "no-lookup", "-", "no-lookup", "", "no-network"],
    ["own", "none", "no-lookup", "no-lookup", "two-sites", "no-network"],
    ["own", "none", "no-route", "no-lookup", "two-sites", "no-network"],
    // … or only seems so.
    ["own", "none", "silent", "silent", "two-sites", "not-authorized"],
    ["own", "none", "no-name", "no-name", "two-sites", "not-authorized"],
    ["own", "none", "no-lookup", "no-lookup", "", "not-authorized"],
    ["ms", "no-lookup", "no-lookup", "ok", "", "name-lookup-failed"],
    ["ms", "refused", "refused", "refused", "", "connection-refused"],
    ["ms", "silent", "silent", "refused", "", "timed-out"],
    // Every certificate is out of its time.
    ["ms", "expired", "expired", "expired", "", "certificates-out-of-time"],
    ["ms", "early", "early", "early", "", "certificates-out-of-time"],
    ["ms", "none", "expired", "expired", "", "certificates-out-of-time"],
    ["own", "none", "early", "early", "", "certificates-out-of-time"],
    ["ms", "no-secret", "expired", "expired", "", "certificates-out-of-time"],
    ["ms", "expired", "early", "expired", "", "certificates-out-of-time"],
    ["ms", "none", "expired", "silent", "", "certificates-out-of-time"],
    // … and not where one is good.
    ["ms", "ok", "expired", "expired", "", "tls-expired"],
    ["ms", "grant", "expired", "ok", "", "oauth-invalid-grant"],
    ["ms", "none", "expired", "ok", "", "not-authorized"],
    ["own", "none", "expired", "stranger:X", "", "not-authorized"],
    // One unknown issuer at several operators is an inspection; at one it is that operator's.
    ["ms", "stranger:Box", "stranger:Box", "stranger:Box", "", "tls-interception"],
    ["own", "stranger:Box", "stranger:Box", "stranger:Box", "two-sites", "tls-interception"],
    ["ms", "none", "stranger:Box", "stranger:Box", "", "tls-interception"],
    ["ms", "ok", "stranger:Box", "silent", "", "tls-interception"],
    ["own", "ok", "stranger:Ours", "stranger:Ours", "", "tls-unknown-issuer"],
    ["own", "stranger:Ours", "stranger:Ours", "stranger:Ours", "", "tls-unknown-issuer"],
    ["own", "ok", "stranger:One", "stranger:Two", "two-sites", "tls-unknown-issuer"],
    ["own", "none", "stranger:Ours", "stranger:Ours", "", "not-authorized"],
    ["own", "ok", "stranger:?", "stranger:?", "two-sites", "tls-unknown-issuer"],
    ["own", "ok", "self-signed", "stranger:Ours", "", "tls-self-signed"],
    // A proxy of the environment: no sign-in gets through, whatever the mail servers do.
    ["ms", "proxy-407", "ok", "off-tenant", "until", "proxy-wants-sign-in"],
    ["ms", "proxy-407", "silent", "silent", "", "proxy-wants-sign-in"],
    ["ms", "proxy-refused", "no-route", "no-route", "", "proxy-not-reached"],
    ["ms", "proxy-away", "no-lookup", "no-lookup", "", "no-network"],
    // The store.
    ["ms", "store", "ok", "ok", "", "vault-wrong-key"],
    ["ms", "store", "silent", "ok", "", "vault-wrong-key"],
    ["ms", "no-secret", "ok", "refused", "", "no-client-secret"],
    ["ms", "store", "expired", "expired", "", "certificates-out-of-time"],
    // The client: why, tells its story, unless the provider does.
    ["ms", "ms:7000215", "ok", "ok", "worked", "secret-removed"],
    ["ms", "ms:7000215", "ok", "ok", "new", "secret-not-yet-known"],
    ["ms", "ms:7000215", "ok", "ok", "", "secret-never-worked"],
    ["ms", "ms:7000215", "ok", "ok", "worked day-over", "secret-past-its-day"],
    ["ms", "ms:7000222", "ok", "ok", "worked", "ms-secret-expired"],
    ["ms", "ms:700025", "ok", "ok", "worked", "ms-public-client-sent-secret"],
    ["ms", "ms:7000215", "ok", "refused", "worked", "secret-removed"],
    ["ms", "ms:7000215", "silent", "ok", "worked", "secret-removed"],
    ["ms", "ms:7000215", "not-connected", "ok", "worked", "secret-removed"],
    ["ms", "ms:7000222", "silent", "silent", "", "ms-secret-expired"],
    ["ms", "ms:7000215", "stranger:Box", "stranger:Box", "worked", "tls-interception"],
    ["own", "client:", "ok", "refused", "worked", "secret-removed"],
    ["own", "client:", "ok", "silent", "worked", "secret-removed"],
    ["own", "keycloak:Invalid client or Invalid client credentials", "ok", "ok", "worked", "secret-removed"],
    ["own", "keycloak:Invalid client secret", "ok", "ok", "", "secret-never-worked"],
    ["own", "client:Client secret has expired", "ok", "ok", "worked", "secret-past-its-day"],
    ["own", "client:Public client must not send a client secret", "ok", "ok", "worked", "client-is-public"],
    ["own", "client:Client not found", "ok", "ok", "worked", "client-not-known"],
    ["own", "client:Client authentication failed (e.g., unknown client)", "ok", "ok", "worked", "secret-removed"],
    ["public", "client:", "ok", "ok", "", "client-needs-secret"],
    ["public", "client:Client secret has expired", "silent", "ok", "", "client-needs-secret"],
    ["public", "client:Client not found", "ok", "ok", "", "client-not-known"],
    ["google", "client:The OAuth client was not found.", "ok", "ok", "worked", "google-client-not-found"],
    ["google", "client:Unauthorized", "ok", "ok", "worked", "secret-removed"],
    // The sign-in.
    ["ms", "grant", "ok", "ok", "", "oauth-invalid-grant"],
    ["ms", "grant", "ok", "refused", "", "oauth-invalid-grant"],
    ["ms", "grant", "silent", "ok", "", "oauth-invalid-grant"],
    ["ms", "policy", "ok", "silent", "", "ms-conditional-access-blocked"],
    ["ms", "none", "silent", "ok", "", "not-authorized"],
    ["ms", "none", "refused", "refused", "", "not-authorized"],
    ["own", "grant", "stranger:Ours", "stranger:Ours", "", "oauth-invalid-grant"],
    ["ms", "grant", "not-connected", "off-tenant", "", "oauth-invalid-grant"],
    // One port is silent; one that refuses is not.
    ["ms", "ok", "ok", "silent", "", "port-blocked"],
    ["ms", "ok", "silent", "silent", "", "port-blocked"],
    ["ms", "ok", "ok", "refused", "", "connection-refused"],
    ["ms", "ok", "refused", "refused", "", "connection-refused"],
    ["own", "ok", "refused", "silent", "", "port-blocked"],
    ["ms", "ok", "no-route", "ok", "", "unreachable"],
    ["ms", "ok", "no-name", "ok", "", "name-not-found"],
    ["ms", "silent", "ok", "ok", "until", "timed-out"],
    ["ms", "503", "ok", "silent", "until", "port-blocked"],
    ["ms", "ok", "silent", "off-tenant", "", "port-blocked"],
    ["ms", "ok", "not-connected", "silent", "", "port-blocked"],
    ["ms", "html", "ok", "ok", "until", "oauth-not-oauth"],
    // The token.
    ["ms", "ok", "auth-failed", "5.7.3", "graph", "local-token-wrong-audience"],
    ["ms", "ok", "auth-failed", "silent", "graph", "port-blocked"],
    ["own", "ok", "ok", "no-auth", "scope-missing", "scopes-not-granted"],
    // What is switched off, and who signed in.
    ["ms", "ok", "ok", "off-tenant", "", "exo-smtp-auth-disabled-tenant"],
    ["ms", "ok", "not-connected", "off-tenant", "account:alice@contoso.com", "exo-imap-authenticated-not-connected"],
    ["ms", "ok", "not-connected", "ok", "", "protocol-off-for-mailbox"],
    ["ms", "ok", "not-connected", "ok", "account:j.doe@contoso.onmicrosoft.com", "protocol-off-for-mailbox"],
    [
        "ms",
        "ok",
        "not-connected",
        "5.7.3",
        "account:j.doe@contoso.onmicrosoft.com account:shop@contoso.com",
        "exo-imap-authenticated-not-connected",
    ],
    ["ms", "ok", "not-connected", "-", "account:alice@contoso.com", "exo-imap-authenticated-not-connected"],
    ["ms", "ok", "not-connected", "5.7.3", "account:alice@contoso.com", "wrong-account-signed-in"],
    ["ms", "ok", "auth-failed", "5.7.3", "account:alice@contoso.com", "wrong-account-signed-in"],
    ["ms", "ok", "not-connected", "5.7.3", "account:SHOP@contoso.com", "exo-imap-authenticated-not-connected"],
    ["ms", "ok", "busy", "5.7.3", "account:alice@contoso.com", "wrong-account-signed-in"],
    ["ms-shared", "ok", "not-connected", "-", "account:alice@contoso.com", "shared-mailbox-without-full-access"],
    ["ms-shared", "ok", "not-connected", "ok", "account:alice@contoso.com", "shared-mailbox-without-full-access"],
    ["ms-shared", "ok", "not-connected", "-", "account:admin@contoso.com", "wrong-account-signed-in"],
    ["own", "ok", "auth-failed", "535", "account:bob@shop.example", "wrong-account-signed-in"],
    ["own", "ok", "auth-failed", "ok", "account:bob@shop.example", "sign-in-refused"],
    ["own", "ok", "auth-failed", "535", "account:office@shop.example", "sign-in-refused"],
    ["own", "ok", "no-auth", "535", "account:bob@shop.example", "wrong-account-signed-in"],
    // An app that is let in by itself: the first step that nothing proves.
    ["ms-app", "ok", "auth-failed", "5.7.3", "no-roles", "local-app-only-token-without-roles"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "roles", "app-not-known-to-exchange"],
    ["ms-app", "ok", "-", "5.7.3", "roles", "app-not-known-to-exchange"],
    ["ms-app", "ok", "not-connected", "5.7.3", "roles", "app-without-mailbox-right"],
    ["ms-app", "ok", "not-connected", "silent", "roles", "port-blocked"],
    ["ms-app", "ok", "not-connected", "off-tenant", "roles", "app-without-mailbox-right"],
    ["ms-app", "ok", "auth-failed", "ok", "roles", "app-protocol-off"],
    ["ms-app", "ok", "not-connected", "ok", "roles", "app-protocol-off"],
    ["ms-app", "ok", "ok", "5.7.3", "roles", "app-protocol-off"],
    ["ms-app", "ok", "ok", "off-tenant", "roles", "exo-smtp-auth-disabled-tenant"],
    ["ms-app", "ok", "busy", "ok", "roles", "exo-imap-server-unavailable"],
    // The same, with an administrator's reading of the tenant: what was read overrides what answers let guess.
    ["ms-app", "ok", "auth-failed", "5.7.3", "no-roles read:unasked", "app-permission-missing"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "no-roles read:unconsented", "app-consent-missing"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "no-roles read:all", "app-set-up-not-in-effect"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "no-roles read:exchange-only", "local-app-only-token-without-roles"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "graph read:unconsented", "local-token-wrong-audience"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "roles read:unknown", "app-not-known-to-exchange"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "roles read:other", "app-not-known-to-exchange"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "roles read:no-right", "app-without-mailbox-right"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "roles read:off", "app-protocol-off"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "roles read:all", "app-set-up-not-in-effect"],
    ["ms-app", "ok", "auth-failed", "5.7.3", "roles read:directory-only", "app-not-known-to-exchange"],
    ["ms-app", "ok", "not-connected", "5.7.3", "roles read:directory-only", "app-without-mailbox-right"],
    // A mailbox that opens needs nothing that a reading misses.
    ["ms-app", "ok", "ok", "5.7.3", "roles read:unconsented", "app-set-up-not-in-effect"],
    ["ms-app", "ok", "auth-failed", "ok", "roles read:no-right", "app-set-up-not-in-effect"],
    ["ms-app", "ok", "ok", "off-tenant", "roles read:all", "exo-smtp-auth-disabled-tenant"],
];

#[test]
fn faults_that_come_together_get_the_verdict_of_the_furthest_reaching() {
    let wrong: Vec<String> = TABLE
        .iter()
        .filter_map(|row| {
            let found = code(row);
            (found != row[5]).then(|| format!("{row:?} came to {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), TABLE.len());
    assert!(TABLE.len() >= 60, "only {} rows", TABLE.len());
    let rows: BTreeSet<&[&str]> = TABLE.iter().map(|row| &row[..5]).collect();
    assert_eq!(rows.len(), TABLE.len(), "a row is there twice");
}

/// What one server said is never told as another's words.
#[test]
fn a_verdict_shows_the_words_of_its_own_check_or_none() {
    for row in TABLE {
        let Some((verdict, checks)) = judged(row) else { continue };
        let Some(said) = verdict.server_said else { continue };
        let of_whom: Vec<&str> = checks
            .iter()
            .filter(|finding| finding.server_said.as_deref() == Some(said.as_str()))
            .map(|finding| finding.code.as_str())
            .collect();
        let own = catalogue::entry(verdict.code).is_some_and(|entry| entry.judged);
        assert!(
            own || of_whom.contains(&verdict.code.as_str()),
            "{row:?}: the words '{said}' are those of {of_whom:?}"
        );
        let about_the_way = ["no-network", "certificates-out-of-time", "tls-interception", "port-blocked"];
        assert!(!about_the_way.contains(&verdict.code.as_str()), "{row:?}: nothing was said, and yet '{said}'");
    }
    let (verdict, _) = judged(&["own", "client:", "ok", "refused", "worked", ""]).unwrap();
    assert!(verdict.server_said.unwrap().contains("invalid_client"));
}

/// No page of one provider is named to the customers of another.
#[test]
fn advice_names_the_provider_at_hand() {
    const MICROSOFT: [&str; 7] =
        ["Microsoft", "Entra", "Exchange", "App registrations", "Certificates & secrets", "Secret ID", "Outlook"];
    const GOOGLE: [&str; 3] = ["Google", "Gmail", "GOCSPX"];
    let mut wrong = Vec::new();
    let mut looked = 0;
    let insist = |profile: &str, code: &str, text: &str, wrong: &mut Vec<String>| {
        let strange = |words: &[&str]| words.iter().find(|word| text.contains(**word)).map(|word| (*word).to_owned());
        let found = match profile {
            "ms" | "ms-app" => strange(&GOOGLE),
            "google" => strange(&MICROSOFT),
            _ => strange(&MICROSOFT).or_else(|| strange(&GOOGLE)),
        };
        wrong.extend(found.map(|word| format!("{profile}, {code}: '{word}' in {text}")));
    };
    for row in TABLE.iter().filter(|row| row[0] != "ms-shared") {
        let Some((verdict, _)) = judged(row) else { continue };
        let text = format!("{} {}", verdict.cause, Shown::join(&verdict.fix, " "));
        insist(row[0], verdict.code.as_str(), &text, &mut wrong);
    }
    for profile in ["ms", "google", "own"] {
        made::about(profile, |about| {
            for entry in catalogue::entries().iter().filter(|entry| entry.provider == crate::profile::Family::ANY) {
                let finding = resolve::explained(entry, about);
                assert!(!finding.fix.is_empty(), "{profile}, {}: no step is left", entry.id);
                let text = format!("{} {}", finding.cause, Shown::join(&finding.fix, " "));
                insist(profile, finding.code.as_str(), &text, &mut wrong);
                looked += 1;
            }
        });
    }
    assert!(looked > 200, "only {looked}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn steps_that_are_known_not_to_apply_are_left_out() {
    let steps = |row: &[&str; 6]| {
        let (verdict, checks) = judged(row).unwrap();
        let all: Vec<_> = checks.iter().chain([&verdict]).flat_map(|finding| finding.fix.clone()).collect();
        Shown::join(all, "\n")
    };
    let own = steps(&["ms", "ok", "not-connected", "5.7.3", "account:alice@contoso.com fits", ""]);
    for words in [
        "-Identity shop@contoso.com -User shop@contoso.com",
        "-Trustee shop@contoso.com",
        "app-only",
        "personal",
        "(aud)",
    ] {
        assert!(!own.contains(words), "{words} in {own}");
    }
    let shared = steps(&["ms-shared", "ok", "not-connected", "5.7.3", "account:alice@contoso.com", ""]);
    assert!(shared.contains("-Identity support@contoso.com -User alice@contoso.com"), "{shared}");
    assert!(shared.contains("(aud)"), "an opaque token was not looked into: {shared}");
    let personal = steps(&["outlook", "ok", "not-connected", "5.7.3", "", ""]);
    assert!(personal.contains("personal") && !personal.contains("Set-CASMailbox"), "{personal}");
}

#[test]
fn where_no_user_signs_in_none_is_told_to() {
    made::about("ms-app", |about| {
        for entry in catalogue::entries() {
            let finding = resolve::explained(entry, about);
            let fix = Shown::join(&finding.fix, "\n");
            assert!(!fix.is_empty() && !fix.contains("mailgrant authorize"), "{}: {fix}", entry.id);
            assert_ne!(finding.exit, ExitCode::AuthorizationNeeded, "{}", entry.id);
        }
    });
    for row in TABLE.iter().filter(|row| row[0] == "ms-app") {
        let (verdict, checks) = judged(row).unwrap();
        let texts =
            checks.iter().chain([&verdict]).map(|found| format!("{} {}", found.cause, Shown::join(&found.fix, " ")));
        for text in texts {
            let strange = ["mailgrant authorize", "sign in as", "sign_in_as", "AccessAsUser", "SMTP.Send)"];
            assert!(!strange.iter().any(|words| text.contains(words)), "{row:?}: {text}");
        }
    }
}

#[test]
fn the_first_unproven_step_of_an_app_has_its_command_with_the_object_id_of_the_token() {
    let object = made::OBJECT;
    let client = "11111111-2222-3333-4444-555555555555";
    for (incoming, outgoing, command) in [
        ("auth-failed", "5.7.3", format!("New-ServicePrincipal -AppId {client} -ObjectId {object}")),
        (
            "not-connected",
            "5.7.3",
            format!("Add-MailboxPermission -Identity shop@contoso.com -User {object} -AccessRights FullAccess"),
        ),
        ("auth-failed", "ok", "Set-CASMailbox -Identity shop@contoso.com -ImapEnabled $true".to_owned()),
        (
            "ok",
            "5.7.3",
            "Set-CASMailbox -Identity shop@contoso.com -SmtpClientAuthenticationDisabled $false".to_owned(),
        ),
    ] {
        let (verdict, _) = judged(&["ms-app", "ok", incoming, outgoing, "roles", ""]).unwrap();
        assert!(verdict.fix[0].sentence().contains(&command), "{incoming} {outgoing}: {:?}", verdict.fix);
        let others = ["-ImapEnabled", "-PopEnabled", "-SmtpClientAuthenticationDisabled"];
        let named = verdict.fix.iter().filter(|step| others.iter().any(|one| step.sentence().contains(one)));
        assert!(named.count() <= 1, "{:?}", verdict.fix);
    }
}

#[test]
fn a_verdict_says_what_it_rests_on() {
    let verdict = |row: &[&str; 6]| judged(row).unwrap().0;
    let blocked = verdict(&["ms", "ok", "ok", "silent", "", ""]);
    assert!(blocked.cause.contains("smtp.office365.com port 587"), "{}", blocked.cause);
    let both = verdict(&["ms", "ok", "silent", "silent", "", ""]);
    assert!(both.cause.contains("outlook.office365.com port 993, smtp.office365.com port 587"), "{}", both.cause);
    let clock = verdict(&["ms", "none", "early", "early", "", ""]);
    assert!(
        clock.cause.contains("is not valid yet") && clock.cause.contains("2026-01-01 12:00 UTC"),
        "{}",
        clock.cause
    );
    assert_eq!(clock.confidence, Confidence::Possible, "one operator's certificates may be forgotten together");
    let sure = verdict(&["ms", "expired", "expired", "expired", "", ""]);
    assert_eq!(sure.confidence, Confidence::Likely);
    let inspected = verdict(&["ms", "stranger:Box CA", "stranger:Box CA", "ok", "", ""]);
    assert!(inspected.cause.contains("'Box CA'"), "{}", inspected.cause);
    let removed = verdict(&["ms", "ms:7000215", "ok", "ok", "worked until", ""]);
    assert!(removed.cause.contains("until 2026-01-02 03:04 UTC"), "{}", removed.cause);
    let lost = verdict(&["ms", "grant", "ok", "ok", "until", ""]);
    assert_eq!(lost.exit, ExitCode::AuthorizationNeeded);
    assert!(lost.cause.contains("03:04 UTC"), "{}", lost.cause);
    let off = verdict(&["ms", "ok", "ok", "off-tenant", "", ""]);
    assert!(off.confidence == Confidence::Certain, "{}", off.cause);
    assert_eq!(verdict(&["ms", "ok", "-", "off-tenant", "", ""]).code, off.code, "whether or not it is read too");
    let graph = verdict(&["ms", "ok", "auth-failed", "5.7.3", "graph", ""]);
    assert_eq!(graph.confidence, Confidence::Certain, "a refusal proves it");
    assert!(graph.also.contains(&FindingCode::EXO_SMTP_5_7_3), "{:?}", graph.also);
    assert!(judged(&["ms", "ok", "ok", "ok", "", ""]).is_none(), "nothing failed");
}

#[test]
fn every_verdict_of_our_own_is_in_the_catalogue_and_filled() {
    for entry in catalogue::entries().iter().filter(|entry| entry.judged) {
        let finding = resolve::explained(entry, FailureContext::default());
        let text = format!("{} {}", finding.cause, Shown::join(&finding.fix, " "));
        assert!(!text.contains(['{', '}']), "{text}");
    }
}

#[test]
fn what_is_switched_off_has_a_way_round_where_the_provider_has_another_service() {
    // The side that is changed, what to, and whether it is said to work; "-" where nothing is offered.
    for (row, offered) in [
        (["ms", "ok", "ok", "off-tenant", "", ""], "outgoing graph"),
        (["ms", "ok", "ok", "off-mailbox", "", ""], "outgoing graph"),
        (["ms", "ok", "-", "off-tenant", "", ""], "outgoing graph"),
        (["ms-shared", "ok", "ok", "off-tenant", "", ""], "outgoing graph"),
        (["outlook", "ok", "ok", "off-mailbox", "", ""], "outgoing graph"),
        (["ms", "ok", "not-connected", "ok", "", ""], "incoming graph"),
        (["google", "ok", "gmail-off", "ok", "", ""], "incoming gmail"),
        // What was tried is known.
        (["ms", "ok", "ok", "off-tenant", "tried:graph:outgoing:works", ""], "outgoing graph works"),
        (["ms", "ok", "ok", "off-tenant", "tried:graph:outgoing:not-tried", ""], "outgoing graph"),
        (["ms", "ok", "ok", "off-tenant", "tried:graph:outgoing:refused", ""], "-"),
        (["ms", "ok", "ok", "off-tenant", "tried:graph:incoming:works", ""], "outgoing graph"),
        (["ms", "ok", "not-connected", "off-tenant", "tried:graph:incoming:works", ""], "incoming graph works"),
        // Nothing says that anything is off.
        (["ms", "ok", "auth-failed", "5.7.3", "", ""], "-"),
        (["ms", "ok", "not-connected", "off-tenant", "", ""], "-"),
        (["ms", "ok", "ok", "busy", "tried:graph:outgoing:works", ""], "outgoing graph works"),
        (["ms", "ok", "ok", "silent", "tried:graph:outgoing:works", ""], "-"),
        (["ms", "ms:7000222", "ok", "off-tenant", "tried:graph:outgoing:works", ""], "-"),
        (["own", "ok", "ok", "off-tenant", "", ""], "-"),
    ] {
        let (verdict, _) = judged(&row).unwrap();
        let fix = Shown::join(&verdict.fix, "\n");
        let side = ["incoming", "outgoing"].into_iter().find(|side| fix.contains(&format!("--{side} ")));
        let other = ["graph", "gmail"].into_iter().find(|key| fix.contains(&format!("{{ protocol = \"{key}\" }}")));
        let works = if fix.contains("tried just now") { " works" } else { "" };
        let found = side.zip(other).map_or_else(|| "-".to_owned(), |(side, other)| format!("{side} {other}{works}"));
        assert_eq!(found, offered, "{row:?}: {} {fix}", verdict.code);
        if offered != "-" {
            assert!(verdict.fix.last().unwrap().sentence().contains("mailgrant authorize box"), "{row:?}: {fix}");
        }
        let permission = fix.contains("Mail.Send") || fix.contains("Mail.ReadBasic") || fix.contains("gmail.metadata");
        assert_eq!(permission, offered != "-" && works.is_empty(), "{row:?}: {fix}");
    }
}
