//! Secrets that a directory has issued: what the records say of them, and what the directory is to remove when.

use jiff::SignedDuration;

use super::fixture::{Fixture, Script, secret};
use super::*;
use crate::secrets::{DueRemoval, RequestedSecret, save_app};

const REQUESTED: &str = "mailgrant 1";

fn issued(keep_previous: u16) -> RotationRequest {
    let issued = Issued {
        key_id: "new-key".parse().unwrap(),
        requested_as: Some(REQUESTED.to_owned()),
        keep_previous: Some(keep_previous),
    };
    RotationRequest::New(NewSecret { value: "new".into(), expires: None, issued: Some(issued) })
}

/// A record whose secret the directory knows, and a new one that it was asked for.
fn asked() -> Fixture {
    let fixture = Fixture::new();
    let mut record = fixture.record();
    record.active.as_mut().unwrap().key_id = Some("old-key".parse().unwrap());
    let requested = |name: &str| RequestedSecret { name: name.to_owned(), at: clock().now() };
    record.requested = vec![requested(REQUESTED), requested("mailgrant 0")];
    save_app(&fixture.store, &"contoso".parse().unwrap(), &record).unwrap();
    fixture
}

fn removals(fixture: &Fixture) -> Vec<(String, i64)> {
    let days = |removal: &DueRemoval| removal.due.duration_since(clock().now()).as_hours() / 24;
    fixture.record().removals.iter().map(|removal| (removal.key_id.to_string(), days(removal))).collect()
}

#[test]
fn a_secret_that_was_asked_for_is_pending_in_the_write_that_takes_it_off_the_list() {
    let fixture = asked();
    let script = Script { connection_fails: true, ..Script::default() };
    let result = fixture.with(&script, |rotation| rotation.run(issued(7)).unwrap());
    assert!(matches!(result.ending, Ending::Unfinished));
    let record = fixture.record();
    assert_eq!(record.pending.unwrap().key_id.unwrap().as_str(), "new-key");
    assert_eq!(record.requested.iter().map(|requested| requested.name.as_str()).collect::<Vec<_>>(), ["mailgrant 0"]);
    assert_eq!(removals(&fixture), [], "nothing is to be removed while the old secret is in use");
    fixture.run(&Script::default(), None);
    assert_eq!(fixture.record().active.unwrap().key_id.unwrap().as_str(), "new-key");
    assert_eq!(removals(&fixture), [("old-key".to_owned(), 7)], "a run without a secret goes on with the same plan");
}

#[test]
fn a_secret_that_is_brought_back_is_not_removed() {
    let fixture = asked();
    let script = Script::default();
    fixture.with(&script, |rotation| rotation.run(issued(7)).unwrap());
    assert_eq!(fixture.roll_back(&script), "restored");
    assert_eq!(fixture.active(), "old");
    assert_eq!(removals(&fixture), []);
}

#[test]
fn an_issued_secret_that_is_given_up_is_removed_at_once() {
    let fixture = asked();
    let refusing = Script { refusals: usize::MAX, ..Script::default() };
    let result = fixture.with(&refusing, |rotation| rotation.run(issued(7)).unwrap());
    assert!(matches!(result.ending, Ending::Refused(_)));
    assert_eq!(removals(&fixture), [("new-key".to_owned(), 0)]);
    // Another secret that is typed takes the place of one that is pending.
    let fixture = asked();
    let broken = Script { connection_fails: true, ..Script::default() };
    fixture.with(&broken, |rotation| rotation.run(issued(7)).unwrap());
    let mut record = fixture.record();
    record.pending = Some(ClientSecret { key_id: Some("new-key".parse().unwrap()), ..secret("typed-before") });
    save_app(&fixture.store, &"contoso".parse().unwrap(), &record).unwrap();
    fixture.run(&Script::default(), Some("new"));
    assert_eq!(removals(&fixture), [("new-key".to_owned(), 0)], "the old one is a person's to remove");
}

#[test]
fn the_secret_before_the_old_one_goes_with_it() {
    let fixture = asked();
    let mut record = fixture.record();
    record.previous = Some(ClientSecret { key_id: Some("older-key".parse().unwrap()), ..secret("older") });
    save_app(&fixture.store, &"contoso".parse().unwrap(), &record).unwrap();
    fixture.with(&Script::default(), |rotation| rotation.run(issued(0)).unwrap());
    assert_eq!(removals(&fixture), [("older-key".to_owned(), 0), ("old-key".to_owned(), 0)]);
    let mut record = fixture.record();
    let now = clock().now();
    record.remove_when_due("old-key".parse().unwrap(), now + SignedDuration::from_hours(24));
    assert_eq!(record.removals[1].due, now, "what was due stays due");
}
