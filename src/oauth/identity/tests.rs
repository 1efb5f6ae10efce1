//! Who can pass for another account (SECURITY.md I1).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;
use crate::jwt::TOKEN_LIMIT;
use crate::oauth::testing;
use crate::profile::PERSONAL_TENANT;

const NOW: i64 = 1_800_000_000;
const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

fn token(claims: &Value) -> SecretString {
    let payload = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    SecretString::from(format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2ln"))
}

fn check(app: &App, claims: &Value) -> Result<Identity, String> {
    let now = Timestamp::from_second(NOW).unwrap();
    match verify(app, &token(claims), Some(&SecretString::from("nonce-1")), now) {
        Ok(identity) => Ok(identity),
        Err(Failure { kind: FailureKind::IdToken { what }, .. }) => Err(what.to_string()),
        Err(other) => panic!("{other}"),
    }
}

fn microsoft_claims() -> Value {
    json!({
        "iss": format!("https://login.example/{TENANT}/v2.0"),
        "aud": "11111111-2222-3333-4444-555555555555",
        "exp": NOW + 3600, "iat": NOW, "nbf": NOW,
        "nonce": "nonce-1", "sub": "pairwise", "oid": "object-1", "tid": TENANT,
        "preferred_username": "Shop@Contoso.com",
    })
}

fn oidc_claims() -> Value {
    json!({
        "iss": "https://id.example", "aud": ["my-app"], "exp": NOW + 60, "iat": NOW - 1,
        "nonce": "nonce-1", "sub": "s-1", "email": "alice@contoso.com", "oid": "other", "tid": "other",
    })
}

#[test]
fn microsoft_accounts_are_known_by_object_and_tenant() {
    let identity = check(&testing::microsoft("common"), &microsoft_claims()).unwrap();
    assert_eq!(identity.subject, "object-1");
    assert_eq!(identity.tenant.as_deref(), Some(TENANT));
    assert_eq!(identity.label(), "Shop@Contoso.com");
    assert!(identity.is(&"shop@contoso.COM".parse().unwrap()));
    assert!(!identity.is(&"alice@contoso.com".parse().unwrap()));
}

#[test]
fn other_accounts_are_known_by_their_subject() {
    let identity = check(&testing::oidc("https://id.example"), &oidc_claims()).unwrap();
    assert_eq!((identity.subject.as_str(), &identity.tenant), ("s-1", &None));
    let mut claims = oidc_claims();
    claims["email_verified"] = false.into();
    let identity = check(&testing::oidc("https://id.example"), &claims).unwrap();
    assert!(!identity.is(&"alice@contoso.com".parse().unwrap()), "an unverified address can be claimed by any account");
    assert_eq!(identity.label(), "s-1");
}

#[test]
fn an_account_is_known_in_both_spellings_of_its_domain() {
    for (claim, address) in [
        ("info@müller.de", "info@xn--mller-kva.de"),
        ("Info@xn--mller-kva.de", "info@müller.de"),
        ("info@MÜLLER.de", "Info@Müller.de"),
    ] {
        let claims = with(oidc_claims(), "email", &json!(claim));
        let identity = check(&testing::oidc("https://id.example"), &claims).unwrap();
        assert!(identity.is(&address.parse().unwrap()), "{claim} is {address}");
        assert!(!identity.is(&"info@mueller.de".parse().unwrap()));
    }
}

/// A forged claim, and the word that the refusal must hold; `Null` takes the claim away.
#[test]
fn forged_claims_are_refused_by_name() {
    let forged: &[(&str, Value, &str)] = &[
        ("iss", Value::Null, "iss"),
        ("iss", json!("https://evil.example"), "iss"),
        ("iss", json!(format!("https://login.example.evil.example/{TENANT}/v2.0")), "iss"),
        ("iss", json!(format!("https://login.example/{TENANT}/v2.0/")), "iss"),
        ("iss", json!(format!("http://login.example/{TENANT}/v2.0")), "iss"),
        ("iss", json!("https://login.example/ffffffff-bbbb-cccc-dddd-eeeeeeeeeeee/v2.0"), "iss"),
        ("iss", json!(["https://login.example"]), "iss"),
        ("tid", Value::Null, "tid"),
        ("tid", json!("common"), "tid"),
        ("tid", json!("ffffffff-bbbb-cccc-dddd-eeeeeeeeeeee"), "iss"),
        ("aud", Value::Null, "aud"),
        ("aud", json!("99999999-2222-3333-4444-555555555555"), "aud"),
        ("aud", json!([]), "aud"),
        ("aud", json!(["11111111-2222-3333-4444-555555555555", "other"]), "azp"),
        ("azp", json!("other"), "azp"),
        ("azp", json!(7), "azp"),
        ("exp", Value::Null, "exp"),
        ("exp", json!("never"), "exp"),
        ("exp", json!(NOW - 301), "expired"),
        ("exp", json!(-1), "exp"),
        ("iat", Value::Null, "iat"),
        ("iat", json!(NOW + 301), "iat"),
        ("nbf", json!(NOW + 301), "nbf"),
        ("nonce", Value::Null, "nonce is missing"),
        ("nonce", json!(""), "nonce is missing"),
        ("nonce", json!("nonce-2"), "another sign-in"),
        ("nonce", json!("nonce-"), "another sign-in"),
        ("nonce", json!("nonce-1 "), "another sign-in"),
        ("nonce", json!("NONCE-1"), "another sign-in"),
        ("nonce", json!(["nonce-1"]), "nonce is missing"),
        ("nonce", json!({"nonce-1": true}), "nonce is missing"),
        ("aud", json!({"11111111-2222-3333-4444-555555555555": true}), "aud"),
        ("aud", json!("11111111-2222-3333-4444-55555555555"), "aud"),
        ("aud", json!("11111111-2222-3333-4444-555555555555 "), "aud"),
        ("azp", json!([]), "azp"),
        ("exp", json!(0), "exp"),
        ("exp", json!(-1e300), "exp"),
        ("exp", json!(NOW - 86_400 * 365), "expired"),
        ("exp", json!(i64::MIN), "exp"),
        ("exp", json!(true), "exp"),
        ("iat", json!(NOW + 86_400 * 365), "iat"),
        ("iat", json!(i64::MAX), "iat"),
        ("iat", json!("now"), "iat"),
        ("nbf", json!(i64::MAX), "nbf"),
        ("sub", Value::Null, "sub"),
        ("sub", json!(""), "sub"),
        ("sub", json!(7), "sub"),
    ];
    assert!(forged.len() > 45);
    check(&testing::microsoft("common"), &microsoft_claims()).expect("nothing is forged here");
    for (claim, value, word) in forged {
        let refusal = check(&testing::microsoft("common"), &with(microsoft_claims(), claim, value))
            .expect_err(&format!("{claim} = {value}"));
        assert!(refusal.contains(word), "{claim} = {value}: {refusal}");
    }
}

/// `claims` with another value of one of them; `Null` takes it away.
fn with(mut claims: Value, claim: &str, value: &Value) -> Value {
    claims[claim] = value.clone();
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

#[test]
fn forged_claims_of_a_plain_provider_are_refused_by_name() {
    let app = testing::oidc("https://id.example");
    check(&app, &oidc_claims()).expect("nothing is forged here");
    for (claim, value, word) in [
        ("iss", Value::Null, "iss"),
        ("iss", json!(""), "iss"),
        ("iss", json!("http://id.example"), "iss"),
        ("iss", json!("https://id.example.evil.example"), "iss"),
        ("iss", json!("https://id.example/realm"), "iss"),
        ("iss", json!("https://evil.example/?https://id.example"), "iss"),
        ("iss", json!("https://id.example@evil.example"), "iss"),
        ("aud", json!([]), "aud"),
        ("aud", json!([["my-app"]]), "aud"),
        ("aud", json!("MY-APP"), "aud"),
        ("aud", json!(["my-app", "other"]), "azp"),
        ("azp", json!("other"), "azp"),
        ("exp", json!(NOW - 400), "expired"),
        ("iat", json!(NOW + 400), "iat"),
        ("nonce", json!("x"), "another sign-in"),
        ("nonce", Value::Null, "nonce is missing"),
        ("sub", Value::Null, "sub"),
    ] {
        let refusal = check(&app, &with(oidc_claims(), claim, &value)).expect_err(&format!("{claim} = {value}"));
        assert!(refusal.contains(word), "{claim} = {value}: {refusal}");
    }
}

/// Not an oversight: the token came over verified TLS, in the answer to our own request with our own secret, and
/// OpenID Connect Core §3.1.3.7 item 6 accepts that in place of the signature. A peer that can put `alg: none` into
/// it there could as well put in a token that is signed by the provider's own key. The claims are checked all the same.
#[test]
fn the_signature_is_not_what_is_trusted_and_the_claims_hold_without_it() {
    let now = Timestamp::from_second(NOW).unwrap();
    let app = testing::oidc("https://id.example");
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, r#"{"alg":"RS256","jku":"https://evil.example/keys"}"#] {
        let judge = |claims: &Value| {
            let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
            let token = SecretString::from(format!("{}.{}.", part(header), part(&claims.to_string())));
            verify(&app, &token, Some(&SecretString::from("nonce-1")), now)
        };
        judge(&oidc_claims()).unwrap();
        judge(&with(oidc_claims(), "nonce", &json!("x"))).unwrap_err();
        judge(&with(oidc_claims(), "iss", &json!("https://evil.example"))).unwrap_err();
    }
}

#[test]
fn clocks_may_differ_by_five_minutes() {
    for (claim, value) in [("exp", NOW - 299), ("iat", NOW + 300), ("nbf", NOW + 300)] {
        let mut claims = microsoft_claims();
        claims[claim] = value.into();
        if claim == "exp" {
            claims["iat"] = (NOW - 3600).into();
        }
        check(&testing::microsoft("common"), &claims).expect(claim);
    }
    let mut claims = microsoft_claims();
    claims["exp"] = json!(1.8e9 + 60.5);
    check(&testing::microsoft("common"), &claims).expect("NumericDate may have a fraction (RFC 7519 §2)");
}

#[test]
fn several_audiences_need_an_authorized_party() {
    let mut claims = oidc_claims();
    claims["aud"] = json!(["other", "my-app"]);
    claims["azp"] = json!("my-app");
    check(&testing::oidc("https://id.example"), &claims).unwrap();
}

#[test]
fn the_configured_tenant_limits_who_may_sign_in() {
    let personal = |claims: &mut Value| {
        claims["tid"] = PERSONAL_TENANT.into();
        claims["iss"] = format!("https://login.example/{PERSONAL_TENANT}/v2.0").into();
    };
    for (tenant, is_personal, fits) in [
        ("common", false, true),
        ("common", true, true),
        ("organizations", false, true),
        ("organizations", true, false),
        ("consumers", false, false),
        ("consumers", true, true),
        (TENANT, false, true),
        (TENANT, true, false),
        ("ffffffff-bbbb-cccc-dddd-eeeeeeeeeeee", false, false),
        ("contoso.onmicrosoft.com", false, true),
    ] {
        let mut claims = microsoft_claims();
        if is_personal {
            personal(&mut claims);
        }
        assert_eq!(check(&testing::microsoft(tenant), &claims).is_ok(), fits, "{tenant} {is_personal}");
    }
}

#[test]
fn a_bare_issuer_counts_with_and_without_its_slash() {
    for configured in ["https://id.example", "https://id.example/"] {
        for (sent, fits) in [
            ("https://id.example", true),
            ("https://id.example/", true),
            ("https://id.example//", false),
            ("https://ID.example", false),
            ("https://id.example/realm", false),
        ] {
            let mut claims = oidc_claims();
            claims["iss"] = sent.into();
            assert_eq!(check(&testing::oidc(configured), &claims).is_ok(), fits, "{configured} {sent}");
        }
    }
    assert!(fits_rule("accounts.google.com", &IdentityRule::Issuer("https://accounts.google.com".parse().unwrap())));
    assert!(!fits_rule("id.example", &IdentityRule::Issuer("https://id.example".parse().unwrap())));
}

#[test]
fn what_is_not_a_token_is_refused() {
    let now = Timestamp::from_second(NOW).unwrap();
    let app = testing::oidc("https://id.example");
    let list = BASE64_URL_SAFE_NO_PAD.encode("[1]");
    for (text, word) in [
        (String::new(), "not a JWT"),
        ("a.b".to_owned(), "not a JWT"),
        ("a.!.c".to_owned(), "not a JWT"),
        ("a.b.c.d.e".to_owned(), "encrypted"),
        (format!("a.{list}.c"), "not a JSON object"),
        ("x".repeat(TOKEN_LIMIT + 1), "too large"),
    ] {
        let failure = verify(&app, &SecretString::from(text), Some(&SecretString::from("n")), now).unwrap_err();
        assert!(failure.to_string().contains(word), "{failure}");
    }
}

#[test]
fn claims_are_shown_without_tricks() {
    let mut claims = oidc_claims();
    claims["email"] = "\u{202e}moc.live@alice\u{1b}[2J\n".into();
    let identity = check(&testing::oidc("https://id.example"), &claims).unwrap();
    assert_eq!(Redactor::by_shape(identity.label()).as_str(), "\\u{202e}moc.live@alice\\x1b[2J\\n");
    claims["iss"] = "https://evil.example/\u{1b}]0;x\u{7}".into();
    let refusal = check(&testing::oidc("https://id.example"), &claims).unwrap_err();
    assert!(!refusal.chars().any(char::is_control), "{refusal}");
}

#[test]
fn without_a_nonce_in_the_request_every_other_check_still_holds() {
    let now = Timestamp::from_second(NOW).unwrap();
    let app = testing::microsoft("common");
    let mut claims = microsoft_claims();
    claims.as_object_mut().unwrap().remove("nonce");
    let verified = verify(&app, &token(&claims), None, now).unwrap();
    assert_eq!(verified.names, ["Shop@Contoso.com"]);
    for (name, wrong) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!("other-app")),
        ("exp", json!(NOW - 3600)),
        ("iat", json!(NOW + 3600)),
        ("sub", Value::Null),
    ] {
        let mut claims = claims.clone();
        claims[name] = wrong;
        let refused = verify(&app, &token(&claims), None, now);
        assert!(matches!(refused, Err(Failure { kind: FailureKind::IdToken { .. }, .. })), "{name}: {refused:?}");
    }
}
