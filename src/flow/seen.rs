//! What was seen of a mailbox: facts and failures, not yet explained.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::plan::Depth;
use super::preflight::{Acceptance, Inspection};
use super::session::AccessToken;
use super::tenant::TenantReading;
use crate::diagnosis::{FailureContext, OwnToken, TokenFacts};
use crate::failure::{Failure, FailureKind};
use crate::profile::{App, Mailbox, Protocol, Service};
use crate::secrets::{AppRecord, MailboxRecord};
use crate::transport::{Log, Task};

/// All that was seen of one mailbox.
pub struct Seen<'a> {
    /// The app.
    pub app: &'a App,
    /// The mailbox.
    pub mailbox: &'a Mailbox,
    /// How much of the way was looked at.
    pub depth: Depth,
    /// When the command began.
    pub started: Instant,
    /// The time of day when everything had been seen.
    pub now: Timestamp,
    /// What the store holds, where that was looked at by itself.
    pub stored: Option<Stored>,
    /// The attempts to get the tokens that the mailbox's services need; one at least.
    pub tokens: Vec<Fetched>,
    /// What an administrator read of the app's set-up in the tenant, where that was asked for.
    pub tenant: Option<TenantReading>,
    /// What was seen of the mail servers, in the order of the plan.
    pub conversations: Vec<Conversation<'a>>,
    /// What was seen of the server that was asked afterwards.
    pub afterwards: Option<Conversation<'a>>,
}

/// What the store holds for a mailbox.
pub struct Stored {
    /// When it was read.
    pub began: Instant,
    /// How long that took.
    pub elapsed: Duration,
    /// The records, or why they are of no use.
    pub records: Result<Records, Failure>,
}

/// The records of a mailbox and its app.
#[derive(Debug)]
pub struct Records {
    /// The mailbox's.
    pub grant: MailboxRecord,
    /// The app's, where there is one.
    pub app: Option<AppRecord>,
}

/// An attempt to get a token.
pub struct Fetched {
    /// The protocols that are spoken with the token.
    pub protocols: Vec<Protocol>,
    /// When it began.
    pub began: Instant,
    /// How long it took.
    pub elapsed: Duration,
    /// What came of it.
    pub outcome: Outcome,
    /// What the token says of itself, where there is one.
    pub inspection: Option<Inspection>,
}

/// What came of an attempt to get a token.
pub enum Outcome {
    /// A token.
    Token(AccessToken),
    /// A failure.
    Failed {
        /// What went wrong.
        failure: Failure,
        /// What is left of the last token, if it is still good.
        leftover: Option<AccessToken>,
    },
    /// Nothing: the token endpoint could not be asked, for this reason.
    NotAsked(&'static str),
}

/// What was seen of one mail server.
pub struct Conversation<'a> {
    /// What was asked.
    pub task: Task<'a>,
    /// What was spoken, and where.
    pub service: &'a Service,
    /// The steps.
    pub log: Log,
}

impl<'a> Seen<'a> {
    /// What a failure is about.
    #[must_use]
    pub fn about(&self) -> FailureContext<'_> {
        let about = FailureContext::of_mailbox(self.app, self.mailbox);
        FailureContext { token: TokenFacts { own: self.own_token(), ..about.token }, ..about }
    }

    /// What an app's own token says of the app: the first that was fetched says it of all.
    fn own_token(&self) -> Option<OwnToken<'_>> {
        let claims = self.tokens.iter().find_map(|fetched| fetched.inspection.as_ref()?.preflight.claims.as_ref())?;
        claims.is_app_only.then_some(OwnToken { object: claims.object.as_deref(), roles: &claims.roles })
    }

    /// How long after the command's start `when` was.
    #[must_use]
    pub fn since_start(&self, when: Instant) -> Duration {
        when.saturating_duration_since(self.started)
    }

    /// What the server of `protocol` made of the token.
    #[must_use]
    pub fn acceptance(&self, protocol: Protocol) -> Acceptance {
        let spoken = self.conversations.iter().find(|conversation| conversation.service.protocol == protocol);
        spoken.map_or(Acceptance::NotTried, |spoken| Acceptance::seen(&spoken.log.observations))
    }

    /// The attempt to get the token that `protocol` needs.
    #[must_use]
    pub fn fetched_for(&self, protocol: Protocol) -> Option<&Fetched> {
        self.tokens.iter().find(|fetched| fetched.protocols.contains(&protocol))
    }

    /// The attempt that tells most of client and sign-in: the first that failed, or the first.
    #[must_use]
    pub fn telling(&self) -> Option<&Fetched> {
        let failed = self.tokens.iter().find(|fetched| matches!(fetched.outcome, Outcome::Failed { .. }));
        failed.or(self.tokens.first())
    }

    /// The records, where the store was looked at and has them.
    #[must_use]
    pub fn records(&self) -> Option<&Records> {
        self.stored.as_ref()?.records.as_ref().ok()
    }
}

impl Stored {
    /// Why the token endpoint cannot be asked with what is stored.
    #[must_use]
    pub fn hindrance(&self) -> Option<&'static str> {
        Some(match &self.records.as_ref().err()?.kind {
            kind if kind.needs_authorization() => "there is no sign-in to use",
            FailureKind::NoClientSecret { .. } => "no client secret is stored",
            _ => "the secret store could not be read",
        })
    }
}

impl Fetched {
    /// The token that the mail servers get.
    #[must_use]
    pub fn token(&self) -> Option<&AccessToken> {
        match &self.outcome {
            Outcome::Token(token) => Some(token),
            Outcome::Failed { leftover, .. } => leftover.as_ref(),
            Outcome::NotAsked(_) => None,
        }
    }

    /// What is left of the last token, where there is no new one.
    #[must_use]
    pub fn leftover(&self) -> Option<&AccessToken> {
        match &self.outcome {
            Outcome::Failed { leftover, .. } => leftover.as_ref(),
            Outcome::Token(_) | Outcome::NotAsked(_) => None,
        }
    }
}
