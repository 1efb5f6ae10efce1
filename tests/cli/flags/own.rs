//! The flags of all verbs but `add`.

use super::{Row, does};
use crate::certificates::{certified, renew};
use crate::ladder::{readable, tokens};
use crate::rotate_issue::admin_token;
use crate::sandbox::browser::Person;
use crate::sandbox::world::{ALICE, AppOnly, SHOP};
use crate::status_ask::{READ, asking};
use crate::support::canary;
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

/// Runs to the end with `--json`, insists on the exit code, and on these words in the document.
pub(super) fn shows(shop: &Fixture, arguments: &[&str], code: i32, words: &str) {
    let shown = shop.json(arguments, code).stdout;
    assert!(shown.contains(words), "{arguments:?}: no {words:?} in {shown}");
}

pub(super) fn shows_not(shop: &Fixture, arguments: &[&str], code: i32, words: &str) {
    let shown = shop.json(arguments, code).stdout;
    assert!(!shown.contains(words), "{arguments:?}: {words:?} in {shown}");
}

/// Two mailboxes of one app, both authorized.
fn two() -> Fixture {
    let shop = Fixture::authorized();
    shop.add("alice", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(0);
    shop.authorize_as("alice", ALICE).code(0);
    shop
}

/// A test takes both mailboxes, or the one that is named; `--all` and names exclude each other.
fn names_and_all(verb: &str) {
    let shop = two();
    shows_not(&shop, &[verb, "shop"], 0, "\"alice\"");
    for words in [vec![verb, "shop", "alice"], vec![verb, "--all"]] {
        assert_eq!(shop.json(&words, 0).json()["reports"].as_array().unwrap().len(), 2, "{words:?}");
    }
    shop.json(&[verb], 2);
    shop.json(&[verb, "shop", "--all"], 2);
}

fn mechanism(shop: &Fixture, verb: &str) {
    for mechanism in ["xoauth2", "oauthbearer"] {
        let shown = shop.run(&["-v", verb, "shop", "--mechanism", mechanism]).finish().code(0);
        assert!(shown.stderr.to_lowercase().contains(&format!(" {mechanism}")), "{}", shown.stderr);
    }
    shop.json(&[verb, "shop", "--mechanism", "plain"], 2);
}

/// A second client secret, known to the provider.
fn with_next_secret() -> Fixture {
    let shop = Fixture::authorized();
    shop.sandbox().add_client_secret(canary::NEXT_CLIENT_SECRET);
    shop
}

fn rotate(shop: &Fixture, more: &[&str], code: i32) -> crate::support::finished::Finished {
    let words = [&["--json", "rotate-secret", "shop", "--secret-stdin"], more].concat();
    shop.run(&words).stdin(canary::NEXT_CLIENT_SECRET).finish().code(code)
}

/// `apply` stores the secret that this flag names the place of.
fn with_secret(flag: &str, place: &str, stdin: &str) {
    let shop = Fixture::new();
    let list = "name,address,provider,client_id\nshop,shop@gmail.com,google,shop.apps.googleusercontent.com\n";
    std::fs::write(shop.path().join("list.csv"), list).unwrap();
    std::fs::write(shop.path().join("secret.txt"), canary::CLIENT_SECRET).unwrap();
    let value = if place.is_empty() { "shop".to_owned() } else { format!("shop={place}") };
    let run = shop.run(&["apply", "list.csv", flag, &value]).env("PLACE", canary::CLIENT_SECRET).stdin(stdin);
    run.finish().code(0);
    assert!(fact(&shop.json(&["show", "shop"], 0), "client_secret").starts_with("stored"));
    let absent = if place.is_empty() { "other".to_owned() } else { format!("other={place}") };
    shop.run(&["apply", "list.csv", flag, &absent]).env("PLACE", canary::CLIENT_SECRET).stdin(stdin).finish().code(2);
}

/// An administrator's reading tells that consent is missing, from tokens that are piped in; `az` is not there to give one.
fn reads_the_tenant(verb: &str, flag: &str) {
    let shop = readable();
    let unconsented = AppOnly { consent: false, ..AppOnly::for_mailboxes(&[SHOP]) };
    shop.sandbox().set_up_app_only(unconsented);
    let run = match flag {
        "--admin" => shop.run(&["--json", verb, "shop", flag, "az"]).env("PATH", "/nonexistent"),
        _ => shop.run(&["--json", verb, "shop", flag]).stdin(&tokens(&shop)),
    };
    let words = if flag == "--admin" { "az (Azure CLI)" } else { "no administrator has consented to" };
    let told = run.finish();
    assert!(told.stdout.contains(words), "no {words} in {}", told.stdout);
}

pub(super) const ROWS: &[Row] = &[
    does("authorize", "<names>", |shop| shows(shop, &["authorize", "no-such"], 3, "no mailbox 'no-such'")),
    does("authorize", "--no-browser", |shop| {
        let ended = shop.run(&["authorize", "shop", "--no-browser"]).stdin("nothing\n").finish().code(1);
        assert!(ended.stderr.contains("Paste that address here"), "{}", ended.stderr);
    }),
    does("authorize", "--device-code", |shop| {
        let ended = shop.run(&["authorize", "shop", "--device-code", "--timeout", "1"]).finish().code(1);
        assert!(ended.stderr.contains("enter this code there"), "{}", ended.stderr);
        let both = shop.run(&["authorize", "shop", "--device-code", "--no-browser"]).finish().code(2);
        assert!(both.stderr.contains("cannot be used with"), "{}", both.stderr);
    }),
    does("authorize", "--all", |shop| {
        shop.json(&["authorize", "--all", "--timeout", "1"], 1);
        shop.json(&["authorize", "shop", "--all"], 2);
    }),
    does("authorize", "--pending", |_| {
        Fixture::added().json(&["authorize", "--pending", "--timeout", "1"], 1);
        let shop = Fixture::authorized();
        assert_eq!(shop.json(&["authorize", "--pending"], 0).json()["reports"].as_array().unwrap().len(), 0);
    }),
    does("authorize", "--force", |_| {
        // A terminal alone is asked; terminal.rs has that.
        let shop = Fixture::authorized();
        let person = Person::SignsInAs(SHOP.to_owned());
        shop.authorize(&["authorize", "shop", "--force"], &person).code(0);
    }),
    does("authorize", "--private", |shop| {
        // A program that is not a browser is not started.
        let refused = shop.run(&["authorize", "shop", "--private", "--timeout", "1"]).finish().code(1);
        assert!(refused.stderr.contains("No private window could be opened (BROWSER"), "{}", refused.stderr);
    }),
    does("authorize", "--replace", |_| {
        let shop = Fixture::authorized();
        let other = shop.path().join("other.toml").display().to_string();
        shop.add("shop", &[("--config", Some(other.as_str())), ("--address", Some(ALICE))]).finish().code(0);
        shop.json(&["--config", &other, "authorize", "shop"], 4);
        let replacing = ["--config", &other, "authorize", "shop", "--replace"];
        shop.authorize(&replacing, &Person::SignsInAs(ALICE.to_owned())).code(0);
    }),
    does("authorize", "--allow-other-account", |_| {
        let shop = Fixture::added();
        shop.authorize_as("shop", ALICE).code(1);
        shop.authorize(&["authorize", "shop", "--allow-other-account"], &Person::SignsInAs(ALICE.to_owned())).code(0);
    }),
    does("authorize", "--replace", |_| {
        let shop = Fixture::authorized();
        let other = shop.path().join("other.toml").display().to_string();
        shop.add("shop", &[("--config", Some(other.as_str())), ("--address", Some(ALICE))]).finish().code(0);
        shows(&shop, &["--config", &other, "authorize", "shop"], 4, "sign-in-of-another");
        let alice = Person::SignsInAs(ALICE.to_owned());
        shop.authorize(&["--config", &other, "authorize", "shop", "--replace"], &alice).code(0);
    }),
    does("test", "<names>", |_| names_and_all("test")),
    does("test", "--all", |_| names_and_all("test")),
    does("test", "--mechanism", |shop| mechanism(shop, "test")),
    does("test", "--all-protocols", |shop| {
        shows_not(shop, &["test", "shop"], 0, "\"protocols\"");
        shows(shop, &["test", "shop", "--all-protocols"], 0, "\"not_tried\"");
    }),
    does("test-mailbox", "<names>", |_| names_and_all("test-mailbox")),
    does("test-mailbox", "--all", |_| names_and_all("test-mailbox")),
    does("test-mailbox", "--mechanism", |shop| mechanism(shop, "test-mailbox")),
    does("test-mailbox", "--latest", |_| {
        let shop = Fixture::authorized();
        shop.json(&["test-smtp", "shop", "--to", SHOP], 0);
        shows_not(&shop, &["test-mailbox", "shop"], 0, "\"latest\"");
        shows(&shop, &["test-mailbox", "shop", "--latest", "3"], 0, "\"latest\"");
        shop.json(&["test-mailbox", "shop", "--latest", "51"], 2);
    }),
    does("test-smtp", "<names>", |_| names_and_all("test-smtp")),
    does("test-smtp", "--all", |_| names_and_all("test-smtp")),
    does("test-smtp", "--mechanism", |shop| mechanism(shop, "test-smtp")),
    does("test-smtp", "--to", |_| {
        let shop = Fixture::authorized();
        shop.json(&["test-smtp", "shop", "--to", SHOP], 0);
        assert_eq!(shop.sandbox().sent().len(), 1);
    }),
    does("test-smtp", "--wait-arrival", |_| {
        let shop = Fixture::authorized();
        let seen = shop.json(&["test-smtp", "shop", "--to", SHOP, "--wait-arrival=20"], 0);
        assert_eq!(seen.outcome("arrival"), "passed");
        shop.json(&["test-smtp", "shop", "--wait-arrival"], 2);
    }),
    does("doctor", "--bundle", |shop| {
        shop.run(&["doctor", "--bundle", "bundle.txt"]).finish();
        let text = std::fs::read_to_string(shop.path().join("bundle.txt")).unwrap();
        assert!(text.contains("== doctor") && !text.contains("== test of"), "{text}");
    }),
    does("doctor", "--with-tests", |shop| {
        shop.run(&["doctor", "--bundle", "tested.txt", "--with-tests"]).finish();
        let text = std::fs::read_to_string(shop.path().join("tested.txt")).unwrap();
        assert!(text.contains("== test of shop"), "{text}");
        let alone = shop.run(&["doctor", "--with-tests"]).finish().code(2);
        assert!(alone.stderr.contains("--bundle"), "{}", alone.stderr);
    }),
    does("inspect", "<names>", |shop| {
        shows(shop, &["inspect", "no-such"], 3, "no mailbox 'no-such'");
        let two = two();
        assert_eq!(two.json(&["inspect", "shop", "alice"], 0).json()["reports"].as_array().unwrap().len(), 2);
    }),
    does("inspect", "--all", |_| {
        let two = two();
        assert_eq!(two.json(&["inspect", "--all"], 0).json()["reports"].as_array().unwrap().len(), 2);
        two.json(&["inspect", "--all", "shop"], 2);
    }),
    does("inspect", "--offline", |_| {
        let shop = Fixture::added();
        shop.sandbox().set_access_lifetime(crate::support::practice::ALWAYS_STALE);
        shop.authorize_as("shop", SHOP).code(0);
        let before = shop.sandbox().counters().token_requests;
        shop.run(&["inspect", "shop", "--offline"]).finish();
        assert_eq!(shop.sandbox().counters().token_requests, before, "it asked the provider");
        shop.run(&["inspect", "shop"]).finish();
        assert!(shop.sandbox().counters().token_requests > before);
    }),
    does("rotate-secret", "<name>", |shop| shows(shop, &["rotate-secret", "no-such"], 3, "no-such")),
    does("rotate-secret", "--secret-stdin", |_| {
        let shop = with_next_secret();
        rotate(&shop, &[], 0);
        shop.sandbox().remove_client_secret(canary::CLIENT_SECRET);
        shop.json(&["test", "shop"], 0);
    }),
    does("rotate-secret", "--secret-env", |_| {
        let shop = with_next_secret();
        let run = shop.run(&["rotate-secret", "shop", "--secret-env", "GIVEN"]);
        run.env("GIVEN", canary::NEXT_CLIENT_SECRET).finish().code(0);
        shows(&shop, &["rotate-secret", "shop", "--secret-env", "NOT_GIVEN"], 2, "NOT_GIVEN");
    }),
    does("rotate-secret", "--secret-file", |_| {
        let shop = with_next_secret();
        std::fs::write(shop.path().join("given"), canary::NEXT_CLIENT_SECRET).unwrap();
        shop.json(&["rotate-secret", "shop", "--secret-file", "given"], 0);
        shows(&shop, &["rotate-secret", "shop", "--secret-file", "not-there"], 2, "not-there");
    }),
    does("rotate-secret", "--certificate", |shop| {
        shows(shop, &["rotate-secret", "shop", "--certificate", "next.pem"], 2, "has no certificate");
        let shop = certified(&[], "");
        let next = renew(&shop, &[]);
        shop.json(&["rotate-secret", "shop", "--certificate", &next], 0);
        shows(&shop, &["show", "shop"], 0, &next);
    }),
    does("rotate-secret", "--key-file", |_| {
        let shop = certified(&[], "");
        let key = renew(&shop, &[]);
        let next = key.replace(".pem", ".crt");
        shows(&shop, &["rotate-secret", "shop", "--certificate", &next], 3, "certificate-no-key");
        shop.json(&["rotate-secret", "shop", "--certificate", &next, "--key-file", &key], 0);
        let alone = shop.run(&["rotate-secret", "shop", "--key-file", &key]).finish().code(2);
        assert!(alone.stderr.contains("--certificate"), "{}", alone.stderr);
    }),
    does("rotate-secret", "--expires", |_| {
        let shop = with_next_secret();
        rotate(&shop, &["--expires", "2031-05-20"], 0);
        assert!(std::fs::read_to_string(shop.config()).unwrap().contains("2031-05-20"));
    }),
    does("rotate-secret", "--rollback", |_| {
        let shop = with_next_secret();
        rotate(&shop, &[], 0);
        shop.sandbox().remove_client_secret(canary::NEXT_CLIENT_SECRET);
        shows(&shop, &["rotate-secret", "shop", "--rollback"], 0, "rolled back");
        shop.json(&["test", "shop"], 0);
    }),
    does("rotate-secret", "--discard-previous", |_| {
        let shop = with_next_secret();
        rotate(&shop, &[], 0);
        shows(&shop, &["rotate-secret", "shop", "--discard-previous"], 0, "forgotten");
    }),
    does("rotate-secret", "--reauthorize", |_| {
        let shop = with_next_secret();
        let words = ["rotate-secret", "shop", "--secret-env", "GIVEN", "--reauthorize", "--timeout", "5"];
        let ended = shop.run(&words).env("GIVEN", canary::NEXT_CLIENT_SECRET).finish();
        assert!(ended.stderr.contains("Sign in as"), "{}", ended.all_text());
    }),
    does("rotate-secret", "--no-browser", |_| {
        let shop = with_next_secret();
        let words = ["rotate-secret", "shop", "--secret-env", "GIVEN", "--reauthorize", "--no-browser"];
        let ended = shop.run(&words).env("GIVEN", canary::NEXT_CLIENT_SECRET).finish();
        assert!(ended.stderr.contains("Paste that address here"), "{}", ended.all_text());
        let alone = shop.run(&["rotate-secret", "shop", "--no-browser"]).finish().code(2);
        assert!(alone.stderr.contains("--reauthorize"), "{}", alone.stderr);
    }),
    does("rotate-secret", "--wait-propagation", |_| {
        let shop = Fixture::authorized();
        let begun = std::time::Instant::now();
        rotate(&shop, &["--wait-propagation", "0"], 1);
        assert!(begun.elapsed().as_secs() < 20, "it waited");
    }),
    does("rotate-secret", "--skip-connection-tests", |_| {
        let shop = with_next_secret();
        let shown = rotate(&shop, &["--skip-connection-tests"], 0).stdout;
        assert!(!shown.contains("\"greeting\"") && !shown.contains("\"tls\""), "{shown}");
    }),
    does("rotate-secret", "--force", |_| {
        let shop = Fixture::authorized();
        let guid = "0a11ce00-0000-4000-8000-00000000c0de";
        shop.sandbox().add_client_secret(guid);
        let run = |more: &[&str]| {
            let words = [&["--json", "rotate-secret", "shop", "--secret-env", "GIVEN"], more].concat();
            shop.run(&words).env("GIVEN", guid).finish()
        };
        let refused = run(&[]).code(2);
        assert!(refused.stdout.contains("GUID"), "{}", refused.stdout);
        run(&["--force"]).code(0);
    }),
    does("explain", "<text>", |shop| shows(shop, &["explain", "AADSTS50011"], 0, "ms-redirect-uri-mismatch")),
    does("explain", "--list", |shop| {
        shows(shop, &["explain", "--list"], 0, "ms-redirect-uri-mismatch");
        shop.json(&["explain", "--list", "AADSTS50011"], 2);
    }),
    does("explain", "--provider", |shop| shows_not(shop, &["explain", "--list", "--provider", "google"], 0, "\"ms-")),
    does("explain", "--about", |shop| {
        let about = shop.json(&["explain", "--about"], 0).json();
        let facts = &about["reports"][0]["facts"];
        assert!(facts["entries"].as_str().unwrap().parse::<usize>().unwrap() > 378, "{facts}");
        assert!(facts["providers"].as_str().unwrap().contains("Google"), "{facts}");
        shop.json(&["explain", "--about", "--list"], 2);
        shop.json(&["explain", "--about", "AADSTS50011"], 2);
    }),
    does("explain", "--for", |_| {
        let shop = Fixture::added();
        shows(&shop, &["explain", "--for", "shop", "ms-consent-missing"], 0, "shop");
        shows(&shop, &["explain", "--for", "no-such", "ms-consent-missing"], 3, "no mailbox 'no-such'");
        shop.json(&["explain", "--for", "shop", "--list"], 2);
        shop.json(&["explain", "--for", "shop", "--provider", "google", "AADSTS50011"], 2);
    }),
    does("explain", "--address", |shop| {
        let refused = "535 5.7.3 Authentication unsuccessful";
        shows(shop, &["explain", "--address", "sales@contoso.com", refused], 0, "sales@contoso.com");
        shop.json(&["explain", "--address", "no address", refused], 2);
    }),
    does("explain", "--stage", |shop| {
        shows_not(shop, &["explain", "--list", "--stage", "smtp"], 0, "ms-redirect-uri-mismatch");
    }),
    does("status", "<names>", |_| {
        let shop = two();
        shows_not(&shop, &["status", "alice"], 0, "\"mailbox\": \"shop\"");
        assert_eq!(shop.json(&["status"], 0).json()["reports"].as_array().unwrap().len(), 2);
    }),
    does("status", "--fail-within", |_| {
        let shop = Fixture::new();
        let soon = (jiff::Zoned::now().date() + jiff::Span::new().days(5)).to_string();
        shop.add("shop", &[("--expires", Some(&soon))]).finish().code(0);
        shop.authorize_as("shop", SHOP).code(0);
        shop.json(&["status"], 0);
        shop.json(&["status", "--fail-within=14"], 1);
        shop.json(&["status", "--fail-within=2"], 0);
    }),
    does("status", "--allow-unknown-expiry", |_| {
        let shop = Fixture::authorized();
        shop.json(&["status", "--fail-within=14"], 1);
        shop.json(&["status", "--fail-within=14", "--allow-unknown-expiry"], 0);
    }),
    does("status", "--ask", |_| {
        let shop = asking(&[READ]);
        assert_eq!(fact(&shop.json(&["status"], 0), "client_secret_ends"), "");
        assert_ne!(fact(&shop.json(&["status", "--ask"], 0), "client_secret_ends"), "");
    }),
    does("status", "--admin-token-stdin", |_| {
        let shop = asking(&[]);
        let token = admin_token(&shop, READ);
        let asked = shop.run(&["--json", "status", "--ask", "--admin-token-stdin"]).stdin(&token).finish().code(0);
        assert_ne!(fact(&asked, "client_secret_ends"), "");
    }),
    does("status", "--admin", |_| {
        use std::os::unix::fs::PermissionsExt as _;
        let shop = asking(&[]);
        let token = admin_token(&shop, READ);
        let az = shop.path().join("az");
        std::fs::write(&az, format!("#!/bin/sh\necho '{token}'\n")).unwrap();
        std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", shop.path().display(), std::env::var("PATH").unwrap());
        let asked = shop.run(&["--json", "status", "--ask", "--admin", "az"]).env("PATH", &path).finish().code(0);
        assert_ne!(fact(&asked, "client_secret_ends"), "");
    }),
    does("test", "--admin-token-stdin", |_| reads_the_tenant("test", "--admin-token-stdin")),
    does("test", "--admin", |_| reads_the_tenant("test", "--admin")),
    does("guide", "--admin-token-stdin", |_| reads_the_tenant("guide", "--admin-token-stdin")),
    does("guide", "--admin", |_| reads_the_tenant("guide", "--admin")),
    does("status", "--ics", |_| {
        let shop = Fixture::new();
        shop.add("shop", &[("--expires", Some("2031-05-20"))]).finish().code(0);
        shop.authorize_as("shop", SHOP).code(0);
        shop.json(&["status", "--ics", "secrets.ics"], 0);
        let calendar = std::fs::read_to_string(shop.path().join("secrets.ics")).unwrap();
        assert!(calendar.contains("DTSTART;VALUE=DATE:20310520"), "{calendar}");
    }),
    does("status", "--allow-unknown-expiry", |shop| {
        shop.json(&["status", "--fail-within=14"], 1);
        shop.json(&["status", "--fail-within=14", "--allow-unknown-expiry"], 0);
        shop.json(&["status", "--allow-unknown-expiry"], 2);
    }),
    does("show", "<name>", |shop| {
        assert_eq!(fact(&shop.json(&["show", "shop"], 0), "address"), SHOP);
        shop.json(&["show", "no-such"], 3);
    }),
    does("apply", "<file>", |shop| {
        std::fs::write(shop.path().join("list.csv"), "name,enabled\nshop,true\n").unwrap();
        shows(shop, &["apply", "list.csv"], 0, "\"shop\"");
        shop.json(&["apply", "no-such.csv"], 2);
    }),
    does("apply", "--prune", |_| {
        let shop = two();
        let apply = ["apply", "-", "--prune", "--yes"];
        shop.run(&apply).stdin("name,enabled\nshop,true\n").finish().code(0);
        shop.json(&["show", "alice"], 3);
    }),
    does("apply", "--yes", |_| {
        let shop = two();
        let asked = shop.run(&["apply", "-", "--prune"]).stdin("name,enabled\nshop,true\n").finish().code(2);
        assert!(asked.stderr.contains("--yes"), "{}", asked.stderr);
        shop.json(&["show", "alice"], 0);
    }),
    does("apply", "--secret-env", |_| with_secret("--secret-env", "PLACE", "")),
    does("apply", "--secret-file", |_| with_secret("--secret-file", "secret.txt", "")),
    does("apply", "--secret-stdin", |shop| {
        with_secret("--secret-stdin", "", canary::CLIENT_SECRET);
        shop.run(&["apply", "-", "--secret-stdin", "shop"]).finish().code(2).says("both be read from standard input");
    }),
    does("apply", "--dry-run", |shop| {
        let told = shop.run(&["apply", "-", "--dry-run"]).stdin("name,enabled\nshop,false\n").finish().code(0);
        assert!(told.stdout.contains("+ enabled = false"), "{}", told.stdout);
        shop.json(&["test-mailbox", "shop"], 0);
    }),
    does("remove", "<name>", |shop| shows(shop, &["remove", "no-such", "--yes"], 3, "no mailbox 'no-such'")),
    does("remove", "--yes", |_| {
        let shop = Fixture::added();
        shows(&shop, &["remove", "shop"], 2, "--yes");
        shop.json(&["remove", "shop", "--yes"], 0);
        shop.json(&["show", "shop"], 3);
    }),
    does("remove", "--dry-run", |shop| {
        shows(shop, &["remove", "shop", "--dry-run"], 0, "- [mailboxes.shop]");
        shop.json(&["show", "shop"], 0);
    }),
    does("authorize", "--dry-run", |shop| shows(shop, &["authorize", "shop", "--dry-run"], 0, "offline_access")),
    does("new-certificate", "--dry-run", |shop| {
        shows(shop, &["new-certificate", "--out", "never.pem", "--dry-run"], 0, "never.crt");
        assert!(!shop.path().join("never.pem").exists());
    }),
    does("new-vault-key", "--dry-run", |shop| {
        shows(shop, &["new-vault-key", "never.key", "--dry-run"], 0, "never.key");
        assert!(!shop.path().join("never.key").exists());
    }),
    does("remove", "--ignore-missing", |shop| {
        shop.json(&["remove", "no-such", "--yes"], 3);
        shows(shop, &["remove", "no-such", "--yes", "--ignore-missing"], 0, "nothing");
    }),
    does("remove", "--force", |_| {
        let profile = |shop: &Fixture| std::fs::read_to_string(shop.config()).unwrap().replace(SHOP, ALICE);
        let shop = Fixture::authorized();
        shop.write_config(&profile(&shop));
        shows(&shop, &["remove", "shop", "--yes"], 0, "mailbox shop: kept");
        let shop = Fixture::authorized();
        shop.write_config(&profile(&shop));
        shows(&shop, &["remove", "shop", "--yes", "--force"], 0, "mailbox shop: removed");
    }),
    does("remove", "--force", |_| {
        for (more, fate) in [(&[][..], "kept"), (&["--force"], "removed")] {
            let shop = Fixture::authorized();
            let profile = std::fs::read_to_string(shop.config()).unwrap();
            shop.write_config(&profile.replace(SHOP, ALICE));
            let removed = shop.json(&[&["remove", "shop", "--yes"], more].concat(), 0);
            assert!(fact(&removed, "mailbox_record").contains(fate), "{more:?}: {}", removed.stdout);
        }
    }),
    does("token", "<name>", |shop| {
        assert!(shop.sandbox().is_live_access_token(shop.run(&["token", "shop"]).finish().code(0).stdout.trim()));
    }),
    does("token", "--as", |shop| {
        let printed = |form: &str| shop.run(&["token", "shop", "--as", form]).finish().code(0).stdout;
        let raw = printed("raw");
        assert_eq!(printed("header"), format!("Authorization: Bearer {raw}"));
        assert!(shop.sandbox().is_live_access_token(raw.trim()));
        shop.run(&["token", "shop", "--as", "drawer"]).finish().code(2);
    }),
    does("new-certificate", "<name>", |shop| {
        let made = shop.json(&["new-certificate", "shop", "--key", "ec"], 0);
        assert!(fact(&made, "certificate_file").ends_with("shop.crt"), "{}", made.stdout);
        assert!(made.stdout.contains("Certificates & secrets"), "{}", made.stdout);
    }),
    does("new-certificate", "--out", |shop| {
        shop.json(&["new-certificate", "--out", "mine.pem", "--key", "ec"], 0);
        assert!(shop.path().join("mine.pem").exists() && shop.path().join("mine.crt").exists());
        shop.json(&["new-certificate", "--out", "mine.crt"], 2);
        shop.json(&["new-certificate"], 2);
    }),
    does("new-certificate", "--key", |shop| {
        let made = shop.json(&["new-certificate", "shop", "--out", "ec.pem", "--key", "ec"], 0);
        assert!(made.stdout.contains("AADSTS5002730"), "{}", made.stdout);
        shop.json(&["new-certificate", "shop", "--key", "dsa"], 2);
    }),
    does("new-certificate", "--days", |shop| {
        let days = |more: &[&str]| {
            let made = shop.json(&[&["new-certificate", "--key", "ec", "--out"], more].concat(), 0);
            fact(&made, "expires")
        };
        assert!(days(&["usual.pem"]) < days(&["longer.pem", "--days", "200"]));
        shop.json(&["new-certificate", "shop", "--days", "0"], 2);
    }),
    does("new-certificate", "--passphrase", |shop| {
        let asked = shop.json(&["new-certificate", "--out", "asked.pem", "--passphrase"], 2);
        assert!(asked.all_text().contains("--passphrase-env"), "{}", asked.all_text());
    }),
    does("new-certificate", "--passphrase-env", |shop| {
        let make = ["new-certificate", "--out", "locked.pem", "--key", "ec", "--passphrase-env", "OPENS_IT"];
        shop.json(&make, 2);
        shop.run(&make).env("OPENS_IT", "short").finish().code(2);
        shop.run(&make).env("OPENS_IT", "long enough").finish().code(0);
        let key = std::fs::read_to_string(shop.path().join("locked.pem")).unwrap();
        assert!(key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    }),
    does("new-vault-key", "<file>", |shop| {
        shop.json(&["new-vault-key", "another.key"], 0);
        assert!(shop.path().join("another.key").exists());
    }),
    #[cfg(feature = "practice")]
    does("practice", "--list-faults", |shop| shows(shop, &["practice", "--list-faults"], 0, "smtp-auth-off-tenant")),
    #[cfg(feature = "practice")]
    does("practice", "--fault", |shop| {
        let served = shop
            .run(&["practice", "--env-file", "broken.env", "--timeout", "1", "--fault", "imap-off=30"])
            .finish()
            .code(0);
        assert!(served.stderr.contains("Broken for 30 seconds: imap-off"), "{}", served.stderr);
        let unknown = shop.run(&["practice", "--fault", "imap-of"]).finish().code(2);
        assert!(unknown.stderr.contains("Did you mean imap-off?"), "{}", unknown.stderr);
    }),
    #[cfg(feature = "practice")]
    does("practice", "--env-file", |shop| {
        shop.run(&["practice", "--timeout", "1", "--env-file", "practice.env"]).finish().code(0);
        let exports = std::fs::read_to_string(shop.path().join("practice.env")).unwrap();
        assert!(exports.lines().all(|line| line.starts_with("export ")) && exports.contains("MAILGRANT_CONFIG="));
    }),
    #[cfg(feature = "practice")]
    does("practice", "--sign-in", |shop| {
        let other = ["practice", "--sign-in", "https://login.microsoftonline.com/"];
        let refused = shop.run(&other).finish().code(1);
        assert!(refused.stderr.contains("not a page of the practice tenant"), "{}", refused.stderr);
    }),
    #[cfg(feature = "practice")]
    does("practice", "--code", |shop| {
        let alone = shop.run(&["practice", "--code", "ABCD-EFGH"]).finish().code(2);
        assert!(alone.stderr.contains("--sign-in"), "{}", alone.stderr);
    }),
];
