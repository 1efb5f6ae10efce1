//! What apps prove themselves with where there is no client secret: assertions, passphrases, keys, the tokens of another
//! issuer and what those are asked for with.

use super::{ALL_WAYS, CHATTY};
use crate::certificates::{ENCRYPTED, PASSPHRASE, certified};
use crate::federated::{EXCHANGE, app_only, trust};
use crate::sandbox::faults::Fault;
use crate::sandbox::world::SHOP;
use crate::service_account::{enrol, tenants_profile};
use crate::support::canary::Nose;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};

/// What was shown, with its place.
type Texts = Vec<(String, String)>;

/// Runs what uses or shows the app of mailbox `name`, in these ways, with `variables` set.
fn use_it(shop: &Fixture, name: &str, ways: &[&[&str]], variables: &[(&str, &str)], texts: &mut Texts) {
    for command in [
        &["token", name][..],
        &["test", name],
        &["inspect", name],
        &["show", name],
        &["status"],
        &["doctor"],
        &["test-smtp", name, "--mechanism", "oauthbearer"],
    ] {
        for way in ways {
            let run = shop.run(&[way, command].concat());
            let run = variables.iter().fold(run, |run, (variable, value)| run.env(variable, value));
            let finished = run.finish();
            // `token` shows one secret on purpose.
            if command[0] != "token" || finished.code != Some(0) {
                texts.push((format!("stdout of {}", finished.shown), finished.stdout));
            }
            texts.push((format!("stderr of {}", finished.shown), finished.stderr));
        }
    }
}

/// Insists that none of `secrets`, and none that the tenant has seen or given out, is in what was shown or in a file but a key's
/// own.
fn insist(shop: &Fixture, texts: &Texts, secrets: Vec<String>) {
    let issued = shop.sandbox().issued_tokens();
    assert!(issued.len() > 4, "only {} tokens and assertions were seen", issued.len());
    let nose = Nose::new(&issued.into_iter().chain(secrets).collect::<Vec<_>>());
    let mut found: Vec<String> = texts.iter().flat_map(|(place, text)| nose.find(place, text.as_bytes())).collect();
    for (path, bytes) in shop.files().into_iter().filter(|(path, _)| path.extension().is_none_or(|end| end != "pem")) {
        found.extend(nose.find(&path.display().to_string(), &bytes));
    }
    assert_eq!(found, Vec::<String>::new());
    assert!(texts.iter().any(|(_, text)| text.contains("/token")), "-v shows the requests");
}

/// The lines of a key that are its own.
fn lines(key: &str) -> impl Iterator<Item = String> {
    key.lines().filter(|line| line.len() > 32 && !line.contains("---")).map(str::to_owned)
}

#[test]
fn an_assertion_a_passphrase_and_a_key_are_shown_nowhere() {
    let shop = certified(&ENCRYPTED, "");
    let mut texts = Texts::new();
    for way in ALL_WAYS {
        let added = shop.run(&[way, &["add", "shop", "--secret-stdin"]].concat()).stdin(PASSPHRASE).finish().code(0);
        texts.push((format!("output of {}", added.shown), added.all_text()));
    }
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    texts.push(("output of authorize".to_owned(), shop.authorize_as("shop", SHOP).code(0).all_text()));
    // To open the key takes a while, on purpose.
    use_it(&shop, "shop", &CHATTY, &[], &mut texts);
    let file = |name: &str| std::fs::read_to_string(shop.config().with_file_name(name)).unwrap();
    let certificate = file("shop.crt");
    let mut secrets: Vec<String> = lines(&file("shop.pem")).filter(|line| !certificate.contains(line)).collect();
    assert!(secrets.len() > 20, "{secrets:?}");
    secrets.push(PASSPHRASE.to_owned());
    // A certificate that the tenant does not know is refused, and the refusal repeats what was sent.
    let make = shop.run(&[&["--json", "new-certificate", "shop"][..], &ENCRYPTED].concat());
    let made = make.env("OPENS_IT", PASSPHRASE).finish().code(0);
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    shop.write_config(&profile.replace("shop.pem", &fact(&made, "key_file")));
    shop.sandbox().switch_on(Fault::RefusalsEcho);
    use_it(&shop, "shop", &CHATTY[..1], &[], &mut texts);
    assert!(texts.iter().any(|(_, text)| text.contains("You sent: ")), "the refusal repeats it");
    insist(&shop, &texts, secrets);
}

#[cfg(target_os = "linux")]
#[test]
fn no_other_process_sees_a_passphrase_or_an_assertion() {
    use std::collections::BTreeSet;

    let shop = certified(&ENCRYPTED, "");
    let mut seen = BTreeSet::new();
    shop.run(&["add", "shop", "--secret-stdin"]).stdin(PASSPHRASE).finish().code(0);
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    for command in [["token", "shop"], ["test", "shop"]] {
        let mut running = shop.run(&command).start();
        super::processes::watch(&mut running, &mut seen, None);
        running.finish().code(0);
    }
    let seen: Vec<u8> = seen.into_iter().flatten().collect();
    assert!(String::from_utf8_lossy(&seen).contains("token"), "the look found nothing");
    let secrets: Vec<String> = shop.sandbox().issued_tokens().into_iter().chain([PASSPHRASE.to_owned()]).collect();
    assert_eq!(Nose::new(&secrets).find("/proc", &seen), Vec::<String>::new());
}

#[test]
fn a_federated_token_and_what_it_is_asked_for_with_are_shown_nowhere() {
    let shop = app_only("source = \"github\"");
    let runner = shop.sandbox().runner();
    trust(&shop, &runner.issuer, &runner.subject, EXCHANGE);
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", &*runner.request_url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", &*runner.request_token),
    ];
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    let mut texts = Texts::new();
    use_it(&shop, "ci", &ALL_WAYS, &variables, &mut texts);
    shop.sandbox().switch_on(Fault::RefusalsEcho);
    shop.sandbox().trust_none();
    use_it(&shop, "ci", &ALL_WAYS, &variables, &mut texts);
    assert!(texts.iter().any(|(_, text)| text.contains("You sent: ")), "the refusal repeats it");
    insist(&shop, &texts, vec![runner.request_token.clone()]);
}

#[test]
fn a_service_accounts_key_and_its_assertions_are_shown_nowhere() {
    let shop = Fixture::new();
    tenants_profile(&shop, "");
    let key = shop.sandbox().service_account_key().unwrap();
    enrol(&shop, &key.to_string());
    shop.sandbox().delegate(&["https://mail.google.com/"]);
    let mut texts = Texts::new();
    use_it(&shop, "shop", &ALL_WAYS, &[], &mut texts);
    shop.sandbox().delegate(&[]);
    shop.sandbox().switch_on(Fault::RefusalsEcho);
    use_it(&shop, "shop", &ALL_WAYS, &[], &mut texts);
    let secrets: Vec<String> = lines(key["private_key"].as_str().unwrap()).collect();
    assert!(secrets.len() > 20, "{secrets:?}");
    insist(&shop, &texts, secrets);
}
