//! From what a token says of itself to checks: what the server makes of it overrides every guess of ours.

use std::time::{Duration, Instant};

use super::session::AccessToken;
use super::workspace::Workspace;
use crate::diagnosis::preflight::{Issue, Part, Preflight, PresentedToken};
use crate::diagnosis::{self, FailureContext};
use crate::profile::{Mailbox, Protocol};
use crate::progress::Observation;
use crate::report::{Check, Stage};
use crate::text::Shown;

/// What is said of a token that only its server can read (RFC 6749 §1.4).
const OPAQUE: &str = "the token is opaque; only its server can read it";

/// What a mail server made of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Acceptance {
    /// It accepted it.
    Accepted,
    /// It refused it.
    Refused,
    /// It never received it.
    NotReached,
    /// It was not asked.
    NotTried,
}

impl Acceptance {
    /// By the steps that depend on the token.
    #[must_use]
    pub fn seen(observations: &[Observation]) -> Self {
        let of_the_token = |stage| matches!(stage, Stage::Authentication | Stage::Folder | Stage::Sender);
        let mut acceptance = Self::NotReached;
        for observation in observations.iter().filter(|observation| of_the_token(observation.stage)) {
            if observation.result.is_err() {
                return Self::Refused;
            }
            acceptance = Self::Accepted;
        }
        acceptance
    }

    /// Several servers as one: a token that opens any is good, and one that opens none is refused where one refuses it.
    fn any(servers: impl IntoIterator<Item = Self>) -> Self {
        servers.into_iter().min().unwrap_or(Self::NotTried)
    }

    /// Whether `issue` still counts. A server that accepts the token refutes all of them, one that refuses it confirms even
    /// a guess.
    fn leaves(self, issue: &Issue) -> bool {
        match self {
            Self::Accepted => false,
            Self::NotReached => !issue.is_uncertain,
            Self::Refused | Self::NotTried => true,
        }
    }
}

/// A token that was looked at.
pub struct Inspection {
    /// What was seen.
    pub preflight: Preflight,
    /// When, counted from the command's start.
    pub began: Duration,
    /// How long it took.
    pub elapsed: Duration,
}

impl Inspection {
    /// Looks at the token that `mailbox` has for `protocols`.
    #[must_use]
    pub fn of(
        access: &AccessToken,
        workspace: &Workspace<'_>,
        mailbox: &Mailbox,
        protocols: impl IntoIterator<Item = Protocol>,
    ) -> Self {
        let started = Instant::now();
        let presented = PresentedToken {
            token: &access.token,
            granted: &access.scopes,
            received: access.received,
            expires: access.expires,
            account_names: &access.account_names,
        };
        let (app, now) = (workspace.app_of(mailbox), workspace.clock.now());
        let preflight = diagnosis::preflight::look(presented, app, mailbox, protocols, now);
        let preflight = preflight.cleaned(workspace.transcript.redactor());
        Self { preflight, began: workspace.since_start(started), elapsed: started.elapsed() }
    }

    /// One check for what the token opens over each protocol, and one for whose it is; over one protocol, both in one.
    /// Where something counts against the token, each such thing is a check instead.
    #[must_use]
    pub fn checks(&self, acceptance: impl Fn(Protocol) -> Acceptance, about: FailureContext<'_>) -> Vec<Check> {
        if let [(protocol, part)] = self.preflight.per_protocol.as_slice() {
            let about = about.over(*protocol);
            let checks = self.one(&[part, &self.preflight.account], acceptance(*protocol), about);
            return checks.into_iter().map(|check| check.over(*protocol)).collect();
        }
        let mut checks: Vec<Check> = Vec::new();
        for (protocol, part) in &self.preflight.per_protocol {
            let about = about.over(*protocol);
            for check in self.one(&[part], acceptance(*protocol), about) {
                // What counts against the token at one server mostly does at the next, and need not be said twice.
                let is_said = check
                    .finding()
                    .is_some_and(|new| checks.iter().filter_map(Check::finding).any(|known| known.cause == new.cause));
                if !is_said {
                    checks.push(check.over(*protocol));
                }
            }
        }
        let any = Acceptance::any(self.preflight.per_protocol.iter().map(|(protocol, _)| acceptance(*protocol)));
        checks.extend(self.one(&[&self.preflight.account], any, about));
        checks
    }

    fn one(&self, parts: &[&Part], acceptance: Acceptance, about: FailureContext<'_>) -> Vec<Check> {
        let issues = parts.iter().flat_map(|part| &part.issues);
        let (count, refuted): (Vec<&Issue>, Vec<&Issue>) = issues.partition(|issue| acceptance.leaves(issue));
        if !count.is_empty() {
            let findings = count.into_iter().map(|issue| issue.finding(about));
            let failed = |finding| Check::failed(Stage::Preflight, self.elapsed, finding).begun(self.began);
            return findings.map(failed).collect();
        }
        let details: Vec<&Shown> = parts.iter().filter_map(|part| part.detail.as_ref()).collect();
        let is_opaque = details.is_empty();
        let mut text = Shown::join(details.into_iter().filter(|detail| !detail.is_empty()), ", ");
        if is_opaque {
            text = OPAQUE.into();
        } else if text.is_empty() {
            text = "it says nothing of this".into();
        }
        if !refuted.is_empty() {
            let how = if acceptance == Acceptance::Accepted { "the server takes it, and yet" } else { "perhaps" };
            let observed = refuted.iter().map(|issue| issue.observed.part(|text| text.trim_end_matches('.')));
            text = shown!("{}; {}: {}", text, how, Shown::join(observed, ". "));
        }
        vec![if is_opaque {
            Check::skipped(Stage::Preflight, text)
        } else {
            Check::passed(Stage::Preflight, self.elapsed, text).begun(self.began)
        }]
    }
}
