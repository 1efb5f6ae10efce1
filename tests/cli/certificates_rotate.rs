//! `rotate-secret` of apps that sign with a certificate: the next one is proven, and only then the profile names it.

use std::path::Path;
use std::time::Instant;

use crate::certificates::{certified, renew};
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};
use crate::support::rounds;

/// A mailbox that is signed in, each of whose tokens is asked for with the certificate.
fn signed_in() -> Fixture {
    let shop = certified(&[], "");
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.sandbox().allow_refresh_reuse();
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

fn profile(shop: &Fixture) -> String {
    std::fs::read_to_string(shop.config()).unwrap()
}

fn rotate(shop: &Fixture, more: &[&str], code: i32) -> crate::support::finished::Finished {
    shop.json(&[&["rotate-secret", "shop", "--wait-propagation", "0", "--certificate"], more].concat(), code)
}

/// The name of the file, as the profile beside it has it.
fn name(file: &str) -> &str {
    Path::new(file).file_name().unwrap().to_str().unwrap()
}

#[test]
fn a_proven_certificate_is_named_by_the_profile_and_the_one_before_it_is_kept() {
    let shop = signed_in();
    let commented = profile(&shop).replace("[apps.shop]\n", "[apps.shop]\n# Ours.\n");
    shop.write_config(&commented);
    let next = renew(&shop, &[]);
    let rotated = rotate(&shop, &[&next], 0);
    assert!(rotated.stdout.contains("the new certificate is good"), "{}", rotated.stdout);
    let written = format!("{{ file = \"{}\", previous_file = \"shop.pem\" }}", name(&next));
    assert_eq!(profile(&shop), commented.replace("{ file = \"shop.pem\" }", &written));
    assert!(fact(&shop.json(&["show", "shop"], 0), "previous_certificate_file").ends_with("shop.pem"));
    shop.json(&["test", "shop"], 0);
    // The same once more changes nothing.
    let again = rotate(&shop, &[&next], 0);
    assert!(again.stdout.contains("in use already"), "{}", again.stdout);
    // Back, and back again.
    shop.json(&["rotate-secret", "shop", "--rollback"], 0);
    let swapped = format!("{{ file = \"shop.pem\", previous_file = \"{}\" }}", name(&next));
    assert_eq!(profile(&shop), commented.replace("{ file = \"shop.pem\" }", &swapped));
    shop.json(&["test", "shop"], 0);
    shop.json(&["rotate-secret", "shop", "--rollback"], 0);
    let told = shop.json(&["rotate-secret", "shop", "--discard-previous"], 0);
    assert!(told.json()["next"][0]["text"].as_str().unwrap().contains("thumbprint"), "{}", told.stdout);
    assert_eq!(profile(&shop), commented.replace("shop.pem", name(&next)));
    assert!(shop.config().with_file_name("shop.pem").exists(), "no file of the user's is deleted");
    let none = shop.json(&["rotate-secret", "shop", "--rollback"], 3);
    assert_eq!(none.json()["error"]["code"], "certificate-none-to-roll-back");
    shop.json(&["rotate-secret", "shop", "--discard-previous"], 0);
}

#[test]
fn a_certificate_that_the_provider_does_not_know_changes_nothing_and_is_told_where_to_upload() {
    let shop = signed_in();
    let before = profile(&shop);
    let made = shop.json(&["new-certificate", "shop"], 0);
    let next = fact(&made, "key_file");
    let refused = rotate(&shop, &[&next], 1);
    let steps = refused.json()["reports"][0]["checks"][0]["finding"]["fix"].to_string();
    let thumbprint = fact(&made, "thumbprint");
    assert!(steps.contains(&thumbprint) && steps.contains("Certificates & secrets"), "{}", refused.stdout);
    assert_eq!(profile(&shop), before);
    shop.run(&["token", "shop"]).finish().code(0);
    // Uploaded meanwhile, it is waited for.
    let waiting = shop.run(&["--json", "rotate-secret", "shop", "--certificate", &next]);
    let mut running = waiting.start();
    running.wait_for_stderr("The new certificate is not accepted");
    shop.sandbox().upload_certificate("late", &std::fs::read_to_string(fact(&made, "certificate_file")).unwrap());
    running.finish().code(0);
    assert!(profile(&shop).contains("previous_file = \"shop.pem\""));
}

#[test]
fn files_that_cannot_be_used_are_told_before_anything_is_sent_or_written() {
    let shop = signed_in();
    let before = profile(&shop);
    let requests = shop.sandbox().counters().token_requests;
    let missing = rotate(&shop, &["not-there.pem"], 3);
    assert_eq!(missing.json()["error"]["code"], "certificate-file-missing");
    let told = shop.json(&["rotate-secret", "shop"], 3);
    assert_eq!(told.json()["error"]["code"], "certificate-is-a-file");
    assert!(told.stdout.contains("rotate-secret shop --certificate"), "{}", told.stdout);
    let half = before.replace("shop.pem\"", "shop.pem\", previous_key_file = \"a.key\"");
    shop.write_config(&half);
    assert!(shop.json(&["show", "shop"], 3).stdout.contains("previous_file"));
    shop.write_config(&before);
    assert_eq!(shop.sandbox().counters().token_requests, requests);
}

#[test]
fn a_previous_certificate_that_is_refused_is_not_brought_back_unless_it_is_insisted_on() {
    let shop = certified(&[], "");
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let unknown = shop.json(&["new-certificate", "shop"], 0);
    let aside = format!("file = \"shop.pem\", previous_file = \"{}\"", name(&fact(&unknown, "key_file")));
    shop.write_config(&profile(&shop).replace("file = \"shop.pem\"", &aside));
    let before = profile(&shop);
    let refused = shop.json(&["rotate-secret", "shop", "--rollback"], 1);
    assert!(refused.stdout.contains("refuses the previous certificate"), "{}", refused.stdout);
    assert_eq!(profile(&shop), before);
    let forced = shop.json(&["rotate-secret", "shop", "--rollback", "--force"], 0);
    assert!(!forced.json()["warnings"].as_array().unwrap().is_empty(), "{}", forced.stdout);
    assert!(profile(&shop).contains("previous_file = \"shop.pem\""));
}

#[test]
fn apps_of_one_client_id_and_certificate_are_rotated_together_and_others_are_named() {
    let shop = signed_in();
    let one = profile(&shop);
    let again = |name: &str| {
        let app = one.replace("[apps.shop]", &format!("[apps.{name}]"));
        let app = app.replace("[mailboxes.shop]", &format!("[mailboxes.{name}]"));
        app.replace("app = \"shop\"", &format!("app = \"{name}\"")).replace(SHOP, ALICE)
    };
    let other = renew(&shop, &[]);
    let apart = again("apart").replace("shop.pem", name(&other));
    shop.write_config(&format!("{one}\n{}\n{apart}", again("info")));
    let next = renew(&shop, &[]);
    let rotated = rotate(&shop, &[&next], 0);
    assert!(fact(&rotated, "apps").starts_with("info, shop "), "{}", rotated.stdout);
    assert!(rotated.json()["warnings"].to_string().contains("left as they are: apart"), "{}", rotated.stdout);
    let after = profile(&shop);
    assert_eq!(after.matches("previous_file = \"shop.pem\"").count(), 2, "{after}");
    assert!(after.contains(&format!("{{ file = \"{}\" }}", name(&other))), "{after}");
}

#[test]
fn without_a_mailbox_that_is_signed_in_the_app_proves_its_certificate_itself() {
    let shop = certified(&[], "");
    let made = shop.json(&["new-certificate", "shop"], 0);
    let next = fact(&made, "key_file");
    let before = profile(&shop);
    rotate(&shop, &[&next], 1);
    assert_eq!(profile(&shop), before);
    shop.sandbox().upload_certificate("late", &std::fs::read_to_string(fact(&made, "certificate_file")).unwrap());
    let rotated = rotate(&shop, &[&next], 0);
    assert!(rotated.json()["warnings"].as_array().unwrap().is_empty(), "{}", rotated.stdout);
}

#[test]
fn a_kill_at_any_time_leaves_a_working_mailbox_and_running_it_again_ends_it() {
    let shop = signed_in();
    let start = |file: &str| shop.run(&["--json", "rotate-secret", "shop", "--certificate", file]).start();
    let first = renew(&shop, &[]);
    let started = Instant::now();
    start(&first).finish().code(0);
    let whole = started.elapsed();
    let rounds = rounds(8);
    for round in 0..rounds {
        let next = renew(&shop, &[]);
        let before = profile(&shop);
        let running = start(&next);
        let moment = whole * round / rounds;
        std::thread::sleep(moment);
        running.kill();
        let after = profile(&shop);
        let is_new = after.contains(&format!("{{ file = \"{}\",", name(&next)));
        assert!(is_new || after == before, "killed after {moment:?}: {after}");
        shop.json(&["test-mailbox", "shop"], 0);
        start(&next).finish().code(0);
        assert!(profile(&shop).contains(&format!("{{ file = \"{}\",", name(&next))));
        shop.json(&["test-mailbox", "shop"], 0);
    }
}
