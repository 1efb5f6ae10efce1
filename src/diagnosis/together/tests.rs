use std::time::Duration;

use super::*;
use crate::config;
use crate::profile::Profile;
use crate::report::Check;

fn profile(more: &str) -> Profile {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let text = format!(
        "[apps.contoso]\nprovider = \"microsoft365\"\ntenant = \"contoso.onmicrosoft.com\"\n\
         client_id = \"11111111-2222-3333-4444-555555555555\"\ncredential = \"secret\"\n\
         [mailboxes.shop]\napp = \"contoso\"\naddress = \"shop@contoso.com\"\n\
         incoming = {{ protocol = \"imap\" }}\noutgoing = {{ protocol = \"smtp\" }}\n{more}"
    );
    std::fs::write(&file, text).unwrap();
    config::load(&file).unwrap()
}

fn passed(protocol: Option<MailProtocol>, stage: Stage) -> Check {
    let check = Check::passed(stage, Duration::ZERO, "fine");
    protocol.map_or(check.clone(), |protocol| check.over(protocol))
}

fn failed(protocol: Option<MailProtocol>, stage: Stage, code: &'static str, exit: ExitCode) -> Check {
    let mut finding = Finding::new(code, format!("{code} happened."), exit);
    finding.fix.push("Mend it".to_owned());
    let check = Check::failed(stage, Duration::ZERO, finding);
    protocol.map_or(check.clone(), |protocol| check.over(protocol))
}

/// The verdict on `checks`, with what `change` knows besides.
fn judged(checks: &[Check], more: &str, change: impl FnOnce(&mut Situation<'_>)) -> Option<Finding> {
    let profile = profile(more);
    let mailbox = profile.mailboxes.values().next().unwrap();
    let about =
        About { app: Some(profile.app_of(mailbox)), mailbox: Some(mailbox), protocol: None, ..About::default() };
    let mut situation = Situation {
        checks,
        about,
        signed_in_as: None,
        secret_has_worked: false,
        secret_is_new: false,
        secret_expired: None,
        works_until: None,
    };
    change(&mut situation);
    verdict(&situation)
}

fn code(checks: &[Check], more: &str, change: impl FnOnce(&mut Situation<'_>)) -> &'static str {
    judged(checks, more, change).map_or("none", |finding| finding.code)
}

const FINE: fn(&mut Situation<'_>) = |_| ();
use ExitCode::{AuthorizationNeeded, CheckFailed, Network};

#[test]
fn where_nothing_failed_there_is_no_verdict() {
    assert!(judged(&[passed(None, Stage::TokenEndpoint)], "", FINE).is_none());
}

#[test]
fn without_a_rule_the_first_failure_of_the_chain_is_it_and_the_others_are_named() {
    let checks = [
        failed(Some(Imap), Stage::Folder, "folder-refused", CheckFailed),
        failed(Some(Smtp), Stage::Sender, "sender-refused", CheckFailed),
    ];
    let verdict = judged(&checks, "", FINE).unwrap();
    assert_eq!(verdict.code, "folder-refused");
    assert_eq!(verdict.also, ["sender-refused"]);
}

#[test]
fn when_nothing_is_reached_it_is_the_network() {
    let away = |mail: &[Check]| {
        code(&[&[failed(None, Stage::TokenEndpoint, "name-lookup-failed", Network)], mail].concat(), "", FINE)
    };
    let dns = |protocol| failed(Some(protocol), Stage::Dns, "name-lookup-failed", Network);
    assert_eq!(away(&[dns(Imap), dns(Smtp)]), "no-network");
    assert_ne!(away(&[dns(Imap), passed(Some(Smtp), Stage::Tcp)]), "no-network", "one was reached");
    assert_ne!(away(&[]), "no-network", "nothing else was tried");
}

#[test]
fn one_silent_port_among_answering_ones_is_a_firewall() {
    let silent = failed(Some(Smtp), Stage::Tcp, "timed-out", Network);
    let verdict = judged(&[passed(None, Stage::TokenEndpoint), silent.clone()], "", FINE).unwrap();
    assert_eq!(verdict.code, "port-blocked");
    assert!(verdict.cause.contains("smtp.office365.com") && verdict.cause.contains("587"), "{}", verdict.cause);
    assert_eq!(code(&[passed(Some(Imap), Stage::Tcp), silent.clone()], "", FINE), "port-blocked");
    assert_eq!(code(&[silent], "", FINE), "timed-out", "nothing else is known to answer");
}

#[test]
fn one_unknown_issuer_is_a_server_and_two_are_an_inspection() {
    let stranger = |protocol| failed(protocol, Stage::Tls, "tls-unknown-issuer", CheckFailed);
    assert_eq!(code(&[stranger(Some(Imap)), stranger(Some(Smtp))], "", FINE), "tls-interception");
    assert_eq!(code(&[stranger(Some(Imap)), passed(Some(Smtp), Stage::Tls)], "", FINE), "tls-unknown-issuer");
}

#[test]
fn why_a_secret_is_refused_depends_on_its_story() {
    let refused = [failed(None, Stage::TokenEndpoint, "ms-secret-id-instead-of-value", CheckFailed)];
    assert_eq!(code(&refused, "", FINE), "secret-never-worked");
    assert_eq!(code(&refused, "", |s| s.secret_is_new = true), "secret-not-yet-known");
    assert_eq!(code(&refused, "", |s| s.secret_has_worked = true), "secret-removed");
    assert_eq!(code(&refused, "", |s| s.secret_expired = Some(true)), "secret-past-its-day");
    let expired = [failed(None, Stage::TokenEndpoint, "ms-secret-expired", CheckFailed)];
    assert_eq!(code(&expired, "", |s| s.secret_has_worked = true), "ms-secret-expired", "the provider itself says why");
    let verdict = judged(&refused, "", |s| s.works_until = Some("2026-01-02T03:04:00Z".parse().unwrap())).unwrap();
    assert!(verdict.cause.contains("until 2026-01-02 03:04 UTC"), "{}", verdict.cause);
    assert!(!verdict.cause.contains("stored and works"));
}

#[test]
fn a_lost_sign_in_is_it_even_while_mail_still_flows() {
    let lost = failed(None, Stage::TokenEndpoint, "oauth-invalid-grant", AuthorizationNeeded);
    let checks = [lost, passed(Some(Imap), Stage::Authentication), passed(Some(Imap), Stage::Folder)];
    let verdict = judged(&checks, "", |s| s.works_until = Some("2026-01-02T03:04:00Z".parse().unwrap())).unwrap();
    assert_eq!((verdict.code, verdict.exit), ("oauth-invalid-grant", AuthorizationNeeded));
    assert!(verdict.cause.contains("03:04 UTC"), "{}", verdict.cause);
}

#[test]
fn a_token_that_says_itself_why_goes_before_the_servers_refusal() {
    let checks = [
        failed(Some(Smtp), Stage::Authentication, "exo-smtp-5-7-3", CheckFailed),
        failed(Some(Smtp), Stage::Preflight, "local-token-wrong-audience", CheckFailed),
    ];
    let verdict = judged(&checks, "", FINE).unwrap();
    assert_eq!((verdict.code, verdict.confidence), ("local-token-wrong-audience", Confidence::Certain));
}

#[test]
fn reading_proves_that_smtp_auth_alone_is_off() {
    let off = failed(Some(Smtp), Stage::Authentication, "exo-smtp-auth-disabled-tenant", CheckFailed);
    let verdict = judged(&[passed(Some(Imap), Stage::Folder), off.clone()], "", FINE).unwrap();
    assert_eq!((verdict.code, verdict.confidence), ("exo-smtp-auth-disabled-tenant", Confidence::Certain));
    assert!(verdict.cause.starts_with("Reading works"), "{}", verdict.cause);
    assert!(!judged(&[off], "", FINE).unwrap().cause.starts_with("Reading works"));
}

#[test]
fn why_a_mailbox_does_not_open_depends_on_who_signed_in_and_what_else_works() {
    let closed = failed(Some(Imap), Stage::Folder, "exo-imap-authenticated-not-connected", CheckFailed);
    let alone = [closed.clone()];
    let other = |s: &mut Situation<'_>| s.signed_in_as = Some("admin@contoso.com");
    let right = |s: &mut Situation<'_>| s.signed_in_as = Some("SHOP@contoso.com");
    let verdict = judged(&alone, "", other).unwrap();
    assert_eq!(verdict.code, "wrong-account-signed-in");
    assert!(verdict.cause.contains("admin@contoso.com"), "{}", verdict.cause);
    assert_eq!(code(&alone, "", right), "exo-imap-authenticated-not-connected", "nothing tells which it is");
    assert_eq!(
        code(&[closed.clone(), passed(Some(Smtp), Stage::Authentication)], "", right),
        "protocol-off-for-mailbox"
    );
    let shared = "sign_in_as = \"alice@contoso.com\"\n";
    let alice = |s: &mut Situation<'_>| s.signed_in_as = Some("alice@contoso.com");
    assert_eq!(code(&alone, shared, alice), "shared-mailbox-without-full-access");
    assert_eq!(code(&alone, shared, other), "wrong-account-signed-in", "neither the owner nor the delegate");
}

#[test]
fn every_verdict_of_our_own_is_in_the_catalogue_and_filled() {
    for entry in super::super::catalogue::entries().iter().filter(|entry| entry.source == "several checks together") {
        let finding = known::own(&entry.id, About::default(), &[]).unwrap();
        let text = format!("{} {}", finding.cause, finding.fix.join(" "));
        assert!(!text.contains(['{', '}']), "{text}");
    }
}
