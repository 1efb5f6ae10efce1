//! All that the rules look at.

use jiff::Timestamp;

use super::evidence::{SecretStory, Server, TokenAnswer};
use super::tenant::TenantSetup;
use crate::diagnosis::about::FailureContext;
use crate::diagnosis::told::Told;
use crate::profile::Protocol;
use crate::report::{Check, Finding, FindingCode, Stage, Trial};
use crate::text::Shown;

/// All that is known after the checks of one mailbox.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The checks, in the order of the chain.
    pub checks: &'a [Check],
    /// The app and the mailbox.
    pub about: FailureContext<'a>,
    /// What is known of each server, the sign-in server among them where it was asked.
    pub servers: &'a [Server],
    /// What came of trying each protocol of the provider; none where that was not asked for.
    pub trials: &'a [Trial],
    /// What the token endpoint makes of client and grant.
    pub token: TokenAnswer,
    /// Every name of the account that signed in, the one for people first; none where the provider told none.
    pub account: &'a [String],
    /// What the store knows of the client secret.
    pub secret: SecretStory,
    /// What an administrator read of the app's set-up in the tenant, where that was asked for.
    pub tenant: Option<&'a TenantSetup>,
    /// How long a token is good that was fetched before the token endpoint refused.
    pub works_until: Option<Timestamp>,
    /// What this machine's clock says.
    pub now: Timestamp,
}

impl<'a> Situation<'a> {
    pub(super) fn findings(&self) -> impl Iterator<Item = &'a Finding> {
        self.checks.iter().filter_map(Check::finding)
    }

    /// What the check of `stage` over `protocol` (or over none) found.
    pub(super) fn found(&self, protocol: Option<Protocol>, stage: Stage) -> Option<&'a Finding> {
        self.checks.iter().filter(|check| check.protocol == protocol && check.stage == stage).find_map(Check::finding)
    }

    pub(super) fn passed(&self, protocol: Option<Protocol>, stage: Stage) -> bool {
        self.checks.iter().any(|check| check.protocol == protocol && check.stage == stage && check.has_passed())
    }

    /// The protocols that were tried.
    pub(super) fn spoken(&self) -> impl Iterator<Item = Protocol> {
        let is_spoken = |protocol: &Protocol| self.checks.iter().any(|check| check.protocol == Some(*protocol));
        Protocol::ALL.into_iter().filter(is_spoken)
    }

    /// The finding `code` of this app and mailbox, to be filled in.
    pub(super) fn own(&self, code: FindingCode, protocol: Option<Protocol>) -> Told<'a> {
        Finding::of(code).about(FailureContext { protocol: protocol.or(self.about.protocol), ..self.about })
    }

    /// " What was fetched before works until …", or nothing.
    pub(super) fn until(&self) -> Shown {
        self.works_until.map_or_else(Shown::default, |until| {
            let until = until.strftime("%Y-%m-%d %H:%M UTC");
            shown!(" Programs that have a token work until {}, and no longer.", until)
        })
    }
}
