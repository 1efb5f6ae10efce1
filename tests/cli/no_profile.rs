//! A mailbox that no profile has, described on the command line: tested with a token that is handed over, or without one.
//! Nothing is stored, and no advice speaks of a profile.

use std::path::{Path, PathBuf};

use crate::sandbox::faults::Fault;
use crate::sandbox::world::{SHOP, TENANT_DOMAIN, TENANT_ID};
use crate::support::canary::Nose;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

const IMAP: &str = "https://outlook.office.com/IMAP.AccessAsUser.All";
const CLIENT: &str = "5a4d0000-0000-4000-8000-00000000ab09";
const OTHER_TENANT: &str = "12121212-0000-4000-8000-000000000000";
const SMTP: &str = "https://outlook.office.com/SMTP.Send";

/// A home with no key, no profile and no vault: whatever opens a store there fails.
fn home() -> Fixture {
    Fixture::without_key()
}

/// An access token of the practice tenant for these scopes.
pub(crate) fn token(home: &Fixture, scopes: &[&str]) -> String {
    home.sandbox().issue_access_token(SHOP, &scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>())
}

pub(crate) fn good_token(home: &Fixture) -> String {
    token(home, &[IMAP, SMTP])
}

/// `verb` with all that describes the practice tenant's mailbox; what `change` gives overrides it, a flag with `None` drops
/// it.
pub(crate) fn words(home: &Fixture, verb: &str, change: &[(&str, Option<&str>)]) -> Vec<String> {
    let ports = home.sandbox().ports();
    let (imap, smtp, ca_file) = (ports.imap_implicit.to_string(), ports.smtp_starttls.to_string(), home.ca_file());
    let mut flags = vec![
        ("--address", SHOP),
        ("--provider", "microsoft365"),
        ("--tenant", TENANT_DOMAIN),
        ("--authority", home.sandbox().authority()),
        ("--ca-file", &ca_file),
        ("--incoming-host", "localhost"),
        ("--incoming-port", &imap),
        ("--outgoing-host", "localhost"),
        ("--outgoing-port", &smtp),
    ];
    for (flag, value) in change {
        flags.retain(|(other, _)| other != flag);
        flags.extend(value.map(|value| (*flag, value)));
    }
    let words = flags.iter().flat_map(|(flag, value)| [*flag, *value]).filter(|word| !word.is_empty());
    std::iter::once(verb).chain(words).map(str::to_owned).collect()
}

/// Runs it with the token on standard input.
pub(crate) fn with_token(home: &Fixture, verb: &str, change: &[(&str, Option<&str>)], token: &str) -> Finished {
    let words = words(home, verb, &[change, &[("--token-stdin", Some(""))]].concat());
    let words: Vec<&str> = std::iter::once("--json").chain(words.iter().map(String::as_str)).collect();
    home.run(&words).stdin(token).finish()
}

/// Every file and folder below `folder`.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(tree(&entry.path()));
        }
        found.push(entry.path());
    }
    found.sort();
    found
}

#[test]
fn a_token_is_tested_end_to_end_and_nothing_is_kept() {
    let home = home();
    let token = good_token(&home);
    let before = tree(&home.path());
    let test = with_token(&home, "test", &[], &token).code(0);
    let report = &test.json()["reports"][0];
    assert_eq!((&report["name"], &report["facts"]["address"]), (&SHOP.into(), &SHOP.into()));
    let works = |side: &serde_json::Value| side["state"] == "works";
    assert_eq!(report["sides"].as_array().unwrap().iter().filter(|side| works(side)).count(), 2, "{report}");
    assert!(test.check("token").1.contains("as given"), "{report}");
    for verb in ["test-mailbox", "test-smtp", "inspect"] {
        with_token(&home, verb, &[], &token).code(0);
    }
    let from_variable = words(&home, "test", &[("--token-env", Some("PROGRAMS_TOKEN"))]);
    let from_variable: Vec<&str> = from_variable.iter().map(String::as_str).collect();
    let said = home.run(&from_variable).env("PROGRAMS_TOKEN", &token).finish().code(0).stdout;
    assert!(said.contains("works: reads over IMAP, may send over SMTP"), "{said}");
    assert_eq!(tree(&home.path()), before);
    assert_eq!(home.sandbox().counters().token_requests, 0, "the token is the caller's");
    home.insist_on_manners();
}

#[test]
fn no_store_is_opened_whatever_the_environment_and_the_profile_say() {
    let mut home = home();
    home.write_config("this is = not a profile [");
    home.set("MAILGRANT_VAULT_KEY", "no key at all");
    let token = good_token(&home);
    let before = home.files();
    with_token(&home, "test", &[], &token).code(0);
    assert_eq!(home.files(), before);
}

#[test]
fn without_a_token_the_servers_are_tested_and_the_sign_in_is_said_not_to_be() {
    let home = home();
    let words = words(&home, "test", &[]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let test = home.json(&words, 0);
    assert_eq!(test.outcome("token"), "skipped");
    assert!(test.check("token").1.contains("the sign-in was not tried"), "{}", test.stdout);
    for stage in ["dns", "tcp", "tls", "greeting", "capabilities"] {
        assert_eq!(test.outcome(stage), "passed", "{stage}: {}", test.stdout);
    }
    assert_eq!(test.outcome("authentication"), "skipped");
    for side in ["incoming_mechanisms_offered", "outgoing_mechanisms_offered"] {
        assert!(fact(&test, side).contains("XOAUTH2"), "{}", test.stdout);
    }
    let said = home.run(&words).finish().code(0).stdout;
    assert!(said.contains("answers; without an access token the sign-in was not tried"), "{said}");
    home.sandbox().switch_on(Fault::named("imap-xoauth2-not-offered"));
    home.json(&words, 1);
    home.insist_on_manners();
}

/// What a good token of Microsoft says, but for `change`.
pub(crate) fn claims(change: &serde_json::Value) -> serde_json::Value {
    let now = mailgrant::clock::Clock::system().now().as_second();
    let mut claims = serde_json::json!({ "aud": "https://outlook.office.com", "tid": TENANT_ID, "idtyp": "user",
        "iss": format!("https://sts.windows.net/{TENANT_ID}/"), "scp": "IMAP.AccessAsUser.All SMTP.Send", "upn": SHOP,
        "appid": CLIENT, "iat": now - 60, "nbf": now - 60, "exp": now + 3_600 });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[test]
fn what_the_token_says_of_itself_is_told_with_advice_for_the_program_that_has_it() {
    let home = home();
    for (change, code, advice) in [
        (
            serde_json::json!({ "aud": "https://graph.microsoft.com" }),
            "local-token-wrong-audience",
            "In your program, ask",
        ),
        (serde_json::json!({ "scp": "SMTP.Send" }), "local-token-lacks-scope", "In your program, ask"),
        (serde_json::json!({ "tid": OTHER_TENANT }), "local-token-other-tenant", "new token in your program"),
        (serde_json::json!({ "upn": "alice@contoso.example" }), "other-account-signed-in", "in your program"),
        (
            serde_json::json!({ "scp": null, "upn": null, "idtyp": "app", "roles": [] }),
            "local-app-only-token-without-roles",
            "Grant admin consent",
        ),
        (
            serde_json::json!({ "iat": 1_700_000_000, "nbf": 1_700_000_000, "exp": 1_700_003_600 }),
            "local-token-expired",
            "Get a new access token in your program",
        ),
    ] {
        let token = jwt(&claims(&change));
        // The tenant by its ID: a domain admits any.
        let seen = with_token(&home, "inspect", &[("--authority", None), ("--tenant", Some(TENANT_ID))], &token);
        assert!(seen.finding_codes().contains(&code.to_owned()), "{code}: {}", seen.stdout);
        assert!(seen.stdout.contains(advice), "{code}: no {advice:?} in {}", seen.stdout);
        assert!(fact(&seen, "client").starts_with(CLIENT), "{}", seen.stdout);
        insist_on_advice_without_profile(code, &seen);
        // What a server makes of it comes to the same.
        let refused = with_token(&home, "test", &[("--authority", None), ("--tenant", Some(TENANT_ID))], &token);
        assert_eq!(refused.json()["reports"][0]["verdict"]["code"], code, "{}", refused.stdout);
        insist_on_advice_without_profile(code, &refused);
    }
    let good = jwt(&claims(&serde_json::json!({})));
    with_token(&home, "inspect", &[("--authority", None), ("--tenant", None)], &good).code(0);
    let opaque = with_token(&home, "inspect", &[], "ya29.a0AfH6SMB-opaque-canary").code(0).hides("ya29.a0AfH6SMB");
    assert_eq!(fact(&opaque, "access_token"), "it does not say until when");
}

/// A JWT without a signature, as far as a client looks.
pub(crate) fn jwt(claims: &serde_json::Value) -> String {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part("{\"alg\":\"RS256\"}"), part(&claims.to_string()), part("no signature"))
}

/// The texts of causes and steps, but those of servers.
fn advice(value: &serde_json::Value, found: &mut Vec<String>) {
    for key in ["cause", "fix"] {
        match &value[key] {
            serde_json::Value::String(text) => found.push(text.clone()),
            serde_json::Value::Array(steps) => {
                found.extend(steps.iter().filter_map(|step| Some(step["text"].as_str()?.to_owned())))
            }
            _ => {}
        }
    }
    let inner =
        value.as_array().into_iter().flatten().chain(value.as_object().into_iter().flat_map(|map| map.values()));
    inner.for_each(|value| advice(value, found));
}

#[track_caller]
fn insist_on_advice_without_profile(what: &str, finished: &Finished) {
    let mut texts = Vec::new();
    advice(&finished.json(), &mut texts);
    assert!(!texts.is_empty(), "{what}: nothing was advised: {}", finished.stdout);
    for text in texts {
        let words = [
            "mailgrant authorize",
            "mailgrant add",
            "mailgrant rotate",
            "mailgrant token",
            "mailgrant show",
            "profile",
        ];
        for word in words {
            assert!(!text.contains(word), "{what}: {word:?} in {text:?}");
        }
    }
}

#[test]
fn no_advice_for_what_servers_say_speaks_of_a_profile() {
    let home = home();
    let mut failed = 0;
    let [.., mail, smtp, connection, _, _, _, _] = Fault::TABLE;
    for row in [mail, smtp, connection].into_iter().flatten() {
        home.sandbox().switch_on(row.fault);
        let token = good_token(&home);
        let seen = with_token(&home, "test", &[("--timeout", Some("5"))], &token);
        home.sandbox().switch_off(row.fault);
        if seen.code != Some(0) {
            failed += 1;
            insist_on_advice_without_profile(row.name, &seen);
        }
    }
    assert!(failed > 15, "only {failed} faults were seen");
}

#[test]
fn the_test_that_is_advised_afterwards_can_be_pasted() {
    let home = home();
    let token = good_token(&home);
    home.sandbox().switch_on(Fault::named("smtp-auth-off-mailbox"));
    let refused = with_token(&home, "test", &[], &token).code(1);
    home.sandbox().switch_off(Fault::named("smtp-auth-off-mailbox"));
    let mut texts = Vec::new();
    advice(&refused.json()["reports"][0]["verdict"], &mut texts);
    let line = texts.iter().find_map(|text| text.split("mailgrant test").nth(1)).expect("a test is advised");
    let line = format!("test{line}");
    let words: Vec<&str> = line.split(' ').collect();
    assert!(words.contains(&"--token-stdin") && words.contains(&SHOP), "{line}");
    home.run(&words).stdin(&token).finish().code(0);
}

#[test]
fn names_of_the_profile_and_a_described_mailbox_exclude_each_other_and_what_is_missing_is_named() {
    let home = home();
    let usage = |words: &[&str], told: &str| {
        let refused = home.json(words, 2);
        assert!(refused.all_text().contains(told), "{words:?}: no {told:?} in {}", refused.all_text());
    };
    for verb in ["test", "test-mailbox", "test-smtp", "inspect"] {
        usage(&[verb, "shop", "--token-stdin"], "give --address ADDRESS --provider PROVIDER in place of the name");
        usage(&[verb, "shop", "--address", SHOP], "Leave --address out");
        usage(&[verb, "--token-env", "TOKEN"], "--address is missing");
        usage(&[verb, "--provider", "google"], "--address is missing");
        usage(&[verb, "--address", SHOP], "Give --provider");
        usage(&[verb, "--address", SHOP, "--provider", "oidc"], "--incoming-host HOST, or --outgoing-host HOST");
        usage(
            &[verb, "--address", SHOP, "--provider", "google", "--token-env", "A", "--token-stdin"],
            "cannot be used",
        );
        usage(
            &[verb, "--address", SHOP, "--provider", "google", "--outgoing", "none", "--outgoing-port", "1"],
            "--outgoing-port has no effect",
        );
    }
    usage(&["test", "--all", "--token-stdin"], "Leave --token-stdin out");
    usage(&["inspect", "--address", SHOP, "--provider", "google"], "Give --token-stdin or --token-env VAR");
    usage(
        &["test-smtp", "--address", SHOP, "--provider", "oidc", "--incoming-host", "localhost"],
        "Give --outgoing-host HOST",
    );
}

#[test]
fn what_is_not_an_access_token_is_refused_before_a_server_is_asked() {
    let home = home();
    let large = "a".repeat(70_000);
    for (text, told) in [
        ("", "it is empty"),
        ("\n", "it is empty"),
        ("{\"access_token\": \"canary-token\"}", "jq -r .access_token"),
        ("Bearer canary-token", "Leave the word Bearer"),
        ("canary-token\ncanary-token", "in one line"),
        (large.as_str(), "which is not an access token"),
    ] {
        let refused = with_token(&home, "test", &[], text).code(2).hides("canary-token");
        assert!(refused.all_text().contains(told), "{told}: {}", refused.all_text());
    }
    let words = words(&home, "test", &[("--token-env", Some("NO_SUCH_VARIABLE"))]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert!(home.json(&words, 2).all_text().contains("NO_SUCH_VARIABLE is not set"));
    assert_eq!(home.sandbox().counters().mail_refusals, 0);
}

#[test]
fn the_token_is_shown_nowhere() {
    let home = home();
    let token = good_token(&home);
    let nose = Nose::new(std::slice::from_ref(&token));
    let page = home.path().join("page.html");
    for verb in ["test", "test-mailbox", "test-smtp", "inspect"] {
        for way in [&[][..], &["-v"], &["--json"], &["-v", "--json"]] {
            for fault in [None, Some(Fault::AccessTokensExpired)] {
                fault.iter().for_each(|fault| home.sandbox().switch_on(*fault));
                let words = words(&home, verb, &[("--token-stdin", Some("")), ("--html", page.to_str())]);
                let words: Vec<&str> = way.iter().copied().chain(words.iter().map(String::as_str)).collect();
                let seen = home.run(&words).stdin(&token).finish();
                fault.iter().for_each(|fault| home.sandbox().switch_off(*fault));
                assert_eq!(nose.find(verb, seen.all_text().as_bytes()), Vec::<String>::new());
                assert_eq!(nose.find("the page", &std::fs::read(&page).unwrap()), Vec::<String>::new());
            }
        }
    }
}

#[test]
fn a_mail_is_sent_and_seen_to_arrive() {
    let home = home();
    let token = good_token(&home);
    let change = [("--to", Some(SHOP)), ("--wait-arrival", Some(""))];
    let sent = with_token(&home, "test-smtp", &change, &token).code(0);
    assert_eq!(sent.outcome("arrival"), "passed", "{}", sent.stdout);
    assert_eq!(home.sandbox().sent().len(), 1);
}

#[test]
fn the_providers_other_protocols_are_tried_with_the_same_token() {
    let home = home();
    let token = good_token(&home);
    let seen = with_token(&home, "test", &[("--all-protocols", Some(""))], &token).code(0);
    let trials = seen.json()["reports"][0]["protocols"].as_array().unwrap().clone();
    assert!(trials.iter().any(|trial| trial["protocol"] == "graph" && trial["result"] != "works"), "{trials:?}");
    insist_on_advice_without_profile("all protocols", &seen);
}

#[test]
fn a_server_of_ones_own_needs_no_issuer_and_its_one_side_is_enough() {
    let home = home();
    let token = good_token(&home);
    let change = [
        ("--provider", Some("oidc")),
        ("--tenant", None),
        ("--authority", None),
        ("--outgoing-host", None),
        ("--outgoing-port", None),
    ];
    let seen = with_token(&home, "test", &change, &token).code(0);
    let sides = seen.json()["reports"][0]["sides"].as_array().unwrap().clone();
    assert!(sides.len() == 1 && sides[0]["protocol"] == "imap", "{sides:?}");
}
