mod fixture;
mod issued;
mod machine;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use self::fixture::{Fixture, Script, clock, request};
use super::*;
use crate::failure::{FailureKind, OAuthFault};
use crate::profile::Access;
use crate::secrets::save_app;

#[test]
fn a_proven_secret_becomes_active_and_the_old_one_is_kept_until_it_is_discarded() {
    let fixture = Fixture::new();
    let script = Script::default();
    assert!(matches!(fixture.run(&script, Some("new")).ending, Ending::Activated));
    assert_eq!(fixture.active(), "new");
    assert_eq!(fixture.record().previous.unwrap().value.expose_secret(), "old");
    assert_eq!(script.asked.load(Ordering::SeqCst), 2, "every mailbox once");
    fixture.with(&script, |rotation| rotation.settle().unwrap());
    assert!(fixture.record().journal.is_none());
    assert!(fixture.with(&script, |rotation| rotation.discard_previous().unwrap()));
    assert!(fixture.record().previous.is_none());
}

#[test]
fn a_refused_secret_changes_nothing() {
    let fixture = Fixture::new();
    let script = Script { refusals: usize::MAX, ..Script::default() };
    assert!(matches!(fixture.run(&script, Some("new")).ending, Ending::Refused(_)));
    let record = fixture.record();
    assert_eq!(fixture.active(), "old");
    assert!(record.pending.is_none() && record.journal.is_none() && record.previous.is_none());
    assert_eq!(script.waited(), Duration::from_secs(120), "it was given time to become known");
}

#[test]
fn a_secret_that_becomes_known_late_is_waited_for() {
    // Users report 4 to 18 seconds.
    for seconds in [1, 4, 18, 60, 120] {
        let fixture = Fixture::new();
        let known_after = Duration::from_secs(seconds);
        let script = Script { known_after, ..Script::default() };
        assert!(matches!(fixture.run(&script, Some("new")).ending, Ending::Activated), "{seconds} s");
        assert_eq!(fixture.active(), "new");
        assert!(script.waited() < known_after + Duration::from_secs(15), "{seconds} s: {:?}", script.waited());
    }
    let fixture = Fixture::new();
    let script = Script { known_after: Duration::from_secs(121), ..Script::default() };
    assert!(matches!(fixture.run(&script, Some("new")).ending, Ending::Refused(_)));
    assert_eq!(fixture.active(), "old");
}

#[test]
fn a_lost_answer_leaves_the_old_secret_active_and_a_rerun_without_a_secret_converges() {
    let fixture = Fixture::new();
    let lost = FailureKind::ConnectionLost { during: "waiting".into() };
    let script = Script { redeem: BTreeMap::from([("b", lost)]), ..Script::default() };
    assert!(matches!(fixture.run(&script, Some("new")).ending, Ending::Unfinished));
    assert_eq!(fixture.active(), "old");
    assert!(Rotation::is_under_way(&fixture.record()));
    let script = Script::default();
    assert!(matches!(fixture.run(&script, None).ending, Ending::Activated));
    assert_eq!(script.asked.load(Ordering::SeqCst), 1, "what was proven is not proven again");
    assert_eq!(fixture.active(), "new");
}

#[test]
fn a_broken_connection_leaves_the_old_secret_active() {
    let fixture = Fixture::new();
    let script = Script { connection_fails: true, ..Script::default() };
    assert!(matches!(fixture.run(&script, Some("new")).ending, Ending::Unfinished));
    assert_eq!(fixture.active(), "old");
}

#[test]
fn a_lost_sign_in_proves_the_secret_all_the_same() {
    let fixture = Fixture::new();
    let lost = FailureKind::OAuth(OAuthFault { error: "invalid_grant".into(), ..OAuthFault::default() });
    let script = Script { redeem: BTreeMap::from([("a", lost)]), ..Script::default() };
    let answer = fixture.run(&script, Some("new"));
    assert!(matches!(answer.ending, Ending::Activated));
    assert!(matches!(answer.proofs[0], Some(Proof::GrantLost(_))));
}

#[test]
fn rolling_back_swaps_the_secrets_and_drops_an_unproven_one() {
    let fixture = Fixture::new();
    let script = Script::default();
    fixture.run(&script, Some("new"));
    assert_eq!(fixture.roll_back(&script), "restored");
    assert_eq!(fixture.active(), "old");
    assert_eq!(fixture.record().previous.unwrap().value.expose_secret(), "new");
    // Repeated after an interruption, it must not bring the bad one back.
    assert_eq!(fixture.roll_back(&script), "already");
    assert_eq!(fixture.active(), "old");

    let fixture = Fixture::new();
    let lost = FailureKind::ConnectionLost { during: "waiting".into() };
    let script = Script { redeem: BTreeMap::from([("a", lost)]), ..Script::default() };
    fixture.run(&script, Some("new"));
    assert_eq!(fixture.roll_back(&script), "dropped");
    assert!(fixture.record().pending.is_none());
    assert_eq!(fixture.active(), "old");
    assert_eq!(fixture.roll_back(&script), "nothing");
}

#[test]
fn the_same_secret_twice_changes_nothing() {
    let fixture = Fixture::new();
    let script = Script::default();
    assert!(matches!(fixture.run(&script, Some("old")).ending, Ending::Unchanged));
    assert_eq!(script.asked.load(Ordering::SeqCst), 0);
}

#[test]
fn a_rotation_that_stopped_after_activation_is_finished_without_asking_for_the_secret() {
    let fixture = Fixture::new();
    fixture.run(&Script::default(), Some("new"));
    assert!(Rotation::is_under_way(&fixture.record()), "the journal still says Activated");
    let script = Script::default();
    assert!(matches!(fixture.run(&script, None).ending, Ending::Unchanged));
    assert_eq!(script.asked.load(Ordering::SeqCst), 0);
    fixture.with(&script, |rotation| rotation.settle().unwrap());
    assert!(!Rotation::is_under_way(&fixture.record()));
    assert_eq!((fixture.active(), fixture.record().previous.is_some()), ("new".to_owned(), true));
}

#[test]
fn a_number_that_names_the_secret_outweighs_the_word_beside_it() {
    let fault =
        OAuthFault { error: "invalid_grant".into(), codes: vec![7_000_215], status: 400, ..OAuthFault::default() };
    assert!(matches!(proof::judge(Err(FailureKind::OAuth(fault).into()), Access::User), Ok(Proof::Refused(_))));
    let fault = OAuthFault { error: "invalid_grant".into(), status: 503, ..OAuthFault::default() };
    assert!(matches!(proof::judge(Err(FailureKind::OAuth(fault).into()), Access::User), Ok(Proof::Unknown(_))));
}

#[test]
fn one_mailboxs_own_oauth_error_does_not_hold_up_a_secret_that_another_has_proven() {
    let scope = FailureKind::OAuth(OAuthFault { error: "invalid_scope".into(), status: 400, ..OAuthFault::default() });
    let fixture = Fixture::new();
    let script = Script { redeem: BTreeMap::from([("a", scope.clone())]), ..Script::default() };
    assert!(matches!(fixture.run(&script, Some("new")).ending, Ending::Activated));
    let fixture = Fixture::new();
    let script = Script { redeem: BTreeMap::from([("a", scope.clone()), ("b", scope)]), ..Script::default() };
    assert!(matches!(fixture.run(&script, Some("new")).ending, Ending::Unfinished), "it is not proven");
}

#[test]
fn a_date_given_with_the_secret_in_use_is_kept() {
    let fixture = Fixture::new();
    let day = jiff::civil::date(2027, 5, 20);
    let new = request(Some(("old", Some(day))));
    fixture.with(&Script::default(), |rotation| rotation.run(new).unwrap());
    assert_eq!(fixture.record().active.unwrap().expires, Some(day));
}

/// A clock that can be set.
fn clock_at(seconds: i64) -> Clock {
    match seconds {
        0 => clock(),
        60 => Clock::from_fn(|| Timestamp::from_second(60).unwrap()),
        3_600 => Clock::from_fn(|| Timestamp::from_second(3_600).unwrap()),
        -60 => Clock::from_fn(|| Timestamp::from_second(-60).unwrap()),
        other => panic!("no clock for {other}"),
    }
}

#[test]
fn a_proof_counts_for_minutes_and_never_from_this_clocks_future() {
    for (later, asked) in [(60, 1), (3_600, 2), (-60, 2)] {
        let mut fixture = Fixture::new();
        let broken = Script { connection_fails: true, ..Script::default() };
        assert!(matches!(fixture.run(&broken, Some("new")).ending, Ending::Unfinished));
        fixture.clock = clock_at(later);
        let script = Script::default();
        assert!(matches!(fixture.run(&script, None).ending, Ending::Activated));
        assert_eq!(script.asked.load(Ordering::SeqCst), asked, "{later} seconds later");
    }
}

#[test]
fn a_secret_that_was_proven_and_has_gone_is_not_activated() {
    let mut fixture = Fixture::new();
    let broken = Script { connection_fails: true, ..Script::default() };
    fixture.run(&broken, Some("new"));
    fixture.clock = clock_at(3_600);
    let gone = Script { refusals: usize::MAX, ..Script::default() };
    assert!(matches!(fixture.run(&gone, None).ending, Ending::Refused(_)));
    assert_eq!(fixture.active(), "old");
}

#[test]
fn a_date_given_on_the_run_that_finishes_is_kept() {
    let day = jiff::civil::date(2027, 11, 20);
    let finish = || RotationRequest::Finish { expires: Some(day) };
    // Before it is in use.
    let fixture = Fixture::new();
    let lost = FailureKind::ConnectionLost { during: "waiting".into() };
    let script = Script { redeem: BTreeMap::from([("a", lost)]), ..Script::default() };
    fixture.run(&script, Some("new"));
    let answer = fixture.with(&Script::default(), |rotation| rotation.run(finish()).unwrap());
    assert!(matches!(answer.ending, Ending::Activated));
    assert_eq!(fixture.record().active.unwrap().expires, Some(day));
    // When it is in use, and only the end is left.
    let fixture = Fixture::new();
    fixture.run(&Script::default(), Some("new"));
    let recent = Standing::Activated { recently: true };
    assert_eq!(fixture.with(&Script::default(), |rotation| rotation.standing().unwrap()), recent);
    fixture.with(&Script::default(), |rotation| rotation.run(finish()).unwrap());
    assert_eq!(fixture.record().active.unwrap().expires, Some(day));
}

#[test]
fn a_previous_secret_is_proven_before_it_is_brought_back() {
    let rotated = || {
        let fixture = Fixture::new();
        fixture.run(&Script::default(), Some("new"));
        fixture
    };
    let fixture = rotated();
    let gone = Script { refusals: usize::MAX, ..Script::default() };
    assert_eq!(fixture.roll_back(&gone), "refused");
    assert_eq!(fixture.active(), "new");
    let forced = fixture.with(&gone, |rotation| rotation.roll_back(Force::Yes).unwrap());
    let RolledBack::Restored(restored) = forced else { panic!("{forced:?}") };
    assert!(matches!(restored[0].proof, Some(Proof::Refused(_))));
    assert_eq!(fixture.active(), "old");

    let fixture = rotated();
    let lost = || FailureKind::ConnectionLost { during: "waiting".into() };
    let silent = Script { redeem: BTreeMap::from([("a", lost()), ("b", lost())]), ..Script::default() };
    let RolledBack::Restored(restored) = fixture.with(&silent, |rotation| rotation.roll_back(Force::No).unwrap())
    else {
        panic!()
    };
    assert!(matches!(restored[0].proof, Some(Proof::Unknown(_))), "no network is not a reason to keep a bad secret");
}

#[test]
fn a_previous_secret_that_has_expired_is_not_brought_back() {
    let fixture = Fixture::new();
    let mut record = fixture.record();
    record.active.as_mut().unwrap().expires = Some(jiff::civil::date(1969, 12, 1));
    save_app(&fixture.store, &"contoso".parse().unwrap(), &record).unwrap();
    fixture.run(&Script::default(), Some("new"));
    let script = Script::default();
    assert_eq!(fixture.roll_back(&script), "expired");
    assert_eq!((fixture.active().as_str(), script.asked.load(Ordering::SeqCst)), ("new", 0));
    assert!(matches!(
        fixture.with(&script, |rotation| rotation.roll_back(Force::Yes).unwrap()),
        RolledBack::Restored(_)
    ));
    assert_eq!(fixture.active(), "old");
}
