use super::*;
use crate::failure::OAuthFault;
use crate::secrets::LostGrant;

const STATUSES: [&str; 19] = [
    "200 OK",
    "201 Created",
    "301 Moved Permanently",
    "302 Found",
    "307 Temporary Redirect",
    "400 Bad Request",
    "401 Unauthorized",
    "403 Forbidden",
    "404 Not Found",
    "407 Proxy Authentication Required",
    "408 Request Timeout",
    "418 I'm a teapot",
    "422 Unprocessable Content",
    "429 Too Many Requests",
    "500 Internal Server Error",
    "502 Bad Gateway",
    "503 Service Unavailable",
    "504 Gateway Timeout",
    "511 Network Authentication Required",
];

/// What Microsoft says of a refresh token that is gone.
const GONE: [&str; 11] = [
    r#"{"error":"invalid_grant","error_description":"AADSTS50173: revoked","error_codes":[50173]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS70008: expired","error_codes":[70008]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS70043: too old","error_codes":[70043]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS700081: expired","error_codes":[700081]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS700082: expired","error_codes":[700082]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS700084: expired","error_codes":[700084]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS530036: flow","error_codes":[530036]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS700082: the list is missing"}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS70000: The user could not be authenticated as the grant is expired. The user must sign in again.","error_codes":[70000]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS999999: new","error_codes":[999999],"suberror":"bad_token"}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS70043: old","error_codes":[70043],"suberror":"token_expired"}"#,
];

/// What passes, or can be put right without a new sign-in, and what is not an answer at all.
const KEPT: [&str; 26] = [
    r#"{"error":"invalid_grant","error_description":"AADSTS53003: policy","error_codes":[53003],"suberror":"message_only"}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS50076: MFA","error_codes":[50076],"suberror":"basic_action"}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS50079: enrol","error_codes":[50079],"suberror":"basic_action"}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS50078: MFA has expired","error_codes":[50078]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS530035: security defaults","error_codes":[530035]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS53011: risk","error_codes":[53011]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS53000: device","error_codes":[53000],"suberror":"message_only"}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS50057: The user account is disabled.","error_codes":[50057]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS50105: not assigned","error_codes":[50105]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS65001: consent","error_codes":[65001],"suberror":"consent_required"}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS70000: Provided grant is malformed.","error_codes":[70000]}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS53003 after AADSTS700082","error_codes":[700082,53003]}"#,
    r#"{"error":"invalid_grant","error_description":"It says nothing that is known."}"#,
    r#"{"error":"invalid_grant"}"#,
    r#"{"error":"invalid_client","error_description":"AADSTS7000222: the secret, not the grant: invalid_grant"}"#,
    r#"{"error":"invalid_client","error_description":"AADSTS700082","error_codes":[700082],"suberror":"bad_token"}"#,
    r#"{"error":"invalid_grant","error_description":"AADSTS7000215: secret","error_codes":[7000215],"suberror":"bad_token"}"#,
    r#"{"error":"interaction_required","error_codes":[50076],"suberror":"invalid_grant"}"#,
    r#"{"error":"unauthorized_client"}"#,
    r#"{"error":"temporarily_unavailable"}"#,
    r#"{"error":{"status":"invalid_grant","code":400},"error_codes":[700082]}"#,
    r#"["invalid_grant"]"#,
    r#"{"error":"invalid_grant","error_codes":[700082]"#,
    "<html><title>invalid_grant</title>{\"error\":\"invalid_grant\",\"suberror\":\"bad_token\"}</html>",
    "AADSTS700082",
    "",
];

/// SECURITY.md T2: 19 statuses, each with and without Retry-After, and 37 bodies.
#[test]
fn only_a_refresh_token_that_is_gone_marks_the_sign_in_as_lost() {
    let desk = Desk::new();
    let (mut answers, mut lost) = (0, 0);
    for status in STATUSES {
        for headers in ["", "Retry-After: 30\r\n"] {
            for body in GONE.iter().chain(&KEPT) {
                let server = Server::answering(status, &format!("Location: /token\r\n{headers}"), *body);
                desk.signed_in(&server);
                let before = desk.bytes();
                let failure = desk.refresh().err().expect("none of them is a token");
                server.finish();
                let is_refusal = status.starts_with("400") || status.starts_with("401");
                if is_refusal && headers.is_empty() && GONE.contains(body) {
                    assert!(desk.grant().needs_authorization.is_some(), "{status} {body}: {failure}");
                    // All the rest stays: a provider's mistake can be undone.
                    let mut grant = desk.grant();
                    grant.needs_authorization = None;
                    save_mailbox(desk.store.as_ref(), &name(), &grant).unwrap();
                    lost += 1;
                }
                assert!(desk.bytes() == before, "{status} {headers}{body}: the record has changed");
                answers += 1;
            }
        }
    }
    assert_eq!((answers, lost), (1_406, 22));
}

/// The words of Keycloak, Google and others, with HTTP 400.
#[test]
fn elsewhere_every_invalid_grant_is_final_but_for_words_that_say_otherwise() {
    let desk = Desk::with_profile(ELSEWHERE);
    for (is_lost, words) in [
        (true, ""),
        (true, "Bad Request"),
        (true, "Token has been expired or revoked."),
        (true, "Session not active"),
        (true, "Token is not active"),
        (true, "Offline user session not found"),
        (true, "Stale token"),
        (true, "The refresh token is invalid or expired."),
        (true, "Maximum allowed refresh token reuse exceeded"),
        (true, "AADSTS700082: The refresh token has expired due to inactivity."),
        (false, "AADSTS53003: Access has been blocked by Conditional Access policies."),
        (false, "User disabled"),
        (false, "Account disabled"),
        (false, "Account temporarily disabled"),
        (false, "Account is not fully set up"),
        (false, "Account is locked"),
        (false, "The user is BLOCKED"),
        (false, "reauth related error (invalid_rapt)"),
        (false, "Client no longer has requested consent from user"),
        (false, "Invalid refresh token. Token client and authorized client don't match"),
        (false, "Multi-factor authentication is required"),
        (false, "Sign-in is not allowed from this location"),
        (false, "Policy evaluation failed for this request"),
        (false, "Too many requests, try again later"),
    ] {
        let body = serde_json::json!({"error": "invalid_grant", "error_description": words}).to_string();
        let server = Server::answering("400 Bad Request", "", body);
        desk.signed_in(&server);
        assert!(desk.refresh().is_err());
        server.finish();
        assert_eq!(desk.grant().needs_authorization.is_some(), is_lost, "{words}");
    }
}

/// What the mark holds is told again, without asking, as it was told first.
#[test]
fn a_lost_sign_in_is_told_again_in_the_provider_s_words() {
    let desk = Desk::new();
    let server = Server::answering("400 Bad Request", "", GONE[0]);
    desk.signed_in(&server);
    let first = desk.refresh().err().unwrap();
    server.finish();
    let FailureKind::OAuth(said) = first.kind else { panic!("{first}") };
    // The server is gone: a request to it would get another failure.
    let again = desk.refresh().err().unwrap();
    let FailureKind::GrantLost { fault, at } = again.kind else { panic!("{again}") };
    assert_eq!((fault, at.map(Timestamp::as_second)), (said, Some(1_800_000_000)));
}

/// A test asks whatever was said before; it marks nothing, and a success is the end of the mark.
#[test]
fn a_test_asks_again_and_only_a_success_changes_anything() {
    let desk = Desk::new();
    let server = Server::answering("400 Bad Request", "", GONE[0]);
    desk.signed_in(&server);
    let before = desk.bytes();
    assert!(desk.with(|session| session.refreshed_token()).is_err());
    server.finish();
    assert!(desk.bytes() == before, "a test has marked the sign-in");

    let server = Server::answering("400 Bad Request", "", GONE[0]);
    desk.signed_in(&server);
    assert!(desk.refresh().is_err());
    server.finish();
    let mut grant = desk.grant();
    assert!(grant.needs_authorization.is_some());
    let server = Server::answering("200 OK", "", r#"{"access_token":"canary-fresh","expires_in":3599}"#);
    grant.token_endpoint = server.url("/token").to_string();
    save_mailbox(desk.store.as_ref(), &name(), &grant).unwrap();
    assert_eq!(desk.with(|session| session.refreshed_token()).ok().unwrap().token.expose_secret(), "canary-fresh");
    server.finish();
    assert_eq!(desk.grant().needs_authorization, None);
    assert_eq!(desk.refresh().ok().unwrap().source, TokenSource::Store);
}

/// An access token outlives what is said of the refresh token (RFC 7009 §2).
#[test]
fn a_stored_token_that_is_still_good_is_handed_out_whatever_the_mark_says() {
    let desk = Desk::new();
    let server = Server::answering("400 Bad Request", "", GONE[0]);
    desk.signed_in(&server);
    assert!(desk.refresh().is_err());
    server.finish();
    let mut grant = desk.grant();
    for (left, is_good) in [(3_600, true), (120, true), (1, true), (0, false)] {
        let expires = Timestamp::from_second(1_800_000_000 + left).unwrap();
        grant.access = vec![CachedAccess {
            audience: desk.with(|session| session.audience()),
            token: "canary-good".into(),
            received: Timestamp::UNIX_EPOCH,
            expires,
            scopes: Vec::new(),
        }];
        save_mailbox(desk.store.as_ref(), &name(), &grant).unwrap();
        assert_eq!(desk.refresh().is_ok(), is_good, "{left} s left");
    }
}

/// What a version before 0.2 took for final need not be.
#[test]
fn a_mark_that_was_made_on_less_does_not_count() {
    let desk = Desk::new();
    for (number, is_final) in [(53_003, false), (50_076, false), (65_001, false), (700_082, true), (50_173, true)] {
        let body = r#"{"access_token":"canary-fresh","expires_in":3599}"#;
        let server = Server::answering("200 OK", "", body);
        desk.signed_in(&server);
        let fault =
            OAuthFault { error: "invalid_grant".into(), status: 400, codes: vec![number], ..OAuthFault::default() };
        let mut grant = desk.grant();
        grant.needs_authorization = Some(LostGrant { at: None, fault });
        save_mailbox(desk.store.as_ref(), &name(), &grant).unwrap();
        assert_eq!(desk.refresh().is_err(), is_final, "{number}");
        if is_final {
            drop(server);
        } else {
            server.finish();
            assert_eq!(desk.grant().needs_authorization, None);
        }
    }
}
