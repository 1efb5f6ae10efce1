//! What several checks mean together: the one thing to do first.
//!
//! Each rule is a small function that looks at the whole situation; the first that knows something speaks. Where none
//! does, the first failure in the chain is the verdict: what comes later often follows from it.

use jiff::Timestamp;

use super::about::About;
use super::known;
use crate::profile::MailProtocol::{self, Imap, Pop3, Smtp};
use crate::profile::ServerEndpoint;
use crate::report::{Check, Confidence, ExitCode, Finding, Stage};

/// All that is known after the checks of one mailbox.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The checks, in the order of the chain.
    pub checks: &'a [Check],
    /// The app and the mailbox.
    pub about: About<'a>,
    /// Who signed in, if the provider told.
    pub signed_in_as: Option<&'a str>,
    /// Whether a token was fetched with the client secret since it was stored.
    pub secret_has_worked: bool,
    /// Whether the client secret was stored only minutes ago.
    pub secret_is_new: bool,
    /// Whether the client secret's day has passed, where that day is known.
    pub secret_expired: Option<bool>,
    /// How long a token is good that was fetched before the token endpoint refused.
    pub works_until: Option<Timestamp>,
}

type Rule = fn(&Situation<'_>) -> Option<Finding>;

/// The rules, the furthest-reaching first.
const RULES: [Rule; 8] = [
    no_network,
    interception,
    port_blocked,
    secret_refused,
    sign_in_lost,
    token_unfit,
    smtp_auth_off,
    mailbox_not_connected,
];

/// The one thing to do first; none if nothing failed.
#[must_use]
pub fn verdict(situation: &Situation<'_>) -> Option<Finding> {
    let first = situation.findings().next()?;
    let mut verdict = RULES.iter().find_map(|rule| rule(situation)).unwrap_or_else(|| first.clone());
    verdict.also = Vec::new();
    for finding in situation.findings() {
        if finding.code != verdict.code && !verdict.also.contains(&finding.code) {
            verdict.also.push(finding.code);
        }
    }
    if verdict.server_said.is_none() {
        verdict.server_said = situation.findings().find_map(|finding| finding.server_said.clone());
    }
    Some(verdict)
}

impl<'a> Situation<'a> {
    fn findings(&self) -> impl Iterator<Item = &'a Finding> {
        self.checks.iter().filter_map(Check::finding)
    }

    /// What the check of `stage` over `protocol` (or over none) found.
    fn found(&self, protocol: Option<MailProtocol>, stage: Stage) -> Option<&'a Finding> {
        self.checks.iter().filter(|check| check.protocol == protocol && check.stage == stage).find_map(Check::finding)
    }

    fn passed(&self, protocol: Option<MailProtocol>, stage: Stage) -> bool {
        self.checks.iter().any(|check| check.protocol == protocol && check.stage == stage && check.has_passed())
    }

    /// The protocols that were tried.
    fn spoken(&self) -> impl Iterator<Item = MailProtocol> {
        let is_spoken = |protocol: &MailProtocol| self.checks.iter().any(|check| check.protocol == Some(*protocol));
        [Imap, Pop3, Smtp].into_iter().filter(is_spoken)
    }

    /// What kept `protocol` from a connection.
    fn unreached(&self, protocol: MailProtocol) -> Option<&'a Finding> {
        [Stage::Dns, Stage::Tcp].into_iter().find_map(|stage| self.found(Some(protocol), stage))
    }

    fn server(&self, protocol: MailProtocol) -> Option<&'a ServerEndpoint> {
        let mailbox = self.about.mailbox?;
        match protocol {
            Imap | Pop3 => mailbox.incoming.as_ref().map(|side| &side.server),
            Smtp => mailbox.outgoing.as_ref().map(|side| &side.server),
        }
    }

    /// Our own finding `code`, with further values.
    fn own(&self, code: &str, protocol: Option<MailProtocol>, values: &[(&str, &str)]) -> Option<Finding> {
        let about = About { protocol: protocol.or(self.about.protocol), ..self.about };
        known::own(code, about, values)
    }

    /// " What was fetched before works until …", or nothing.
    fn until(&self) -> String {
        self.works_until.map_or_else(String::new, |until| {
            let until = until.strftime("%Y-%m-%d %H:%M UTC");
            format!(" Programs that have a token work until {until}, and no longer.")
        })
    }
}

/// Neither the token endpoint nor any mail server could be reached.
fn no_network(situation: &Situation<'_>) -> Option<Finding> {
    let endpoint = situation.found(None, Stage::TokenEndpoint)?;
    let is_away =
        endpoint.exit == ExitCode::Network && endpoint.server_said.is_none() || endpoint.code == "name-not-found";
    let mut spoken = situation.spoken().peekable();
    spoken.peek()?;
    (is_away && spoken.all(|protocol| situation.unreached(protocol).is_some()))
        .then(|| situation.own("no-network", None, &[]))?
}

/// Two servers and more show certificates of somebody whom nobody knows.
fn interception(situation: &Situation<'_>) -> Option<Finding> {
    let strangers: Vec<&Finding> =
        situation.findings().filter(|finding| finding.code == "tls-unknown-issuer").collect();
    let first = strangers.first().filter(|_| strangers.len() > 1)?;
    let mut finding = situation.own("tls-interception", None, &[])?;
    // The issuer's name stands there, and tells whom to ask.
    finding.cause = format!("{} {}", finding.cause, first.cause);
    Some(finding)
}

/// One port is silent while others answer.
fn port_blocked(situation: &Situation<'_>) -> Option<Finding> {
    let silent = situation.spoken().find(|protocol| {
        situation.found(Some(*protocol), Stage::Tcp).is_some_and(|finding| finding.exit == ExitCode::Network)
    })?;
    let is_alone = situation.passed(None, Stage::TokenEndpoint)
        || situation.spoken().any(|other| other != silent && situation.passed(Some(other), Stage::Tcp));
    let server = situation.server(silent).filter(|_| is_alone)?;
    let port = server.port.to_string();
    situation.own("port-blocked", Some(silent), &[("host", server.host.as_str()), ("port", &port)])
}

/// The client secret is refused; why, the ledger knows.
fn secret_refused(situation: &Situation<'_>) -> Option<Finding> {
    const REFUSED: [&str; 4] = [
        "ms-secret-id-instead-of-value",
        "ms-invalid-client-70002",
        "google-invalid-client-secret",
        "oauth-invalid-client",
    ];
    let refusal = situation.found(None, Stage::TokenEndpoint).filter(|finding| REFUSED.contains(&finding.code))?;
    let code = match situation {
        Situation { secret_expired: Some(true), .. } => "secret-past-its-day",
        Situation { secret_has_worked: true, .. } => "secret-removed",
        Situation { secret_is_new: true, .. } => "secret-not-yet-known",
        _ => "secret-never-worked",
    };
    let mut finding = situation.own(code, None, &[("until", &situation.until())])?;
    finding.server_said.clone_from(&refusal.server_said);
    Some(finding)
}

/// The grant is refused, and the mail servers have not noticed yet.
fn sign_in_lost(situation: &Situation<'_>) -> Option<Finding> {
    let refusal = situation.found(None, Stage::TokenEndpoint)?;
    let flows = situation.spoken().any(|protocol| situation.passed(Some(protocol), Stage::Authentication));
    if refusal.exit != ExitCode::AuthorizationNeeded || !flows {
        return None;
    }
    let mut finding = refusal.clone();
    finding.cause.push_str(&situation.until());
    Some(finding)
}

/// The token itself says why it is refused.
fn token_unfit(situation: &Situation<'_>) -> Option<Finding> {
    let unfit = situation.checks.iter().filter(|check| check.stage == Stage::Preflight).find_map(Check::finding)?;
    let is_refused =
        situation.spoken().any(|protocol| situation.found(Some(protocol), Stage::Authentication).is_some());
    let mut finding = unfit.clone();
    // A refusal proves what the token says, but not what its user's name only lets guess.
    if is_refused && finding.code != "local-wrong-account" {
        finding.confidence = Confidence::Certain;
    }
    Some(finding)
}

/// Exchange says so itself, and reading proves that nothing else is wrong.
fn smtp_auth_off(situation: &Situation<'_>) -> Option<Finding> {
    const OFF: [&str; 2] = ["exo-smtp-auth-disabled-tenant", "exo-smtp-auth-disabled-mailbox"];
    let off = situation.found(Some(Smtp), Stage::Authentication).filter(|finding| OFF.contains(&finding.code))?;
    let reads = [Imap, Pop3].iter().any(|protocol| situation.passed(Some(*protocol), Stage::Folder));
    reads.then(|| {
        let mut finding = off.clone();
        finding.cause = format!("Reading works, so account and token are right. {}", finding.cause);
        finding.confidence = Confidence::Certain;
        finding
    })
}

/// The token is accepted, and the mailbox does not open: who signed in, and what else works, tells which of the usual
/// causes it is.
fn mailbox_not_connected(situation: &Situation<'_>) -> Option<Finding> {
    const CLOSED: [&str; 3] =
        ["exo-imap-authenticated-not-connected", "exo-imap-authenticate-failed", "exo-pop3-unknown-user"];
    let (protocol, closed) = [Imap, Pop3].into_iter().find_map(|protocol| {
        let stages = [Stage::Authentication, Stage::Folder];
        let found = stages.into_iter().find_map(|stage| situation.found(Some(protocol), stage))?;
        CLOSED.contains(&found.code).then_some((protocol, found))
    })?;
    let mailbox = situation.about.mailbox?;
    let stranger = situation.signed_in_as.filter(|name| !mailbox.signs_in_as().matches(name));
    let mut finding = match stranger {
        Some(account) => situation.own("wrong-account-signed-in", Some(protocol), &[("account", account)])?,
        None if mailbox.sign_in_as.is_some() => {
            situation.own("shared-mailbox-without-full-access", Some(protocol), &[])?
        }
        None if situation.passed(Some(Smtp), Stage::Authentication) => {
            situation.own("protocol-off-for-mailbox", Some(protocol), &[])?
        }
        None => return None,
    };
    finding.server_said.clone_from(&closed.server_said);
    Some(finding)
}

#[cfg(test)]
mod tests;
