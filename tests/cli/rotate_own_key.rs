//! `rotate-secret --issue` of an app with a certificate: it makes the next key, and the directory takes its certificate for a
//! proof of the one in use.

use std::path::PathBuf;

use crate::certificates::{ENCRYPTED, PASSPHRASE, certified};
use crate::crash::kill_at;
use crate::rotate_issue::{admin_token, refuse};
use crate::sandbox::faults::{ApiCall, Fault};
use crate::sandbox::world::{Endpoint, Hold, SHOP};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};
use crate::support::process::Run;
use crate::support::{rounds, wait_until};

/// An app without any permission, whose certificate a person has uploaded; each token is asked for with it.
fn rolling(make: &[&str]) -> Fixture {
    let shop = certified(make, "");
    if !make.is_empty() {
        shop.run(&["add", "shop", "--secret-stdin"]).stdin(PASSPHRASE).finish().code(0);
    }
    let app = format!("[apps.shop]\napi_url = \"{}\"\n", shop.sandbox().api_base());
    shop.write_config(&profile(&shop).replace("[apps.shop]\n", &app));
    name_object(&shop, &shop.sandbox().object_id());
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.sandbox().allow_refresh_reuse();
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

fn name_object(shop: &Fixture, id: &str) {
    let without: Vec<String> =
        profile(shop).lines().filter(|line| !line.starts_with("object_id")).map(str::to_owned).collect();
    let line = format!("[apps.shop]\nobject_id = \"{id}\"");
    shop.write_config(&(without.join("\n").replace("[apps.shop]", &line) + "\n"));
}

fn profile(shop: &Fixture) -> String {
    std::fs::read_to_string(shop.config()).unwrap()
}

fn issue(shop: &Fixture, more: &[&str]) -> Run {
    shop.run(&[&["--json", "rotate-secret", "shop", "--issue", "--wait-propagation", "60"], more].concat())
}

/// The value of a key in the table of the app's certificate.
fn named(shop: &Fixture, key: &str) -> Option<String> {
    let profile = profile(shop);
    let line = profile.lines().find(|line| line.starts_with("certificate = "))?;
    let values = line.split(['{', ',', '}']).filter_map(|part| part.split_once(" = "));
    values
        .map(|(key, value)| (key.trim(), value))
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value.trim().replace('"', ""))
}

fn ids(shop: &Fixture) -> Vec<String> {
    shop.sandbox().certificates().into_iter().map(|(id, ..)| id).collect()
}

/// The files in the profile's folder that hold keys.
fn keys(shop: &Fixture) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(shop.config().parent().unwrap()).unwrap();
    let mut keys: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    keys.retain(|path| path.extension().is_some_and(|extension| extension == "pem"));
    keys.sort();
    keys
}

fn uploads(shop: &Fixture) -> (u32, u32) {
    let counters = shop.sandbox().counters();
    (counters.keys_added, counters.keys_removed)
}

#[test]
fn an_app_without_permissions_makes_its_next_key_and_uses_it() {
    for make in [&[][..], &ENCRYPTED] {
        let shop = rolling(make);
        let rotated = issue(&shop, &[]).finish().code(0);
        assert_eq!(fact(&rotated, "changed"), "yes", "{}", rotated.stdout);
        rotated.says("the new certificate is good").says("--discard-previous").hides(PASSPHRASE);
        let new = named(&shop, "file").unwrap();
        assert_eq!((named(&shop, "previous_file").as_deref(), named(&shop, "next_file")), (Some("shop.pem"), None));
        assert_eq!(ids(&shop)[1..], [named(&shop, "key_id").unwrap()]);
        let key = std::fs::read_to_string(shop.config().with_file_name(&new)).unwrap();
        assert_eq!(key.contains("ENCRYPTED PRIVATE KEY"), !make.is_empty(), "as the one before it");
        shop.json(&["test", "shop"], 0);
        shop.json(&["rotate-secret", "shop", "--rollback"], 0);
        assert_eq!((named(&shop, "file").as_deref(), named(&shop, "key_id")), (Some("shop.pem"), None));
        shop.json(&["test", "shop"], 0);
        shop.json(&["rotate-secret", "shop", "--rollback"], 0);
        assert_eq!(named(&shop, "file"), Some(new));
        shop.insist_on_manners();
    }
}

#[test]
fn a_timer_replaces_what_ends_soon_and_removes_what_it_has_uploaded_before() {
    let shop = rolling(&[]);
    issue(&shop, &["--lifetime", "20"]).finish().code(0);
    let first = named(&shop, "key_id").unwrap();
    let requests = shop.sandbox().counters().api_requests;
    let young = issue(&shop, &["--if-expires-within", "30"]).finish().code(0);
    assert_eq!(fact(&young, "changed"), "no", "{}", young.stdout);
    assert_eq!(shop.sandbox().counters().api_requests, requests, "there was nothing to ask");
    // The one that a person has uploaded is not mailgrant's to remove; it is named before the profile forgets it.
    let second = issue(&shop, &["--if-expires-within", "30", "--keep-old", "3"]).finish().code(0);
    assert_eq!(fact(&second, "changed"), "no");
    let second = issue(&shop, &["--keep-old", "3"]).finish().code(0);
    second.says("Where that is not done yet").says("The old certificate is good until");
    assert_eq!(named(&shop, "previous_key_id"), Some(first.clone()));
    assert_eq!(uploads(&shop), (2, 0));
    let removed = issue(&shop, &["--if-expires-within", "30", "--keep-old", "0"]).finish().code(0);
    assert_eq!(fact(&removed, "changed"), "yes", "{}", removed.stdout);
    assert!(!ids(&shop).contains(&first) && named(&shop, "previous_file").is_none());
    issue(&shop, &["--keep-old", "0"]).finish().code(0);
    assert_eq!((uploads(&shop), ids(&shop).len()), ((3, 2), 2), "what a person has uploaded, and the newest");
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn what_is_discarded_the_directory_removes() {
    let shop = rolling(&[]);
    issue(&shop, &[]).finish().code(0);
    // It is a person's.
    shop.json(&["rotate-secret", "shop", "--discard-previous"], 0).says("thumbprint");
    issue(&shop, &[]).finish().code(0);
    let old = named(&shop, "previous_key_id").unwrap();
    shop.sandbox().switch_on(refuse(ApiCall::RemoveKey, 403, "Authorization_RequestDenied", None));
    issue(&shop, &["--if-expires-within", "900", "--keep-old", "0"]).finish().code(1);
    assert_eq!(named(&shop, "previous_key_id").as_ref(), Some(&old), "it is not forgotten before it is gone");
    shop.sandbox().switch_off(refuse(ApiCall::RemoveKey, 403, "Authorization_RequestDenied", None));
    let told = shop.json(&["rotate-secret", "shop", "--discard-previous"], 0).says("the directory has removed it");
    assert!(!ids(&shop).contains(&old), "{}", told.stdout);
    assert_eq!(keys(&shop).len(), 3, "no file is deleted");
}

#[test]
fn the_object_id_is_asked_for_where_the_profile_has_none() {
    let shop = rolling(&[]);
    name_object(&shop, "@");
    shop.write_config(&profile(&shop).replace("object_id = \"@\"\n", ""));
    let before = shop.files();
    let missing = issue(&shop, &[]).finish().code(3);
    assert_eq!(missing.finding_codes(), ["object-id-missing"]);
    missing.says("az ad app show --id").says("[apps.shop]");
    assert_eq!(keys(&shop).len(), 1);
    assert_eq!(before.iter().find(|(path, _)| *path == shop.config()).unwrap().1, profile(&shop).into_bytes());
    let token = admin_token(&shop, "Application.Read.All");
    issue(&shop, &["--admin-token-stdin"]).stdin(&token).finish().code(0).hides(&token);
    assert!(profile(&shop).contains(&format!("object_id = \"{}\"", shop.sandbox().object_id())), "{}", profile(&shop));
    shop.write_config(&profile(&shop).replace("object_id = \"", "object_id = \"<"));
    shop.json(&["show", "shop"], 3);
}

/// Refused, and nothing is left of it.
fn changes_nothing(shop: &Fixture, more: &[&str]) -> Finished {
    let before = profile(shop);
    let refused = issue(shop, more).finish();
    assert_eq!(refused.code, Some(1), "{}", refused.stdout);
    assert_eq!((fact(&refused, "changed"), profile(shop)), ("no".into(), before), "{}", refused.stdout);
    assert_eq!((keys(shop).len(), uploads(shop)), (1, (0, 0)));
    shop.json(&["test-mailbox", "shop"], 0);
    refused
}

#[test]
fn what_the_directory_does_not_take_is_not_kept() {
    let shop = rolling(&[]);
    let principal = shop.sandbox().principal_id();
    name_object(&shop, &principal);
    let wrong = changes_nothing(&shop, &[]);
    assert_eq!(wrong.finding_codes(), ["certificate-proof-refused"]);
    wrong.says(&principal).says("not that of the enterprise application");
    name_object(&shop, &shop.sandbox().object_id());
    let refusals = [
        (401, "Authentication_MissingOrMalformed", "certificate-proof-refused"),
        // Too many, say.
        (400, "Directory_QuotaExceeded", ""),
        // Until nothing shorter can be asked for.
        (400, "CredentialInvalidLifetimeAsPerAppPolicy", "graph-credential-lifetime-policy"),
    ];
    for (status, code, finding) in refusals {
        let fault = refuse(ApiCall::AddKey, status, code, None);
        shop.sandbox().switch_on(fault);
        let refused = changes_nothing(&shop, &["--lifetime", "2"]);
        assert!(refused.stdout.contains(finding) && refused.stdout.contains(code), "{}", refused.stdout);
        shop.sandbox().switch_off(fault);
    }
    // What may have been done is looked for by the next run.
    let trouble = refuse(ApiCall::AddKey, 503, "ServiceNotAvailable", None);
    shop.sandbox().switch_on(trouble);
    issue(&shop, &[]).finish().code(6);
    let next = named(&shop, "next_file").unwrap();
    shop.sandbox().switch_off(trouble);
    let again = shop.run(&["--json", "rotate-secret", "shop", "--issue", "--wait-propagation", "0"]).finish().code(0);
    assert_eq!((named(&shop, "file"), uploads(&shop)), (Some(next), (1, 0)), "{}", again.stdout);
}

#[test]
fn it_waits_until_each_server_knows_the_certificate_and_goes_on_where_that_took_too_long() {
    let shop = rolling(&[]);
    shop.sandbox().switch_on(Fault::ReplicationLag(3));
    issue(&shop, &[]).finish().code(0).says("The new certificate is not accepted");
    shop.sandbox().switch_off(Fault::ReplicationLag(3));
    shop.sandbox().switch_on(Fault::ReplicationLag(6));
    let in_use = named(&shop, "file");
    let quick = ["--json", "rotate-secret", "shop", "--issue", "--wait-propagation", "0"];
    let waiting = shop.run(&quick).finish();
    assert!(waiting.finding_codes().contains(&"certificate-unproven".to_owned()), "{}", waiting.stdout);
    waiting.says("is at the directory").says("--rollback");
    let (next, added) = (named(&shop, "next_file"), uploads(&shop).0);
    assert!(next.is_some() && named(&shop, "file") == in_use);
    shop.json(&["test-mailbox", "shop"], 0);
    issue(&shop, &[]).finish().code(0);
    assert_eq!((named(&shop, "file"), uploads(&shop).0), (next, added));
    // Or it is dropped.
    shop.sandbox().switch_off(Fault::ReplicationLag(6));
    shop.sandbox().switch_on(Fault::ReplicationLag(600));
    let before = ids(&shop);
    shop.run(&quick).finish();
    assert_eq!(ids(&shop).len(), before.len() + 1);
    shop.json(&["rotate-secret", "shop", "--rollback"], 0).says("is forgotten");
    assert_eq!((ids(&shop), named(&shop, "next_file")), (before, None));
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn a_dry_run_shows_the_request_and_sends_none() {
    let shop = rolling(&[]);
    let before = profile(&shop);
    let shown = issue(&shop, &["--dry-run"]).finish().code(0).says("/addKey").says("AsymmetricX509Cert");
    assert_eq!((fact(&shown, "changed"), keys(&shop).len(), uploads(&shop)), ("no".into(), 1, (0, 0)));
    assert_eq!(profile(&shop), before);
}

/// After a kill: the mailbox works, and the next run ends what was begun. Each certificate at the directory is one that the
/// profile names, or a person's.
fn insist_on_recovery(shop: &Fixture, when: &str) {
    let test = shop.run(&["--json", "test-mailbox", "shop"]).finish();
    assert_eq!(test.code, Some(0), "killed {when}: {}", test.stdout);
    let again = shop.run(&["--json", "rotate-secret", "shop", "--issue", "--wait-propagation", "0"]).finish();
    assert_eq!(again.code, Some(0), "killed {when}: {}", again.stdout);
    assert_eq!(named(shop, "next_file"), None, "killed {when}");
    let shown = shop.json(&["show", "shop"], 0);
    let thumbprints: Vec<String> =
        shop.sandbox().certificates().into_iter().map(|(.., thumbprint)| thumbprint).collect();
    assert_eq!(thumbprints.last(), Some(&fact(&shown, "certificate_thumbprint")), "killed {when}");
    let test = shop.run(&["--json", "test-mailbox", "shop"]).finish();
    assert_eq!(test.code, Some(0), "killed {when}, run again: {}", test.stdout);
    // The files of those that are not named any more are told of, and a person deletes them.
    let named: Vec<String> = ["file", "previous_file"].iter().filter_map(|key| named(shop, key)).collect();
    for key in keys(shop) {
        let name = key.file_name().unwrap().to_str().unwrap();
        if !named.iter().any(|named| named == name) {
            std::fs::remove_file(&key).unwrap();
        }
    }
}

#[test]
fn a_kill_at_each_request_leaves_a_working_mailbox() {
    for endpoint in [Endpoint::Api, Endpoint::Token] {
        let shop = rolling(&[]);
        let asked = || {
            let counters = shop.sandbox().counters();
            if endpoint == Endpoint::Api { counters.api_requests } else { counters.token_requests }
        };
        let before = asked();
        issue(&shop, &[]).finish().code(0);
        let requests = asked() - before;
        for (nth, point) in (1..=requests).flat_map(|nth| [(nth, Hold::Request), (nth, Hold::Answer)]) {
            match endpoint {
                Endpoint::Api => shop.sandbox().hold_api(point, nth),
                Endpoint::Token => shop.sandbox().hold_token_endpoint(point, nth),
            }
            let running = issue(&shop, &[]).start();
            wait_until("the request is held", || {
                let counters = shop.sandbox().counters();
                counters.api_held + counters.token_held == 1
            });
            kill_at(&shop, running);
            insist_on_recovery(&shop, &format!("at {endpoint:?} {point:?} {nth}"));
        }
    }
}

#[test]
fn a_kill_at_any_time_leaves_a_working_mailbox() {
    let shop = rolling(&[]);
    let started = std::time::Instant::now();
    issue(&shop, &[]).finish().code(0);
    let whole = started.elapsed();
    let rounds = rounds(6);
    for round in 0..rounds {
        let moment = whole * round / rounds;
        let running = issue(&shop, &[]).start();
        std::thread::sleep(moment);
        running.kill();
        insist_on_recovery(&shop, &format!("after {moment:?}"));
    }
}
