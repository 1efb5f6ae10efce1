//! From what a token says of itself to checks: the server's own word, where there is one, goes before any guess of ours.

use std::time::Duration;

use crate::diagnosis::FailureContext;
use crate::diagnosis::preflight::{Issue, Part, Preflight, PresentedToken};
use crate::flow::session::AccessToken;
use crate::profile::Protocol;
use crate::report::{Check, Finding, Stage};
use crate::text::Redactor;
use crate::transport::Observation;

/// What is said of a token that only its server can read (RFC 6749 §1.4).
const OPAQUE: &str = "the token is opaque; only its server can read it";

/// What a mail server made of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Acceptance {
    /// It opened the mailbox.
    Opened,
    /// It did not.
    Shut,
    /// It never got to see the token.
    NotReached,
    /// It was not asked.
    NotTried,
}

impl Acceptance {
    /// By the steps that depend on the token.
    pub fn seen(observations: &[Observation]) -> Self {
        let of_the_token = |stage| matches!(stage, Stage::Authentication | Stage::Folder | Stage::Sender);
        let mut acceptance = Self::NotReached;
        for observation in observations.iter().filter(|observation| of_the_token(observation.stage)) {
            if observation.result.is_err() {
                return Self::Shut;
            }
            acceptance = Self::Opened;
        }
        acceptance
    }

    /// Several doors as one: what opens any is good, and what no other opened is shut by one.
    fn any(doors: impl IntoIterator<Item = Self>) -> Self {
        doors.into_iter().min().unwrap_or(Self::NotTried)
    }

    /// Whether `objection` still counts. A door that opens refutes all of them, one that is shut confirms even a doubt.
    fn leaves(self, issue: &Issue) -> bool {
        match self {
            Self::Opened => false,
            Self::NotReached => !issue.is_uncertain,
            Self::Shut | Self::NotTried => true,
        }
    }
}

/// A token as `diagnosis` wants to see it.
pub fn presented(access: &AccessToken) -> PresentedToken<'_> {
    PresentedToken {
        token: &access.token,
        granted: &access.scopes,
        received: access.received,
        expires: access.expires,
        account_names: &access.account_names,
    }
}

/// A token that was looked at.
pub struct Inspected {
    /// What was seen.
    pub seen: Preflight,
    /// When, counted from the command's start.
    pub began: Duration,
    /// How long it took.
    pub elapsed: Duration,
}

impl Inspected {
    /// One check for what the token opens over each protocol, and one for whose it is; over one protocol, both in one.
    /// Where something counts against the token, each such thing is a check instead.
    pub fn checks(
        &self,
        acceptance: impl Fn(Protocol) -> Acceptance,
        about: FailureContext<'_>,
        redactor: &Redactor,
    ) -> Vec<Check> {
        if let [(protocol, part)] = self.seen.per_protocol.as_slice() {
            let about = FailureContext { protocol: Some(*protocol), ..about };
            let checks = self.one(&[part, &self.seen.account], acceptance(*protocol), about, redactor);
            return checks.into_iter().map(|check| check.over(*protocol)).collect();
        }
        let mut checks: Vec<Check> = Vec::new();
        for (protocol, part) in &self.seen.per_protocol {
            let about = FailureContext { protocol: Some(*protocol), ..about };
            for check in self.one(&[part], acceptance(*protocol), about, redactor) {
                // What counts against the token at one door mostly does at the next, and need not be said twice.
                let is_said = check
                    .finding()
                    .is_some_and(|new| checks.iter().filter_map(Check::finding).any(|known| known.cause == new.cause));
                if !is_said {
                    checks.push(check.over(*protocol));
                }
            }
        }
        let any = Acceptance::any(self.seen.per_protocol.iter().map(|(protocol, _)| acceptance(*protocol)));
        checks.extend(self.one(&[&self.seen.account], any, about, redactor));
        checks
    }

    fn one(
        &self,
        parts: &[&Part],
        acceptance: Acceptance,
        about: FailureContext<'_>,
        redactor: &Redactor,
    ) -> Vec<Check> {
        let issues = parts.iter().flat_map(|part| &part.issues);
        let (count, refuted): (Vec<&Issue>, Vec<&Issue>) = issues.partition(|issue| acceptance.leaves(issue));
        if !count.is_empty() {
            let findings = count.into_iter().map(|issue| clean(issue.finding(about), redactor));
            let failed = |finding| Check::failed(Stage::Preflight, self.elapsed, finding).begun(self.began);
            return findings.map(failed).collect();
        }
        let details: Vec<&str> = parts.iter().filter_map(|part| part.detail.as_deref()).collect();
        let is_opaque = details.is_empty();
        let mut text = details.into_iter().filter(|detail| !detail.is_empty()).collect::<Vec<_>>().join(", ");
        if is_opaque {
            text = OPAQUE.to_owned();
        } else if text.is_empty() {
            text = "it says nothing of this".to_owned();
        }
        if !refuted.is_empty() {
            let how = if acceptance == Acceptance::Opened { "the server takes it, and yet" } else { "perhaps" };
            let observed: Vec<&str> = refuted.iter().map(|issue| issue.observed.trim_end_matches('.')).collect();
            text = format!("{text}; {how}: {}", observed.join(". "));
        }
        let text = redactor.clean(&text).to_string();
        vec![if is_opaque {
            Check::skipped(Stage::Preflight, text)
        } else {
            Check::passed(Stage::Preflight, self.elapsed, text).begun(self.began)
        }]
    }
}

/// A token's words are its issuer's, who may write into them what it has seen elsewhere.
fn clean(mut finding: Finding, redactor: &Redactor) -> Finding {
    finding.cause = redactor.clean(&finding.cause).to_string();
    finding
}
