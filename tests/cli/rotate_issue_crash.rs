//! SIGKILL in the middle of `rotate-secret --issue`: the mailbox always works, at most one secret that nothing knows is in
//! the directory, and the next run removes that one and names it.

use crate::crash::{inodes, kill_at, written};
use crate::rotate_issue::{OWNED_BY, active, issue, record, stale};
use crate::sandbox::world::{Endpoint, Hold};
use crate::support::fixture::Fixture;
use crate::support::practice::fact;
use crate::support::process::Running;
use crate::support::{rounds, wait_until};

fn start(shop: &Fixture) -> Running {
    issue(shop, &["--keep-old", "0"]).start()
}

/// The names of the directory's secrets that the record does not know.
fn unknown(shop: &Fixture) -> Vec<String> {
    let record = record(shop);
    let known = [&record.active, &record.previous, &record.pending];
    let known: Vec<&str> =
        known.into_iter().flatten().filter_map(|secret| Some(secret.key_id.as_ref()?.as_str())).collect();
    let secrets = shop.sandbox().client_secrets().into_iter();
    let ours = secrets.filter(|(id, name, _)| name.starts_with("mailgrant ") && !known.contains(&id.as_str()));
    ours.map(|(_, name, _)| name).collect()
}

fn insist_on_recovery(shop: &Fixture, when: &str) {
    active(shop);
    let lost = unknown(shop);
    assert!(lost.len() <= 1, "killed {when}: {lost:?}");
    let test = shop.run(&["--json", "test-mailbox", "shop"]).finish();
    assert_eq!(test.code, Some(0), "killed {when}: {}", test.stdout);
    let again = start(shop).finish();
    assert_eq!(again.code, Some(0), "killed {when}: {}", again.stdout);
    for name in lost {
        assert!(again.stdout.contains(&name), "killed {when}: {name} is not named in {}", again.stdout);
    }
    let left = shop.sandbox().client_secrets();
    assert_eq!(left.len(), 1, "killed {when}, run again: {left:?}");
    active(shop);
    let after = record(shop);
    // What was noted and never sent stays noted until the directory would list it.
    let is_listed = |wanted: &str| left.iter().any(|(_, name, _)| name == wanted);
    let is_settled = after.removals.is_empty() && !after.requested.iter().any(|requested| is_listed(&requested.name));
    assert!(is_settled, "killed {when}: {after:?}");
    let test = shop.run(&["--json", "test-mailbox", "shop"]).finish();
    assert_eq!(test.code, Some(0), "killed {when}, run again: {}", test.stdout);
    assert_eq!(fact(&shop.json(&["status", "shop"], 0), "rotation"), "", "killed {when}");
}

/// Kills a rotation at each request to `endpoint`, before the request is looked at and before its answer is sent.
fn kill_at_each_request(endpoint: Endpoint, least: u32) {
    let shop = stale(&[OWNED_BY]);
    let asked = || {
        let counters = shop.sandbox().counters();
        if endpoint == Endpoint::Api { counters.api_requests } else { counters.token_requests }
    };
    let before = asked();
    start(&shop).finish().code(0);
    let requests = asked() - before;
    assert!(requests >= least, "only {requests} requests");
    for round in 0..rounds(1) {
        for (nth, point) in (1..=requests).flat_map(|nth| [(nth, Hold::Request), (nth, Hold::Answer)]) {
            match endpoint {
                Endpoint::Api => shop.sandbox().hold_api(point, nth),
                Endpoint::Token => shop.sandbox().hold_token_endpoint(point, nth),
            }
            let running = start(&shop);
            wait_until("the request is held", || {
                let counters = shop.sandbox().counters();
                counters.api_held + counters.token_held == 1
            });
            kill_at(&shop, running);
            insist_on_recovery(&shop, &format!("at {endpoint:?} {point:?} {nth}, round {round}"));
        }
    }
}

#[test]
fn a_kill_at_each_request_to_the_directory_leaves_a_working_mailbox() {
    // The registration, two policies, the new secret, the old one.
    kill_at_each_request(Endpoint::Api, 5);
}

#[test]
fn a_kill_at_each_request_for_a_token_leaves_a_working_mailbox() {
    // The app's own, the proof, and one for each side's test.
    kill_at_each_request(Endpoint::Token, 4);
}

#[test]
fn a_kill_after_each_write_leaves_a_working_mailbox() {
    let shop = stale(&[OWNED_BY]);
    let mut killed = 0;
    for round in 0..rounds(1) {
        for write in 1.. {
            let mut last = inodes(&shop);
            let mut running = start(&shop);
            let mut seen = 0;
            while seen < write && !running.has_ended() {
                let now = inodes(&shop);
                (last, seen) = (now, seen + written(last, now));
            }
            if seen < write {
                // It has no such write.
                running.finish().code(0);
                break;
            }
            killed += u32::from(running.kill().code.is_none());
            insist_on_recovery(&shop, &format!("after write {write}, round {round}"));
        }
    }
    // What is asked for, pending, proven, in use, removed; and the mailbox's own record.
    assert!(killed >= 6 * rounds(1), "only {killed} were killed in time");
}
