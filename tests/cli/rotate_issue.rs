//! `rotate-secret --issue`: the directory issues the new secret, and removes the old one.

use mailgrant::secrets::{AppRecord, VaultKey, VaultStore, load_app, save_app};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::sandbox::faults::{ApiCall, ApiRefusal, Fault, Service};
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary::CLIENT_SECRET;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};
use crate::support::process::Run;

pub(crate) const GRAPH: &str = "https://graph.microsoft.com";
pub(crate) const OWNED_BY: &str = "Application.ReadWrite.OwnedBy";
const READ_POLICIES: &str = "Policy.Read.All";

/// Authorized, with tokens that must be fetched again each time, and the app consented to.
pub(crate) fn stale(roles: &[&'static str]) -> Fixture {
    let shop = Fixture::new();
    shop.add("shop", &[("--api-url", Some(&shop.sandbox().api_base()))]).finish().code(0);
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    // As at Microsoft: an answer that was lost on the way to us does not cost the grant.
    shop.sandbox().allow_refresh_reuse();
    roles.iter().for_each(|role| shop.sandbox().consent(GRAPH, role));
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["--json", "rotate-secret", "shop", "--issue", "--wait-propagation", "60"], more].concat()
}

pub(crate) fn issue(shop: &Fixture, more: &[&str]) -> Run {
    shop.run(&arguments(more))
}

/// A token of a user who has signed in at another program, with this permission.
pub(crate) fn admin_token(shop: &Fixture, permission: &str) -> String {
    shop.sandbox().issue_access_token(ALICE, &[format!("{GRAPH}/{permission}")])
}

/// Changes what the store holds of the app.
fn change_app(shop: &Fixture, change: impl FnOnce(&mut AppRecord)) -> AppRecord {
    let store = VaultStore::new(shop.vault(), VaultKey::File(shop.vault_key()));
    let name = "shop".parse().unwrap();
    let mut record = load_app(&store, &name).unwrap().unwrap();
    change(&mut record);
    save_app(&store, &name, &record).unwrap();
    record
}

pub(crate) fn record(shop: &Fixture) -> AppRecord {
    let store = VaultStore::new(shop.vault(), VaultKey::File(shop.vault_key()));
    load_app(&store, &"shop".parse().unwrap()).unwrap().unwrap()
}

/// The secret in use, which the directory must have.
pub(crate) fn active(shop: &Fixture) -> String {
    let active = record(shop).active.unwrap().value.expose_secret().to_owned();
    let listed = shop.sandbox().client_secrets();
    assert!(listed.iter().any(|(_, _, value)| *value == active), "the secret in use is not in the directory");
    active
}

pub(crate) fn refuse(at: ApiCall, status: u16, code: &'static str, retry_after: Option<u32>) -> Fault {
    let service = Service::Graph;
    let message = "A refusal for a test.";
    Fault::Api(ApiRefusal { service, at, status, code, message, retry_after, link: None })
}

/// What was skipped in the first report, and why.
fn skipped(finished: &Finished) -> Vec<String> {
    let document = finished.json();
    let checks = document["reports"][0]["checks"].as_array().unwrap().clone();
    checks.iter().filter_map(|check| check["because"].as_str().map(str::to_owned)).collect()
}

#[test]
fn the_app_has_a_secret_issued_uses_it_and_has_the_old_one_removed() {
    let shop = stale(&[OWNED_BY]);
    let rotated = issue(&shop, &["--keep-old", "0"]).finish().code(0);
    assert_eq!(
        (fact(&rotated, "changed"), fact(&rotated, "client_secret")),
        ("yes".into(), "the new one is in use".into())
    );
    let new = active(&shop);
    assert_ne!(new, CLIENT_SECRET);
    rotated.hides(&new);
    let left = shop.sandbox().client_secrets();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].1.starts_with("mailgrant 20"), "its name says who made it and when: {left:?}");
    let day = fact(&shop.json(&["status", "shop"], 0), "client_secret");
    assert!(day.contains("days left"), "{day}");
    assert!(std::fs::read_to_string(shop.config()).unwrap().contains("secret_expires = "));
    shop.json(&["test", "shop"], 0);
    let after = record(&shop);
    assert!(
        after.requested.is_empty() && after.removals.is_empty() && after.journal.is_none() && after.previous.is_none()
    );
    shop.insist_on_manners();
    let counters = shop.sandbox().counters();
    assert_eq!((counters.passwords_added, counters.passwords_removed, counters.sign_ins), (1, 1, 1));
}

#[test]
fn the_old_secret_stays_for_its_days_and_the_next_run_after_them_removes_it() {
    let shop = stale(&[OWNED_BY]);
    let rotated = issue(&shop, &["--keep-old", "3"]).finish().code(0);
    rotated.says("The old secret is good until");
    assert_eq!(shop.sandbox().client_secrets().len(), 2);
    let requests = shop.sandbox().counters().api_requests;
    let quiet = issue(&shop, &["--if-expires-within", "30"]).finish().code(0);
    assert_eq!(fact(&quiet, "changed"), "no");
    assert!(fact(&quiet, "client_secret").starts_with("unchanged; good until 20"), "{}", quiet.stdout);
    assert_eq!(shop.sandbox().counters().api_requests, requests, "there was nothing to ask");
    change_app(&shop, |record| {
        assert_eq!(record.removals.len(), 1);
        record.removals[0].due -= jiff::SignedDuration::from_hours(24 * 4);
    });
    let removed = issue(&shop, &["--if-expires-within", "30"]).finish().code(0);
    assert_eq!(fact(&removed, "changed"), "yes");
    removed.says("removed a secret that is not in use any more");
    assert_eq!(shop.sandbox().client_secrets().len(), 1);
    active(&shop);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn a_secret_that_is_brought_back_is_not_removed() {
    let shop = stale(&[OWNED_BY]);
    issue(&shop, &["--keep-old", "3"]).finish().code(0);
    shop.json(&["rotate-secret", "shop", "--rollback"], 0);
    assert_eq!(active(&shop), CLIENT_SECRET);
    assert!(record(&shop).removals.is_empty());
    issue(&shop, &["--keep-old", "0"]).finish().code(0);
    assert_eq!(shop.sandbox().client_secrets().len(), 1, "what was never used again goes too");
    active(&shop);
}

#[test]
fn it_rotates_when_few_days_are_left_by_the_directory_s_own_date() {
    let shop = stale(&[OWNED_BY]);
    // The profile says nothing: the directory knows that there are two years.
    let quiet = issue(&shop, &["--if-expires-within", "30"]).finish().code(0);
    assert_eq!(fact(&quiet, "changed"), "no", "{}", quiet.stdout);
    assert_eq!(shop.sandbox().counters().passwords_added, 0);
    // It has ended, which the profile does not know either; the app cannot ask for itself any more.
    shop.sandbox().expire_client_secret(CLIENT_SECRET);
    issue(&shop, &["--if-expires-within", "30"]).finish().code(1);
    let token = admin_token(&shop, "Application.ReadWrite.All");
    let due = issue(&shop, &["--if-expires-within", "30", "--admin-token-stdin"]).stdin(&token).finish().code(0);
    assert_eq!(fact(&due, "changed"), "yes");
    assert_eq!(shop.sandbox().counters().passwords_added, 1);
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn where_secrets_live_shorter_than_that_each_run_does_not_replace_one() {
    let shop = stale(&[OWNED_BY]);
    issue(&shop, &["--keep-old", "0", "--lifetime", "20"]).finish().code(0);
    let young = issue(&shop, &["--if-expires-within", "30"]).finish().code(0);
    assert_eq!(fact(&young, "changed"), "no", "{}", young.stdout);
    assert_eq!(shop.sandbox().counters().passwords_added, 1);
}

#[test]
fn an_administrator_s_token_does_it_too_and_is_stored_nowhere() {
    let shop = stale(&[]);
    let token = admin_token(&shop, "Application.ReadWrite.All");
    let rotated =
        issue(&shop, &["--keep-old", "0", "--admin-token-stdin"]).stdin(&format!("{token}\n")).finish().code(0);
    rotated.hides(&token);
    assert_ne!(active(&shop), CLIENT_SECRET);
    assert_eq!(shop.files_with(&token), Vec::<std::path::PathBuf>::new());
    issue(&shop, &["--admin-token-stdin"]).stdin("two words").finish().code(2);
    issue(&shop, &["--admin-token-stdin"]).finish().code(2);
    shop.json(&["rotate-secret", "shop", "--admin", "az"], 2);
}

#[cfg(unix)]
#[test]
fn az_is_asked_without_a_shell_and_without_our_variables() {
    let shop = stale(&[]);
    let token = admin_token(&shop, "Application.ReadWrite.All");
    let programs = shop.path().join("programs");
    std::fs::create_dir(&programs).unwrap();
    let az = |script: &str| {
        let path = programs.join("az");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    };
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let asked =
        |more: &[&str]| issue(&shop, &[&["--admin", "az", "--keep-old", "0"], more].concat()).env("PATH", &path);
    az("echo 'ERROR: Please run az login to setup account.' >&2; exit 1");
    asked(&[]).finish().code(1).says("Please run az login");
    az("sleep 30");
    asked(&["--timeout", "2"]).finish().code(6);
    let log = shop.path().join("az.log");
    az(&format!("echo \"$@\" >{0}; env >>{0}; echo {token}", log.display()));
    asked(&[]).finish().code(0).hides(&token);
    let log = std::fs::read_to_string(log).unwrap();
    let wanted = "account get-access-token --resource https://graph.microsoft.com --query accessToken --output tsv";
    assert!(log.starts_with(wanted), "{log}");
    assert!(!log.contains("MAILGRANT_"), "{log}");
    assert_ne!(active(&shop), CLIENT_SECRET);
}

#[test]
fn a_policy_on_lifetimes_is_read_and_obeyed_or_found_by_trying() {
    for (roles, is_told) in [(&[OWNED_BY, READ_POLICIES][..], true), (&[OWNED_BY][..], false)] {
        let shop = stale(roles);
        shop.sandbox().switch_on(Fault::LongestSecret(30));
        let rotated = issue(&shop, &["--lifetime", "365"]).finish().code(0);
        assert_eq!(fact(&rotated, "policy").contains("30 days"), is_told, "{}", rotated.stdout);
        let refused = shop.sandbox().counters();
        assert_eq!(refused.passwords_added, 1);
        let day: jiff::civil::Date = fact(&rotated, "secret_expires").parse().unwrap();
        let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).date();
        let left = day.since(today).unwrap().get_days();
        assert!((15..=30).contains(&left), "{left} days with {roles:?}");
        assert!(record(&shop).requested.is_empty());
        active(&shop);
    }
}

#[test]
fn a_permission_that_is_missing_is_named_and_the_date_that_is_known_too() {
    let shop = stale(&[]);
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    shop.write_config(&profile.replace("[apps.shop]\n", "[apps.shop]\nsecret_expires = 2027-05-20\n"));
    let denied = issue(&shop, &[]).finish().code(1);
    assert_eq!(denied.finding_codes(), ["directory-permission-missing"]);
    let (_, finding) = denied.check("rotation");
    for words in
        [OWNED_BY, "2027-05-20, the date that was typed, is all that is known", "Grant admin consent", "request-id"]
    {
        assert!(finding.contains(words), "no {words:?} in {finding}");
    }
    assert_eq!(fact(&denied, "changed"), "no");
    assert_eq!(active(&shop), CLIENT_SECRET);
    assert!(record(&shop).requested.is_empty());
    let token = admin_token(&shop, "Application.Read.All");
    let denied = issue(&shop, &["--admin-token-stdin"]).stdin(&token).finish().code(1);
    let (_, finding) = denied.check("rotation");
    assert!(
        finding.contains("Application.ReadWrite.All") && finding.contains("Application Administrator"),
        "{finding}"
    );
    assert!(record(&shop).requested.is_empty(), "a refusal leaves nothing to look for");
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn a_dry_run_shows_the_requests_and_sends_none() {
    let shop = stale(&[OWNED_BY]);
    let before = shop.files();
    let shown = issue(&shop, &["--dry-run", "--keep-old", "3", "--lifetime", "90"]).finish().code(0);
    let requests = skipped(&shown);
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests[0].contains("POST https://localhost") && requests[0].contains("/addPassword"), "{requests:?}");
    assert!(requests[0].contains("\"displayName\":\"mailgrant 20"), "{requests:?}");
    assert!(requests[1].contains("/removePassword") && requests[1].contains("3 days after"), "{requests:?}");
    assert_eq!(fact(&shown, "changed"), "no");
    let counters = shop.sandbox().counters();
    assert_eq!((counters.passwords_added, counters.passwords_removed), (0, 0));
    let changed = |(path, bytes): &(std::path::PathBuf, Vec<u8>)| {
        let is_lock = path.extension().is_some_and(|extension| extension == "lock");
        !is_lock && !before.iter().any(|(other, old)| other == path && old == bytes)
    };
    let changed: Vec<_> = shop.files().into_iter().filter(changed).map(|(path, _)| path).collect();
    assert_eq!(changed, Vec::<std::path::PathBuf>::new());
    let not_due = issue(&shop, &["--dry-run", "--if-expires-within", "30"]).finish().code(0);
    assert!(fact(&not_due, "client_secret").contains("good until"), "{}", not_due.stdout);
}

#[test]
fn an_old_secret_that_cannot_be_told_from_others_stays_and_that_is_said() {
    let shop = stale(&[OWNED_BY]);
    shop.sandbox().switch_on(Fault::NoHints);
    let rotated = issue(&shop, &["--keep-old", "0"]).finish().code(0);
    rotated.says("cannot be told by its first characters");
    assert_eq!(shop.sandbox().client_secrets().len(), 2);
    assert_ne!(active(&shop), CLIENT_SECRET);
}

#[test]
fn apps_of_one_registration_get_one_new_secret_together() {
    let shop = stale(&[OWNED_BY]);
    shop.add("alice", &[("--address", Some(ALICE)), ("--app", Some("second"))]).finish().code(0);
    shop.authorize_as("alice", ALICE).code(0);
    let rotated = issue(&shop, &["--keep-old", "0"]).finish().code(0);
    assert!(fact(&rotated, "apps").contains("second, shop"), "{}", rotated.stdout);
    assert_eq!(shop.sandbox().counters().passwords_added, 1);
    assert_eq!(shop.sandbox().client_secrets().len(), 1);
    for name in ["shop", "alice"] {
        shop.json(&["test-mailbox", name], 0);
    }
}

#[test]
fn a_secret_that_another_profile_s_app_has_in_use_stays() {
    let shop = stale(&[OWNED_BY]);
    let other = shop.path().join("other.toml");
    std::fs::copy(shop.config(), &other).unwrap();
    let other = other.display().to_string();
    let text =
        std::fs::read_to_string(&other).unwrap().replace("shop]", "elsewhere]").replace("\"shop\"", "\"elsewhere\"");
    std::fs::write(&other, text).unwrap();
    let arguments = shop.add_arguments("elsewhere", &[]);
    let arguments: Vec<&str> = ["--profile", &other].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    shop.run(&arguments).stdin(CLIENT_SECRET).finish().code(0);
    let rotated = issue(&shop, &["--keep-old", "0"]).finish().code(0);
    rotated.says("still in use");
    assert_eq!(shop.sandbox().client_secrets().len(), 2);
}

#[test]
fn a_provider_without_a_directory_says_so() {
    let shop = Fixture::new();
    let google = "[apps.shop]\nprovider = \"google\"\nclient_id = \"x.apps.googleusercontent.com\"\n\
                  [mailboxes.shop]\napp = \"shop\"\naddress = \"shop@contoso.example\"\nincoming = { protocol = \"imap\" }\n";
    shop.write_config(google);
    let refused = shop.json(&["rotate-secret", "shop", "--issue"], 2);
    assert_eq!(refused.json()["error"]["code"], Value::from("no-directory"));
}
