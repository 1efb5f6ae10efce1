//! Who signed in: the identity token (OpenID Connect Core §2, §3.1.3.7).
//!
//! The token is trusted because of the way it came: straight from the token endpoint over verified TLS, in the answer
//! to our own request. §3.1.3.7 item 6 accepts that in place of the signature. Never hand a token to this module
//! that has come any other way.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::failure::{Failure, FailureKind};
pub(super) use crate::jwt::bounded;
use crate::jwt::{self, Claims, LEEWAY, names, seconds, text};
use crate::profile::{Address, App, EndpointUrl, IdentityRule, is_guid, provider};
use crate::text::{Redactor, Shown};

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
    /// Whether one of the account's names is `address`, without regard to case, its domain in either spelling.
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
    let has_object_id = matches!(app.identity, IdentityRule::Tenant { .. });
    let subject = text(&claims, "sub").ok_or_else(|| refuse("sub is missing"))?;
    let subject = if has_object_id { text(&claims, "oid").unwrap_or(subject) } else { subject };
    Ok(Identity {
        issuer: bounded(issuer, 300),
        subject: bounded(subject, 255),
        tenant: text(&claims, "tid").filter(|_| has_object_id).map(str::to_ascii_lowercase),
        names: names(&claims),
    })
}

fn refuse(what: impl Into<Shown>) -> Failure {
    FailureKind::IdToken { what: what.into() }.into()
}

fn claims(token: &str) -> Result<Claims, Failure> {
    jwt::read(token).map_err(|unreadable| refuse(Shown::of(unreadable)))
}

/// Items 1 and 2. Microsoft's issuer holds the tenant, and so differs from account to account.
fn check_issuer<'a>(claims: &'a Claims, rule: &IdentityRule) -> Result<&'a str, Failure> {
    let issuer = text(claims, "iss").ok_or_else(|| refuse("iss is missing"))?;
    let IdentityRule::Tenant { authority, tenant } = rule else {
        return if fits_rule(issuer, rule) {
            Ok(issuer)
        } else {
            Err(refuse(shown!("iss is {}", Redactor::by_shape(issuer).cut(200))))
        };
    };
    let tid = text(claims, "tid").filter(|tid| is_guid(tid)).ok_or_else(|| refuse("tid is missing or no GUID"))?;
    if !issuer.eq_ignore_ascii_case(&format!("{}/{tid}/v2.0", authority.as_issuer())) {
        return Err(refuse(shown!("iss is {}", Redactor::by_shape(issuer).cut(200))));
    }
    if tenant.admits(tid) {
        Ok(issuer)
    } else {
        Err(refuse(shown!("tid is {}, an account outside the tenant {}", Redactor::by_shape(tid), tenant)))
    }
}

/// Whether `issuer` is what `rule` wants, as far as it can be told without the claims.
pub(super) fn fits_rule(issuer: &str, rule: &IdentityRule) -> bool {
    match rule {
        IdentityRule::Issuer(wanted) => {
            is_issuer(issuer, wanted) || provider::is_issuer_also(wanted.as_issuer(), issuer)
        }
        IdentityRule::Tenant { authority, .. } => issuer
            .strip_prefix(authority.as_issuer())
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.strip_suffix("/v2.0"))
            .is_some_and(is_guid),
    }
}

/// Compares issuers as strings. A bare host counts with and without its slash, as some providers write it.
pub(super) fn is_issuer(text: &str, wanted: &EndpointUrl) -> bool {
    // A host outside ASCII is one host in both spellings.
    let is_respelled = !text.is_ascii() && text.parse::<EndpointUrl>().is_ok_and(|url| url == *wanted);
    is_respelled || text == wanted.as_issuer() || text == wanted.as_url().as_str()
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
        return Err(refuse(shown!("it expired {} minutes ago by this machine's clock (exp)", late / 60)));
    }
    let early = issued.saturating_sub(now);
    if early > LEEWAY {
        return Err(refuse(shown!("this machine's clock is {} minutes behind the provider's (iat)", early / 60)));
    }
    if seconds(claims, "nbf").is_some_and(|start| start.saturating_sub(now) > LEEWAY) {
        return Err(refuse("this machine's clock is behind the provider's (nbf)"));
    }
    if expires < issued {
        return Err(refuse("exp is before iat"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
