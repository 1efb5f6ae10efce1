//! What several checks mean together: the one thing to do first.
//!
//! Each rule is a small function that looks at the whole situation, at evidence rather than at the codes of findings; the
//! first that knows something speaks. Where none does, the first failure in the chain is the verdict: what comes later
//! often follows from it.
//!
//! ```text
//! evidence   what is known of servers, token endpoint and client secret
//! way        no network, wrong clock, inspected TLS, blocked port
//! client     store, client secret, sign-in
//! mail       token, account, protocols
//! ```

mod client;
mod evidence;
mod mail;
mod way;

pub use evidence::{Certificate, Reach, Reason, Role, SecretStory, Server, TokenAnswer};

use jiff::Timestamp;

use super::about::About;
use super::known;
use crate::profile::MailProtocol::{self, Imap, Pop3, Smtp};
use crate::report::{Check, Finding, Stage};

/// All that is known after the checks of one mailbox.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The checks, in the order of the chain.
    pub checks: &'a [Check],
    /// The app and the mailbox.
    pub about: About<'a>,
    /// What is known of each server, the sign-in server among them where it was asked.
    pub servers: &'a [Server],
    /// What the token endpoint makes of client and grant.
    pub token: TokenAnswer,
    /// Every name of the account that signed in, the one for people first; none where the provider told none.
    pub account: &'a [String],
    /// What the store knows of the client secret.
    pub secret: SecretStory,
    /// How long a token is good that was fetched before the token endpoint refused.
    pub works_until: Option<Timestamp>,
    /// What this machine's clock says.
    pub now: Timestamp,
}

type Rule = fn(&Situation<'_>) -> Option<Finding>;

/// The rules, the furthest-reaching first.
const RULES: [Rule; 11] = [
    way::no_network,
    way::wrong_clock,
    way::interception,
    client::store_closed,
    client::client_refused,
    client::sign_in_lost,
    way::port_blocked,
    mail::token_unfit,
    mail::sending_off,
    mail::wrong_account,
    mail::mailbox_closed,
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

#[cfg(test)]
mod tests;
