//! Sign-ins with a code that is entered in a browser elsewhere (RFC 8628).

use std::time::{Duration, Instant};

use crate::authorize_elsewhere::oidc_shop;
use crate::sandbox::browser::{self, Person};
use crate::sandbox::faults::Fault;
use crate::sandbox::world::{ALICE, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SHOP, TENANT_DOMAIN};
use crate::support::canary;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};
use crate::support::process::Running;

const ARGUMENTS: [&str; 5] = ["--json", "-v", "authorize", "shop", "--device-code"];

/// Polls may come every second, so that the tests need not wait five.
fn quick(shop: Fixture) -> Fixture {
    shop.sandbox().set_device_code(Duration::from_secs(900), Duration::from_secs(1));
    shop
}

fn enter(shop: &Fixture, running: &mut Running, person: &Person) {
    let (address, code) = running.device_code();
    let page = browser::enter_code(&address, &code, shop.sandbox().ca_file(), person).unwrap();
    assert_eq!(page.status, 200, "{}", page.body);
}

fn authorize(shop: &Fixture, person: &Person) -> Finished {
    let mut running = shop.run(&ARGUMENTS).start();
    enter(shop, &mut running, person);
    running.finish()
}

fn shop_person() -> Person {
    Person::SignsInAs(SHOP.to_owned())
}

#[test]
fn a_code_that_is_entered_elsewhere_authorizes_the_mailbox() {
    let shop = quick(Fixture::added());
    let done = authorize(&shop, &shop_person()).code(0);
    for words in [
        format!("Sign in as {SHOP}, in a browser on any machine, at:"),
        format!("  {}/device", shop.sandbox().authority()),
        format!("client ID {CONFIDENTIAL_CLIENT}"),
        format!("tenant  {TENANT_DOMAIN}"),
        "scopes  openid profile email offline_access https://outlook.office.com/IMAP.AccessAsUser.All \
         https://outlook.office.com/SMTP.Send"
            .to_owned(),
        "valid for 15 minutes".to_owned(),
        "never give it to another person".to_owned(),
    ] {
        assert!(done.stderr.contains(&words), "it does not say {words:?}:\n{}", done.stderr);
    }
    let secrets = [shop.sandbox().issued_tokens(), vec![canary::CLIENT_SECRET.to_owned()]].concat();
    assert_eq!(secrets.len(), 5, "device code, access, refresh and identity token, client secret");
    assert_eq!(canary::find("what it showed", done.all_text().as_bytes(), &secrets), [""; 0]);
    assert_eq!(fact(&done, "signed_in_as"), SHOP);
    assert_eq!(fact(&shop.json(&["status", "shop"], 0), "signed_in_as"), SHOP);
    shop.json(&["test-mailbox", "shop"], 0);
    shop.json(&["test-smtp", "shop"], 0);
    assert_eq!(shop.sandbox().counters().device_requests, 1);
    shop.insist_on_manners();
}

#[test]
fn a_plain_openid_provider_and_a_public_client_know_codes_too() {
    let shop = quick(oidc_shop());
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    let done = authorize(&shop, &shop_person()).code(0);
    assert!(done.stderr.contains("/device?user_code="), "{}", done.stderr);
    shop.json(&["test-mailbox", "shop"], 0);
    shop.insist_on_manners();
    let shop = quick(Fixture::new());
    let public = [("--client-id", Some(PUBLIC_CLIENT)), ("--credential", Some("none"))];
    shop.add("shop", &public).finish().code(0);
    authorize(&shop, &shop_person()).code(0);
    shop.insist_on_manners();
}

#[test]
fn the_endpoint_is_polled_as_slowly_as_it_asks() {
    let shop = quick(Fixture::added());
    shop.sandbox().slow_down(1);
    let mut running = shop.run(&ARGUMENTS).start();
    let started = Instant::now();
    enter(&shop, &mut running, &shop_person());
    running.finish().code(0);
    // One second, then one and five more.
    assert!(started.elapsed() >= Duration::from_millis(6_900), "{:?}", started.elapsed());
    assert_eq!(shop.sandbox().counters().device_polls, 2);
    shop.insist_on_manners();
}

#[test]
fn a_no_at_the_page_ends_the_wait() {
    let shop = quick(oidc_shop());
    let declined = authorize(&shop, &Person::Declines).code(1);
    assert_eq!(declined.finding_codes(), ["oauth-access-denied"]);
    assert_eq!(declined.outcome("authorize"), "failed", "{}", declined.stdout);
    let shop = quick(Fixture::added());
    let declined = authorize(&shop, &Person::Declines);
    assert_ne!(declined.code, Some(0));
    assert!(declined.stdout.contains("authorization_declined"), "{}", declined.stdout);
    assert_eq!(fact(&shop.json(&["status", "shop"], 4), "status"), "not authorized");
    shop.insist_on_manners();
}

#[test]
fn a_code_that_is_not_entered_expires() {
    let shop = Fixture::added();
    shop.sandbox().set_device_code(Duration::from_secs(3), Duration::from_secs(1));
    let gone = shop.run(&ARGUMENTS).finish().code(1);
    assert_eq!(gone.finding_codes(), ["oauth-device-expired"]);
    assert!(shop.sandbox().counters().device_polls <= 2, "none after its end");
    // The provider's own word for it, before the time that it had named.
    let shop = quick(Fixture::added());
    let mut running = shop.run(&ARGUMENTS).start();
    running.device_code();
    shop.sandbox().expire_device_codes();
    assert_eq!(running.finish().code(1).finding_codes(), ["ms-device-code-expired"]);
    // Our own patience.
    let shop = quick(Fixture::added());
    let gone = shop.run(&["--json", "--timeout", "2", "authorize", "shop", "--device-code"]).finish().code(1);
    assert_eq!(gone.finding_codes(), ["oauth-device-expired"]);
    assert!(gone.stderr.contains("valid for 2 seconds"), "{}", gone.stderr);
    shop.insist_on_manners();
}

#[test]
fn a_code_in_the_wrong_hands_opens_nothing() {
    let shop = quick(Fixture::added());
    let refused = authorize(&shop, &Person::SignsInAs(ALICE.to_owned())).code(1);
    assert_eq!(refused.finding_codes(), ["other-account-signed-in"]);
    assert!(refused.stdout.contains(ALICE) && refused.stdout.contains(SHOP));
    assert_eq!(fact(&shop.json(&["status", "shop"], 4), "status"), "not authorized");
    shop.insist_on_manners();
}

#[test]
fn a_provider_without_codes_is_named_and_another_way_shown() {
    let shop = oidc_shop();
    shop.sandbox().switch_on(Fault::NoDeviceCode);
    let none = shop.run(&ARGUMENTS).finish().code(1);
    assert_eq!(none.finding_codes(), ["no-device-code"]);
    assert!(none.stdout.contains("--no-browser") && none.stdout.contains("device_authorization_endpoint"));
    assert_eq!(shop.sandbox().counters().device_requests, 0);
    // Google is not asked either: no server of its is reached from here.
    let google = [
        ("--provider", Some("google")),
        ("--tenant", None),
        ("--authority", None),
        ("--app", Some("gmail")),
        ("--client-id", Some("1234-abc.apps.googleusercontent.com")),
        ("--address", Some("shop@gmail.example")),
    ];
    shop.add("gmail", &google).finish().code(0);
    let none = shop.json(&["authorize", "gmail", "--device-code"], 1);
    assert_eq!(none.finding_codes(), ["no-device-code"]);
    assert!(none.stdout.contains("https://mail.google.com/"), "{}", none.stdout);
}

#[test]
fn an_endpoint_that_never_answers_is_not_waited_for_longer_than_asked() {
    let shop = Fixture::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = format!("https://localhost:{}", silent.local_addr().unwrap().port());
    shop.add("shop", &[("--authority", Some(&authority))]).finish().code(0);
    let started = Instant::now();
    let gone = shop.json(&["--timeout", "2", "authorize", "shop", "--device-code"], 6);
    assert_eq!(gone.finding_codes(), ["timed-out"]);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[test]
fn a_code_and_a_pasted_address_are_two_ways() {
    let shop = Fixture::added();
    let both = shop.run(&["authorize", "shop", "--device-code", "--no-browser"]).finish().code(2);
    assert!(both.stderr.contains("--no-browser"), "{}", both.stderr);
}

/// In the wait, and while a poll hangs.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_wait_at_once() {
    for delay in [Duration::ZERO, Duration::from_secs(20)] {
        let shop = Fixture::added();
        shop.sandbox()
            .set_device_code(Duration::from_secs(900), Duration::from_secs(if delay.is_zero() { 60 } else { 1 }));
        shop.sandbox().set_token_delay(delay);
        let mut running = shop.run(&ARGUMENTS).start();
        running.device_code();
        if delay.is_zero() {
            // It waits by now. Before that, Ctrl-C ends the process without a look at anything.
            std::thread::sleep(Duration::from_secs(1));
        } else {
            while shop.sandbox().counters().token_requests == 0 {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let pressed = Instant::now();
        let id = rustix::process::Pid::from_raw(running.id().cast_signed()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        running.finish().code(130);
        assert!(pressed.elapsed() < Duration::from_secs(5), "{:?}", pressed.elapsed());
    }
}

/// The person takes minutes, and the client secret may be another one by then.
#[test]
fn a_client_secret_may_be_rotated_while_the_code_is_entered() {
    let shop = quick(Fixture::authorized());
    shop.sandbox().add_client_secret(canary::NEXT_CLIENT_SECRET);
    let mut running = shop.run(&ARGUMENTS).start();
    let (address, code) = running.device_code();
    let rotate = ["--json", "rotate-secret", "shop", "--secret-stdin", "--skip-connection-tests"];
    shop.run(&rotate).stdin(canary::NEXT_CLIENT_SECRET).finish().code(0);
    shop.sandbox().remove_client_secret(canary::CLIENT_SECRET);
    browser::enter_code(&address, &code, shop.sandbox().ca_file(), &shop_person()).unwrap();
    running.finish().code(0);
    shop.json(&["test-mailbox", "shop"], 0);
}
