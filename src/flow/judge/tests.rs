use super::*;
use crate::failure::FailureKind;
use crate::flow::explain::explain;
use crate::flow::session::TokenSource;
use crate::flow::testing::*;
use crate::profile::Side;
use crate::report::FindingCode;

fn judged(seen: &Seen<'_>) -> Option<Finding> {
    judge(seen, &explain(seen), &[])
}

fn code(seen: &Seen<'_>) -> FindingCode {
    judged(seen).unwrap().code
}

/// The token endpoint refuses the client; its secret was stored at `added`, and used at `used`.
fn with_refused_client<'a>(seen: Seen<'a>, added: &str, used: Option<&str>) -> Seen<'a> {
    let mut seen = seen;
    let records = seen.stored.as_mut().unwrap().records.as_mut().unwrap();
    records.app.as_mut().unwrap().active.as_mut().unwrap().added = at(added);
    records.grant.refreshed = used.map(at);
    Seen { tokens: vec![fetched(Outcome::Failed { failure: client_refused(), leftover: None })], ..seen }
}

#[test]
fn where_nothing_failed_there_is_nothing_to_do() {
    assert_eq!(judged(&well_end_to_end(&contoso())), None);
}

#[test]
fn what_the_store_knows_of_a_refused_secret_decides_what_became_of_it() {
    let profile = contoso();
    for (added, used, expected) in [
        ("2025-06-01T12:00:00Z", Some("2025-12-01T12:00:00Z"), FindingCode::SECRET_REMOVED),
        ("2025-12-01T12:00:00Z", Some("2025-06-01T12:00:00Z"), FindingCode::SECRET_NEVER_WORKED),
        ("2026-01-01T11:50:00Z", None, FindingCode::SECRET_NOT_YET_KNOWN),
        ("2026-01-01T11:40:00Z", None, FindingCode::SECRET_NEVER_WORKED),
        // Times in the future are of a clock that was ahead.
        ("2025-06-01T12:00:00Z", Some("2026-02-01T12:00:00Z"), FindingCode::SECRET_NEVER_WORKED),
        ("2026-02-01T12:00:00Z", None, FindingCode::SECRET_NEVER_WORKED),
    ] {
        let seen = with_refused_client(well_end_to_end(&profile), added, used);
        assert_eq!(code(&seen), expected, "added {added}, used {used:?}");
    }
}

#[test]
fn a_day_that_has_passed_explains_a_refused_secret_and_today_does_not() {
    let profile = contoso();
    for (day, expected) in
        [("2025-12-31", FindingCode::SECRET_PAST_ITS_DAY), ("2026-01-01", FindingCode::SECRET_REMOVED)]
    {
        let used = Some("2025-12-01T12:00:00Z");
        let mut seen = with_refused_client(well_end_to_end(&profile), "2025-06-01T12:00:00Z", used);
        let records = seen.stored.as_mut().unwrap().records.as_mut().unwrap();
        records.app.as_mut().unwrap().active.as_mut().unwrap().expires = Some(day.parse().unwrap());
        assert_eq!(code(&seen), expected, "{day}");
    }
}

#[test]
fn how_long_programs_go_on_working_is_said_with_the_refusal() {
    let profile = contoso();
    let used = Some("2025-12-01T12:00:00Z");
    let mut seen = with_refused_client(well_end_to_end(&profile), "2025-06-01T12:00:00Z", used);
    assert!(!judged(&seen).unwrap().cause.contains("2026-01-01 13:00"));
    let leftover = Some(token_from(TokenSource::Store));
    seen.tokens = vec![fetched(Outcome::Failed { failure: client_refused(), leftover })];
    assert!(judged(&seen).unwrap().cause.contains("2026-01-01 13:00 UTC"));
}

#[test]
fn a_silent_port_is_blocked_where_the_sign_in_server_answers_and_no_network_where_none_does() {
    let profile = contoso();
    let silent = || FailureKind::TimedOut { during: "connecting".into(), after: std::time::Duration::from_secs(10) };
    let silence = || {
        [Side::Incoming, Side::Outgoing].map(|side| conversation(&profile, side).failed_at(Stage::Tcp, silent())).into()
    };
    let blocked = Seen { conversations: silence(), ..well_end_to_end(&profile) };
    assert_eq!(code(&blocked), FindingCode::PORT_BLOCKED);
    let token = fetched(Outcome::Failed { failure: silent().into(), leftover: None });
    let away = Seen { tokens: vec![token], conversations: silence(), ..well_end_to_end(&profile) };
    assert_eq!(code(&away), FindingCode::NO_NETWORK);
}

#[test]
fn the_account_that_signed_in_is_part_of_the_evidence() {
    let profile = contoso();
    let no = || crate::failure::Failure::new(FailureKind::Rejected(Default::default())).said("NO AUTHENTICATE failed.");
    let refusing = || {
        [Side::Incoming, Side::Outgoing].map(|side| conversation(&profile, side).failed_at(Stage::Authentication, no()))
    };
    let mut seen = Seen { conversations: refusing().into(), ..well_end_to_end(&profile) };
    assert_ne!(code(&seen), FindingCode::WRONG_ACCOUNT_SIGNED_IN);
    let records = seen.stored.as_mut().unwrap().records.as_mut().unwrap();
    records.grant.identity = Some(GrantIdentity {
        issuer: "https://login.example".to_owned(),
        subject: "1".to_owned(),
        tenant: None,
        label: "alice@contoso.example".to_owned(),
        names: Vec::new(),
    });
    assert_eq!(code(&seen), FindingCode::WRONG_ACCOUNT_SIGNED_IN);
}
