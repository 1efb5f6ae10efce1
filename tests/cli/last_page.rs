//! The page that the browser ends on (SECURITY.md L6).

use serde_json::json;
use url::Url;

use crate::authorize_elsewhere::oidc_shop;
use crate::sandbox::browser::{self, Page, Person};
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::fixture::Fixture;

/// What tries to become markup where it is repeated; the unit tests use the same.
fn xss() -> Vec<String> {
    let file: toml::Table = include_str!("../support/xss.toml").parse().unwrap();
    file["corpus"].clone().try_into().unwrap()
}

/// The tags of a page, in order.
fn tags(html: &str) -> Vec<String> {
    html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap().to_owned()).collect()
}

fn is_raw(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `authorize` is answered with these parameters beside the right state: the page, and all that the program said.
fn answered(shop: &Fixture, pairs: &[(&str, &str)]) -> (Page, String) {
    let mut running = shop.run(&["authorize", "shop", "--timeout", "20"]).start();
    let url = Url::parse(&running.authorization_url()).unwrap();
    let value = |wanted| url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
    let mut callback = Url::parse(&value("redirect_uri")).unwrap();
    callback.query_pairs_mut().append_pair("state", &value("state")).extend_pairs(pairs);
    let page = browser::get(callback.as_str(), shop.sandbox().ca_file()).unwrap();
    (page, running.finish().all_text())
}

fn insist(text: &str, page: &Page, harmless: &Page, said: &str) {
    assert_eq!(page.status, harmless.status, "{text:?}");
    assert_eq!(tags(&page.body), tags(&harmless.body), "{text:?} became markup: {}", page.body);
    let is_markup = text.contains(['<', '>', '"', '\'', '&']);
    assert!(!is_markup || !page.body.contains(text), "{text:?} comes back as it was");
    for (place, shown) in [("the page", page.body.as_str()), ("the terminal", said)] {
        assert!(!shown.chars().any(is_raw), "{text:?} leaves a raw character on {place}: {shown:?}");
    }
}

#[test]
fn nothing_that_a_provider_answers_becomes_markup() {
    let shop = oidc_shop();
    let error = |text: &str| {
        answered(
            &shop,
            &[("iss", &shop.sandbox().issuer()), ("error", text), ("error_description", text), ("error_uri", text)],
        )
    };
    let issuer = |text: &str| answered(&shop, &[("iss", text), ("code", "c")]);
    let (harmless_error, _) = error("some_error");
    let (harmless_issuer, _) = issuer("https://evil.example");
    assert_eq!((harmless_error.status, harmless_issuer.status), (400, 400));
    for text in xss() {
        let (page, said) = error(&text);
        insist(&text, &page, &harmless_error, &said);
        let (page, said) = issuer(&text);
        insist(&text, &page, &harmless_issuer, &said);
    }
    assert_eq!(shop.sandbox().counters().token_requests, 0);
}

#[test]
fn nothing_that_is_pasted_becomes_anything() {
    let shop = Fixture::added();
    for text in xss() {
        // A line is what is pasted.
        let line: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        let ended = shop.run(&["authorize", "shop", "--no-browser"]).stdin(&format!("{line}\n")).finish().code(1);
        let said = ended.all_text();
        assert!(!said.contains(line.as_str()), "{line:?} is repeated: {said}");
        assert!(!said.chars().any(is_raw), "{line:?}: {said:?}");
    }
}

#[test]
fn no_name_of_an_account_becomes_markup() {
    let shop = Fixture::added();
    let page = |name: &str| {
        shop.sandbox().forge_claims(&[("preferred_username", json!(name)), ("email", json!(null))]);
        let mut running = shop.run(&["authorize", "shop"]).start();
        let url = running.authorization_url();
        let page = browser::sign_in(&url, shop.sandbox().ca_file(), &Person::SignsInAs(ALICE.to_owned())).unwrap();
        (page, running.finish().code(1).all_text())
    };
    // A name without an address has steps of its own.
    let (address, login_name) = (page(ALICE).0, page("alice").0);
    // The others are in the unit test of the same page; each sign-in takes a while.
    for text in xss().into_iter().step_by(6) {
        let (page, said) = page(&text);
        let harmless = if text.contains('@') { &address } else { &login_name };
        insist(&text, &page, harmless, &said);
    }
}

/// The page says success only after the exchange, the checks and the storing.
#[test]
fn a_page_says_success_only_when_the_grant_is_stored() {
    let shop = Fixture::added();
    let ca_file = shop.sandbox().ca_file();
    let sign_in = || {
        let mut running = shop.run(&["--json", "authorize", "shop"]).start();
        let url = running.authorization_url();
        let page = browser::sign_in(&url, ca_file, &Person::SignsInAs(SHOP.to_owned())).unwrap();
        // The page is there before the program has ended; the grant is, too.
        let status = shop.run(&["--json", "status", "shop"]).finish();
        (page, status, running.finish())
    };
    let (page, status, finished) = sign_in();
    assert!(page.status == 200 && page.body.contains("Sign-in complete"), "{}", page.body);
    status.code(0);
    finished.code(0);

    shop.sandbox().forge_claims(&[("nonce", json!("another"))]);
    shop.sandbox().set_token_delay(std::time::Duration::from_millis(500));
    let (page, _, finished) = sign_in();
    finished.code(1);
    assert!(page.status == 400 && page.body.contains("Sign-in not completed"), "{}", page.body);
    shop.sandbox().expire_client_secret(crate::support::canary::CLIENT_SECRET);
    let (page, _, finished) = sign_in();
    finished.code(1);
    assert!(page.status == 400 && !page.body.contains("complete<"), "{}", page.body);
}
