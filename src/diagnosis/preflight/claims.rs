//! A token as it came, and what a JWT says of itself: the claims that explain something, bounded and fit to be shown.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use crate::jwt::{self, Claims, bounded};
use crate::profile::Address;
use crate::text::{Redactor, Shown};

/// The claims that are shown with their values; of all others only the names are.
const SHOWN: [&str; 21] = [
    "iss",
    "aud",
    "tid",
    "appid",
    "azp",
    "client_id",
    "cid",
    "scp",
    "scope",
    "roles",
    "upn",
    "preferred_username",
    "unique_name",
    "email",
    "email_verified",
    "idtyp",
    "iat",
    "nbf",
    "exp",
    "ver",
    "sub",
];
/// More of a kind than this many are not even read.
const MANY: usize = 40;
/// More than this many do not belong into a sentence.
const A_FEW: usize = 10;
/// The longest text of one claim, in characters.
const LONG: usize = 200;

/// An access token, and what came with it.
#[derive(Clone, Copy)]
pub struct PresentedToken<'a> {
    /// The token.
    pub token: &'a SecretString,
    /// The scopes that the token endpoint said it is good for; none where it did not say.
    pub granted: &'a [String],
    /// When it came, by this machine's clock of then.
    pub received: Timestamp,
    /// When it ends, by what the token endpoint said.
    pub expires: Timestamp,
    /// Every name of the account that was accepted at the sign-in.
    pub account_names: &'a [String],
}

/// What an access token says (RFC 9068 §2.2, and Microsoft's and others' names for the same).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenClaims {
    /// `iss`: who issued it.
    pub issuer: Option<String>,
    /// `aud`: the servers that it is for.
    pub audience: Vec<String>,
    /// `tid`: Microsoft's tenant of the account.
    pub tenant: Option<String>,
    /// `appid`, `azp`, `client_id` or `cid`: the app that it was issued to.
    pub client: Option<String>,
    /// `scp` or `scope`: what it permits, on behalf of a user.
    pub scopes: Vec<String>,
    /// `roles`: what it permits the app alone.
    pub roles: Vec<String>,
    /// `preferred_username`, `email`, `upn`, `unique_name`: who its user is.
    pub names: Vec<String>,
    /// Whether it is for an app alone, without any user.
    pub is_app_only: bool,
    /// `oid`: at Microsoft, the object ID of who it is for; of an app's own token, that of its enterprise application.
    pub object: Option<String>,
    /// `iat`, in seconds since 1970.
    pub issued: Option<i64>,
    /// `nbf`, in seconds since 1970.
    pub not_before: Option<i64>,
    /// `exp`, in seconds since 1970.
    pub expires: Option<i64>,
    /// `ver`: Microsoft's layout of the claims.
    pub version: Option<String>,
    /// The names of all other claims.
    pub others: Vec<String>,
}

impl TokenClaims {
    pub(super) fn read(claims: &Claims) -> Self {
        let text =
            |names: &[&str]| names.iter().find_map(|name| jwt::text(claims, name)).map(|text| bounded(text, LONG));
        let listed = |names: &[&str]| names.iter().find_map(|name| claims.get(*name)).map_or_else(Vec::new, list);
        let (scopes, roles, names) = (listed(&["scp", "scope"]), listed(&["roles"]), jwt::names(claims));
        // Microsoft: an app's own token has the app's object as its subject, and no user.
        let is_own = names.is_empty() && text(&["oid"]).is_some_and(|object| text(&["sub"]) == Some(object));
        Self {
            issuer: text(&["iss"]),
            audience: listed(&["aud"]),
            tenant: text(&["tid"]),
            client: text(&["appid", "azp", "client_id", "cid"]),
            is_app_only: jwt::text(claims, "idtyp") == Some("app")
                || scopes.is_empty() && (is_own || !roles.is_empty() && names.is_empty()),
            scopes,
            roles,
            names,
            object: text(&["oid"]),
            issued: jwt::seconds(claims, "iat"),
            not_before: jwt::seconds(claims, "nbf"),
            expires: jwt::seconds(claims, "exp"),
            version: text(&["ver"]),
            others: claims
                .keys()
                .filter(|name| !SHOWN.contains(&name.as_str()))
                .take(MANY)
                .map(|name| bounded(name, 60))
                .collect(),
        }
    }

    /// "for https://outlook.office.com, IMAP.AccessAsUser.All SMTP.Send"
    pub(super) fn purpose(&self) -> Shown {
        let mut parts = Vec::new();
        if !self.audience.is_empty() {
            parts.push(shown!("for {}", few(&self.audience)));
        }
        let permissions = if self.is_app_only { &self.roles } else { &self.scopes };
        if !permissions.is_empty() {
            parts.push(few(permissions));
        }
        Shown::join(parts, ", ")
    }

    /// "shop@contoso.com, tenant 11111111-2222-3333-4444-555555555555"
    pub(super) fn account(&self, expected: &Address) -> Shown {
        let mut parts = Vec::new();
        if self.is_app_only {
            parts.push("the app alone".into());
        } else if let Some(name) = self.names.iter().find(|name| expected.matches(name)) {
            parts.push(Redactor::by_shape(name));
        } else if let Some(name) = self.names.first() {
            parts.push(shown!("{} (by name not {})", Redactor::by_shape(name), expected));
        }
        match (&self.tenant, &self.issuer) {
            (Some(tenant), _) => parts.push(shown!("tenant {}", Redactor::by_shape(tenant))),
            (None, Some(issuer)) => parts.push(shown!("issued by {}", Redactor::by_shape(issuer))),
            (None, None) => {}
        }
        Shown::join(parts, ", ")
    }
}

/// A text with blanks between its items, or an array of texts: providers write `aud`, `scp` and `roles` either way.
fn list(value: &Value) -> Vec<String> {
    let items: Vec<&str> = match value {
        Value::String(text) => text.split(' ').collect(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    items.into_iter().filter(|item| !item.is_empty()).take(MANY).map(|item| bounded(item, LONG)).collect()
}

/// The first of a list, in one line.
pub(super) fn few(list: &[String]) -> Shown {
    let more = if list.len() > A_FEW { " …" } else { "" };
    if list.is_empty() {
        "nothing".into()
    } else {
        shown!("{}{}", Shown::join(list.iter().take(A_FEW).map(|one| Redactor::by_shape(one)), " "), more)
    }
}
