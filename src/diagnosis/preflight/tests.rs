use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use self::kit::*;
use super::*;
use crate::diagnosis::{FailureContext, catalogue};
use crate::profile::{Channel, Cloud, PERSONAL_TENANT, Provider, Side};
use crate::report::{Confidence, FindingCode};
use crate::text::Redactor;

mod kit;

#[test]
fn a_good_token_of_each_provider_raises_no_objection() {
    for protocol in [IMAP, POP3, SMTP] {
        insist(&Case::default(), &jwt(&outlook()), protocol, &[], "", "Outlook");
        let google = Case { app: app(Provider::GOOGLE, None, Cloud::Global), ..Case::default() };
        let google = Case { granted: &["https://mail.google.com/", "openid"], ..google };
        insist(&google, "ya29.a0AfB_practice-only", protocol, &[], "", "Google");
        let oidc =
            Case { app: app(Provider::OIDC, None, Cloud::Global), granted: &["openid", "mail"], ..Case::default() };
        insist(&oidc, &jwt(&keycloak()), protocol, &[], "", "Keycloak");
    }
}

/// Claims that differ from a good Outlook token's, the protocol, and what comes of it.
#[test]
fn each_claim_of_a_microsoft_token_is_judged() {
    let v2 = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let practice = format!("https://login.example/{TENANT}/");
    let stranger = format!("https://sts.windows.net/{OTHER}/");
    let own = json!({"scp": null, "upn": null, "idtyp": "app", "roles": ["IMAP.AccessAsApp", "POP.AccessAsApp"]});
    let rows: Vec<(Value, Protocol, &[FindingCode], &str)> = vec![
        // Audience.
        (json!({"aud": "https://outlook.office.com/"}), IMAP, &[], ""),
        (json!({"aud": "https://outlook.office365.com"}), IMAP, &[], ""),
        (json!({"aud": "https://outlook.office365.com/"}), SMTP, &[], ""),
        (json!({"aud": "HTTPS://Outlook.Office.com"}), IMAP, &[], ""),
        (json!({"aud": "00000002-0000-0ff1-ce00-000000000000"}), POP3, &[], ""),
        (json!({"aud": "https://outlook.office365.us"}), IMAP, &[], ""),
        (json!({"aud": "https://outlook-dod.office365.us/"}), IMAP, &[], ""),
        (json!({"aud": "https://partner.outlook.cn"}), SMTP, &[], ""),
        (json!({"aud": ["https://other.example", "https://outlook.office.com"]}), IMAP, &[], ""),
        (json!({"aud": null}), IMAP, &[], ""),
        (json!({"aud": 7}), IMAP, &[], ""),
        (json!({"aud": "00000003-0000-0000-c000-000000000000"}), IMAP, &[AUDIENCE], "Microsoft Graph (00000003"),
        (
            json!({"aud": "https://graph.microsoft.com"}),
            SMTP,
            &[AUDIENCE],
            "Microsoft Graph (https://graph.microsoft.com)",
        ),
        (json!({"aud": "https://graph.microsoft.com/", "scp": "Mail.Send"}), SMTP, &[AUDIENCE], "not for Outlook"),
        (json!({"aud": "https://dod-graph.microsoft.us"}), IMAP, &[AUDIENCE], "Department of Defense"),
        (json!({"aud": "https://graph.windows.net"}), IMAP, &[AUDIENCE], "Azure AD Graph"),
        (json!({"aud": format!("api://{CLIENT}")}), IMAP, &[AUDIENCE], "the app itself"),
        (json!({"aud": "https://outlook.com"}), IMAP, &[AUDIENCE], "https://outlook.com"),
        (json!({"aud": "https://outlook.office.com.evil.example"}), IMAP, &[AUDIENCE], "evil.example"),
        (json!({"aud": "https://x\u{1b}[2J.example"}), IMAP, &[AUDIENCE], "\\x1b[2J"),
        // Permissions.
        (json!({"scp": "imap.accessasuser.all"}), IMAP, &[], ""),
        (json!({"scp": "https://outlook.office.com/SMTP.Send"}), SMTP, &[], ""),
        (json!({"scp": ["IMAP.AccessAsUser.All"]}), IMAP, &[], ""),
        (json!({"scp": "POP.AccessAsUser.All SMTP.Send"}), IMAP, &[SCOPE], "not IMAP.AccessAsUser.All"),
        (json!({"scp": "IMAP.AccessAsUser.All"}), POP3, &[SCOPE], "not POP.AccessAsUser.All"),
        (json!({"scp": "IMAP.AccessAsUser.All"}), SMTP, &[SCOPE], "permits IMAP.AccessAsUser.All, but not SMTP.Send"),
        (json!({"scp": "IMAP.AccessAsUser.AllOfThem"}), IMAP, &[SCOPE], "not IMAP.AccessAsUser.All"),
        (json!({"scp": "Mail.Send Mail.Read"}), SMTP, &[SCOPE], "permits Mail.Send Mail.Read"),
        (json!({"scp": null}), IMAP, &[], ""),
        // The app alone.
        (own.clone(), IMAP, &[], ""),
        (own.clone(), POP3, &[], ""),
        (own.clone(), SMTP, &[ROLES], "permit IMAP.AccessAsApp POP.AccessAsApp"),
        (json!({"scp": null, "upn": null, "idtyp": "app"}), IMAP, &[ROLES], "permit nothing"),
        (json!({"scp": null, "upn": null, "idtyp": null, "sub": "object-1"}), IMAP, &[ROLES], "permit nothing"),
        (json!({"scp": null, "upn": null, "idtyp": null, "roles": ["Mail.Send"]}), POP3, &[ROLES], "permit Mail.Send"),
        (json!({"roles": ["Some.Role"]}), IMAP, &[], ""),
        // Tenant and issuer.
        (json!({"tid": TENANT.to_uppercase()}), IMAP, &[], ""),
        (json!({"iss": v2, "ver": "2.0"}), IMAP, &[], ""),
        (json!({"iss": practice}), IMAP, &[], ""),
        (json!({"tid": null}), IMAP, &[], ""),
        (json!({"iss": null}), IMAP, &[], ""),
        (json!({"tid": OTHER, "iss": stranger}), IMAP, &[OTHER_TENANT], OTHER),
        (json!({"iss": stranger}), IMAP, &[OTHER_ISSUER], "issued by https://sts.windows.net/ffffffff"),
        (json!({"iss": "https://sts.windows.net/common/"}), IMAP, &[OTHER_ISSUER], "common"),
        (json!({"iss": format!("https://sts.chinacloudapi.cn/{TENANT}/")}), IMAP, &[OTHER_ISSUER], "chinacloudapi"),
        (json!({"iss": format!("https://login.example.evil.example/{TENANT}/")}), IMAP, &[OTHER_ISSUER], "evil"),
        // Time.
        (json!({"exp": NOW - 299}), IMAP, &[], ""),
        (json!({"exp": 1.8e9 + 60.5}), IMAP, &[], ""),
        (json!({"exp": "soon"}), IMAP, &[], ""),
        (json!({"exp": NOW - 7_200, "iat": NOW - 10_800}), IMAP, &[SKEW], "ended 2 hours before it came"),
        (json!({"iat": NOW + 300, "nbf": NOW + 300}), IMAP, &[], ""),
        (json!({"iat": NOW + 720}), IMAP, &[SKEW], "begins 12 minutes after it came"),
        (json!({"nbf": NOW + 720}), IMAP, &[SKEW], "begins 12 minutes after it came"),
        (json!({"exp": i64::MIN, "iat": i64::MAX}), IMAP, &[SKEW], "ended"),
        // Who.
        (json!({"upn": "SHOP@contoso.com"}), IMAP, &[], ""),
        (json!({"upn": "shop@contoso.onmicrosoft.com"}), IMAP, &[], ""),
        (json!({"upn": "alice@contoso.com", "email": "shop@contoso.com"}), IMAP, &[], ""),
        (json!({"upn": null}), IMAP, &[], ""),
        (json!({"upn": "CONTOSO\\alice"}), IMAP, &[], ""),
        (json!({"upn": "alice@contoso.com"}), IMAP, &[ACCOUNT], "user is alice@contoso.com, not shop@contoso.com"),
        (json!({"upn": null, "unique_name": "alice@CONTOSO.com"}), SMTP, &[ACCOUNT], "alice@CONTOSO.com"),
        (json!({"upn": null, "preferred_username": "alice@contoso.com"}), POP3, &[ACCOUNT], "alice@contoso.com"),
        // Several at once, the most telling first.
        (
            json!({"aud": "https://graph.microsoft.com", "upn": "alice@contoso.com", "tid": OTHER, "iss": stranger}),
            IMAP,
            &[AUDIENCE, OTHER_TENANT, ACCOUNT],
            "Graph",
        ),
    ];
    assert!(rows.len() >= 40, "{}", rows.len());
    for (changes, protocol, codes, words) in rows {
        let what = format!("{protocol} {changes}");
        insist(&Case::default(), &jwt(&with(outlook(), changes)), protocol, codes, words, &what);
    }
}

#[test]
fn what_cannot_be_read_is_opaque_and_never_bad() {
    let list = BASE64_URL_SAFE_NO_PAD.encode("[1]");
    let cut = jwt(&outlook());
    for token in [
        String::new(),
        "EwBYA8l6BAAU-practice-only".to_owned(),
        "ya29.a0AfB_practice.only".to_owned(),
        "eyJlbmMiOiJBMjU2R0NNIn0.a.b.c.d".to_owned(),
        "a.!.c".to_owned(),
        format!("a.{list}.c"),
        cut[..cut.len() / 2].to_owned(),
        format!("a.{}.c", "x".repeat(jwt::TOKEN_LIMIT)),
    ] {
        for protocol in [IMAP, POP3, SMTP] {
            insist(&Case::default(), &token, protocol, &[], "", &token[..token.len().min(40)]);
            let seen = Case::default().look(&token, protocol);
            assert!(seen.claims.is_none() && seen.account.detail.is_none() && seen.per_protocol[0].1.detail.is_none());
        }
    }
}

#[test]
fn where_the_token_is_silent_the_granted_scopes_count() {
    let opaque = "EwBYA8l6BAAU-practice-only";
    let graph_style = ["https://graph.microsoft.com/imap.accessasuser.all"];
    let silent = jwt(&with(outlook(), json!({"scp": null})));
    let personal = || app(Provider::OUTLOOK, Some("consumers"), Cloud::Global);
    let google = || app(Provider::GOOGLE, None, Cloud::Global);
    let oidc = || app(Provider::OIDC, None, Cloud::Global);
    type Row<'a> = (App, &'a str, &'a [&'a str], Protocol, &'a [FindingCode], &'a str);
    let rows: [Row<'_>; 12] = [
        (personal(), opaque, &ALL, IMAP, &[], ""),
        (personal(), opaque, &[], IMAP, &[], ""),
        (personal(), opaque, &graph_style, IMAP, &[], ""),
        (personal(), opaque, &graph_style, SMTP, &[SCOPE], "but not SMTP.Send"),
        (microsoft(), &silent, &graph_style, POP3, &[SCOPE], "but not POP.AccessAsUser.All"),
        (microsoft(), &silent, &[], POP3, &[], ""),
        (google(), opaque, &["https://mail.google.com/"], SMTP, &[], ""),
        (google(), opaque, &["openid", "email"], IMAP, &[NOT_GRANTED], "but not https://mail.google.com/"),
        (google(), opaque, &[], IMAP, &[], ""),
        (oidc(), opaque, &["openid", "mail"], POP3, &[], ""),
        (oidc(), opaque, &["openid"], POP3, &[NOT_GRANTED], "granted openid, but not mail"),
        (oidc(), &jwt(&keycloak()), &["openid"], SMTP, &[NOT_GRANTED], "but not mail"),
    ];
    for (app, token, granted, protocol, codes, words) in rows {
        let what = format!("{:?} {protocol} {granted:?}", app.provider);
        let case = Case { app, granted, ..Case::default() };
        insist(&case, token, protocol, codes, words, &what);
    }
}

#[test]
fn of_other_providers_tokens_only_the_general_claims_count() {
    for (changes, codes, words) in [
        (json!({"aud": "https://mail.example"}), &[][..], ""),
        (json!({"iss": "http://adfs.example/adfs/services/trust"}), &[], ""),
        (json!({"azp": "another-app"}), &[], ""),
        (json!({"tid": OTHER}), &[], ""),
        (json!({"idtyp": "app", "scope": "nothing"}), &[], ""),
        (json!({"email": "alice@contoso.com", "email_verified": false}), &[], ""),
        (json!({"email": "alice@contoso.com"}), &[ACCOUNT], "alice@contoso.com"),
        (json!({"exp": NOW - 3_600}), &[SKEW], "60 minutes before it came"),
        (json!({"iat": NOW + 3_600}), &[SKEW], "60 minutes after it came"),
    ] {
        let what = changes.to_string();
        let case = Case { app: app(Provider::OIDC, None, Cloud::Global), granted: &["mail"], ..Case::default() };
        insist(&case, &jwt(&with(keycloak(), changes)), IMAP, codes, words, &what);
    }
}

#[test]
fn a_tenants_name_decides_what_can_be_said_of_its_id() {
    for (tenant, tid, codes) in [
        ("contoso.com", OTHER, &[][..]),
        ("common", OTHER, &[]),
        ("organizations", OTHER, &[]),
        ("organizations", PERSONAL_TENANT, &[OTHER_TENANT]),
        ("consumers", PERSONAL_TENANT, &[]),
        ("consumers", TENANT, &[OTHER_TENANT]),
        (OTHER, OTHER, &[]),
        (OTHER, TENANT, &[OTHER_TENANT]),
    ] {
        let case = Case { app: app(Provider::MICROSOFT365, Some(tenant), Cloud::Global), ..Case::default() };
        let claims = with(outlook(), json!({"tid": tid, "iss": format!("https://sts.windows.net/{tid}/")}));
        insist(&case, &jwt(&claims), IMAP, codes, "", tenant);
    }
}

#[test]
fn each_cloud_has_issuers_of_its_own() {
    for (cloud, host, fits) in [
        (Cloud::Global, "https://login.microsoftonline.com", true),
        (Cloud::Global, "https://login.microsoftonline.us", false),
        (Cloud::GccHigh, "https://login.microsoftonline.us", true),
        (Cloud::GccHigh, "https://sts.windows.net", true),
        (Cloud::Dod, "https://login.microsoftonline.us", true),
        (Cloud::Dod, "https://login.partner.microsoftonline.cn", false),
        (Cloud::China, "https://login.partner.microsoftonline.cn", true),
        (Cloud::China, "https://sts.chinacloudapi.cn", true),
        (Cloud::China, "https://sts.windows.net", false),
    ] {
        let case = Case { app: app(Provider::MICROSOFT365, Some(TENANT), cloud), ..Case::default() };
        let claims = with(outlook(), json!({"iss": format!("{host}/{TENANT}/v2.0")}));
        let codes: &[FindingCode] = if fits { &[] } else { &[OTHER_ISSUER] };
        insist(&case, &jwt(&claims), IMAP, codes, "", &format!("{cloud:?} {host}"));
    }
}

#[test]
fn what_ran_out_since_it_came_has_expired_and_what_never_held_is_a_matter_of_clocks() {
    let at = |exp: i64| jwt(&with(outlook(), json!({"exp": exp, "iat": exp - 3_600, "nbf": exp - 3_600})));
    let opaque = "EwBYA8l6BAAU-practice-only".to_owned();
    for (token, received, expires, codes, words) in [
        (at(NOW - 3_600), NOW - 7_200, NOW - 3_600, &[EXPIRED][..], "ended 60 minutes ago"),
        (at(NOW - 86_400 * 3), NOW - 86_400 * 4, NOW + 60, &[EXPIRED], "ended 3 days ago"),
        (at(NOW - 200), NOW - 3_800, NOW - 200, &[], ""),
        (opaque.clone(), NOW - 7_200, NOW - 3_600, &[EXPIRED], "ended 60 minutes ago"),
        (opaque.clone(), NOW - 7_200, NOW - 299, &[], ""),
        (opaque, NOW, NOW, &[], ""),
        // The clock was two hours ahead when the token came, and is right now.
        (at(NOW + 1_800), NOW + 5_400, NOW + 9_000, &[], ""),
        // It was an hour behind when the token came half an hour ago, and still is.
        (at(NOW + 3_600 + 1_800), NOW - 1_800, NOW + 1_800, &[SKEW], "begins 60 minutes after it came"),
    ] {
        let case = Case { received, expires, ..Case::default() };
        insist(&case, &token, IMAP, codes, words, &format!("{received} {expires}"));
    }
}

#[test]
fn another_name_is_a_guess_and_an_accepted_one_is_none() {
    let alice = jwt(&with(outlook(), json!({"upn": "alice@contoso.com"})));
    let issues = Case::default().issues(&alice, IMAP);
    assert!(issues[0].is_uncertain);
    let about = FailureContext { app: None, mailbox: None, protocol: Some(IMAP), ..FailureContext::default() };
    assert_eq!(issues[0].finding(about).confidence, Confidence::Likely);
    let accepted = Case { account_names: &["a.doe@contoso.onmicrosoft.com", "Alice@contoso.com"], ..Case::default() };
    insist(&accepted, &alice, IMAP, &[], "", "accepted at the sign-in");
    let seen = accepted.look(&alice, IMAP);
    assert_eq!(
        seen.account.detail.unwrap(),
        format!("alice@contoso.com (by name not shop@contoso.com), tenant {TENANT}"),
        "a difference is shown"
    );
    let mut shared = Case::default();
    shared.mailbox.sign_in_as = Some("alice@contoso.com".parse().unwrap());
    insist(&shared, &alice, IMAP, &[], "", "the delegate of a shared mailbox");
    insist(&shared, &jwt(&outlook()), IMAP, &[ACCOUNT], "not alice@contoso.com", "the mailbox itself");
}

#[test]
fn what_is_told_is_short_and_printable() {
    let seen = Case::default().look(&jwt(&outlook()), IMAP);
    let purpose = "for https://outlook.office.com, IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send";
    assert_eq!(seen.per_protocol[0].1.detail.as_deref(), Some(purpose));
    assert_eq!(seen.account.detail.unwrap(), format!("shop@contoso.com, tenant {TENANT}"));
    let claims = seen.claims.unwrap();
    assert_eq!(claims.others, ["aio", "oid", "uti"]);
    assert!(!format!("{claims:?}").contains("AVQAq"), "no value of a claim that explains nothing");

    let many: Vec<String> = (0..5_000).map(|number| format!("{number}\u{202e}{}", "x".repeat(5_000))).collect();
    let claims: Value = many.iter().map(|name| (name.clone(), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    let huge = with(claims, json!({"aud": many, "scp": many.join(" "), "upn": many[0], "iss": many[1]}));
    for claims in [huge.clone(), with(huge, json!({"aud": "https://outlook.office.com"}))] {
        // Past the limit of a token's size, so that the reader is given it all the same.
        let claims = TokenClaims::read(claims.as_object().unwrap());
        let parts =
            [claims.purpose(), claims.account(&mailbox().address), Redactor::by_shape(&claims.others.join(" "))];
        let observed = rules::service(Some(&claims), &[], &microsoft(), &mailbox(), Channel::own(IMAP, Side::Incoming))
            .remove(0)
            .observed;
        for text in parts.iter().chain([&observed]) {
            assert!(text.len() < 5_000, "{} bytes", text.len());
            assert!(!text.contains('\u{202e}'));
        }
    }
}

#[test]
fn every_objection_has_its_entry_in_the_catalogue() {
    for code in [AUDIENCE, SCOPE, ROLES, OTHER_TENANT, OTHER_ISSUER, SKEW, EXPIRED, ACCOUNT, NOT_GRANTED] {
        assert!(catalogue::entry(code).is_some(), "{code}");
        let (app, mailbox) = (microsoft(), mailbox());
        let about = FailureContext {
            app: Some(&app),
            mailbox: Some(&mailbox),
            protocol: Some(SMTP),
            ..FailureContext::default()
        };
        let finding = Issue::new(code, "The token is so.".into()).finding(about);
        assert!(finding.cause.starts_with("The token is so. ") && !finding.fix.is_empty(), "{finding:?}");
        assert!(!format!("{} {}", finding.cause, Shown::join(&finding.fix, " ")).contains('{'), "{finding:?}");
    }
}
