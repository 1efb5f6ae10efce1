//! `status --ask`: the directory's own dates, and what it says where it does not tell them.

use std::fs;
use std::time::{Duration, Instant};

use mailgrant::files::lock::ProfileLock;

use crate::rotate_issue::{GRAPH, admin_token};
use crate::sandbox::faults::{ApiCall, ApiRefusal, Fault, Service};
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary::CLIENT_SECRET;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};

pub(crate) const READ: &str = "Application.Read.All";
/// What people typed, which the directory knows better.
const TYPED: &str = "2031-05-20";

/// Authorized, with a date that was typed, and the app consented to.
pub(crate) fn asking(roles: &[&'static str]) -> Fixture {
    let shop = Fixture::new();
    let api = shop.sandbox().api_base();
    shop.add("shop", &[("--api-url", Some(&api)), ("--expires", Some(TYPED))]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    roles.iter().for_each(|role| shop.sandbox().consent(GRAPH, role));
    shop
}

fn day(from_now: i64) -> String {
    let today = crate::sandbox::world::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_add(jiff::Span::new().days(from_now)).to_string()
}

fn warnings(finished: &Finished) -> Vec<String> {
    let document = finished.json();
    let lines = ["warnings", "next"].map(|part| document[part].as_array().unwrap().clone());
    lines.concat().iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn warns(finished: &Finished, words: &[&str]) {
    let all = warnings(finished).join("\n");
    words.iter().for_each(|words| assert!(all.contains(words), "no {words:?} in\n{all}"));
}

fn refuse(status: u16, code: &'static str, retry_after: Option<u32>) -> Fault {
    let (service, at, message) = (Service::Graph, ApiCall::Directory, "A refusal for a test.");
    Fault::Api(ApiRefusal { service, at, status, code, message, retry_after, link: None })
}

fn profile(shop: &Fixture) -> String {
    fs::read_to_string(shop.config()).unwrap()
}

#[test]
fn the_directorys_date_is_shown_and_takes_the_place_of_the_typed_one() {
    let shop = asking(&[READ]);
    let asked = shop.json(&["status", "--ask"], 0);
    let end = fact(&asked, "client_secret_ends");
    let end = end.get(..10).unwrap();
    assert_ne!(end, TYPED);
    assert!(fact(&asked, "client_secret").starts_with(&format!("expires {end} (")), "{}", asked.stdout);
    assert!(fact(&asked, "client_secret").ends_with("says the directory"), "{}", asked.stdout);
    assert_eq!(fact(&asked, "client_secret_key_id").len(), 36, "{}", asked.stdout);
    warns(&asked, &[TYPED, "which the profile has now"]);
    assert!(profile(&shop).contains(&format!("secret_expires = {end}")), "{}", profile(&shop));
    asked.hides(CLIENT_SECRET);
    // From here on it is known without asking, to profile and store alike.
    let requests = shop.sandbox().counters();
    let plain = shop.json(&["status"], 0);
    assert!(fact(&plain, "client_secret").contains(end), "{}", plain.stdout);
    assert_eq!(warnings(&plain), Vec::<String>::new());
    assert_eq!(shop.sandbox().counters(), requests, "status without --ask asked something");
    let before = fs::metadata(shop.config()).unwrap().modified().unwrap();
    assert_eq!(warnings(&shop.json(&["status", "--ask"], 0)), Vec::<String>::new());
    assert_eq!(fs::metadata(shop.config()).unwrap().modified().unwrap(), before, "the profile was written again");
    shop.insist_on_manners();
}

#[test]
fn the_app_may_read_what_it_owns_and_an_administrator_all() {
    let owner = asking(&["Application.ReadWrite.OwnedBy"]);
    assert!(fact(&owner.json(&["status", "--ask"], 0), "client_secret").ends_with("says the directory"));
    let shop = asking(&[]);
    let token = admin_token(&shop, READ);
    let run = shop.run(&["--json", "-v", "status", "--ask", "--admin-token-stdin"]).stdin(&token);
    let asked = run.finish().code(0);
    assert!(fact(&asked, "client_secret").ends_with("says the directory"), "{}", asked.stdout);
    asked.hides(&token).hides(CLIENT_SECRET);
    assert_eq!(shop.files_with(&token), Vec::<std::path::PathBuf>::new());
    for flags in [&["--admin-token-stdin"][..], &["--admin", "az"]] {
        let refused = shop.json(&[&["status"], flags].concat(), 2);
        assert!(refused.stdout.contains("Add --ask"), "{}", refused.stdout);
    }
    let nothing = shop.run(&["--json", "status", "--ask", "--admin-token-stdin"]).stdin("").finish().code(2);
    assert!(nothing.stdout.contains("holds no access token"), "{}", nothing.stdout);
}

#[test]
fn a_secret_that_has_ended_there_has_ended_whatever_the_profile_says() {
    let shop = asking(&[]);
    shop.sandbox().expire_client_secret(CLIENT_SECRET);
    let token = admin_token(&shop, READ);
    let ask = || shop.run(&["--json", "status", "--ask", "--admin-token-stdin"]).stdin(&token).finish();
    let asked = ask().code(1);
    assert_eq!(asked.finding_codes(), ["secret-expired"], "on its last day too");
    assert!(profile(&shop).contains(&format!("secret_expires = {}", day(0))), "{}", profile(&shop));
    warns(&asked, &[TYPED]);
    // The app cannot ask for itself any more, and what its sign-in server says is told.
    let own = shop.json(&["status", "--ask"], 1);
    assert_eq!(own.finding_codes(), ["ms-secret-expired"]);
}

#[test]
fn without_the_permission_it_is_named_and_nothing_else_changes() {
    let shop = asking(&["Mail.Send"]);
    let before = profile(&shop);
    let asked = shop.json(&["status", "--ask"], 0);
    warns(
        &asked,
        &[
            "Application.Read.All",
            "Application.ReadWrite.OwnedBy",
            TYPED,
            "is all that is known",
            "Grant admin consent",
            "--admin az",
        ],
    );
    assert!(fact(&asked, "client_secret").starts_with(&format!("expires {TYPED} (")), "{}", asked.stdout);
    assert_eq!(asked.outcome("directory"), "skipped");
    assert_eq!(profile(&shop), before);
    assert_eq!(shop.json(&["status", "--ask", "--fail-within=9999"], 1).finding_codes(), ["secret-expires-soon"]);
}

#[test]
fn secrets_that_are_not_in_use_are_named_with_the_way_to_remove_them() {
    let shop = asking(&[READ]);
    let first = shop.sandbox().add_client_secret("zzz-not-a-secret-of-ours-1");
    let second = shop.sandbox().add_client_secret("yyy-not-a-secret-of-ours-2");
    let asked = shop.json(&["status", "--ask"], 0);
    warns(
        &asked,
        &[
            "2 client secrets that mailgrant does not use",
            &first,
            &second,
            "'added by hand'",
            &format!("until {}", day(365)),
            "Certificates & secrets > Client secrets",
        ],
    );
    assert!(!warnings(&asked).join(" ").contains(&fact(&asked, "client_secret_key_id")), "{}", asked.stdout);
    asked.hides("zzz");
}

#[test]
fn certificates_that_are_there_are_named() {
    let shop = asking(&[READ]);
    let id = shop.sandbox().add_certificate("CN=another program");
    let asked = shop.json(&["status", "--ask"], 0);
    warns(&asked, &["1 certificate, which mailgrant does not use", "CN=another program", &id, &day(365)]);
    assert!(!warnings(&asked).join(" ").contains("Remove"), "{}", asked.stdout);
}

#[test]
fn a_secret_that_a_rotation_keeps_is_not_for_removal() {
    let shop = asking(&[READ]);
    let next = "zzz-a-new-secret-for-a-test-only-0001";
    let id = shop.sandbox().add_client_secret(next);
    shop.run(&["--json", "rotate-secret", "shop", "--secret-stdin"]).stdin(next).finish().code(0);
    let asked = shop.json(&["status", "--ask"], 0);
    assert_eq!(fact(&asked, "client_secret_key_id"), id);
    assert!(!warnings(&asked).iter().any(|line| line.contains("does not use")), "{}", asked.stdout);
    shop.json(&["rotate-secret", "shop", "--discard-previous"], 0);
    warns(&shop.json(&["status", "--ask"], 0), &["1 client secret that mailgrant does not use"]);
}

#[test]
fn a_beginning_that_none_or_several_have_is_said_and_changes_nothing() {
    for (fault, words) in [
        (Fault::NoHints, &["lists 2 client secrets", "none is known to be the one in use"][..]),
        (Fault::SameHints, &["2 client secrets of app 'shop' begin as the one in use does", "'added by hand'"]),
    ] {
        let shop = asking(&[READ]);
        shop.sandbox().add_client_secret("zzz-not-a-secret-of-ours-1");
        let before = profile(&shop);
        shop.sandbox().switch_on(fault);
        let asked = shop.json(&["status", "--ask"], 0);
        warns(&asked, &[&[TYPED, "is all that is known"], words].concat());
        assert!(!warnings(&asked).iter().any(|line| line.contains("does not use")), "{}", asked.stdout);
        assert!(fact(&asked, "client_secret").starts_with(&format!("expires {TYPED} (")), "{}", asked.stdout);
        assert_eq!(profile(&shop), before);
        // Once its ID is known, its beginning is not needed.
        shop.sandbox().switch_off(fault);
        let id = fact(&shop.json(&["status", "--ask"], 0), "client_secret_key_id");
        shop.sandbox().switch_on(fault);
        assert_eq!(fact(&shop.json(&["status", "--ask"], 0), "client_secret_key_id"), id);
    }
}

#[test]
fn what_the_directory_or_the_way_to_it_refuses_is_a_finding_beside_the_status() {
    for (fault, code, exit) in [
        (refuse(429, "TooManyRequests", Some(120)), "graph-throttled", 6),
        (refuse(404, "Request_ResourceNotFound", None), "graph-app-not-found", 1),
    ] {
        let shop = asking(&[READ]);
        shop.sandbox().switch_on(fault);
        let asked = shop.json(&["status", "--ask"], exit);
        assert_eq!(asked.finding_codes(), [code]);
        assert_eq!(fact(&asked, "status"), "authorized");
        assert!(fact(&asked, "client_secret").starts_with(&format!("expires {TYPED} (")), "{}", asked.stdout);
        assert!(profile(&shop).contains(TYPED));
    }
    let mut shop = asking(&[READ]);
    shop.sandbox().switch_on(refuse(503, "ServiceUnavailable", None));
    let asked = shop.run(&["--json", "status", "--ask"]).finish();
    assert_eq!((asked.code, asked.finding_codes().len()), (Some(6), 1), "{}", asked.all_text());
    assert!(asked.stderr.contains("asking again"), "{}", asked.stderr);
    shop.end_sandbox();
    let asked = shop.json(&["status", "--ask"], 6);
    assert_eq!(fact(&asked, "status"), "authorized");
    assert!(fact(&asked, "client_secret").starts_with(&format!("expires {TYPED} (")), "{}", asked.stdout);
}

#[test]
fn a_passing_trouble_is_waited_for() {
    let shop = asking(&[READ]);
    let fault = refuse(429, "TooManyRequests", Some(1));
    shop.sandbox().switch_on(fault);
    let mut running = shop.run(&["--json", "status", "--ask"]).start();
    running.wait_for_stderr("asking again in 1 seconds");
    shop.sandbox().switch_off(fault);
    assert!(fact(&running.finish().code(0), "client_secret").ends_with("says the directory"));
}

#[test]
fn a_public_client_and_a_provider_without_a_directory_are_asked_nothing() {
    let shop = asking(&[]);
    let text = profile(&shop);
    let google = "[apps.g]\nprovider = \"google\"\nclient_id = \"1-abc.apps.googleusercontent.com\"\n\
                  [mailboxes.g]\napp = \"g\"\naddress = \"g@example.com\"\nincoming = { protocol = \"imap\" }\n\
                  [apps.p]\nprovider = \"microsoft365\"\ncredential = \"none\"\ntenant = \"contoso.example\"\n\
                  client_id = \"5a4d0000-0000-4000-8000-0000000000ff\"\n\
                  [mailboxes.p]\napp = \"p\"\naddress = \"p@example.com\"\nincoming = { protocol = \"imap\" }\n";
    shop.write_config(&format!("{text}\n{google}"));
    let before = shop.sandbox().counters();
    let public = shop.json(&["status", "p", "--ask"], 4);
    assert!(!public.stdout.contains("\"directory\""), "{}", public.stdout);
    let google = shop.json(&["status", "g", "--ask"], 4);
    assert_eq!(google.outcome("directory"), "skipped");
    assert_eq!(shop.sandbox().counters(), before);
}

#[test]
fn apps_of_one_registration_are_asked_about_once() {
    let shop = asking(&[READ]);
    let api = shop.sandbox().api_base();
    let second = [("--app", Some("second")), ("--address", Some(ALICE)), ("--api-url", Some(&*api))];
    shop.add("alice", &second).finish().code(0);
    shop.authorize_as("alice", ALICE).code(0);
    let before = shop.sandbox().counters();
    let asked = shop.json(&["status", "--ask"], 0);
    let after = shop.sandbox().counters();
    assert_eq!((after.api_requests - before.api_requests, after.token_requests - before.token_requests), (1, 1));
    let document = asked.json();
    let end = |report: usize| document["reports"][report]["facts"]["client_secret_ends"].as_str().unwrap().to_owned();
    assert_eq!(end(0), end(1));
    let end = end(0);
    let (end, text) = (end.get(..10).unwrap(), profile(&shop));
    assert_eq!(text.matches(&format!("secret_expires = {end}")).count(), 2, "{text}");
}

#[test]
fn a_rotation_under_way_keeps_its_secrets_and_dates() {
    let shop = asking(&[READ]);
    let next = "zzz-a-new-secret-for-a-test-only-0001";
    shop.sandbox().add_client_secret(next);
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.sandbox().allow_refresh_reuse();
    shop.sandbox().set_token_delay(Duration::from_secs(6));
    let rotate = ["--json", "rotate-secret", "shop", "--secret-stdin", "--timeout", "2"];
    shop.run(&rotate).stdin(next).finish().code(8);
    shop.sandbox().set_token_delay(Duration::ZERO);
    let before = profile(&shop);
    let asked = shop.json(&["status", "--ask"], 0);
    assert!(fact(&asked, "client_secret").ends_with("says the directory"), "{}", asked.stdout);
    assert!(!warnings(&asked).iter().any(|line| line.contains("does not use")), "the new one: {}", asked.stdout);
    assert_eq!(profile(&shop), before);
    shop.json(&["rotate-secret", "shop"], 0);
    shop.json(&["test", "shop"], 0);
}

#[test]
fn a_profile_that_cannot_be_written_is_said_and_the_date_counts_all_the_same() {
    let shop = asking(&[READ]);
    let before = profile(&shop);
    let state = shop.path().join("state/mailgrant");
    let held = ProfileLock::acquire(&state, &shop.config(), Duration::ZERO).unwrap();
    let asked = shop.json(&["status", "--ask", "--timeout", "3"], 0);
    drop(held);
    warns(&asked, &["could not be written to the profile"]);
    assert!(fact(&asked, "client_secret").ends_with("says the directory"));
    assert_eq!(profile(&shop), before);
}

#[test]
fn a_test_asks_again_where_the_app_was_answered_and_nowhere_else() {
    let shop = asking(&[READ]);
    let asks = || shop.sandbox().counters().api_requests;
    let test = || shop.json(&["test", "shop"], 0);
    assert_eq!((fact(&test(), "client_secret"), asks()), (String::new(), 0));
    let token = admin_token(&shop, READ);
    shop.run(&["--json", "status", "--ask", "--admin-token-stdin"]).stdin(&token).finish().code(0);
    assert_eq!(
        (fact(&test(), "client_secret"), asks()),
        (String::new(), 1),
        "an administrator's answer is not the app's"
    );
    shop.json(&["status", "--ask"], 0);
    let told = test();
    assert!(fact(&told, "client_secret").ends_with("says the directory"), "{}", told.stdout);
    assert_eq!((warnings(&told), asks()), (Vec::new(), 3));
    // The permission is withdrawn: a test says nothing of that, and the next one does not ask.
    let denied = refuse(403, "Authorization_RequestDenied", None);
    shop.sandbox().switch_on(denied);
    for requests in [4, 4] {
        let silent = test();
        assert_eq!((fact(&silent, "client_secret"), warnings(&silent), asks()), (String::new(), Vec::new(), requests));
    }
    shop.sandbox().switch_off(denied);
    assert_eq!((fact(&test(), "client_secret"), asks()), (String::new(), 4));
}

#[test]
fn a_test_has_the_new_date_and_waits_for_no_directory_in_trouble() {
    let shop = asking(&[READ]);
    shop.json(&["status", "--ask"], 0);
    let text = profile(&shop);
    let line = text.lines().find(|line| line.starts_with("secret_expires")).unwrap();
    shop.write_config(&text.replace(line, "secret_expires = 2031-05-20"));
    let told = shop.json(&["test", "shop"], 0);
    warns(&told, &[TYPED, "which the profile has now"]);
    assert!(profile(&shop).contains(line), "{}", profile(&shop));
    shop.sandbox().switch_on(refuse(429, "TooManyRequests", Some(30)));
    let begun = Instant::now();
    let silent = shop.json(&["test", "shop"], 0);
    assert!(begun.elapsed() < Duration::from_secs(20), "it waited for the directory");
    assert_eq!((fact(&silent, "client_secret"), warnings(&silent)), (String::new(), Vec::new()));
}

#[test]
fn the_calendar_has_the_directorys_date() {
    let shop = asking(&[READ]);
    let asked = shop.json(&["status", "--ask", "--ics", "secrets.ics"], 0);
    let end = fact(&asked, "client_secret_ends").get(..10).unwrap().replace('-', "");
    let calendar = fs::read_to_string(shop.path().join("secrets.ics")).unwrap();
    assert!(calendar.contains(&format!("DTSTART;VALUE=DATE:{end}")), "{calendar}");
}
