//! The error challenge of XOAUTH2 and OAUTHBEARER (RFC 7628 §3.2.2): what the server says that it wants, beside what the app
//! has.

use serde_json::{Map, Value};

use super::about::FailureContext;
use crate::profile::{App, IdentityRule, provider, same_permission};
use crate::report::{Finding, FindingCode};
use crate::text::{Redactor, Shown};

/// Where an issuer's metadata is, behind its address (OpenID Connect Discovery 1.0 §4.1).
const METADATA: &str = "/.well-known/openid-configuration";

/// What the challenge itself says against the token: another issuer, or a scope that was not granted. None where it says
/// neither.
pub(super) fn finding(challenge: &str, about: FailureContext<'_>) -> Option<Finding> {
    let fields: Map<String, Value> = serde_json::from_str(challenge).ok()?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    // A server that knows what the token is good for trusts its issuer.
    let is_known = text("status") == Some("insufficient_scope");
    let other = text("openid-configuration").filter(|_| !is_known).and_then(|metadata| other_issuer(metadata, about));
    other.or_else(|| text("scope").and_then(|scope| missing_scope(scope, about)))
}

fn other_issuer(metadata: &str, about: FailureContext<'_>) -> Option<Finding> {
    let app = about.app?;
    let trusted = metadata.trim_end_matches('/').strip_suffix(METADATA)?.trim_end_matches('/');
    if trusted.is_empty() || is_own(trusted, app) {
        return None;
    }
    let told = Finding::of(FindingCode::SERVER_TRUSTS_OTHER_ISSUER).about(about);
    Some(told.with("trusted", Redactor::by_shape(trusted)).with("issuer", app.registrar_url()).finding())
}

/// Whether `issuer` is where the app signs in, under one of its names.
fn is_own(issuer: &str, app: &App) -> bool {
    let is_at = |address: &str| {
        let address = address.trim_end_matches('/');
        let head = issuer.get(..address.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(address))
    };
    match &app.identity {
        IdentityRule::Issuer(own) => {
            let own = own.as_issuer();
            own.trim_end_matches('/').eq_ignore_ascii_case(issuer) || provider::is_issuer_also(own, issuer)
        }
        // Its issuers differ by the tenant alone.
        IdentityRule::Tenant { authority, .. } => {
            is_at(authority.as_issuer()) || app.deployment().token_issuers.iter().any(|known| is_at(known))
        }
    }
}

fn missing_scope(scope: &str, about: FailureContext<'_>) -> Option<Finding> {
    let granted = about.token.granted;
    let is_granted = |wanted: &str| granted.iter().any(|granted| same_permission(granted, wanted));
    let missing: Vec<Shown> =
        scope.split_whitespace().filter(|wanted| !is_granted(wanted)).map(Redactor::by_shape).collect();
    if granted.is_empty() || missing.is_empty() {
        return None;
    }
    let granted = granted.iter().map(|scope| Redactor::by_shape(scope));
    let told = Finding::of(FindingCode::SASL_INSUFFICIENT_SCOPE).about(about);
    Some(told.with("wanted", Shown::join(missing, " ")).with("granted", Shown::join(granted, " ")).finding())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::diagnosis::TokenFacts;
    use crate::profile::Protocol;

    fn told(app: &str, granted: &[&str], challenge: &str) -> Option<(&'static str, String)> {
        let text = format!(
            "[apps.own]\n{app}\nclient_id = \"11111111-2222-3333-4444-555555555555\"\n[mailboxes.box]\napp = \"own\"\n\
             address = \"shop@shop.example\"\nincoming = {{ protocol = \"imap\", host = \"mail.shop.example\" }}\n"
        );
        let profile = config::parse("config.toml".as_ref(), &text).unwrap();
        let mailbox = profile.mailboxes.values().next().unwrap();
        let granted: Vec<String> = granted.iter().map(|scope| (*scope).to_owned()).collect();
        let token = TokenFacts { granted: &granted, ..TokenFacts::default() };
        let about = FailureContext::of_mailbox(profile.app_of(mailbox), mailbox).over(Protocol::Imap);
        let found = finding(challenge, FailureContext { token, ..about })?;
        Some((found.code.as_str(), found.cause.to_string()))
    }

    const OWN: &str = "provider = \"oidc\"\nissuer = \"https://id.shop.example/realms/mail\"\nscopes = [\"imap\"]";
    const MICROSOFT: &str = "provider = \"microsoft365\"\ntenant = \"contoso.com\"";

    #[test]
    fn a_server_that_trusts_another_issuer_is_told_with_both() {
        let at = |url: &str| format!(r#"{{"status":"invalid_token","scope":"imap","openid-configuration":"{url}"}}"#);
        let other = at("https://login.example.org/realms/mail/.well-known/openid-configuration");
        let (code, cause) = told(OWN, &["imap"], &other).unwrap();
        assert_eq!(code, "server-trusts-other-issuer");
        assert!(cause.contains("trusts tokens of https://login.example.org/realms/mail, "), "{cause}");
        assert!(cause.contains("signs in at https://id.shop.example/realms/mail."), "{cause}");
        assert_eq!(told(MICROSOFT, &[], &other).unwrap().0, code);
        for own in [
            "https://id.shop.example/realms/mail/.well-known/openid-configuration",
            "https://ID.shop.example/realms/mail/.well-known/openid-configuration/",
            "https://id.shop.example/elsewhere",
            "",
        ] {
            assert_eq!(told(OWN, &["imap"], &at(own)), None, "{own}");
        }
        let tenant = "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration";
        assert_eq!(told(MICROSOFT, &[], &at(tenant)), None);
        let known = other.replace("invalid_token", "insufficient_scope");
        assert_eq!(told(OWN, &["imap"], &known), None, "it knows what the token is good for");
    }

    #[test]
    fn a_scope_that_was_not_granted_is_named() {
        let wants = |scope: &str| format!(r#"{{"status":"401","schemes":"bearer","scope":"{scope}"}}"#);
        let (code, cause) = told(OWN, &["openid", "smtp"], &wants("mail:imap")).unwrap();
        assert_eq!(code, "sasl-insufficient-scope");
        assert_eq!(cause, "The server wants the scope mail:imap for IMAP, and the token has openid smtp.");
        assert!(told(OWN, &["imap"], &wants("imap mail")).unwrap().1.contains("the scope mail for"));
        assert_eq!(told(OWN, &["openid", "imap"], &wants("imap")), None);
        assert_eq!(told(OWN, &["openid", "imap"], &wants("")), None);
        assert_eq!(told(OWN, &[], &wants("imap")), None, "what was granted is not known");
        for odd in ["", "[]", "no JSON", r#"{"scope":7}"#] {
            assert_eq!(told(OWN, &["imap"], odd), None, "{odd}");
        }
    }
}
