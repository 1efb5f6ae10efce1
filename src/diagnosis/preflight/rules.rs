//! What counts against a token. What is not known counts neither for nor against it.

use jiff::Timestamp;

use super::claims::{PresentedToken, TokenClaims, few};
use super::issue::Issue;
use crate::clock::in_words;
use crate::jwt::LEEWAY;
use crate::profile::provider::{Audiences, ServicePreset};
use crate::profile::{
    Address, App, Channel, Mailbox, Scope, is_guid, missing_scopes, permission_name, same_permission,
};
use crate::report::FindingCode;
use crate::text::{Redactor, Shown};

/// What the token lacks to open `channel`.
pub(super) fn service(
    said: Option<&TokenClaims>,
    granted: &[String],
    app: &App,
    mailbox: &Mailbox,
    channel: Channel,
) -> Vec<Issue> {
    let known = app.deployment().service(channel.protocol, channel.side);
    let Some((service, audiences)) = known.and_then(|service| Some((service, service.audiences?))) else {
        return not_granted(app.scopes.of(channel), granted).into_iter().collect();
    };
    let delegated = service.scopes(channel.by).first().map_or("", |scope| permission_name(scope));
    let permits = |list: &[String]| {
        let mut enough = std::iter::once(&delegated).chain(service.stronger);
        enough.any(|wanted| list.iter().any(|permission| same_permission(permission, wanted)))
    };
    let Some(said) = said else { return unless_listed(delegated, granted, permits).into_iter().collect() };
    // What a token permits at another server than this one says nothing here.
    if let Some(issue) = wrong_audience(said, audiences, app) {
        return vec![issue];
    }
    if said.is_app_only {
        let Some(application) = service.application else {
            let observed = shown!("The token is the app's own, and {} lets no app in by itself.", audiences.title);
            return vec![Issue::new(FindingCode::LOCAL_APP_ONLY_TOKEN_WITHOUT_ROLES, observed)];
        };
        if has_role(said, service, application.role) {
            return Vec::new();
        }
        let mut lacking: Vec<&'static str> = Vec::new();
        // What it lacks there for the other sides is said with it.
        for channel in mailbox.channels().chain([channel]) {
            let Some(other) = app.deployment().service(channel.protocol, channel.side) else { continue };
            let Some(role) = other.application.map(|application| application.role) else { continue };
            let is_there = other.audiences.is_some_and(|of_other| of_other.title == audiences.title);
            if is_there && !lacking.contains(&role) && !has_role(said, other, role) {
                lacking.push(role);
            }
        }
        let observed = shown!("The token is the app's own, and its roles permit {}.", few(&said.roles));
        let issue = Issue::new(FindingCode::LOCAL_APP_ONLY_TOKEN_WITHOUT_ROLES, observed);
        let issue = issue
            .with("role", Shown::join(lacking.into_iter().map(Shown::from), ", "))
            .with("api", audiences.listed_as);
        return vec![Issue { is_uncertain: application.is_known_to_server, ..issue }];
    }
    if said.scopes.is_empty() {
        return unless_listed(delegated, granted, permits).into_iter().collect();
    }
    if permits(&said.scopes) {
        return Vec::new();
    }
    let observed = shown!("The token permits {}, but not {}.", few(&said.scopes), delegated);
    vec![Issue::new(FindingCode::LOCAL_TOKEN_LACKS_SCOPE, observed)]
}

/// Whether the token names `role`, or one that includes it.
fn has_role(said: &TokenClaims, service: &ServicePreset, role: &str) -> bool {
    let has = |wanted: &str| said.roles.iter().any(|named| same_permission(named, wanted));
    has(role) || service.stronger.iter().any(|stronger| has(stronger))
}

/// By what the token endpoint said was granted, where the token itself does not tell.
fn unless_listed(delegated: &'static str, granted: &[String], permits: impl Fn(&[String]) -> bool) -> Option<Issue> {
    let lacks = !granted.is_empty() && !permits(granted);
    lacks.then(|| {
        let observed = shown!("The provider granted {}, but not {}.", few(granted), delegated);
        Issue::new(FindingCode::LOCAL_TOKEN_LACKS_SCOPE, observed)
    })
}

fn not_granted(wanted: &[Scope], granted: &[String]) -> Option<Issue> {
    let missing = missing_scopes(wanted, granted);
    if missing.is_empty() || granted.is_empty() {
        return None;
    }
    let missing: Vec<String> = missing.iter().map(Scope::to_string).collect();
    let observed = shown!("The provider granted {}, but not {}.", few(granted), few(&missing));
    Some(Issue::new(FindingCode::SCOPES_NOT_GRANTED, observed))
}

/// RFC 9068 §4: a server refuses a token whose `aud` is not its own name.
fn wrong_audience(said: &TokenClaims, audiences: &Audiences, app: &App) -> Option<Issue> {
    let bare = |audience: &str| {
        let audience = audience.to_ascii_lowercase();
        audience.strip_prefix("https://").unwrap_or(&audience).trim_end_matches('/').to_owned()
    };
    if said.audience.is_empty() || said.audience.iter().any(|one| audiences.accepted.contains(&bare(one).as_str())) {
        return None;
    }
    let named = |audience: &String| {
        let name = audiences.mistaken.iter().find(|(other, _)| *other == bare(audience)).map(|(_, name)| *name);
        let own = bare(audience).trim_start_matches("api://").eq_ignore_ascii_case(app.client_id.as_str());
        match name.or(own.then_some("the app itself")) {
            Some(name) => format!("{name} ({audience})"),
            None => audience.clone(),
        }
    };
    let audience: Vec<String> = said.audience.iter().map(named).collect();
    let observed = shown!("The token is for {}, not for {}.", few(&audience), audiences.title);
    Some(Issue::new(FindingCode::LOCAL_TOKEN_WRONG_AUDIENCE, observed))
}

/// What counts against the token wherever it is shown.
pub(super) fn account(
    said: Option<&TokenClaims>,
    presented: PresentedToken<'_>,
    app: &App,
    mailbox: &Mailbox,
    now: Timestamp,
) -> Vec<Issue> {
    let mut issues = Vec::new();
    if let Some(said) = said {
        issues.extend(other_tenant(said, app));
        issues.extend(other_issuer(said, app));
    }
    issues.extend(wrong_time(said, presented, now.as_second()));
    issues.extend(said.and_then(|said| other_user(said, presented, mailbox)));
    issues
}

fn other_tenant(said: &TokenClaims, app: &App) -> Option<Issue> {
    let (tid, tenant) = (said.tenant.as_deref()?, app.tenant.as_ref()?);
    let differs = is_guid(tid) && !tenant.admits(tid);
    differs.then(|| {
        let observed = shown!("The token belongs to the tenant {}, not to {}.", Redactor::by_shape(tid), tenant);
        Issue::new(FindingCode::LOCAL_TOKEN_OTHER_TENANT, observed)
    })
}

/// Only where the issuers of access tokens are known: elsewhere these often name another issuer than identity tokens do,
/// and rightly.
fn other_issuer(said: &TokenClaims, app: &App) -> Option<Issue> {
    let known = app.deployment().token_issuers;
    let issuer = said.issuer.as_deref().filter(|_| !known.is_empty())?;
    // Version 1 of the tokens ends with the tenant and a slash, version 2 with /v2.0.
    let tenant_at = |host: &str| {
        let rest = issuer.strip_prefix(host)?.strip_prefix('/')?;
        let tenant = rest.strip_suffix("/v2.0").or(rest.strip_suffix('/')).unwrap_or(rest);
        is_guid(tenant).then_some(tenant)
    };
    let found = known.iter().copied().chain([app.registrar()]).find_map(tenant_at);
    let fits = found.is_some_and(|tenant| said.tenant.as_deref().is_none_or(|tid| tid.eq_ignore_ascii_case(tenant)));
    (!fits).then(|| {
        Issue::doubt(
            FindingCode::LOCAL_TOKEN_OTHER_ISSUER,
            shown!("The token was issued by {}.", Redactor::by_shape(issuer)),
        )
    })
}

/// `exp`, `nbf` and `iat` against this machine's clock, now and when the token came (RFC 7519 §4.1.4 to §4.1.6).
fn wrong_time(said: Option<&TokenClaims>, presented: PresentedToken<'_>, now: i64) -> Option<Issue> {
    let (received, promised) = (presented.received.as_second(), presented.expires.as_second());
    let ends = said.and_then(|said| said.expires);
    let over = |end: i64, at: i64| end.saturating_add(LEEWAY) <= at;
    if let Some(end) = ends.filter(|end| over(*end, received) && over(*end, now)) {
        // A provider does not hand out expired tokens, so it is the clocks that differ.
        let observed = shown!("The token ended {} before it came, by this machine's clock.", span(received, end));
        return Some(Issue::new(FindingCode::CLOCK_OFF, observed));
    }
    let end = ends.unwrap_or(promised);
    if over(end, now) {
        let observed = shown!("The token ended {} ago.", span(now, end));
        return Some(Issue::new(FindingCode::LOCAL_TOKEN_EXPIRED, observed));
    }
    let begins = said.and_then(|said| said.issued.max(said.not_before))?;
    (begins.saturating_sub(now) > LEEWAY).then(|| {
        let since = if received < now { received } else { now };
        let observed = shown!("The token begins {} after it came, by this machine's clock.", span(begins, since));
        Issue::new(FindingCode::CLOCK_OFF, observed)
    })
}

fn span(later: i64, earlier: i64) -> Shown {
    in_words(later.saturating_sub(earlier).unsigned_abs())
}

/// The most common mistake of all, but as seen from a token only a guess: what people call an account says little, and
/// the mailbox that opens is the proof. So names count only where they could be the same: addresses of one domain.
fn other_user(said: &TokenClaims, presented: PresentedToken<'_>, mailbox: &Mailbox) -> Option<Issue> {
    let expected = mailbox.signs_in_as();
    let is_accepted = |name: &String| {
        expected.matches(name) || presented.account_names.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    if said.is_app_only || said.names.iter().any(is_accepted) {
        return None;
    }
    let is_neighbour = |name: &&String| {
        let domain = name.parse::<Address>().ok().map(|address| address.domain().to_ascii_lowercase());
        domain.is_some_and(|domain| domain == expected.domain().to_ascii_lowercase())
    };
    let name = said.names.iter().find(is_neighbour)?;
    Some(Issue::doubt(
        FindingCode::OTHER_ACCOUNT_SIGNED_IN,
        shown!("The token's user is {}, not {}.", Redactor::by_shape(name), expected),
    ))
}
