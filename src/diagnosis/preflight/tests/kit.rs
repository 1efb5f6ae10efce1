//! Apps, mailboxes and tokens of each provider.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::super::*;
use crate::oauth;
use crate::profile::{Access, Channel, Cloud, Credential, IdentityRule, Origin, Provider, ScopeSet, Service, TlsMode};
use crate::report::FindingCode;

pub(super) const NOW: i64 = 1_800_000_000;
pub(super) const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
pub(super) const OTHER: &str = "ffffffff-bbbb-cccc-dddd-eeeeeeeeeeee";
pub(super) const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
pub(super) const ALL: [&str; 3] = [
    "https://outlook.office.com/IMAP.AccessAsUser.All",
    "https://outlook.office.com/POP.AccessAsUser.All",
    "https://outlook.office.com/SMTP.Send",
];

pub(super) const IMAP: Protocol = Protocol::Imap;
pub(super) const POP3: Protocol = Protocol::Pop3;
pub(super) const SMTP: Protocol = Protocol::Smtp;

pub(super) const AUDIENCE: FindingCode = FindingCode::LOCAL_TOKEN_WRONG_AUDIENCE;
pub(super) const SCOPE: FindingCode = FindingCode::LOCAL_TOKEN_LACKS_SCOPE;
pub(super) const ROLES: FindingCode = FindingCode::LOCAL_APP_ONLY_TOKEN_WITHOUT_ROLES;
pub(super) const OTHER_TENANT: FindingCode = FindingCode::LOCAL_TOKEN_OTHER_TENANT;
pub(super) const OTHER_ISSUER: FindingCode = FindingCode::LOCAL_TOKEN_OTHER_ISSUER;
pub(super) const SKEW: FindingCode = FindingCode::CLOCK_OFF;
pub(super) const EXPIRED: FindingCode = FindingCode::LOCAL_TOKEN_EXPIRED;
pub(super) const ACCOUNT: FindingCode = FindingCode::OTHER_ACCOUNT_SIGNED_IN;
pub(super) const NOT_GRANTED: FindingCode = FindingCode::SCOPES_NOT_GRANTED;

pub(super) fn app(provider: Provider, tenant: Option<&str>, cloud: Cloud) -> App {
    let scopes = |scope: &str| vec![scope.parse().unwrap()];
    let one = if provider == Provider::GOOGLE { "https://mail.google.com/" } else { "mail" };
    let any = oauth::testing::oidc("https://id.example/realms/shop");
    App {
        name: "shop".parse().unwrap(),
        provider,
        cloud,
        tenant: tenant.map(|tenant| tenant.parse().unwrap()),
        client_id: CLIENT.parse().unwrap(),
        credential: Credential::None,
        identity: match tenant {
            Some(tenant) => IdentityRule::Tenant {
                authority: "https://login.example".parse().unwrap(),
                tenant: tenant.parse().unwrap(),
            },
            None => any.identity.clone(),
        },
        scopes: ScopeSet {
            always: scopes("openid"),
            services: Channel::all().map(|channel| (channel, scopes(one))).collect(),
            is_one_token: false,
        },
        ..any
    }
}

pub(super) fn microsoft() -> App {
    app(Provider::MICROSOFT365, Some(TENANT), Cloud::Global)
}

pub(super) fn mailbox() -> Mailbox {
    let server = crate::profile::ServerEndpoint {
        host: "outlook.office365.com".parse().unwrap(),
        port: 993,
        tls: TlsMode::Implicit,
        ehlo_name: None,
    };
    Mailbox {
        name: "shop".parse().unwrap(),
        app: "shop".parse().unwrap(),
        access: Access::User,
        address: "shop@contoso.com".parse().unwrap(),
        sign_in_as: None,
        incoming: Some(Service { protocol: Protocol::Imap, endpoint: server.into() }),
        outgoing: None,
        enabled: true,
        ca_file: None,
        origin: Origin::Profile,
    }
}

/// What a work account's token for Outlook says.
pub(super) fn outlook() -> Value {
    json!({
        "aud": "https://outlook.office.com", "iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT,
        "appid": CLIENT, "idtyp": "user", "ver": "1.0", "sub": "pairwise", "oid": "object-1",
        "iat": NOW - 300, "nbf": NOW - 300, "exp": NOW + 3_600, "aio": "AVQAq/8TAAAA", "uti": "abc",
        "scp": "IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send", "upn": "shop@contoso.com",
    })
}

/// What a Keycloak's says.
pub(super) fn keycloak() -> Value {
    json!({
        "aud": "account", "azp": CLIENT, "iss": "https://id.example/realms/shop", "typ": "Bearer", "sub": "s-1",
        "iat": NOW, "exp": NOW + 300, "scope": "openid email profile", "preferred_username": "shop",
        "email": "shop@contoso.com", "email_verified": true, "realm_access": {"roles": ["offline_access"]},
    })
}

/// `base` with other claims; `null` takes one away.
pub(super) fn with(mut base: Value, changes: Value) -> Value {
    let claims = base.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.remove(name),
            value => claims.insert(name.clone(), value.clone()),
        };
    }
    base
}

pub(super) fn jwt(claims: &Value) -> String {
    format!("eyJ0eXAiOiJKV1QifQ.{}.c2lnbmF0dXJl", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// Everything that can differ from an Outlook token that came just now.
pub(super) struct Case<'a> {
    pub(super) app: App,
    pub(super) mailbox: Mailbox,
    pub(super) granted: &'a [&'a str],
    pub(super) received: i64,
    pub(super) expires: i64,
    pub(super) account_names: &'a [&'a str],
}

impl Default for Case<'_> {
    fn default() -> Self {
        let (app, mailbox) = (microsoft(), mailbox());
        Self { app, mailbox, granted: &ALL, received: NOW, expires: NOW + 3_600, account_names: &[] }
    }
}

impl Case<'_> {
    pub(super) fn look(&self, token: &str, protocol: Protocol) -> Preflight {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let granted: Vec<String> = self.granted.iter().map(|&scope| scope.to_owned()).collect();
        let names: Vec<String> = self.account_names.iter().map(|&name| name.to_owned()).collect();
        let presented = PresentedToken {
            token: &SecretString::from(token),
            granted: &granted,
            received: at(self.received),
            expires: at(self.expires),
            account_names: &names,
        };
        look(presented, &self.app, &self.mailbox, [protocol], at(NOW))
    }

    pub(super) fn issues(&self, token: &str, protocol: Protocol) -> Vec<Issue> {
        let seen = self.look(token, protocol);
        seen.per_protocol.into_iter().map(|(_, part)| part).chain([seen.account]).flat_map(|part| part.issues).collect()
    }
}

/// Insists on the objections' codes, in their order, and on words in what was observed.
pub(super) fn insist(case: &Case<'_>, token: &str, protocol: Protocol, codes: &[FindingCode], words: &str, what: &str) {
    let issues = case.issues(token, protocol);
    assert_eq!(issues.iter().map(|issue| issue.code).collect::<Vec<_>>(), codes, "{what}: {issues:?}");
    let observed: Vec<&str> = issues.iter().map(|issue| issue.observed.as_str()).collect();
    assert!(observed.join(" ").contains(words), "{what}: {observed:?} lacks {words:?}");
}
