//! What a token must look like, whatever gave it.

use serde_json::json;

use super::kit::{AUDIENCE, NOW, fetch, finding, jws, jwt, text, world};
use crate::net::testing as http;

const SOURCE: &str = "source = \"variable\", variable = \"MAIL_TOKEN\"";

#[test]
fn a_good_token_is_sent_as_it_is_and_told_by_its_claims() {
    let given = jwt(json!({}));
    for padded in [given.clone(), format!("{given}\n"), format!(" {given} \r\n")] {
        let token = fetch(SOURCE, world(&[("MAIL_TOKEN", &padded)], http::client())).ok().unwrap();
        assert_eq!(text(&token), given);
        assert_eq!(token.claims.subject.as_str(), "repo:contoso@4711/shop@815:ref:refs/heads/main");
        assert_eq!(token.claims.issuer.as_str(), "https://token.actions.githubusercontent.com");
        assert_eq!(token.claims.audience.as_str(), AUDIENCE);
        assert_eq!(token.expires.as_second(), NOW + 300);
    }
}

#[test]
fn a_token_of_entra_may_name_the_audience_by_an_id_and_is_registered_by_its_name() {
    let token = jwt(json!({"aud": "12345678-1234-1234-1234-123456789012"}));
    let read = fetch(SOURCE, world(&[("MAIL_TOKEN", &token)], http::client())).ok().unwrap();
    assert_eq!(read.claims.audience.as_str(), AUDIENCE);
    // What the profile names is compared as it is.
    let own = format!("{SOURCE}, audience = \"https://mail.example\"");
    assert_eq!(finding(&own, &[("MAIL_TOKEN", &token)]).code.as_str(), "federated-other-audience");
    let several = jwt(json!({"aud": ["https://other.example", "https://mail.example"]}));
    assert!(fetch(&own, world(&[("MAIL_TOKEN", &several)], http::client())).is_ok());
}

#[test]
fn clocks_may_differ_by_some_minutes() {
    for (claims, code) in [
        (json!({"exp": NOW - 299}), None),
        (json!({"exp": NOW - 301}), Some("federated-expired")),
        (json!({"nbf": NOW + 299}), None),
        (json!({"nbf": NOW + 301}), Some("federated-not-yet-valid")),
        (json!({"exp": NOW + 60, "nbf": null}), None),
    ] {
        let token = jwt(claims.clone());
        let read = fetch(SOURCE, world(&[("MAIL_TOKEN", &token)], http::client()));
        assert_eq!(read.is_err(), code.is_some(), "{claims}");
        if let Some(code) = code {
            assert_eq!(finding(SOURCE, &[("MAIL_TOKEN", &token)]).code.as_str(), code);
        }
    }
}

#[test]
fn what_is_not_a_token_that_could_be_sent_is_told_and_never_shown() {
    let unsigned = jws(&json!({"alg": "none"}), json!({}));
    let cut = jwt(json!({}));
    let cut = &cut[..cut.rfind('.').unwrap()];
    let long = format!("{}.x.y", "a".repeat(70_000));
    for (given, code, words) in [
        ("canary-secret-of-another-kind", "federated-not-jwt", "one piece"),
        ("canary.two", "federated-not-jwt", "2 parts"),
        ("canary.b.c.d.e", "federated-not-jwt", "encrypted"),
        ("canary.b.c", "federated-not-jwt", "header"),
        (cut, "federated-not-jwt", "2 parts"),
        (&format!("{cut}."), "federated-not-jwt", "not signed"),
        (&unsigned, "federated-not-jwt", "not signed"),
        (&jwt(json!({"iss": null})), "federated-not-jwt", "no iss"),
        (&jwt(json!({"sub": ""})), "federated-not-jwt", "no sub"),
        (&jwt(json!({"sub": "s".repeat(1001)})), "federated-not-jwt", "no sub"),
        (&jwt(json!({"aud": []})), "federated-not-jwt", "no aud"),
        (&jwt(json!({"exp": "soon"})), "federated-not-jwt", "no exp"),
        (&jwt(json!({"aud": "sts.amazonaws.com"})), "federated-other-audience", "sts.amazonaws.com"),
        (&long, "federated-too-large", "65536"),
    ] {
        let found = finding(SOURCE, &[("MAIL_TOKEN", given)]);
        assert_eq!(found.code.as_str(), code, "{given:.40}");
        assert!(found.cause.contains(words), "{words}: {}", found.cause);
        assert!(!format!("{found:?}").contains("canary"), "{found:?}");
        assert!(!found.fix.is_empty());
    }
}
