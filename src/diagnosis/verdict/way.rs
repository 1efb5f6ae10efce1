//! Rules on the way to the servers: no network, a wrong clock, inspected TLS, a blocked port.

use super::evidence::{Certificate, Reach, Role, Server};
use super::situation::Situation;
use crate::report::{Confidence, Finding, FindingCode, Stage};
use crate::text::Shown;

/// Not one server could be reached, and none so much as refused.
pub(super) fn no_network(situation: &Situation<'_>) -> Option<Finding> {
    let servers = situation.servers;
    let was_asked = servers.iter().any(|server| server.role == Role::SignIn);
    let is_away = |server: &Server| {
        // Without the sign-in server's word, silent ports may be blocked ones, and unknown names may be misspelt.
        server.reach.is_nothing() && (was_asked || matches!(server.reach, Reach::NoRoute | Reach::NoLookup))
    };
    let has_mail = servers.iter().any(|server| server.role != Role::SignIn);
    if !has_mail || sites(servers.iter()).len() < 2 && !was_asked || !servers.iter().all(is_away) {
        return None;
    }
    let what = if was_asked { "neither the sign-in server nor a mail server" } else { "not one mail server" };
    Some(situation.own(FindingCode::NO_NETWORK, None).with("what", what).finding())
}

/// Every certificate is out of its time: rather this machine's clock than all of them.
pub(super) fn wrong_clock(situation: &Situation<'_>) -> Option<Finding> {
    let shown: Vec<&Server> =
        situation.servers.iter().filter(|server| server.certificate != Certificate::NotSeen).collect();
    if shown.is_empty() || !shown.iter().all(|server| server.certificate.is_out_of_time()) {
        return None;
    }
    let are_all = |certificate: &Certificate| shown.iter().all(|server| server.certificate == *certificate);
    let state = match () {
        () if are_all(&Certificate::Expired) => "has expired",
        () if are_all(&Certificate::NotYetValid) => "is not valid yet",
        () => "has expired or is not valid yet",
    };
    let mut hosts: Vec<&Shown> = shown.iter().map(|server| &server.host).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let now = situation.now.strftime("%Y-%m-%d %H:%M UTC");
    let mut finding = situation
        .own(FindingCode::CERTIFICATES_OUT_OF_TIME, None)
        .with("state", state)
        .with("hosts", Shown::join(hosts, ", "))
        .with("now", now)
        .finding();
    // The certificates of one operator may have been forgotten together.
    if sites(shown.iter().copied()).len() < 2 {
        finding.confidence = Confidence::Possible;
    }
    Some(finding)
}

/// Servers of several operators show certificates of one issuer that this machine does not know.
pub(super) fn interception(situation: &Situation<'_>) -> Option<Finding> {
    let strangers = || situation.servers.iter().filter(|server| issuer(server).is_some());
    let first = strangers().next()?;
    let of_one = strangers().filter(|server| issuer(server) == issuer(first));
    let operators = sites(of_one);
    // A server of one's own, with a CA of one's own, may speak several protocols under several names. But a provider's
    // servers are known everywhere.
    let is_public = strangers().any(|server| is_preset(situation, server));
    if operators.len() < 2 && !is_public {
        return None;
    }
    Some(situation.own(FindingCode::TLS_INTERCEPTION, None).with("issuer", issuer(first)?).finding())
}

fn issuer(server: &Server) -> Option<&Shown> {
    match &server.certificate {
        Certificate::UnknownIssuer { issuer } => issuer.as_ref(),
        _ => None,
    }
}

/// A proxy is between this machine and the sign-in: what it says is about every mailbox of the machine.
pub(super) fn proxy(situation: &Situation<'_>) -> Option<Finding> {
    let is_stopped = |server: &Server| server.role == Role::SignIn && server.reach == Reach::StoppedByProxy;
    let trouble = situation.servers.iter().any(is_stopped);
    situation.found(None, Stage::TokenEndpoint).filter(|_| trouble).cloned()
}

/// Ports are silent while other servers answer. One that refuses is not silent.
pub(super) fn port_blocked(situation: &Situation<'_>) -> Option<Finding> {
    let silent: Vec<&Server> = situation
        .servers
        .iter()
        .filter(|server| server.role != Role::SignIn && server.reach == Reach::Silent)
        .collect();
    let first = silent.first()?;
    if !situation.servers.iter().any(|server| server.reach == Reach::Reached) {
        return None;
    }
    let Role::Mail(protocol) = first.role else { return None };
    let places = silent.iter().map(|server| shown!("{} port {}", server.host, server.port));
    Some(situation.own(FindingCode::PORT_BLOCKED, Some(protocol)).with("places", Shown::join(places, ", ")).finding())
}

fn sites<'a>(servers: impl Iterator<Item = &'a Server>) -> Vec<&'a str> {
    let mut sites: Vec<&str> = servers.map(Server::site).collect();
    sites.sort_unstable();
    sites.dedup();
    sites
}

/// Whether it is one of the servers that the provider documents.
fn is_preset(situation: &Situation<'_>, server: &Server) -> bool {
    let Some(app) = situation.about.app else { return false };
    let mut servers = app.deployment().services.iter().filter_map(|service| service.endpoint.server());
    servers.any(|preset| server.host == preset.host)
}
