//! Situations, made of words.
//!
//! Profiles: `ms`, `ms-shared`, `ms-app` (no person signs in), `outlook`, `google`, `own` (an OpenID provider with mail servers of the same domain),
//! `public` (the same, without a secret).
//!
//! Token endpoint: `ok`; `none` (there is no sign-in), `no-secret`, `store` (it does not open): these ask nothing;
//! `ms:NUMBER`, `client:WORDS`, `keycloak:WORDS`, `grant`, `policy`, `503`, `html`, `proxy-407`, `proxy-refused`,
//! `proxy-away`; or what ails the way there.
//!
//! Sides: `ok`; `-` (there is none); what ails the way: `silent`, `refused`, `no-route`, `no-name`, `no-lookup`,
//! `expired`, `early`, `self-signed`, `stranger:ISSUER` (`?` for none); what the server says: `no-auth`, `auth-failed`,
//! `not-connected`, `busy`, `5.7.3`, `535`, `off-tenant`, `off-mailbox`, `gmail-off`.
//!
//! What else is known: `worked`, `new`, `day-over` of the secret; `until`; `account:NAME`, once for each name;
//! `two-sites`: the outgoing server is another operator's; `graph`, `scope-missing`, `fits` of the token; `roles`, `no-roles`
//! of an app's own;
//! `read:WORD` of what an administrator read in the tenant: `all` is done, or all but `unasked`, `unconsented`, `unknown`, `other`,
//! `no-right`, `off`; `exchange-only` and `directory-only` where the other was not read;
//! `tried:PROTOCOL:SIDE:RESULT` where all protocols were tried.

use std::time::Duration;

use jiff::Timestamp;

use super::super::super::about::{FailureContext, OwnToken, TokenFacts};
use super::super::super::preflight::Issue;
use super::super::{Permission, Principal, Role, SecretStory, Server, Situation, TenantSetup, TokenAnswer, verdict};
use crate::config;
use crate::failure::{
    Failure, FailureKind, OAuthFault, ProxyFault, ProxyTrouble, Rejection, ReplyCode, StoreFault, TlsFault,
};
use crate::profile::Profile;
use crate::profile::Protocol::{self, Imap, Smtp};
use crate::profile::Side;
use crate::report::{Check, Finding, FindingCode, Stage, Trial, TrialResult};
use crate::text::Redactor;

const MICROSOFT: &str = "[apps.app]\nprovider = \"microsoft365\"\ntenant = \"contoso.onmicrosoft.com\"\n\
     client_id = \"11111111-2222-3333-4444-555555555555\"\ncredential = \"secret\"\n";
const OUTLOOK: &str = "[apps.app]\nprovider = \"outlook\"\n\
     client_id = \"11111111-2222-3333-4444-555555555555\"\ncredential = \"secret\"\n";
const GOOGLE: &str = "[apps.app]\nprovider = \"google\"\n\
     client_id = \"1234-abc.apps.googleusercontent.com\"\ncredential = \"secret\"\n";
const OWN: &str = "[apps.app]\nprovider = \"oidc\"\nissuer = \"https://id.shop.example\"\nclient_id = \"mailgrant\"\n\
     scopes = { imap = [\"imap\"], smtp = [\"smtp\"] }\n";
/// The object ID in an app's own token.
pub(super) const OBJECT: &str = "0b1ec700-0000-4000-8000-000000000001";
const SIDES: &str = "incoming = { protocol = \"imap\" }\noutgoing = { protocol = \"smtp\" }\n";

fn profile(word: &str, has_two_sites: bool) -> Profile {
    let mailbox =
        |address: &str, more: &str| format!("[mailboxes.box]\napp = \"app\"\naddress = \"{address}\"\n{more}");
    let host = if has_two_sites { "smtp.other.example" } else { "smtp.shop.example" };
    let own_sides = format!(
        "incoming = {{ protocol = \"imap\", host = \"imap.shop.example\" }}\n\
         outgoing = {{ protocol = \"smtp\", host = \"{host}\" }}\n"
    );
    let office = mailbox("office@shop.example", &own_sides);
    let text = match word {
        "ms" => format!("{MICROSOFT}{}", mailbox("shop@contoso.com", SIDES)),
        "ms-shared" => {
            let sides = format!("sign_in_as = \"alice@contoso.com\"\n{SIDES}");
            format!("{MICROSOFT}{}", mailbox("support@contoso.com", &sides))
        }
        "ms-app" => {
            let sides = format!("access = \"app\"\n{SIDES}");
            format!("{MICROSOFT}{}", mailbox("shop@contoso.com", &sides))
        }
        "outlook" => format!("{OUTLOOK}{}", mailbox("shop@outlook.com", SIDES)),
        "google" => format!("{GOOGLE}{}", mailbox("shop@gmail.com", SIDES)),
        "own" => format!("{OWN}credential = \"secret\"\n{office}"),
        "public" => format!("{OWN}credential = \"none\"\n{office}"),
        other => panic!("{other} is not a profile"),
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    config::load(&file).unwrap()
}

/// Calls `with` about the mailbox of the profile `word`.
pub(super) fn about(word: &str, with: impl FnOnce(FailureContext<'_>)) {
    let profile = profile(word, false);
    let mailbox = profile.mailboxes.values().next().unwrap();
    with(FailureContext { app: Some(profile.app_of(mailbox)), mailbox: Some(mailbox), ..FailureContext::default() });
}

/// The verdict's code.
pub(super) fn code(row: &[&str; 6]) -> &'static str {
    judged(row).map_or("none", |(verdict, _)| verdict.code.as_str())
}

/// The verdict, and what the checks found.
pub(super) fn judged([word, token, incoming, outgoing, more, _]: &[&str; 6]) -> Option<(Finding, Vec<Finding>)> {
    let more: Vec<&str> = more.split(' ').collect();
    let is_known = |word: &str| more.contains(&word);
    let profile = profile(word, is_known("two-sites"));
    let mailbox = profile.mailboxes.values().next().unwrap();
    let app = profile.app_of(mailbox);
    let roles = ["IMAP.AccessAsApp", "SMTP.SendAsApp"].map(str::to_owned);
    let own = OwnToken { object: Some(OBJECT), roles: if is_known("roles") { &roles } else { &[] } };
    let own = Some(own).filter(|_| is_known("roles") || is_known("no-roles"));
    let token_facts = TokenFacts { is_for_server: is_known("fits"), own, ..TokenFacts::default() };
    let about =
        FailureContext { app: Some(app), mailbox: Some(mailbox), token: token_facts, ..FailureContext::default() };
    let (mut checks, mut servers) = (Vec::new(), Vec::new());
    let tenant = more.iter().find_map(|word| word.strip_prefix("read:")).map(read);
    let answer = token_endpoint(token, about, &mut checks, &mut servers);
    preflight(&more, about, &mut checks);
    for (protocol, word) in [(Imap, incoming), (Smtp, outgoing)] {
        let side = protocol.sides()[0];
        let server = mailbox.service(side).map(|service| &service.endpoint).filter(|_| *word != "-");
        let Some(server) = server else { continue };
        let about = FailureContext { protocol: Some(protocol), ..about };
        let failed = mail(word, protocol, server.host(), server.port());
        let mut steps = Vec::new();
        for stage in stages(protocol) {
            let failure = failed.as_ref().filter(|(at, _)| *at == stage).map(|(_, failure)| failure);
            checks.push(check(stage, failure, about).over(protocol));
            steps.push((stage, failure.map(|failure| &failure.kind)));
            if failure.is_some() {
                break;
            }
        }
        servers.push(Server::seen(Role::Mail(protocol), Redactor::by_shape(server.host()), server.port(), steps));
    }
    let account: Vec<String> =
        more.iter().filter_map(|word| word.strip_prefix("account:")).map(str::to_owned).collect();
    let verdict = verdict(&Situation {
        checks: &checks,
        about,
        servers: &servers,
        trials: &trials(&more),
        token: answer,
        account: &account,
        secret: SecretStory {
            has_worked: is_known("worked"),
            is_new: is_known("new"),
            has_expired: is_known("day-over").then_some(true),
        },
        tenant: tenant.as_ref(),
        works_until: is_known("until").then(|| at("2026-01-02T03:04:00Z")),
        now: at("2026-01-01T12:00:00Z"),
    })?;
    Some((verdict, checks.iter().filter_map(Check::finding).cloned().collect()))
}

/// What an administrator read.
fn read(word: &str) -> TenantSetup {
    let of_imap =
        || vec![Permission { protocol: Imap, name: "IMAP.AccessAsApp", id: "5e5addcd".into(), api: "00000002" }];
    let done = TenantSetup {
        unasked: Some(Vec::new()),
        unconsented: Some(Vec::new()),
        object: Some(OBJECT.into()),
        principal: Some(Principal::Known),
        right: Some(true),
        switches: vec![(Imap, true), (Smtp, true)],
    };
    match word {
        "all" => done,
        "unasked" => TenantSetup { unasked: Some(of_imap()), unconsented: Some(of_imap()), ..done },
        "unconsented" => TenantSetup { unconsented: Some(of_imap()), ..done },
        "unknown" => TenantSetup { principal: Some(Principal::Missing), right: None, ..done },
        "other" => TenantSetup { principal: Some(Principal::Other("another".into())), right: None, ..done },
        "no-right" => TenantSetup { right: Some(false), ..done },
        "off" => TenantSetup { switches: vec![(Imap, false), (Smtp, true)], ..done },
        "exchange-only" => TenantSetup { unasked: None, unconsented: None, object: None, principal: None, ..done },
        "directory-only" => TenantSetup { principal: None, right: None, switches: Vec::new(), ..done },
        other => panic!("{other} is not a reading"),
    }
}

/// What came of trying each protocol, where that was done.
fn trials(more: &[&str]) -> Vec<Trial> {
    let trial = |words: &str| {
        let [protocol, side, result] = words.split(':').collect::<Vec<_>>()[..] else {
            panic!("{words} is not a trial")
        };
        let results = [TrialResult::Works, TrialResult::Off, TrialResult::Refused, TrialResult::NotTried];
        Trial {
            protocol: Protocol::ALL.into_iter().find(|known| known.key() == protocol).unwrap(),
            side: if side == "outgoing" { Side::Outgoing } else { Side::Incoming },
            in_profile: false,
            result: results.into_iter().find(|known| known.title() == result.replace('-', " ")).unwrap(),
            detail: None,
            finding: None,
        }
    };
    more.iter().filter_map(|word| word.strip_prefix("tried:")).map(trial).collect()
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn check(stage: Stage, failure: Option<&Failure>, about: FailureContext<'_>) -> Check {
    match failure {
        Some(failure) => Check::failed(stage, Duration::ZERO, crate::diagnosis::finding(failure, about)),
        None => Check::passed(stage, Duration::ZERO, "fine"),
    }
}

fn token_endpoint(
    word: &str,
    about: FailureContext<'_>,
    checks: &mut Vec<Check>,
    servers: &mut Vec<Server>,
) -> TokenAnswer {
    let not_asked = match word {
        "none" => Some((Stage::Token, FailureKind::NotAuthorized { why: "there is no sign-in yet".into() })),
        "no-secret" => Some((Stage::SecretStore, FailureKind::NoClientSecret { app: "app".into() })),
        "store" => Some((Stage::SecretStore, FailureKind::Store(StoreFault::WrongKey))),
        _ => None,
    };
    if let Some((stage, kind)) = not_asked {
        checks.push(check(stage, Some(&kind.into()), about));
        checks.push(Check::skipped(Stage::TokenEndpoint, "it was not asked"));
        return TokenAnswer::None;
    }
    let host = match about.app.unwrap().provider.key {
        "oidc" => "id.shop.example",
        "google" => "oauth2.googleapis.com",
        _ => "login.microsoftonline.com",
    };
    let failure = (word != "ok").then(|| Failure::new(oauth(word).unwrap_or_else(|| way(word, host, 443).1)));
    checks.push(check(Stage::TokenEndpoint, failure.as_ref(), about));
    let kind = failure.as_ref().map(|failure| &failure.kind);
    servers.push(Server::seen(Role::SignIn, host, 443, [(Stage::TokenEndpoint, kind)]));
    TokenAnswer::of(kind.map_or(Ok(()), Err))
}

fn oauth(word: &str) -> Option<FailureKind> {
    let fault = |status, error: &'static str, words: &str, codes: &[u32]| {
        Some(FailureKind::OAuth(OAuthFault {
            error: error.into(),
            description: Some(Redactor::by_shape(words)).filter(|words| !words.is_empty()),
            status,
            codes: codes.to_vec(),
            ..OAuthFault::default()
        }))
    };
    if let Some(number) = word.strip_prefix("ms:") {
        return fault(401, "invalid_client", &format!("AADSTS{number}: no"), &[number.parse().unwrap()]);
    }
    if let Some(words) = word.strip_prefix("client:") {
        return fault(401, "invalid_client", words, &[]);
    }
    if let Some(words) = word.strip_prefix("keycloak:") {
        return fault(401, "unauthorized_client", words, &[]);
    }
    let proxy = |fault| {
        let (proxy, variable) = ("http://proxy.example:3128".into(), "HTTPS_PROXY");
        Some(FailureKind::Proxy(ProxyTrouble { proxy, variable, host: "HOST".into(), fault }))
    };
    match word {
        "proxy-407" => proxy(ProxyFault::WantsSignIn { scheme: None }),
        "proxy-refused" => {
            let refused = FailureKind::ConnectionRefused { host: "proxy.example".into(), port: 3128 };
            proxy(ProxyFault::NotReached(Box::new(refused)))
        }
        "proxy-away" => {
            let away = FailureKind::NameLookupFailed { host: "proxy.example".into(), reason: "no".into() };
            proxy(ProxyFault::NotReached(Box::new(away)))
        }
        "grant" => fault(400, "invalid_grant", "", &[]),
        "policy" => fault(400, "invalid_grant", "AADSTS53003: blocked", &[53_003]),
        "503" => fault(503, "temporarily_unavailable", "", &[]),
        "html" => Some(FailureKind::NotOAuth {
            status: 200,
            content_type: Some("text/html".into()),
            what: "a web page".into(),
            retry_after: None,
        }),
        _ => None,
    }
}

fn preflight(more: &[&str], about: FailureContext<'_>, checks: &mut Vec<Check>) {
    let issue = |code, protocol| {
        let observed = "Seen.".into();
        let about = FailureContext { protocol: Some(protocol), ..about };
        let finding = Issue { code, observed, is_uncertain: false, values: Vec::new() }.finding(about);
        Check::failed(Stage::Preflight, Duration::ZERO, finding).over(protocol)
    };
    if more.contains(&"graph") {
        checks.push(issue(FindingCode::LOCAL_TOKEN_WRONG_AUDIENCE, Imap));
    }
    if more.contains(&"no-roles") {
        checks.push(issue(FindingCode::LOCAL_APP_ONLY_TOKEN_WITHOUT_ROLES, Imap));
    }
    if more.contains(&"scope-missing") {
        checks.push(issue(FindingCode::SCOPES_NOT_GRANTED, Smtp));
    }
}

fn stages(protocol: Protocol) -> Vec<Stage> {
    let mut stages =
        vec![Stage::Dns, Stage::Tcp, Stage::Tls, Stage::Greeting, Stage::Capabilities, Stage::Authentication];
    stages.push(if protocol == Smtp { Stage::Sender } else { Stage::Folder });
    stages
}

/// What ails the way to a server.
fn way(word: &str, host: &str, port: u16) -> (Stage, FailureKind) {
    let name = || Redactor::by_shape(host);
    let reason = || "no".into();
    let tls = |fault| (Stage::Tls, FailureKind::Tls(fault));
    if let Some(issuer) = word.strip_prefix("stranger:") {
        let issuer = Some(Redactor::by_shape(issuer)).filter(|issuer| issuer != "?");
        return tls(TlsFault::UnknownIssuer { issuer, is_alone: false });
    }
    match word {
        "no-name" => (Stage::Dns, FailureKind::NameNotFound { host: name() }),
        "no-lookup" => (Stage::Dns, FailureKind::NameLookupFailed { host: name(), reason: reason() }),
        "silent" => (Stage::Tcp, FailureKind::TimedOut { during: "connecting".into(), after: Duration::from_secs(10) }),
        "refused" => (Stage::Tcp, FailureKind::ConnectionRefused { host: name(), port }),
        "no-route" => (Stage::Tcp, FailureKind::Unreachable { host: name(), port, reason: reason() }),
        "expired" => tls(TlsFault::Expired),
        "early" => tls(TlsFault::NotYetValid),
        "self-signed" => tls(TlsFault::SelfSigned),
        other => panic!("{other} ails nothing"),
    }
}

fn mail(word: &str, protocol: Protocol, host: &str, port: u16) -> Option<(Stage, Failure)> {
    let said = |stage, command: &'static str, reply_code: Option<u16>, words: &'static str| {
        let rejection =
            Rejection { command: command.into(), code: reply_code.map(ReplyCode::Smtp), ..Rejection::default() };
        Some((stage, Failure::new(FailureKind::Rejected(rejection)).said(words)))
    };
    let auth = Stage::Authentication;
    match word {
        "ok" => None,
        "no-auth" => Some((
            Stage::Capabilities,
            FailureKind::MechanismNotOffered { wanted: None, offered: vec!["PLAIN".into()] }.into(),
        )),
        "auth-failed" => said(auth, "AUTHENTICATE XOAUTH2", None, "NO AUTHENTICATE failed."),
        "not-connected" => said(Stage::Folder, "EXAMINE", None, "BAD User is authenticated but not connected."),
        "busy" => said(auth, "AUTHENTICATE XOAUTH2", None, "NO Server Unavailable. 15"),
        "5.7.3" => said(auth, "AUTH XOAUTH2", Some(535), "535 5.7.3 Authentication unsuccessful"),
        "535" => said(auth, "AUTH XOAUTH2", Some(535), "535 5.7.8 Error: authentication failed"),
        "off-tenant" => said(
            auth,
            "AUTH XOAUTH2",
            Some(535),
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
        ),
        "off-mailbox" => said(
            auth,
            "AUTH XOAUTH2",
            Some(535),
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
        ),
        "gmail-off" => {
            said(auth, "AUTHENTICATE XOAUTH2", None, "NO [ALERT] Your account is not enabled for IMAP use. (Failure)")
        }
        way_word => {
            let (stage, kind) = way(way_word, host, port);
            let _ = protocol;
            Some((stage, kind.into()))
        }
    }
}
