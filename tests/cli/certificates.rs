//! Apps that sign with a certificate's key, where other apps have a client secret.

use crate::app_only;
use crate::sandbox::world::{AppOnly, SHOP};
use crate::support::canary::CLIENT_SECRET;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};
use crate::terminal::{ends_cleanly, shell};

/// What opens an encrypted key of these tests.
pub(crate) const PASSPHRASE: &str = "practice-only-passphrase";
/// `new-certificate` encrypts the key.
pub(crate) const ENCRYPTED: [&str; 4] = ["--key", "rsa", "--passphrase-env", "OPENS_IT"];

/// A shop whose app has no client secret any more, and a certificate in its place.
pub(crate) fn certified(make: &[&str], settings: &str) -> Fixture {
    let shop = Fixture::added();
    renew(&shop, make);
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    let app = format!("[apps.shop]\ncredential = \"certificate\"\ncertificate = {{ file = \"shop.pem\"{settings} }}\n");
    shop.write_config(&profile.replace("[apps.shop]\n", &app));
    shop.sandbox().remove_client_secret(CLIENT_SECRET);
    shop
}

/// Makes a certificate and uploads it. Its file's name.
pub(crate) fn renew(shop: &Fixture, make: &[&str]) -> String {
    renew_under(shop, make, PASSPHRASE)
}

/// The same, with `passphrase` in the variable of [`ENCRYPTED`].
fn renew_under(shop: &Fixture, make: &[&str], passphrase: &str) -> String {
    let make = shop.run(&[&["--json", "new-certificate", "shop"], make].concat());
    let made = make.env("OPENS_IT", passphrase).finish().code(0);
    let certificate = std::fs::read_to_string(fact(&made, "certificate_file")).unwrap();
    shop.sandbox().upload_certificate("made by mailgrant", &certificate);
    fact(&made, "key_file")
}

/// The app of `shop` opens its mailbox by itself from now on.
fn let_in(shop: &Fixture) {
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    shop.write_config(&profile.replacen("[apps.shop]\n", "[apps.shop]\naccess = \"app\"\n", 1));
    shop.sandbox().set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
}

#[test]
fn a_certificate_signs_in_and_refreshes_with_each_algorithm_of_its_key() {
    for settings in ["", ", algorithm = \"RS256\""] {
        let shop = certified(&[], settings);
        shop.sandbox().set_access_lifetime(ALWAYS_STALE);
        shop.authorize_as("shop", SHOP).code(0);
        shop.run(&["token", "shop"]).finish().code(0);
        shop.json(&["test", "shop"], 0);
    }
}

#[test]
fn a_key_that_cannot_be_used_is_told_before_anything_is_sent() {
    let shop = certified(&[], "");
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let requests = shop.sandbox().counters().token_requests;
    let key = shop.config().with_file_name("shop.pem");
    let text = std::fs::read_to_string(&key).unwrap();
    std::fs::write(&key, &text[text.find("-----BEGIN CERT").unwrap()..]).unwrap();
    let told = shop.json(&["token", "shop"], 3);
    assert_eq!(told.json()["error"]["code"], "certificate-no-key");
    let aside = key.with_extension("aside");
    std::fs::rename(&key, &aside).unwrap();
    for words in [&["test", "shop"][..], &["status"], &["authorize", "shop", "--timeout", "5"]] {
        let told = shop.run(&[&["--json"], words].concat()).finish();
        assert!(told.stdout.contains("certificate-file-missing"), "{words:?}: {}", told.all_text());
    }
    assert_eq!(shop.sandbox().counters().token_requests, requests);
    // Nothing was lost: the sign-in goes on with the key.
    std::fs::write(&aside, &text).unwrap();
    std::fs::rename(&aside, &key).unwrap();
    shop.run(&["token", "shop"]).finish().code(0);
}

#[test]
fn a_renewed_certificate_is_put_to_use_by_its_file_and_taken_back_the_same_way() {
    let shop = certified(&[], "");
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let next = renew(&shop, &[]);
    let before = std::fs::read_to_string(shop.config()).unwrap();
    for profile in [before.replace("shop.pem", &next), before] {
        shop.write_config(&profile);
        shop.run(&["token", "shop"]).finish().code(0);
    }
}

#[test]
fn status_watches_when_a_certificate_ends_and_every_list_names_it() {
    let shop = certified(&["--days", "5"], "");
    shop.authorize_as("shop", SHOP).code(0);
    let status = shop.json(&["status"], 0);
    assert!(status.json()["warnings"][0]["text"].as_str().unwrap().contains("the certificate of app 'shop' expires"));
    assert!(status.stdout.contains("mailgrant new-certificate shop"), "{}", status.stdout);
    assert_eq!(shop.json(&["status", "--fail-within=9"], 1).finding_codes(), ["certificate-expires-soon"]);
    shop.json(&["status", "--fail-within=3"], 0);
    for words in [&["show", "shop"][..], &["list"], &["status"]] {
        let told = shop.json(words, 0);
        assert_eq!(fact(&told, "certificate"), "CN=mailgrant shop", "{words:?}");
        assert_eq!(fact(&told, "certificate_thumbprint").len(), 40, "{words:?}");
        assert_eq!(
            (fact(&told, "client_secret"), fact(&told, "client_secret_expires")),
            (String::new(), String::new())
        );
    }
    let calendar = shop.run(&["status", "--ics", "-"]).finish().code(0).stdout;
    assert!(calendar.contains("The certificate of app 'shop' expires"), "{calendar}");
}

#[test]
fn an_encrypted_key_opens_with_the_passphrase_that_add_stores() {
    let shop = certified(&ENCRYPTED, "");
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    let requests = shop.sandbox().counters().token_requests;
    let missing = shop.run(&["authorize", "shop", "--timeout", "5"]).finish().code(5);
    for words in ["mailgrant add MAILBOX --app shop", "MAILGRANT_APP_SHOP_CERTIFICATE_PASSPHRASE"] {
        assert!(missing.all_text().contains(words), "{words}: {}", missing.all_text());
    }
    assert_eq!(shop.sandbox().counters().token_requests, requests);
    let add = |passphrase: &str| shop.run(&["--json", "add", "shop", "--secret-stdin"]).stdin(passphrase).finish();
    let wrong = add("another passphrase").code(5);
    assert_eq!(wrong.json()["error"]["code"], "certificate-passphrase-wrong");
    assert_eq!(fact(&add(&format!("{PASSPHRASE}\n")).code(0), "changed"), "yes");
    assert!(fact(&shop.json(&["add", "shop"], 0), "changed").starts_with("no"), "it is stored");
    shop.authorize_as("shop", SHOP).code(0);
    shop.run(&["token", "shop"]).finish().code(0);
    assert_eq!(shop.files_with(PASSPHRASE), Vec::<std::path::PathBuf>::new());
    // The next key has another passphrase, which opens it alone.
    let next = renew_under(&shop, &ENCRYPTED, "the next passphrase");
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    shop.write_config(&profile.replace("shop.pem", &next));
    assert_eq!(shop.json(&["token", "shop"], 5).json()["error"]["code"], "certificate-passphrase-wrong");
    add("the next passphrase").code(0);
    shop.run(&["token", "shop"]).finish().code(0);
}

#[test]
fn an_encrypted_key_opens_with_the_passphrase_of_a_variable() {
    let shop = certified(&ENCRYPTED, "");
    let_in(&shop);
    let variable = "MAILGRANT_APP_SHOP_CERTIFICATE_PASSPHRASE";
    let token = || shop.run(&["--json", "token", "shop"]).env("MAILGRANT_STORE", "env");
    let missing = token().finish().code(5);
    assert!(missing.stdout.contains(variable), "{}", missing.stdout);
    let wrong = token().env(variable, "another passphrase").finish().code(5);
    assert_eq!(wrong.json()["error"]["code"], "certificate-passphrase-wrong");
    let opened = token().env(variable, PASSPHRASE).finish().code(0);
    assert!(!opened.all_text().contains(PASSPHRASE));
}

#[test]
fn a_passphrase_is_refused_where_the_key_has_none_and_where_there_is_no_key() {
    let shop = certified(&[], "");
    let add = || shop.run(&["--json", "add", "shop", "--secret-stdin"]).stdin(PASSPHRASE).finish();
    assert_eq!(add().code(2).json()["error"]["code"], "flag-without-effect");
    std::fs::remove_file(shop.config().with_file_name("shop.pem")).unwrap();
    assert_eq!(add().json()["error"]["code"], "certificate-file-missing");
}

/// The shop's mailbox, which an app with a certificate opens by itself.
fn opened_by_certificate() -> Fixture {
    let shop = certified(&[], "");
    let_in(&shop);
    shop
}

#[test]
fn a_crowd_of_an_apps_own_mailbox_signs_once() {
    app_only::asks_once_for_a_crowd(&opened_by_certificate());
}

/// Each assertion is another one (RFC 7523 §3, `jti`), so that a provider which takes it only once takes the next run's.
#[test]
fn a_run_that_was_killed_costs_the_next_one_nothing() {
    app_only::survives_a_kill(opened_by_certificate);
}

/// Nothing stored opens the key: the person is asked, each time, and a program never is.
#[test]
fn the_passphrase_of_an_encrypted_key_is_asked_for_where_nothing_has_it() {
    let shop = certified(&ENCRYPTED, "");
    let_in(&shop);
    // Each token is asked for with a signature.
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    let question = "Passphrase of the key of app 'shop'";
    let mut terminal = shell(&shop, "\"$0\" test shop");
    terminal.exp_string(question).unwrap();
    terminal.send_line("another passphrase").unwrap();
    terminal.exp_string("It does not open the key").unwrap();
    terminal.exp_string(question).unwrap();
    terminal.send_line(PASSPHRASE).unwrap();
    let shown = terminal.exp_string("rc=0\r\n").unwrap();
    assert!(!shown.contains(question) && !shown.contains(PASSPHRASE), "once for both sides: {shown}");
    let mut terminal = shell(&shop, "\"$0\" token shop < /dev/null");
    terminal.exp_string("certificate-passphrase-missing").unwrap();
    ends_cleanly(&mut terminal, 5);
    assert_eq!(shop.files_with(PASSPHRASE), Vec::<std::path::PathBuf>::new());
}
