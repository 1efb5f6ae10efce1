//! From what a token says of itself to checks: the server's own word, where there is one, goes before any guess of ours.

use std::time::Duration;

use crate::diagnosis::About;
use crate::diagnosis::preflight::{Objection, Part, Presented};
use crate::probe::Observation;
use crate::report::{Check, Finding, Stage};
use crate::session::AccessToken;
use crate::transcript::Redactor;

/// What is said of a token that only its server can read (RFC 6749 §1.4).
const OPAQUE: &str = "the token is opaque; only its server can read it";

/// What a mail server made of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// It opened the mailbox.
    Opened,
    /// It did not.
    Shut,
    /// It never got to see the token.
    NotReached,
    /// It was not asked.
    NotTried,
}

impl Door {
    /// By the steps that depend on the token.
    pub(super) fn seen(observations: &[Observation]) -> Self {
        let of_the_token = |stage| matches!(stage, Stage::Authentication | Stage::Folder | Stage::Sender);
        let mut door = Self::NotReached;
        for observation in observations.iter().filter(|observation| of_the_token(observation.stage)) {
            if observation.result.is_err() {
                return Self::Shut;
            }
            door = Self::Opened;
        }
        door
    }

    /// Whether `objection` still counts. A door that opens refutes all of them, one that is shut confirms even a doubt.
    fn leaves(self, objection: &Objection) -> bool {
        match self {
            Self::Opened => false,
            Self::NotReached => !objection.is_doubt,
            Self::Shut | Self::NotTried => true,
        }
    }
}

/// A token as `diagnosis` wants to see it.
pub(super) fn presented(access: &AccessToken) -> Presented<'_> {
    Presented {
        token: &access.token,
        granted: &access.scopes,
        received: access.received,
        expires: access.expires,
        signed_in_as: access.signed_in_as.as_deref(),
    }
}

/// The checks of `parts` together: one that passed, or one for each objection that counts. `lead` stands before what is
/// told when all is well.
pub(super) fn checks(
    lead: &str,
    parts: &[&Part],
    door: Door,
    elapsed: Duration,
    about: About<'_>,
    redactor: &Redactor,
) -> Vec<Check> {
    let objections = parts.iter().flat_map(|part| &part.objections);
    let (count, refuted): (Vec<&Objection>, Vec<&Objection>) = objections.partition(|objection| door.leaves(objection));
    if !count.is_empty() {
        let failed = |objection: &Objection| clean(objection.finding(about), redactor);
        return count
            .into_iter()
            .map(|objection| Check::failed(Stage::Preflight, elapsed, failed(objection)))
            .collect();
    }
    let details: Vec<&str> = parts.iter().filter_map(|part| part.detail.as_deref()).collect();
    let is_opaque = details.is_empty();
    let mut text = details.into_iter().filter(|detail| !detail.is_empty()).collect::<Vec<_>>().join(", ");
    if is_opaque {
        text = OPAQUE.to_owned();
    } else if text.is_empty() {
        text = "it says nothing of what it is for".to_owned();
    }
    if !refuted.is_empty() {
        let how = if door == Door::Opened { "the server takes it, and yet" } else { "perhaps" };
        let observed: Vec<&str> = refuted.iter().map(|objection| objection.observed.trim_end_matches('.')).collect();
        text = format!("{text}; {how}: {}", observed.join(". "));
    }
    let text = redactor.clean(&format!("{lead}{text}"));
    vec![if is_opaque {
        Check::skipped(Stage::Preflight, text)
    } else {
        Check::passed(Stage::Preflight, elapsed, text)
    }]
}

/// A token's words are its issuer's, who may write into them what it has seen elsewhere.
fn clean(mut finding: Finding, redactor: &Redactor) -> Finding {
    finding.cause = redactor.clean(&finding.cause);
    finding
}
