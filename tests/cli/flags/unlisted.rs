//! The flags that describe a mailbox without a profile, at each verb that takes them.

use serde_json::json;

use super::{Row, does};
use crate::no_profile::{claims, good_token, jwt, token, with_token, words};
use crate::sandbox::world::{ALICE, TENANT_ID};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;

type Change<'a> = [(&'a str, Option<&'a str>)];

/// The token of another program, whose claims explain what the servers refuse.
fn shows(shop: &Fixture, verb: &str, token_says: &serde_json::Value, change: &Change<'_>) -> Finished {
    let at_microsoft = [("--authority", None), ("--tenant", Some(TENANT_ID))];
    with_token(shop, verb, &[&at_microsoft, change].concat(), &jwt(&claims(token_says)))
}

/// What the token says counts by the flag alone.
fn decides(shop: &Fixture, verb: &str, token_says: &serde_json::Value, flag: (&str, Option<&str>), code: &str) {
    let has = |seen: &Finished| seen.finding_codes().contains(&code.to_owned());
    let (without, with) = (shows(shop, verb, token_says, &[]), shows(shop, verb, token_says, &[flag]));
    assert_ne!(has(&without), has(&with), "{verb} {flag:?}: {}", with.stdout);
}

/// A server that is named wrongly is told by the verbs that ask it.
fn misleads(shop: &Fixture, verb: &str, asking: &[&str], flag: (&str, &str)) {
    let seen = with_token(shop, verb, &[(flag.0, Some(flag.1)), ("--timeout", Some("5"))], &good_token(shop));
    assert_eq!(seen.code != Some(0), asking.contains(&verb), "{verb} {flag:?}: {}", seen.stdout);
}

const READS: &[&str] = &["test", "test-mailbox"];
const SENDS: &[&str] = &["test", "test-smtp"];
const ASKS: &[&str] = &["test", "test-mailbox", "test-smtp"];

fn address(shop: &Fixture, verb: &str) {
    let seen = with_token(shop, verb, &[("--address", Some(ALICE))], &good_token(shop));
    assert_eq!(seen.json()["reports"][0]["name"], ALICE);
}

/// A side that is left out takes no server.
fn side(shop: &Fixture, verb: &str, side: &str) {
    let seen = with_token(shop, verb, &[(side, Some("none"))], &good_token(shop)).code(2);
    assert!(seen.stdout.contains(&format!("{side} none leaves that side out")), "{}", seen.stdout);
}

/// Where the provider's servers are not known, one that is named is enough to go on.
fn host(shop: &Fixture, verb: &str, flag: &str) {
    let nowhere = [
        ("--provider", Some("oidc")),
        ("--tenant", None),
        ("--authority", None),
        ("--incoming-host", None),
        ("--incoming-port", None),
        ("--outgoing-host", None),
        ("--outgoing-port", None),
    ];
    let without = with_token(shop, verb, &nowhere, &good_token(shop)).code(2);
    assert!(without.stdout.contains("No server is named"), "{}", without.stdout);
    let with =
        with_token(shop, verb, &[&nowhere[..], &[(flag, Some("no-such-host.invalid"))]].concat(), &good_token(shop));
    assert!(!with.stdout.contains("No server is named"), "{}", with.stdout);
}

fn ehlo_name(shop: &Fixture, verb: &str) {
    let words = words(shop, verb, &[("--ehlo-name", Some("ci.contoso.example")), ("--token-stdin", Some(""))]);
    let words: Vec<&str> = std::iter::once("-v").chain(words.iter().map(String::as_str)).collect();
    let seen = shop.run(&words).stdin(&good_token(shop)).finish().code(0);
    assert_eq!(seen.stderr.contains("EHLO ci.contoso.example"), SENDS.contains(&verb), "{}", seen.stderr);
}

fn provider(shop: &Fixture, verb: &str) {
    let seen = with_token(shop, verb, &[("--provider", None)], &good_token(shop)).code(2);
    assert!(seen.stdout.contains("--provider is missing"), "{}", seen.stdout);
}

fn authority(shop: &Fixture, verb: &str) {
    let authority = shop.sandbox().authority();
    let says = json!({ "iss": format!("{authority}/{TENANT_ID}/v2.0") });
    decides(shop, verb, &says, ("--authority", Some(authority)), "local-token-other-issuer");
}

fn api_url(shop: &Fixture, verb: &str) {
    let graph = [
        ("--incoming", Some("graph")),
        ("--outgoing", Some("graph")),
        ("--incoming-host", None),
        ("--incoming-port", None),
        ("--outgoing-host", None),
        ("--outgoing-port", None),
        ("--timeout", Some("5")),
    ];
    let scopes = ["https://graph.microsoft.com/Mail.ReadWrite", "https://graph.microsoft.com/Mail.Send"];
    let seen =
        |url: &str| with_token(shop, verb, &[&graph[..], &[("--api-url", Some(url))]].concat(), &token(shop, &scopes));
    assert_eq!(seen("https://localhost:1").code != Some(0), ASKS.contains(&verb));
    seen(&shop.sandbox().api_base()).code(0);
}

fn ca_file(shop: &Fixture, verb: &str) {
    let seen = with_token(shop, verb, &[("--ca-file", None)], &good_token(shop));
    assert_eq!(seen.code != Some(0), ASKS.contains(&verb), "{}", seen.stdout);
}

fn token_env(shop: &Fixture, verb: &str) {
    let words = words(shop, verb, &[("--token-env", Some("OTHER_PROGRAMS_TOKEN"))]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    shop.run(&words).env("OTHER_PROGRAMS_TOKEN", &good_token(shop)).finish().code(0);
    shop.run(&words).finish().code(2);
}

macro_rules! rows {
    ($($verb:literal),*) => {
        &[$(
            does($verb, "--address", |shop| address(shop, $verb)),
            does($verb, "--sign-in-as", |shop| {
                let flag = ("--sign-in-as", Some(ALICE));
                decides(shop, $verb, &json!({ "upn": ALICE }), flag, "other-account-signed-in");
            }),
            does($verb, "--incoming", |shop| side(shop, $verb, "--incoming")),
            does($verb, "--incoming-host", |shop| host(shop, $verb, "--incoming-host")),
            does($verb, "--incoming-port", |shop| misleads(shop, $verb, READS, ("--incoming-port", "1"))),
            does($verb, "--incoming-tls", |shop| misleads(shop, $verb, READS, ("--incoming-tls", "starttls"))),
            does($verb, "--outgoing", |shop| side(shop, $verb, "--outgoing")),
            does($verb, "--outgoing-host", |shop| host(shop, $verb, "--outgoing-host")),
            does($verb, "--outgoing-port", |shop| misleads(shop, $verb, SENDS, ("--outgoing-port", "1"))),
            does($verb, "--outgoing-tls", |shop| misleads(shop, $verb, SENDS, ("--outgoing-tls", "implicit"))),
            does($verb, "--ehlo-name", |shop| ehlo_name(shop, $verb)),
            does($verb, "--provider", |shop| provider(shop, $verb)),
            does($verb, "--cloud", |shop| {
                let flag = ("--cloud", Some("china"));
                decides(shop, $verb, &json!({}), flag, "local-token-other-issuer");
            }),
            does($verb, "--tenant", |shop| {
                let flag = ("--tenant", Some("12121212-0000-4000-8000-000000000000"));
                decides(shop, $verb, &json!({}), flag, "local-token-other-tenant");
            }),
            does($verb, "--authority", |shop| authority(shop, $verb)),
            does($verb, "--api-url", |shop| api_url(shop, $verb)),
            does($verb, "--ca-file", |shop| ca_file(shop, $verb)),
            does($verb, "--token-stdin", |shop| { with_token(shop, $verb, &[], &good_token(shop)).code(0); }),
            does($verb, "--token-env", |shop| token_env(shop, $verb)),
        )*]
    };
}

pub(super) const ROWS: &[Row] = rows!("test", "test-mailbox", "test-smtp", "inspect");
