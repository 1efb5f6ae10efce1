//! One entry of the catalogue.

use serde::Deserialize;

use super::own::Words;
use super::pattern::Pattern;
use super::step::Step;
use crate::diagnosis::reading::{Clues, Origin, Phase};
use crate::profile::Family;
use crate::report::{FindingCode, Retry};

/// How well the meaning of an answer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// An official document or an RFC says so.
    Documented,
    /// Users, public code or measurements say so.
    Reported,
    /// No source that could be named says so.
    Unverified,
}

/// What an answer means to the rules that judge several checks together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The client's credentials are refused, and nothing is said of why.
    ClientRefused,
    /// The account is known, and the mailbox does not open for it, for whatever reason.
    MailboxClosed,
    /// Sending by SMTP is switched off, for every account.
    SendingOff,
    /// Reading over the protocol is switched off, for the mailbox or for all.
    ReadingOff,
}

/// What it is among other errors of the same text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// What has gone wrong.
    #[default]
    Cause,
    /// What follows from an error before it: the answer only where the text has no cause.
    Follows,
    /// What is said though nothing is wrong.
    Harmless,
}

/// What a server says, what that means, and the way out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its stable name.
    pub id: FindingCode,
    /// Names that it had in earlier versions.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whose servers say it.
    pub provider: Family,
    /// Where it is said.
    pub stage: Origin,
    /// Where else it may be said.
    #[serde(default)]
    pub also_stages: Vec<Origin>,
    /// How to know it.
    #[serde(rename = "match")]
    pub pattern: Pattern,
    /// Whether the words alone do not tell whose they are: then it counts only where its provider is named, by the profile,
    /// by `--provider` or by the text.
    #[serde(default)]
    pub named: bool,
    /// In which phases of a conversation it is said; in any where there are none.
    #[serde(default)]
    pub at: Vec<Phase>,
    /// What must be known of the client.
    #[serde(default)]
    pub needs: Clues,
    /// What must not be known of it.
    #[serde(default)]
    pub unless: Clues,
    /// What it is among other errors of the same text.
    #[serde(default)]
    pub role: Role,
    /// How a server said it.
    pub example: Option<String>,
    /// What it means; `{address}` and the like are filled in with the profile's values.
    pub cause: String,
    /// Sentences after it that apply to some readers only.
    #[serde(default)]
    pub cause_more: Vec<Step>,
    /// The way out, step by step.
    pub fix: Vec<Step>,
    /// What is said instead where a token was sent, though the server's words are about a password.
    pub with_token: Option<Instead>,
    /// The public documents that say so, between semicolons: addresses, and sections of standards. Where else the knowledge
    /// comes from is a remark in the file.
    pub source: Option<String>,
    /// Whether it is what several checks mean together, and not what one server said.
    #[serde(default)]
    pub judged: bool,
    /// How good it is.
    pub evidence: Evidence,
    /// What it means to the rules that judge several checks together, where they have to know.
    pub means: Option<Meaning>,
    /// What to do after it was read.
    pub next: Retry,
    /// A remark.
    pub note: Option<String>,
    /// What is said where mailgrant itself notices it, and knows more than a text shows.
    pub live: Option<Words>,
}

/// Another cause of the same answer, and the way out of that.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instead {
    /// What it means.
    pub cause: String,
    /// The way out, step by step.
    pub fix: Vec<Step>,
}

impl Entry {
    /// Whether it may be said at `origin`.
    #[must_use]
    pub fn is_said_at(&self, origin: Origin) -> bool {
        self.stage == origin || self.also_stages.contains(&origin)
    }
}
