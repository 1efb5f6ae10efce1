//! One step of a test. Stage names in JSON are public API.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Detail, Evidence};
use super::finding::Finding;
use crate::profile::Protocol;
use crate::text::Shown;

/// One step of a test: what was tried, how it went, and how long it took.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Which step.
    pub stage: Stage,
    /// Over which mail protocol, where one is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What was seen, as values.
    #[serde(skip)]
    pub evidence: Evidence,
    /// What matters of what was seen, for a line that stands for several checks.
    #[serde(skip)]
    pub brief: Option<Shown>,
    /// When it began, counted from the command's start, in tenths of a millisecond.
    #[serde(rename = "began_ms", skip_serializing_if = "Option::is_none", serialize_with = "as_optional_millis")]
    pub began: Option<Duration>,
    /// How long it took, in tenths of a millisecond.
    #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
    pub elapsed: Duration,
}

/// How a check went.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It went well; the detail says what was seen.
    Passed {
        /// What was seen, as in "TLSv1.3, CN=outlook.com, until 2027-01-01".
        detail: Shown,
    },
    /// It did not.
    Failed {
        /// What that means.
        finding: Box<Finding>,
    },
    /// It was not tried.
    Skipped {
        /// Why not.
        because: Shown,
    },
}

/// The steps, in the order a connection takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Profile and secret store.
    Profile,
    /// The secret store.
    SecretStore,
    /// Sign-in at the authorization endpoint.
    Authorize,
    /// The token endpoint: whether it still takes the grant and the client's credential.
    TokenEndpoint,
    /// Getting an access token.
    Token,
    /// What the access token says of itself.
    Preflight,
    /// Who signed in.
    Identity,
    /// Name lookup.
    Dns,
    /// TCP connection.
    Tcp,
    /// TLS handshake, implicit or after STARTTLS.
    Tls,
    /// The server's first words.
    Greeting,
    /// What the server says it can do.
    Capabilities,
    /// SASL.
    Authentication,
    /// Opening the folder (IMAP EXAMINE, POP3 STAT).
    Folder,
    /// The newest messages.
    Latest,
    /// SMTP MAIL FROM.
    Sender,
    /// SMTP RCPT TO.
    Recipient,
    /// SMTP DATA.
    Message,
    /// The sent message, seen on the incoming side.
    Arrival,
    /// A step of the client-secret rotation.
    Rotation,
    /// What the provider's directory says of the app.
    Directory,
    /// What the token says of itself with which an app proves itself, and which another issuer signs.
    FederatedToken,
    /// Owners and modes of this program's files.
    Permissions,
    /// The certificate authorities that this machine trusts.
    Trust,
    /// The proxy that the environment names.
    Proxy,
    /// This machine's clock against a server's.
    Clock,
}

impl Stage {
    /// The stage in a few words, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::SecretStore => "secret store",
            Self::Authorize => "sign-in",
            Self::TokenEndpoint => "token endpoint",
            Self::Token => "token",
            Self::Preflight => "token preflight",
            Self::Identity => "identity",
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Greeting => "greeting",
            Self::Capabilities => "capabilities",
            Self::Authentication => "authentication",
            Self::Folder => "folder",
            Self::Latest => "latest",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Message => "message",
            Self::Arrival => "arrival",
            Self::Rotation => "rotation",
            Self::Directory => "directory",
            Self::FederatedToken => "federated token",
            Self::Permissions => "permissions",
            Self::Trust => "trust",
            Self::Proxy => "proxy",
            Self::Clock => "clock",
        }
    }
}

impl Check {
    /// A check that went well.
    #[must_use]
    pub fn passed(stage: Stage, elapsed: Duration, detail: impl Into<Detail>) -> Self {
        let Detail { words: detail, evidence } = detail.into();
        Self { evidence, ..Self::new(stage, elapsed, Outcome::Passed { detail }) }
    }

    /// A check that failed.
    #[must_use]
    pub fn failed(stage: Stage, elapsed: Duration, finding: Finding) -> Self {
        Self::new(stage, elapsed, Outcome::Failed { finding: Box::new(finding) })
    }

    /// A check that was not tried.
    #[must_use]
    pub fn skipped(stage: Stage, because: impl Into<Shown>) -> Self {
        Self::new(stage, Duration::ZERO, Outcome::Skipped { because: because.into() })
    }

    fn new(stage: Stage, elapsed: Duration, outcome: Outcome) -> Self {
        let (evidence, elapsed) = (Evidence::default(), in_tenths(elapsed));
        Self { stage, protocol: None, outcome, evidence, brief: None, began: None, elapsed }
    }

    /// The same, which took so long.
    #[must_use]
    pub fn lasting(self, elapsed: Duration) -> Self {
        Self { elapsed: in_tenths(elapsed), ..self }
    }

    /// The same, over `protocol`.
    #[must_use]
    pub fn over(self, protocol: Protocol) -> Self {
        Self { protocol: Some(protocol), ..self }
    }

    /// The same, begun so long after the command's start.
    #[must_use]
    pub fn begun(self, began: Duration) -> Self {
        Self { began: Some(in_tenths(began)), ..self }
    }

    /// The same, told in a few words where it shares a line with others.
    #[must_use]
    pub fn in_brief(self, brief: impl Into<Shown>) -> Self {
        Self { brief: Some(brief.into()), ..self }
    }

    /// What it found, if it failed.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        match &self.outcome {
            Outcome::Failed { finding } => Some(finding),
            Outcome::Passed { .. } | Outcome::Skipped { .. } => None,
        }
    }

    /// What was seen, or why nothing was tried; what failed has a finding instead.
    #[must_use]
    pub fn detail(&self) -> Option<&Shown> {
        match &self.outcome {
            Outcome::Passed { detail: text } | Outcome::Skipped { because: text } => Some(text),
            Outcome::Failed { .. } => None,
        }
    }

    /// Whether `told` says all that it found.
    #[must_use]
    pub fn is_told_by(&self, told: Option<&Finding>) -> bool {
        self.finding().zip(told).is_some_and(|(found, told)| found.code == told.code)
    }

    /// Whether it went well.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed { .. })
    }
}

/// `time` in whole tenths of a millisecond: finer than any server answers, and what JSON tells, so that a report that is read back
/// has the same times.
fn in_tenths(time: Duration) -> Duration {
    let tenths = time.as_micros().saturating_add(50) / 100;
    Duration::from_micros(u64::try_from(tenths.saturating_mul(100)).unwrap_or(u64::MAX))
}

fn as_millis<S: serde::Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((elapsed.as_secs_f64() * 10_000.0).round() / 10.0)
}

fn as_optional_millis<S: serde::Serializer>(elapsed: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    as_millis(&elapsed.unwrap_or_default(), serializer)
}
