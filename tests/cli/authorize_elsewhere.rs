//! Sign-ins without a browser on this machine, and at a plain OpenID provider.

use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::SHOP;
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;

fn shop_person() -> Person {
    Person::SignsInAs(SHOP.to_owned())
}

/// Shows the address, takes the pasted one.
fn authorize_by_paste(shop: &Fixture, change: impl FnOnce(String) -> String) -> crate::support::finished::Finished {
    let mut running = shop.run(&["--json", "authorize", "shop", "--no-browser"]).start_with_open_stdin();
    let url = running.authorization_url();
    let callback = browser::obtain_redirect(&url, shop.sandbox().ca_file(), &shop_person()).unwrap();
    running.type_line(&change(callback));
    running.finish()
}

#[test]
fn the_redirect_can_be_pasted() {
    let shop = Fixture::added();
    authorize_by_paste(&shop, |callback| callback).code(0);
    shop.json(&["test-mailbox", "shop"], 0);
    shop.insist_on_manners();
}

#[test]
fn a_pasted_redirect_of_another_sign_in_is_refused() {
    let shop = Fixture::added();
    let refused = authorize_by_paste(&shop, |callback| callback.replace("state=", "state=x"));
    assert_ne!(refused.code, Some(0));
    assert_eq!(shop.sandbox().counters().token_requests, 0);
}

#[test]
fn a_redirect_without_a_listener_is_pasted_too() {
    let shop = Fixture::new();
    let redirect = "https://redirect.contoso.example/mail";
    shop.add("shop", &[("--redirect-uri", Some(redirect))]).finish().code(0);
    authorize_by_paste(&shop, |callback| callback).code(0);
    shop.insist_on_manners();
}

#[test]
fn nothing_pasted_is_an_end_and_no_wait() {
    let shop = Fixture::added();
    let ended = shop.run(&["authorize", "shop", "--no-browser"]).stdin("").finish();
    assert_ne!(ended.code, Some(0));
}

/// The shop at the tenant's plain OpenID provider.
pub(crate) fn oidc_shop() -> Fixture {
    let shop = Fixture::new();
    let issuer = shop.sandbox().issuer();
    let change = [
        ("--provider", Some("oidc")),
        ("--tenant", None),
        ("--authority", None),
        ("--issuer", Some(issuer.as_str())),
        ("--scope", Some("imap")),
        ("--outgoing", Some("none")),
        ("--outgoing-host", None),
        ("--outgoing-port", None),
    ];
    shop.add("shop", &change).finish().code(0);
    shop
}

#[test]
fn a_plain_openid_provider_works_the_same_way() {
    let shop = oidc_shop();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    for _ in 0..2 {
        shop.json(&["test-mailbox", "shop"], 0);
    }
    shop.insist_on_manners();
    let counters = shop.sandbox().counters();
    assert_eq!((counters.sign_ins, counters.token_requests, counters.refresh_reuses), (1, 3, 0));
}

#[test]
fn an_answer_of_another_issuer_is_never_exchanged() {
    let shop = oidc_shop();
    let mut running = shop.run(&["--json", "authorize", "shop", "--timeout", "3"]).start();
    let url = running.authorization_url();
    let callback = browser::obtain_redirect(&url, shop.sandbox().ca_file(), &shop_person()).unwrap();
    let (before, issuer) = callback.split_once("iss=").expect("the provider names itself (RFC 9207)");
    assert!(!issuer.contains('&'), "iss comes last");
    let page = browser::get(&format!("{before}iss=https%3A%2F%2Fevil.example"), shop.sandbox().ca_file()).unwrap();
    assert_ne!(page.status, 200);
    assert_ne!(running.finish().code, Some(0));
    assert_eq!(shop.sandbox().counters().token_requests, 0);
}

#[test]
fn a_refused_client_and_a_refused_scope_are_told_by_what_the_profile_and_mailgrant_ask() {
    let steps = |shop: &Fixture, code: &str| {
        let refused = shop.authorize_as("shop", SHOP).code(1);
        assert_eq!(refused.finding_codes(), [code]);
        let checks = refused.json()["reports"][0]["checks"].clone();
        checks.as_array().unwrap().iter().find_map(|check| check.get("finding").cloned()).unwrap()["fix"].to_string()
    };
    let shop = oidc_shop();
    let with = std::fs::read_to_string(shop.config()).unwrap();
    assert!(!with.contains("credential"), "a secret is the default: {with}");
    // The client is registered with a secret, and the profile says that it has none.
    std::fs::write(shop.config(), with.replace("client_id", "credential = \"none\"\nclient_id")).unwrap();
    let public = steps(&shop, "oauth-invalid-client");
    assert!(public.contains("credential = \\\"secret\\\" in the profile"), "{public}");
    assert!(!public.contains("credential = \\\"none\\\"") && !public.contains("create a new one"), "{public}");
    // What is refused may also be one of the scopes that no profile names.
    std::fs::write(shop.config(), with.replace("[\"imap\"]", "[\"imapp\"]")).unwrap();
    let scope = steps(&shop, "oauth-invalid-scope");
    assert!(scope.contains("offline_access"), "{scope}");
}
