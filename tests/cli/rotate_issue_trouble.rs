//! `rotate-secret --issue` where the directory or the sign-in server is in trouble: late, busy, silent.

use std::time::Duration;

use crate::rotate_issue::{OWNED_BY, active, issue, record, refuse, stale};
use crate::sandbox::faults::{ApiCall, Fault};
use crate::sandbox::world::Hold;
use crate::support::canary::CLIENT_SECRET;
use crate::support::practice::fact;
use crate::support::wait_until;

#[test]
fn a_secret_that_the_sign_in_servers_know_late_is_waited_for() {
    let shop = stale(&[OWNED_BY]);
    shop.sandbox().switch_on(Fault::ReplicationLag(3));
    let rotated = issue(&shop, &["--keep-old", "0"]).finish().code(0);
    assert!(rotated.stderr.contains("not accepted"), "{}", rotated.stderr);
    assert_eq!(shop.sandbox().client_secrets().len(), 1);
    active(&shop);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn a_secret_that_is_never_known_is_removed_again() {
    let shop = stale(&[OWNED_BY]);
    shop.sandbox().switch_on(Fault::ReplicationLag(600));
    let arguments = ["--json", "rotate-secret", "shop", "--issue", "--wait-propagation", "0"];
    let refused = shop.run(&arguments).finish().code(1);
    assert_eq!(fact(&refused, "client_secret"), "unchanged; the old one is in use");
    assert_eq!(shop.sandbox().client_secrets().len(), 1, "no secret without a use is left");
    assert_eq!(active(&shop), CLIENT_SECRET);
    assert!(record(&shop).pending.is_none() && record(&shop).removals.is_empty());
}

#[test]
fn too_many_requests_are_waited_for_as_long_as_the_directory_says() {
    let shop = stale(&[OWNED_BY]);
    let busy = refuse(ApiCall::AddPassword, 429, "TooManyRequests", Some(1));
    shop.sandbox().switch_on_for(busy, Duration::from_millis(1500));
    let rotated = issue(&shop, &["--keep-old", "0"]).finish().code(0);
    assert!(rotated.stderr.contains("asking again in 1 seconds"), "{}", rotated.stderr);
    assert_eq!(shop.sandbox().counters().passwords_added, 1);
    // A longer wait than a person would sit through is another run's.
    shop.sandbox().switch_on(refuse(ApiCall::Directory, 429, "TooManyRequests", Some(300)));
    let busy = issue(&shop, &[]).finish().code(6);
    assert_eq!(busy.finding_codes(), ["graph-throttled"]);
    active(&shop);
}

#[test]
fn a_directory_in_trouble_costs_nothing_and_a_rerun_converges() {
    let shop = stale(&[OWNED_BY]);
    let trouble = refuse(ApiCall::AddPassword, 503, "ServiceNotAvailable", None);
    shop.sandbox().switch_on(trouble);
    let failed = issue(&shop, &["--keep-old", "0"]).finish().code(6);
    assert_eq!(fact(&failed, "client_secret"), "unchanged; the old one is in use");
    assert_eq!(record(&shop).requested.len(), 1, "it may have been done all the same");
    shop.json(&["test-mailbox", "shop"], 0);
    shop.sandbox().switch_off(trouble);
    issue(&shop, &["--keep-old", "0"]).finish().code(0);
    assert_eq!(shop.sandbox().client_secrets().len(), 1);
    active(&shop);
}

#[test]
fn a_secret_whose_answer_was_lost_is_found_by_its_name_and_removed() {
    let shop = stale(&[OWNED_BY]);
    // The registration, two policies, and then the secret.
    shop.sandbox().hold_api(Hold::Answer, 4);
    let lost = issue(&shop, &["--keep-old", "0", "--timeout", "6"]).finish().code(6);
    shop.sandbox().let_go_on();
    wait_until("the directory has gone on", || shop.sandbox().counters().api_held == 0);
    assert_eq!(fact(&lost, "changed"), "no", "nothing that is known of");
    assert_eq!(shop.sandbox().client_secrets().len(), 2);
    assert_eq!(active(&shop), CLIENT_SECRET);
    let name = record(&shop).requested[0].name.clone();
    let found = issue(&shop, &["--keep-old", "0"]).finish().code(0);
    found.says("could not store").says(&name);
    assert_eq!(shop.sandbox().client_secrets().len(), 1);
    active(&shop);
    let counters = shop.sandbox().counters();
    assert_eq!((counters.passwords_added, counters.passwords_removed), (2, 2));
}

#[test]
fn a_token_that_runs_out_in_the_midst_is_fetched_again() {
    let shop = stale(&[OWNED_BY]);
    shop.sandbox().set_access_lifetime(Duration::from_secs(3600));
    shop.sandbox().hold_api(Hold::Request, 4);
    let running = issue(&shop, &["--keep-old", "0"]).start();
    wait_until("the request is held", || shop.sandbox().counters().api_held == 1);
    shop.sandbox().expire_access_tokens();
    shop.sandbox().let_go_on();
    running.finish().code(0);
    assert_eq!(shop.sandbox().client_secrets().len(), 1);
    active(&shop);
}
