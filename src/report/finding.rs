//! What a failed check means, how sure that is, and the exit codes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::step::Step;
use crate::finding_code::FindingCode;
use crate::text::Shown;

/// What a failed check means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its stable name.
    pub code: FindingCode,
    /// The cause in one or two plain sentences.
    pub cause: Shown,
    /// The way out, one imperative step each: a click path or a command.
    pub fix: Vec<Step>,
    /// The server's own words.
    pub server_said: Option<Shown>,
    /// How sure we are.
    pub confidence: Confidence,
    /// The public documents that say so, between semicolons: addresses, and sections of standards.
    pub source: Option<Shown>,
    /// What to do next, for programs.
    pub retry: Retry,
    /// What else the same answer may mean, by code, the most telling first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<FindingCode>,
    /// What the exit code is when this is the first finding.
    #[serde(skip)]
    pub exit: ExitCode,
}

/// What to do after a failure, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "snake_case", deserialize = "kebab-case"))]
pub enum Retry {
    /// Try again when what the fix names is done.
    #[serde(alias = "after_fix")]
    AfterFix,
    /// Sign in again.
    Reauthorize,
    /// Wait, and try again by itself.
    Backoff,
    /// Ask again in the interval that the server gave (RFC 8628 §3.5).
    Poll,
    /// Do not try again.
    Stop,
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The evidence admits nothing else.
    Certain,
    /// The usual cause.
    Likely,
    /// One of several.
    Possible,
}

/// The exit codes. README and `--help` are checked against [`ExitCode::TABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum ExitCode {
    /// Everything that was tried went well.
    AllPassed = 0,
    /// A check failed.
    CheckFailed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The profile is wrong or missing.
    Profile = 3,
    /// The mailbox must be authorized (again).
    AuthorizationNeeded = 4,
    /// The secret store failed.
    SecretStore = 5,
    /// The network; trying again may help.
    Network = 6,
    /// Another process holds the lock; trying again may help.
    Busy = 7,
    /// A rotation stopped half-way; the old secret works.
    RotationUnfinished = 8,
    /// A bug of ours.
    Bug = 70,
    /// Ctrl-C, or "no" at a question.
    Cancelled = 130,
}

impl ExitCode {
    /// Every code with its meaning, in order.
    pub const TABLE: [(ExitCode, &'static str); 11] = [
        (Self::AllPassed, "all passed"),
        (Self::CheckFailed, "a check failed; explain: nothing was recognised"),
        (Self::Usage, "the command line is wrong"),
        (Self::Profile, "the profile is wrong or missing"),
        (Self::AuthorizationNeeded, "authorization is needed"),
        (Self::SecretStore, "the secret store failed"),
        (Self::Network, "network trouble, try again"),
        (Self::Busy, "another process holds the lock, try again"),
        (Self::RotationUnfinished, "the rotation is unfinished, the old secret works"),
        (Self::Bug, "a bug in mailgrant"),
        (Self::Cancelled, "cancelled"),
    ];

    /// Every code but the one of success, the most lasting first: what another try alone may change comes last. Where
    /// several findings end one command, the first of these is its code, so that a scheduler does not try again for ever
    /// what waits for a person.
    pub const MOST_LASTING_FIRST: [ExitCode; 10] = [
        Self::Bug,
        Self::Cancelled,
        Self::Usage,
        Self::Profile,
        Self::SecretStore,
        // The state of a whole app, and of every mailbox behind it.
        Self::RotationUnfinished,
        Self::AuthorizationNeeded,
        Self::CheckFailed,
        Self::Busy,
        Self::Network,
    ];

    /// The code of this number.
    #[must_use]
    pub fn of_number(number: u8) -> Option<Self> {
        Self::TABLE.into_iter().map(|(code, _)| code).find(|code| *code as u8 == number)
    }

    /// The most lasting of `codes`; success where there are none.
    pub fn most_lasting(codes: impl IntoIterator<Item = ExitCode>) -> ExitCode {
        let rank = |code: &ExitCode| Self::MOST_LASTING_FIRST.iter().position(|other| other == code);
        codes.into_iter().filter(|code| rank(code).is_some()).min_by_key(rank).unwrap_or(Self::AllPassed)
    }
}

impl Finding {
    /// A finding without steps that is certain; set what differs.
    #[must_use]
    pub fn new(code: FindingCode, cause: impl Into<Shown>, exit: ExitCode) -> Self {
        Self {
            code,
            cause: cause.into(),
            fix: Vec::new(),
            server_said: None,
            confidence: Confidence::Certain,
            source: None,
            retry: match exit {
                ExitCode::AuthorizationNeeded => Retry::Reauthorize,
                ExitCode::Network | ExitCode::Busy => Retry::Backoff,
                ExitCode::Bug => Retry::Stop,
                _ => Retry::AfterFix,
            },
            also: Vec::new(),
            exit,
        }
    }

    /// The first sentence of the cause, and the rest.
    #[must_use]
    pub fn sentences(&self) -> (&str, &str) {
        // A capital begins the next sentence: what follows "e.g. " or a number goes on.
        let ends = self.cause.match_indices(". ").map(|(at, _)| at + 1);
        let is_end = |at: &usize| self.cause[at + 1..].starts_with(|c: char| c.is_uppercase() || c == '\'');
        match ends.into_iter().find(is_end) {
            Some(at) => (&self.cause[..at], self.cause[at..].trim_start()),
            None => (&self.cause, ""),
        }
    }

    /// The first sentence of the cause, to be named among others.
    #[must_use]
    pub fn title(&self) -> Shown {
        let len = self.sentences().0.trim_end_matches('.').len();
        self.cause.part(|cause| &cause[..len])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_cut_where_its_first_sentence_ends() {
        let of = |cause: &'static str| Finding::new(FindingCode::BUG, cause, ExitCode::Bug);
        let several = of("The server offers 1.2 and e.g. no more. 'shop' cannot use it. So it is.");
        let (first, rest) = several.sentences();
        assert_eq!((first, rest), ("The server offers 1.2 and e.g. no more.", "'shop' cannot use it. So it is."));
        assert_eq!(several.title(), "The server offers 1.2 and e.g. no more");
        assert_eq!(of("It is.").sentences(), ("It is.", ""));
    }
}
