//! Who signed in, and what the provider says of them (SECURITY.md I1, I2).

use serde_json::{Value, json};

use crate::authorize_elsewhere::oidc_shop;
use crate::sandbox::world::{ALICE, SHARED, SHOP};
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

const OTHER_TENANT: &str = "0b0b0b0b-0000-4000-8000-00000000c0de";

fn is_not_authorized(shop: &Fixture) {
    assert_eq!(fact(&shop.json(&["status", "shop"], 4), "status"), "not authorized");
}

#[test]
fn a_forged_identity_token_stores_nothing() {
    let shop = Fixture::added();
    let other = format!("{}/{OTHER_TENANT}/v2.0", shop.sandbox().authority());
    let forged: &[(&str, Value)] = &[
        ("iss", json!("https://evil.example")),
        ("iss", json!(other)),
        ("iss", Value::Null),
        ("aud", json!("another-app")),
        ("aud", Value::Null),
        ("azp", json!("another-app")),
        ("exp", json!(1_000_000_000)),
        ("exp", Value::Null),
        ("iat", json!(4_000_000_000_u64)),
        ("nonce", json!("another-sign-in")),
        ("nonce", Value::Null),
        ("sub", Value::Null),
    ];
    for (claim, value) in forged {
        shop.sandbox().forge_claims(&[(claim, value.clone())]);
        let refused = shop.authorize_as("shop", SHOP).code(1);
        assert_eq!(refused.finding_codes(), ["id-token-refused"], "{claim} = {value}");
        assert!(refused.stdout.contains(claim), "{claim} = {value}: {}", refused.stdout);
    }
    is_not_authorized(&shop);
    shop.sandbox().forge_claims(&[]);
    shop.authorize_as("shop", SHOP).code(0);
}

#[test]
fn any_of_the_account_s_names_may_be_the_address_in_any_case() {
    let shop = Fixture::added();
    let other = json!("person@contoso.example");
    for name in ["preferred_username", "email", "upn", "unique_name"] {
        let mut claims = vec![("preferred_username", other.clone()), ("email", other.clone())];
        claims.retain(|(claim, _)| *claim != name);
        claims.push((name, json!(SHOP.to_uppercase())));
        shop.sandbox().forge_claims(&claims);
        shop.authorize_as("shop", SHOP).code(0);
        shop.json(&["remove", "shop", "--yes"], 0);
        shop.add("shop", &[]).finish().code(0);
    }
    // Any address can be written into a new account, as long as it is not verified.
    shop.sandbox().forge_claims(&[
        ("preferred_username", other),
        ("email", json!(SHOP)),
        ("email_verified", json!(false)),
    ]);
    let refused = shop.authorize_as("shop", SHOP).code(1);
    assert_eq!(refused.finding_codes(), ["other-account-signed-in"]);
    is_not_authorized(&shop);
}

#[test]
fn an_alias_is_refused_with_both_names_until_it_is_allowed_and_is_known_then() {
    let shop = Fixture::added();
    let alias = "sales@contoso.example";
    shop.sandbox().forge_claims(&[("preferred_username", json!(alias)), ("email", json!(alias))]);
    let refused = shop.authorize_as("shop", SHOP).code(1);
    assert_eq!(refused.finding_codes(), ["other-account-signed-in"]);
    assert!(refused.stdout.contains(alias) && refused.stdout.contains(SHOP), "{}", refused.stdout);
    assert!(refused.stdout.contains("--allow-other-account"), "{}", refused.stdout);
    is_not_authorized(&shop);

    let person = crate::sandbox::browser::Person::SignsInAs(SHOP.to_owned());
    shop.authorize(&["authorize", "shop", "--allow-other-account"], &person).code(0);
    // The mailbox opens: that is the proof.
    shop.json(&["test-mailbox", "shop"], 0);
    shop.authorize_as("shop", SHOP).code(0);
    assert_eq!(fact(&shop.json(&["status", "shop"], 0), "signed_in_as"), alias);
    // The alias is known now; Alice is not.
    shop.sandbox().forge_claims(&[]);
    let refused = shop.authorize_as("shop", ALICE).code(1);
    assert_eq!(refused.finding_codes(), ["other-account-signed-in"]);
    assert_eq!(fact(&shop.json(&["status", "shop"], 0), "signed_in_as"), alias);
}

#[test]
fn a_login_name_without_an_address_is_told_as_a_missing_claim() {
    let shop = oidc_shop();
    shop.sandbox().forge_claims(&[("preferred_username", json!("john")), ("email", Value::Null)]);
    let refused = shop.authorize_as("shop", SHOP).code(1);
    assert_eq!(refused.finding_codes(), ["other-account-signed-in"]);
    assert!(refused.stdout.contains("'john' and tells no address (the claim email)"), "{}", refused.stdout);
    is_not_authorized(&shop);
}

#[test]
fn a_user_principal_name_is_offered_as_sign_in_as_and_works_so() {
    let shop = Fixture::added();
    let name = "shop@contoso.onmicrosoft.example";
    shop.sandbox().forge_claims(&[("preferred_username", json!(name)), ("email", json!(name))]);
    let refused = shop.authorize_as("shop", SHOP).code(1);
    assert!(refused.stdout.contains(&format!("sign_in_as = \\\"{name}\\\"")), "{}", refused.stdout);
    shop.add("upn", &[("--app", Some("shop")), ("--sign-in-as", Some(name))]).finish().code(0);
    shop.authorize_as("upn", SHOP).code(0);
}

#[test]
fn a_shared_mailbox_wants_the_delegate_that_the_profile_names() {
    let shop = Fixture::new();
    shop.add("support", &[("--address", Some(SHARED)), ("--sign-in-as", Some(ALICE))]).finish().code(0);
    let refused = shop.authorize_as("support", SHOP).code(1);
    assert_eq!(refused.finding_codes(), ["other-account-signed-in"]);
    assert!(refused.stdout.contains(SHOP) && refused.stdout.contains(ALICE), "{}", refused.stdout);
    assert_eq!(fact(&shop.json(&["status", "support"], 4), "status"), "not authorized");
    shop.authorize_as("support", ALICE).code(0);
    shop.json(&["test-mailbox", "support"], 0);
}

#[test]
fn another_tenant_or_subject_of_the_same_name_is_noticed_later() {
    let shop = Fixture::authorized();
    let issuer = json!(format!("{}/{OTHER_TENANT}/v2.0", shop.sandbox().authority()));
    for forged in [vec![("tid", json!(OTHER_TENANT)), ("iss", issuer)], vec![("oid", json!("another-object"))]] {
        shop.sandbox().forge_claims(&forged);
        let refused = shop.authorize_as("shop", SHOP).code(1);
        assert_eq!(refused.finding_codes(), ["other-subject-signed-in"], "{forged:?}");
        // The grant of the first sign-in is untouched.
        assert_eq!(fact(&shop.json(&["status", "shop"], 0), "signed_in_tenant"), crate::sandbox::world::TENANT_ID);
        shop.json(&["test-mailbox", "shop"], 0);
    }
    let shop = oidc_shop();
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox().forge_claims(&[("sub", json!("another-subject"))]);
    let refused = shop.authorize_as("shop", SHOP).code(1);
    assert_eq!(refused.finding_codes(), ["other-subject-signed-in"]);
    shop.json(&["test-mailbox", "shop"], 0);
}
