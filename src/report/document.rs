//! Everything that one command has to say. Field names in JSON are public API.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::changes::Changes;
use super::check::Check;
use super::explanation::Explanation;
use super::fact::{Fact, as_map};
use super::finding::{ExitCode, Finding};
use super::range::Thresholds;
use super::reminder::Reminder;
use super::share::Share;
use super::side::SideResult;
use super::since::{Since, Slower};
use super::step::Step;
use super::table::Table;
use super::tally::Tally;
use super::task::Task;
use super::trial::Trial;
use super::values::Values;
use super::warning::{Warning, WarningCode};
use crate::clock::Clock;
use crate::profile::Mailbox;
use crate::text::{Show, Shown};

/// The number of the JSON layout of before, which these types still have.
const SCHEMA_1: u32 = 1;

/// Everything one command has to say.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// The number of the layout that is serialized.
    pub schema: u32,
    /// The subcommand's name.
    pub command: Shown,
    /// When the command ended.
    #[serde(skip)]
    pub time: Timestamp,
    /// Whether it tells of commands that had ended before this one began: their time stays.
    #[serde(skip)]
    pub is_past: bool,
    /// One report for each mailbox or app the command looked at.
    pub reports: Vec<Report>,
    /// Further reports, which were written as they were made and are not kept.
    #[serde(skip)]
    pub streamed: Tally,
    /// Whether nothing was written, sent or stored (`--dry-run`): the reports say what would be.
    #[serde(rename = "dry_run", skip_serializing_if = "std::ops::Not::not")]
    pub is_dry_run: bool,
    /// What changes in the profile's file, or would: the lines of a diff, each behind `+`, `-` or a blank.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<Shown>,
    /// The reports as rows, where a command lists; the forms for programs have the reports alone.
    #[serde(skip)]
    pub table: Option<Table>,
    /// Which shares of the mailboxes were looked at, where that was not all of them.
    #[serde(skip)]
    pub shards: Vec<Share>,
    /// What has changed since an earlier run, where one was given.
    #[serde(skip)]
    pub changes: Option<Changes>,
    /// What to know of the run itself: which share of the mailboxes it has looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Shown>,
    /// Things that are right but deserve attention, such as a secret that expires soon.
    pub warnings: Vec<Warning>,
    /// What to do next, as commands or click paths.
    pub next: Vec<Step>,
    /// Answers explained, the most telling first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub explanations: Vec<Explanation>,
    /// Days for a calendar.
    #[serde(skip)]
    pub reminders: Vec<Reminder>,
    /// When the end of a client secret or certificate raises an alert, where that was said.
    #[serde(skip)]
    pub thresholds: Thresholds,
    /// Why the command could not do its job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Finding>,
    /// The whole result, where it is a text for another program: a script, a page of the manual. All of it is this program's own,
    /// or a word of the profile or a file's name without control characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The access token, which is then all that the command has to say.
    #[serde(skip)]
    pub token: Option<Token>,
}

/// An access token for another program.
#[derive(Clone)]
pub struct Token {
    /// The token.
    pub access_token: SecretString,
    /// What is printed in its place, where another form was asked for.
    pub printed: Option<SecretString>,
    /// When it expires.
    pub expires: Timestamp,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a token until {}", self.expires)
    }
}

/// The checks of one command for one mailbox (or app).
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whose report it is.
    #[serde(flatten)]
    pub subject: Subject,
    /// What is so, as name and value: `address`, `authorized`, `expires` …
    #[serde(serialize_with = "as_map")]
    pub facts: Vec<Fact>,
    /// The same as values, for programs.
    #[serde(skip)]
    pub values: Values,
    /// Whether the command changed something that lasts: the profile, the store, a file, the directory. In a dry run, whether
    /// it would. Commands that only look have none.
    #[serde(skip)]
    pub changed: Option<bool>,
    /// What has changed since an earlier run, where one was given.
    #[serde(skip)]
    pub since: Option<Since>,
    /// The steps that take at least half as long again, where there is an earlier run.
    #[serde(skip)]
    pub slower: Vec<Slower>,
    /// What was tried, in order.
    pub checks: Vec<Check>,
    /// Which sides work, where that was tested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<SideResult>,
    /// What has to be set up, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// The newest messages, newest first, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub latest: Vec<Headline>,
    /// What came of trying each protocol that the provider has for the mailbox, where that was asked for.
    #[serde(rename = "protocols", skip_serializing_if = "Vec::is_empty")]
    pub trials: Vec<Trial>,
    /// What the checks mean together: the one thing to do first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Box<Finding>>,
    /// What it has come to, for people, where no sides were tested and all went well.
    #[serde(skip)]
    pub conclusion: Option<Shown>,
    /// Whether it was written to standard output as soon as it was made.
    #[serde(skip)]
    pub is_told: bool,
}

/// A message as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Headline {
    /// Its date, as the message has it.
    pub date: Shown,
    /// Who wrote it.
    pub from: Shown,
    /// Its subject.
    pub subject: Shown,
}

/// Whose report it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A mailbox, by its name in the profile; by its address where no profile has it.
    Mailbox(Shown),
    /// An app of the profile, by its name.
    App(Shown),
    /// A certificate and its key, by the key's file.
    Certificate(Shown),
    /// The key of a vault, by its file.
    VaultKey(Shown),
    /// A vault to be handed over, by its file.
    Vault(Shown),
    /// This machine.
    Machine(Shown),
    /// A server, as host and port.
    Host(Shown),
    /// A fault of the practice tenant, by its name.
    Fault(Shown),
    /// The catalogue of answers, by the version of this program.
    Catalogue(Shown),
    /// A share of the mailboxes that was not looked at, as in "2/4".
    Shard(Shown),
}

impl Subject {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Shown {
        match self {
            Self::Mailbox(name)
            | Self::App(name)
            | Self::Certificate(name)
            | Self::VaultKey(name)
            | Self::Vault(name)
            | Self::Machine(name)
            | Self::Host(name)
            | Self::Fault(name)
            | Self::Catalogue(name)
            | Self::Shard(name) => name,
        }
    }

    /// What people call it: its name, with what it is where the name alone does not say so.
    #[must_use]
    pub fn called(&self) -> Shown {
        match self {
            Self::Shard(name) => shown!("shard {}", name),
            other => other.name().clone(),
        }
    }
}

impl Document {
    /// An empty document of `command`.
    #[must_use]
    pub fn new(command: impl Into<Shown>) -> Self {
        Self {
            schema: SCHEMA_1,
            command: command.into(),
            time: Clock::system().now(),
            is_past: false,
            reports: Vec::new(),
            streamed: Tally::default(),
            is_dry_run: false,
            diff: Vec::new(),
            table: None,
            shards: Vec::new(),
            changes: None,
            notes: Vec::new(),
            warnings: Vec::new(),
            next: Vec::new(),
            explanations: Vec::new(),
            reminders: Vec::new(),
            thresholds: Thresholds::default(),
            error: None,
            text: None,
            token: None,
        }
    }

    /// Adds a warning.
    pub fn warn(&mut self, code: WarningCode, text: impl Into<Shown>) {
        self.warnings.push(Warning::new(code, text));
    }

    /// All reports, counted.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = self.streamed.clone();
        self.reports.iter().for_each(|report| tally.add(report.exit_code(), report.since, &report.checks));
        tally
    }

    /// Whether a part of what was asked for could not be written.
    fn is_incomplete(&self) -> bool {
        self.warnings.iter().any(|warning| warning.code == WarningCode::ReportNotWritten)
    }

    /// The exit code: that of the error, or the most lasting of the reports'. An explanation is not a failure, and that there
    /// is none is one, as in grep(1).
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let unknown = self.explanations.iter().any(|explanation| !explanation.is_recognised);
        match &self.error {
            Some(error) => error.exit,
            None if unknown => ExitCode::CheckFailed,
            None => match self.tally().exit_code() {
                ExitCode::AllPassed if self.is_incomplete() => ExitCode::CheckFailed,
                code => code,
            },
        }
    }
}

impl Report {
    /// An empty report on `subject`.
    #[must_use]
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            facts: Vec::new(),
            values: Values::default(),
            changed: None,
            since: None,
            slower: Vec::new(),
            checks: Vec::new(),
            sides: Vec::new(),
            tasks: Vec::new(),
            latest: Vec::new(),
            trials: Vec::new(),
            verdict: None,
            conclusion: None,
            is_told: false,
        }
    }

    /// A report on `mailbox` that begins with its address.
    #[must_use]
    pub fn of_mailbox(mailbox: &Mailbox) -> Self {
        let name = if mailbox.is_in_profile() { Shown::of(&mailbox.name) } else { Shown::of(&mailbox.address) };
        let mut report = Self::new(Subject::Mailbox(name));
        report.fact("address", &mailbox.address);
        report
    }

    /// Adds a fact.
    pub fn fact(&mut self, name: &'static str, value: impl Show) {
        self.facts.push(Fact { name: name.into(), value: Shown::of(value) });
    }

    /// The address of the mailbox that it is on, if it is on one.
    #[must_use]
    pub fn address(&self) -> Option<&Shown> {
        self.facts.iter().find(|fact| fact.name == "address").map(|fact| &fact.value)
    }

    /// The verdict, or else the first finding, if any check failed.
    #[must_use]
    pub fn first_finding(&self) -> Option<&Finding> {
        self.verdict.as_deref().or_else(|| self.findings().next())
    }

    /// The verdict's exit code; without one the most lasting of the findings'.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match &self.verdict {
            Some(verdict) => verdict.exit,
            None => ExitCode::most_lasting(self.findings().map(|finding| finding.exit)),
        }
    }

    /// The findings of all checks, in order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().filter_map(Check::finding)
    }
}
