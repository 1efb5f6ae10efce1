//! Who signed in: the identity token (OpenID Connect Core §2, §3.1.3.7).
//!
//! The token is trusted because of the way it came: straight from the token endpoint over verified TLS, in the answer
//! to our own request. §3.1.3.7 item 6 lets that stand in place of the signature. Never hand a token to this module
//! that has come any other way.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::failure::{Failure, FailureKind};
pub(super) use crate::jwt::plain;
use crate::jwt::{self, Claims, LEEWAY, names, seconds, text};
use crate::profile::{Address, App, EndpointUrl, IdentityRule, is_guid};

/// Who signed in, as the provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who says so.
    pub issuer: String,
    /// The account's lasting name at the issuer. Microsoft: `oid`, which is the same for every app, else `sub`.
    pub subject: String,
    /// Microsoft's tenant ID (`tid`), in lower case.
    pub tenant: Option<String>,
    /// The names that people know the account by: `preferred_username`, `email`, `upn`, `unique_name`. They can
    /// change, and none of them proves anything: the mailbox that opens does.
    pub names: Vec<String>,
}

impl Identity {
    /// Whether one of the account's names is `address`, without regard to case.
    #[must_use]
    pub fn is(&self, address: &Address) -> bool {
        self.names.iter().any(|name| address.matches(name))
    }

    /// The name to show; the subject where there is no better.
    #[must_use]
    pub fn label(&self) -> &str {
        self.names.first().unwrap_or(&self.subject)
    }
}

/// Checks an identity token from the token endpoint and reads it. `nonce` is what the authorization request held; only a
/// device authorization request has none (RFC 8628 §3.1), and there the device code ties the answer to the request.
///
/// # Errors
/// [`FailureKind::IdToken`], naming the check of OpenID Connect Core §3.1.3.7 that failed.
pub fn verify(
    app: &App,
    id_token: &SecretString,
    nonce: Option<&SecretString>,
    now: Timestamp,
) -> Result<Identity, Failure> {
    let claims = claims(id_token.expose_secret())?;
    let issuer = check_issuer(&claims, &app.identity)?;
    check_audience(&claims, app.client_id.as_str())?;
    check_times(&claims, now.as_second())?;
    if let Some(nonce) = nonce {
        let echoed = text(&claims, "nonce").ok_or_else(|| refuse("nonce is missing"))?;
        if !bool::from(echoed.as_bytes().ct_eq(nonce.expose_secret().as_bytes())) {
            return Err(refuse("nonce belongs to another sign-in"));
        }
    }
    let is_microsoft = matches!(app.identity, IdentityRule::Microsoft { .. });
    let subject = text(&claims, "sub").ok_or_else(|| refuse("sub is missing"))?;
    let subject = if is_microsoft { text(&claims, "oid").unwrap_or(subject) } else { subject };
    Ok(Identity {
        issuer: plain(issuer, 300),
        subject: plain(subject, 255),
        tenant: text(&claims, "tid").filter(|_| is_microsoft).map(str::to_ascii_lowercase),
        names: names(&claims),
    })
}

fn refuse(what: impl Into<String>) -> Failure {
    FailureKind::IdToken { what: what.into() }.into()
}

fn claims(token: &str) -> Result<Claims, Failure> {
    jwt::read(token).map_err(|unreadable| refuse(unreadable.to_string()))
}

/// Items 1 and 2. Microsoft's issuer holds the tenant, and so differs from account to account.
fn check_issuer<'a>(claims: &'a Claims, rule: &IdentityRule) -> Result<&'a str, Failure> {
    let issuer = text(claims, "iss").ok_or_else(|| refuse("iss is missing"))?;
    let IdentityRule::Microsoft { authority, tenant } = rule else {
        return if fits_rule(issuer, rule) {
            Ok(issuer)
        } else {
            Err(refuse(format!("iss is {}", plain(issuer, 200))))
        };
    };
    let tid = text(claims, "tid").filter(|tid| is_guid(tid)).ok_or_else(|| refuse("tid is missing or no GUID"))?;
    if !issuer.eq_ignore_ascii_case(&format!("{}/{tid}/v2.0", authority.as_issuer())) {
        return Err(refuse(format!("iss is {}", plain(issuer, 200))));
    }
    if tenant.admits(tid) {
        Ok(issuer)
    } else {
        Err(refuse(format!("tid is {tid}, an account outside the tenant {tenant}")))
    }
}

/// Whether `issuer` is what `rule` wants, as far as it can be told without the claims.
pub(super) fn fits_rule(issuer: &str, rule: &IdentityRule) -> bool {
    match rule {
        IdentityRule::Issuer(wanted) => {
            // Google's documents allow its tokens this older form.
            is_issuer(issuer, wanted)
                || wanted.as_issuer() == "https://accounts.google.com" && issuer == "accounts.google.com"
        }
        IdentityRule::Microsoft { authority, .. } => issuer
            .strip_prefix(authority.as_issuer())
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.strip_suffix("/v2.0"))
            .is_some_and(is_guid),
    }
}

/// Compares issuers as strings. A bare host counts with and without its slash, as some providers write it.
pub(super) fn is_issuer(text: &str, wanted: &EndpointUrl) -> bool {
    text == wanted.as_issuer() || text == wanted.as_url().as_str()
}

/// Items 3 to 5.
fn check_audience(claims: &Claims, client_id: &str) -> Result<(), Failure> {
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => return Err(refuse("aud is missing")),
    };
    if !audience.contains(&client_id) {
        return Err(refuse("aud is another app"));
    }
    match (claims.get("azp"), audience.len()) {
        (None, 1) => Ok(()),
        (None, _) => Err(refuse("aud names several apps, and azp is missing")),
        (Some(Value::String(party)), _) if party == client_id => Ok(()),
        (Some(_), _) => Err(refuse("azp is another app")),
    }
}

/// Items 9 and 10, with a leeway for clocks that differ.
fn check_times(claims: &Claims, now: i64) -> Result<(), Failure> {
    let expires = seconds(claims, "exp").ok_or_else(|| refuse("exp is missing"))?;
    let issued = seconds(claims, "iat").ok_or_else(|| refuse("iat is missing"))?;
    if expires.saturating_add(LEEWAY) <= now {
        let late = now.saturating_sub(expires);
        return Err(refuse(format!("exp has passed, {late} seconds ago by this machine's clock")));
    }
    let early = issued.saturating_sub(now);
    if early > LEEWAY {
        return Err(refuse(format!("iat lies {early} seconds ahead of this machine's clock")));
    }
    if seconds(claims, "nbf").is_some_and(|start| start.saturating_sub(now) > LEEWAY) {
        return Err(refuse("nbf lies ahead of this machine's clock"));
    }
    if expires < issued {
        return Err(refuse("exp lies before iat"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
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
            Err(Failure { kind: FailureKind::IdToken { what }, .. }) => Err(what),
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
        assert!(!identity.is(&"alice@contoso.com".parse().unwrap()), "anybody can claim an unverified address");
        assert_eq!(identity.label(), "s-1");
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
            ("exp", json!(NOW - 301), "exp has passed"),
            ("exp", json!(-1), "exp"),
            ("iat", Value::Null, "iat"),
            ("iat", json!(NOW + 301), "iat"),
            ("nbf", json!(NOW + 301), "nbf"),
            ("nonce", Value::Null, "nonce is missing"),
            ("nonce", json!(""), "nonce is missing"),
            ("nonce", json!("nonce-2"), "another sign-in"),
            ("sub", Value::Null, "sub"),
        ];
        for (claim, value, word) in forged {
            let mut claims = microsoft_claims();
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(*claim);
            } else {
                claims[*claim] = value.clone();
            }
            let refusal = check(&testing::microsoft("common"), &claims).expect_err(&format!("{claim} = {value}"));
            assert!(refusal.contains(word), "{claim} = {value}: {refusal}");
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
        assert!(fits_rule(
            "accounts.google.com",
            &IdentityRule::Issuer("https://accounts.google.com".parse().unwrap())
        ));
        assert!(!fits_rule("id.example", &IdentityRule::Issuer("https://id.example".parse().unwrap())));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let now = Timestamp::from_second(NOW).unwrap();
        let app = testing::oidc("https://id.example");
        let list = BASE64_URL_SAFE_NO_PAD.encode("[1]");
        for (text, word) in [
            (String::new(), "no JWT"),
            ("a.b".to_owned(), "no JWT"),
            ("a.!.c".to_owned(), "no JWT"),
            ("a.b.c.d.e".to_owned(), "encrypted"),
            (format!("a.{list}.c"), "no JSON object"),
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
        assert_eq!(identity.label(), "\\u{202e}moc.live@alice\\u{1b}[2J\\u{a}");
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
}
