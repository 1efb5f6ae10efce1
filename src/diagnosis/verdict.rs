//! What several checks mean together: the one thing to do first.
//!
//! Each rule is a small function that looks at the whole situation, at evidence rather than at the codes of findings; the
//! first that knows something speaks. Where none does, the first failure in the chain is the verdict: what comes later
//! often follows from it.
//!
//! ```text
//! evidence   what is known of servers, token endpoint and client secret
//! situation  all of it, with the checks
//! way        no network, wrong clock, inspected TLS, blocked port
//! client     store, client secret, sign-in
//! mail       token, account, protocols
//! app_only   the steps of a set-up without a person
//! tenant     what an administrator read of them
//! alternative  what the provider has beside a protocol that is switched off
//! ```

mod alternative;
mod app_only;
mod client;
mod evidence;
mod mail;
mod situation;
mod tenant;
mod way;

pub use evidence::{Certificate, Reach, Reason, Role, SecretStory, Server, TokenAnswer};

pub use app_only::Ladder;
pub use situation::Situation;
pub use tenant::{Permission, Principal, TenantSetup};

use crate::report::Finding;

type Rule = fn(&Situation<'_>) -> Option<Finding>;

/// The rules, the furthest-reaching first.
const RULES: [Rule; 14] = [
    way::no_network,
    way::wrong_clock,
    way::interception,
    way::proxy,
    client::store_closed,
    client::client_refused,
    client::sign_in_lost,
    way::port_blocked,
    app_only::missing_in_directory,
    mail::token_unfit,
    app_only::first_unproven,
    mail::sending_off,
    mail::wrong_account,
    mail::mailbox_closed,
];

/// The one thing to do first; none if nothing failed.
#[must_use]
pub fn verdict(situation: &Situation<'_>) -> Option<Finding> {
    let first = situation.findings().next()?;
    let mut verdict = RULES.iter().find_map(|rule| rule(situation)).unwrap_or_else(|| first.clone());
    verdict.fix.extend(alternative::steps(situation, &verdict));
    verdict.also = Vec::new();
    for finding in situation.findings() {
        if finding.code != verdict.code && !verdict.also.contains(&finding.code) {
            verdict.also.push(finding.code);
        }
    }
    Some(verdict)
}

#[cfg(test)]
mod tests;
