//! How the client secret gets to the token endpoint: as the provider announces, in another way where that is refused, or
//! as the profile says.

use practice_tenant::client_rules::{ClientRules, SecretIn};
use practice_tenant::world::SHOP;

use crate::authorize_elsewhere::oidc_shop;
use crate::support::canary::CLIENT_SECRET;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};

/// A secret whose characters mean something in a form, in base64 and in percent-encoding.
const SPECIAL: &str = "a+b/c==~p%41&x:y-practice-only";

/// A secret that looks the same in every encoding.
const PLAIN: &str = "plainpracticeonlysecret0001";

/// The shop at a provider with these rules, whose app has `secret`.
fn shop_with(secret: &str, rules: ClientRules) -> Fixture {
    let shop = oidc_shop();
    if secret != CLIENT_SECRET {
        shop.sandbox().add_client_secret(secret);
        let rotate = ["--json", "rotate-secret", "shop", "--secret-stdin", "--skip-connection-tests"];
        shop.run(&rotate).stdin(secret).finish().code(0);
    }
    shop.sandbox().set_client_rules(rules);
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop
}

fn set(shop: &Fixture, way: &str) {
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    let key = format!("credential = \"secret\"\nclient_authentication = \"{way}\"\n");
    let changed = match profile.contains("credential = ") {
        true => profile.replace("credential = \"secret\"\n", &key),
        false => profile.replace("client_id = ", &format!("client_authentication = \"{way}\"\nclient_id = ")),
    };
    assert_ne!(changed, profile);
    std::fs::write(shop.config(), changed).unwrap();
}

#[test]
fn each_way_is_found_and_remembered() {
    let only = |accepts, announced: Option<&[&'static str]>| ClientRules {
        announced: announced.map(<[_]>::to_vec),
        accepts: Some(accepts),
        ..ClientRules::default()
    };
    const BASIC: &[&str] = &["client_secret_basic"];
    const BOTH: &[&str] = &["client_secret_basic", "client_secret_post"];
    for (secret, accepts, announced, tries) in [
        // RFC 8414 §2: nothing announced means the header.
        (PLAIN, SecretIn::Header, None, 1),
        (SPECIAL, SecretIn::Header, None, 1),
        (SPECIAL, SecretIn::HeaderUndecoded, None, 2),
        (PLAIN, SecretIn::Body, None, 2),
        (SPECIAL, SecretIn::Body, None, 3),
        (SPECIAL, SecretIn::Header, Some(BASIC), 1),
        (SPECIAL, SecretIn::HeaderUndecoded, Some(BASIC), 2),
        (SPECIAL, SecretIn::Body, Some(BOTH), 1),
        // The app is registered for one of two ways.
        (PLAIN, SecretIn::Header, Some(BOTH), 2),
    ] {
        let shop = shop_with(secret, only(accepts, announced));
        let what = format!("{accepts:?}, announced: {announced:?}");
        assert_eq!(shop.authorize_as("shop", SHOP).code, Some(0), "{what}");
        assert_eq!(shop.sandbox().counters().token_requests, tries, "{what}");
        shop.json(&["test-mailbox", "shop"], 0);
        assert_eq!(shop.sandbox().counters().token_requests, tries + 1, "{what}: what worked is not tried out again");
        shop.insist_on_manners();
    }
}

#[test]
fn a_new_secret_may_need_another_encoding_than_the_old_one() {
    let rules = ClientRules {
        announced: Some(vec!["client_secret_basic"]),
        accepts: Some(SecretIn::HeaderUndecoded),
        ..ClientRules::default()
    };
    let shop = shop_with(PLAIN, rules);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox().add_client_secret(SPECIAL);
    let rotate = ["--json", "rotate-secret", "shop", "--secret-stdin"];
    shop.run(&rotate).stdin(SPECIAL).finish().code(0);
    shop.sandbox().remove_client_secret(PLAIN);
    shop.json(&["test-mailbox", "shop"], 0);
    shop.insist_on_manners();
}

#[test]
fn the_profile_decides_where_it_says_how() {
    for (way, accepts) in
        [("basic", SecretIn::Header), ("basic-raw", SecretIn::HeaderUndecoded), ("body", SecretIn::Body)]
    {
        let rules = ClientRules { accepts: Some(accepts), ..ClientRules::default() };
        let shop = shop_with(SPECIAL, rules);
        set(&shop, way);
        shop.authorize_as("shop", SHOP).code(0);
        shop.json(&["test-mailbox", "shop"], 0);
        assert_eq!(shop.sandbox().counters().token_requests, 2, "{way}: no other way is tried");
        assert_eq!(fact(&shop.json(&["show", "shop"], 0), "client_authentication"), way);
    }
    let rules = ClientRules { accepts: Some(SecretIn::Header), ..ClientRules::default() };
    let shop = shop_with(SPECIAL, rules);
    set(&shop, "body");
    let refused = shop.authorize_as("shop", SHOP).code(1);
    assert_eq!(refused.finding_codes(), ["oauth-invalid-client"]);
    assert_eq!(shop.sandbox().counters().token_requests, 1);
}

#[test]
fn a_refused_secret_names_the_setting() {
    let shop = shop_with(CLIENT_SECRET, ClientRules::default());
    shop.sandbox().remove_client_secret(CLIENT_SECRET);
    let refused = shop.authorize_as("shop", SHOP).code(1);
    assert_eq!(refused.finding_codes(), ["oauth-invalid-client"]);
    assert!(refused.stdout.contains("client_authentication"), "{}", refused.stdout);
}

#[test]
fn a_public_client_has_no_secret_to_send() {
    let shop = oidc_shop();
    set(&shop, "body");
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    let profile = profile.replace("credential = \"secret\"\n", "");
    std::fs::write(shop.config(), profile.replace("client_id = ", "credential = \"none\"\nclient_id = ")).unwrap();
    let refused = shop.json(&["list"], 3);
    assert!(refused.stdout.contains("client_authentication"), "{}", refused.stdout);
}
