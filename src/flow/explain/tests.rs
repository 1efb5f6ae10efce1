use serde_json::json;

use super::*;
use crate::failure::{Failure, FailureKind, Rejection, StoreFault};
use crate::flow::seen::Stored;
use crate::flow::testing::*;
use crate::profile::Protocol::{Imap, Smtp};
use crate::report::{FindingCode, Outcome as How};

/// Each check in short: its stage, its protocol, and how it went.
fn short(checks: &[Check]) -> Vec<String> {
    let line = |check: &Check| {
        let over = check.protocol.map_or_else(String::new, |protocol| format!(" {protocol}"));
        let how = match &check.outcome {
            How::Passed { .. } => "+".to_owned(),
            How::Failed { finding } => finding.code.to_string(),
            How::Skipped { because } => format!("({because})"),
        };
        format!("{:?}{over} {how}", check.stage)
    };
    checks.iter().map(line).collect()
}

fn refused(words: &'static str) -> Failure {
    Failure::new(FailureKind::Rejected(Rejection::default())).said(words)
}

#[test]
fn every_step_is_a_check_in_the_order_of_the_way_to_the_mailbox() {
    let profile = contoso();
    let seen = well(&profile);
    let steps = |protocol: &str, last: &str| {
        ["Dns", "Tcp", "Tls", "Greeting", "Capabilities", "Authentication", last]
            .map(|stage| format!("{stage} {protocol} +"))
            .to_vec()
    };
    let servers = [steps("IMAP", "Folder"), steps("SMTP", "Sender")].concat();
    assert_eq!(short(&explain(&seen)), [vec!["Token +".to_owned()], servers.clone()].concat());
    let before = ["Profile +", "SecretStore +", "TokenEndpoint +"].map(str::to_owned).to_vec();
    assert_eq!(short(&explain(&well_end_to_end(&profile))), [before, servers].concat());
}

#[test]
fn where_a_token_comes_from_and_how_long_it_is_good_is_said() {
    let profile = contoso();
    let said = |seen: &Seen<'_>| match explain(seen).swap_remove(0).outcome {
        How::Passed { detail } => detail,
        other => panic!("{other:?}"),
    };
    assert_eq!(said(&well(&profile)), "valid until 2026-01-01 13:00 UTC (60 minutes), refreshed just now");
    let stored = fetched(Outcome::Token(token_from(TokenSource::Store)));
    let later = Seen { tokens: vec![stored], now: at("2026-01-01T12:30:00Z"), ..well(&profile) };
    assert_eq!(said(&later), "valid until 2026-01-01 13:00 UTC (30 minutes), from the store");
}

#[test]
fn without_a_token_only_a_server_that_was_reached_is_not_signed_in_to() {
    let profile = contoso();
    let failure = FailureKind::NotAuthorized { why: "there has been no sign-in yet".into() };
    let lost = FailureKind::ConnectionLost { during: "the greeting".into() };
    let seen = Seen {
        tokens: vec![fetched(Outcome::Failed { failure: failure.into(), leftover: None })],
        conversations: vec![
            conversation(&profile, Side::Incoming).without_token(),
            conversation(&profile, Side::Outgoing).failed_at(Stage::Greeting, lost),
        ],
        ..well(&profile)
    };
    let checks = short(&explain(&seen));
    assert_eq!(checks.first().unwrap(), "Token not-authorized");
    let skipped: Vec<_> = checks.iter().filter(|check| check.contains("there is no access token")).collect();
    assert_eq!(skipped, ["Authentication IMAP (there is no access token)"]);
    assert!(checks.last().unwrap().starts_with("Greeting SMTP connection-lost"), "{checks:?}");
}

#[test]
fn without_a_token_one_connection_for_both_sides_is_told_once() {
    let profile = contoso();
    let mut seen = well(&profile);
    let failure = FailureKind::NotAuthorized { why: "there has been no sign-in yet".into() }.into();
    seen.tokens = vec![fetched(Outcome::Failed { failure, leftover: None })];
    seen.conversations[0].log.observations.truncate(3);
    seen.conversations[1].log.observations.clear();
    let skipped = short(&explain(&seen)).into_iter().filter(|check| check.starts_with("Authentication"));
    assert_eq!(skipped.collect::<Vec<_>>(), ["Authentication IMAP (there is no access token)"]);
}

#[test]
fn what_is_left_of_the_last_token_is_a_check_of_its_own_after_the_refusal() {
    let profile = contoso();
    let leftover = Some(token_from(TokenSource::Store));
    let token = fetched(Outcome::Failed { failure: client_refused(), leftover });
    let seen = Seen { tokens: vec![token], ..well_end_to_end(&profile) };
    let checks = short(&explain(&seen));
    assert!(checks[2].starts_with("TokenEndpoint ") && !checks[2].ends_with('+'), "{checks:?}");
    assert_eq!(checks[3], "Token +");
    assert_eq!(checks[9], "Authentication IMAP +", "the servers have seen it");
}

#[test]
fn why_the_token_endpoint_was_not_asked_is_said_at_the_step_that_failed() {
    let profile = contoso();
    for (kind, stage, why) in [
        (FailureKind::NotAuthorized { why: "no".into() }, Stage::Token, "there is no sign-in to use"),
        (FailureKind::NoClientSecret { app: "contoso".into() }, Stage::SecretStore, "no client secret is stored"),
        (FailureKind::Store(StoreFault::Locked), Stage::SecretStore, "the secret store could not be read"),
    ] {
        let stored: Stored = stored(Err(kind.into()));
        let token = fetched(Outcome::NotAsked(stored.hindrance().unwrap()));
        let checks = explain(&Seen { stored: Some(stored), tokens: vec![token], ..well(&profile) });
        assert_eq!(checks[1].stage, stage, "{why}");
        assert!(checks[1].finding().is_some(), "{why}");
        assert_eq!(short(&checks)[2], format!("TokenEndpoint ({why})"));
    }
}

#[test]
fn what_counts_against_a_token_is_refuted_by_a_server_that_accepts_it() {
    let profile = contoso();
    let mut seen = well(&profile);
    let graph = json!({ "aud": "https://graph.microsoft.com", "scp": "Mail.Read", "upn": "shop@contoso.example" });
    seen.tokens[0].inspection = Some(inspection(&seen, &graph));
    let preflight = |seen: &Seen<'_>| {
        let checks = explain(seen).into_iter().filter(|check| check.stage == Stage::Preflight);
        checks.map(|check| (check.protocol, check.finding().map(|found| found.code))).collect::<Vec<_>>()
    };
    assert_eq!(preflight(&seen), [(Some(Imap), None), (Some(Smtp), None), (None, None)]);
    let refusing = conversation(&profile, Side::Outgoing).failed_at(Stage::Authentication, refused("535 no"));
    seen.conversations[1] = refusing;
    let wrong = Some(FindingCode::LOCAL_TOKEN_WRONG_AUDIENCE);
    assert_eq!(preflight(&seen), [(Some(Imap), None), (Some(Smtp), wrong), (None, None)]);
}

#[test]
fn what_is_asked_afterwards_comes_last_and_names_its_protocol() {
    let profile = contoso();
    let mut seen = well(&profile);
    seen.conversations.remove(0);
    let mut found = conversation(&profile, Side::Incoming);
    let failure = FailureKind::NotArrived { after: Duration::from_secs(60) };
    found.log.observations = vec![step(Stage::Arrival, Err(failure.into()))];
    seen.afterwards = Some(found);
    assert_eq!(short(&explain(&seen)).last().unwrap(), "Arrival IMAP not-arrived");
}

#[test]
fn facts_name_the_server_of_one_side_and_of_the_whole_way_each() {
    let profile = contoso();
    let names = |seen: &Seen<'_>| facts(seen).into_iter().map(|fact| fact.name).collect::<Vec<_>>();
    let with_offer = |mut seen: Seen<'_>| {
        for conversation in &mut seen.conversations {
            conversation.log.mechanisms_offered = vec!["PLAIN".into(), "XOAUTH2".into()];
            conversation.log.mechanism_used = Some(crate::sasl::SaslMechanism::ALL[0]);
        }
        names(&seen)
    };
    let one = |profile| {
        let mut seen = well(profile);
        seen.conversations.truncate(1);
        seen
    };
    assert_eq!(names(&one(&profile)), ["server"]);
    assert_eq!(with_offer(one(&profile)), ["server", "mechanisms_offered", "mechanism_used"]);
    assert_eq!(
        with_offer(well_end_to_end(&profile)),
        ["incoming", "incoming_mechanism", "outgoing", "outgoing_mechanism"]
    );
}

#[test]
fn each_service_is_told_of_the_token_that_it_needs() {
    let profile = contoso();
    let lost =
        fetched(Outcome::Failed { failure: FailureKind::ConnectionLost { during: "x".into() }.into(), leftover: None });
    let good = fetched(Outcome::Token(token_from(TokenSource::Store)));
    let seen = Seen {
        tokens: vec![Fetched { protocols: vec![Imap], ..lost }, Fetched { protocols: vec![Smtp], ..good }],
        conversations: vec![
            conversation(&profile, Side::Incoming).without_token(),
            conversation(&profile, Side::Outgoing),
        ],
        ..well(&profile)
    };
    let checks = explain(&seen);
    let tokens: Vec<bool> =
        checks.iter().filter(|check| check.stage == Stage::Token).map(crate::report::Check::has_passed).collect();
    assert_eq!(tokens, [false, true]);
    let sign_in = |protocol| {
        let mut checks = checks.iter().filter(|check| check.stage == Stage::Authentication);
        checks.find(|check| check.protocol == Some(protocol)).map(crate::report::Check::has_passed)
    };
    assert_eq!((sign_in(Imap), sign_in(Smtp)), (Some(false), Some(true)));
}
